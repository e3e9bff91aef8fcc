package dev.tactus.scheduler;

/**
 * What a session's tick does without so that its beat holds the deadline. Steps are cumulative: each includes those
 * before it, down to {@link #SKIP_TICK}, which does nothing at all.
 *
 * <p>{@link MissedTickPolicy} says when which one is taken.
 */
public enum LadderStep {
    /** The tick does all that it should. */
    NONE,
    /** It takes no frame: the newest one that waits is kept for the next tick. */
    SKIP_VIDEO,
    /** It reads and writes fewer text ids. */
    CAP_TEXT,
    /** It may caption, and does not speak: the listener gets comfort noise. */
    HOLD_SPEECH,
    /** It does not run. */
    SKIP_TICK;

    /** Number of steps. */
    public static final int COUNT = 5;

    private static final LadderStep[] BY_CODE = values();

    /** The value that records carry. */
    public int code() {
        return ordinal();
    }

    /** The step with that code. */
    public static LadderStep of(final int code) {
        return BY_CODE[code];
    }

    /** Whether this step does without what {@code other} does without. */
    public boolean includes(final LadderStep other) {
        return ordinal() >= other.ordinal();
    }
}
