package dev.tactus.scheduler;

/**
 * Port: where media slots go back to, and what text they hold. Called on the tick thread; implementations neither block
 * nor allocate.
 */
public interface MediaSlots {
    /** Gives a slot back to its pool. */
    void release(int session, int modality, int slot);

    /** Text id {@code index} of a text slot. */
    int textId(int session, int slot, int index);
}
