package dev.tactus.scenario;

/**
 * Kinds of episodes. Each has a pure meaning; every kind has, now and then, gaps, missing frames, skipped ticks and
 * cuts.
 */
public enum Family {
    /** Words in no order, which are only to be shown. */
    CAPTIONS(false),
    /** Commands with pauses inside the phrase, some never finished, against the end of the turn. */
    HESITATION(false),
    /** Commands without pauses, spoken or typed, each answered in text and voice. */
    ANSWER(false),
    /** The user stops the model, or asks for something else, while it speaks: at every moment of the tick. */
    INTERRUPTION(false),
    /** While the model speaks the user says that they listen, or talks to somebody else: the model goes on. */
    BACKCHANNEL(false),
    /** "red no blue": the answer has the second. */
    CORRECTION(false),
    /** The model counts flashes aloud, when asked to. */
    FLASHES(true),
    /** The model says when a shape crosses a line, when asked to. */
    CROSSING(true),
    /** The model says something after so many seconds. */
    TIMED(false),
    /** Nobody says anything for long. */
    SILENCE(false),
    /** Some of everything in one conversation, three times as long as the others: words, a pause, flashes, a stop. */
    TOUR(true);

    private final boolean video;

    Family(final boolean video) {
        this.video = video;
    }

    /** Whether its episodes have pictures. */
    public boolean hasVideo() {
        return video;
    }
}
