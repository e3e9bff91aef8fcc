package dev.tactus.scheduler;

/**
 * Why a tick of a session put nothing out. Every tick carries one; the first that applies, in this order, is taken.
 *
 * <p>{@link #NONE} stands for a tick that was not silent.
 */
public enum SilenceReason {
    /** The tick put out text or speech. */
    NONE,
    /** No output at the deadline: the tick ended late, was skipped, or failed. */
    STALLED,
    /** An operator or a policy held the session. */
    HELD,
    /** The session may caption but not speak. */
    MUTED,
    /** Quiet, and a declared modality had a gap. */
    STARVED,
    /** The model was quiet. */
    CHOSE;

    private static final SilenceReason[] BY_CODE = values();

    /** The value that records carry. */
    public int code() {
        return ordinal();
    }

    /** The reason with that code. */
    public static SilenceReason of(final int code) {
        return BY_CODE[code];
    }

    /**
     * The first reason that applies.
     *
     * @param spoke whether the tick put out text or speech
     * @param late no output stood at the deadline
     * @param held the session was held
     * @param muted the session was muted
     * @param gap a declared modality had a gap
     */
    public static SilenceReason first(
            final boolean spoke, final boolean late, final boolean held, final boolean muted, final boolean gap) {
        if (late) {
            return STALLED;
        }
        if (spoke) {
            return NONE;
        }
        if (held) {
            return HELD;
        }
        if (muted) {
            return MUTED;
        }
        return gap ? STARVED : CHOSE;
    }
}
