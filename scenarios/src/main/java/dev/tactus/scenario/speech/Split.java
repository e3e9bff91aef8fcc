package dev.tactus.scenario.speech;

/** Whose voices an episode uses. No voice is in two splits. */
public enum Split {
    /** Trained accents, trained variants. */
    TRAIN,
    /** Trained accents, variants that no training episode has. */
    HELD_OUT_VOICES,
    /** An accent that no training episode has. */
    UNSEEN_ACCENT
}
