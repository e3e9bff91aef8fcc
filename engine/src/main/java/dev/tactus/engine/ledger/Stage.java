package dev.tactus.engine.ledger;

/** The stages of a tick, in order. Their durations sum to the wall time but for what is unattributed. */
public enum Stage {
    /** From the capture of the oldest media of the tick to its commit. */
    CAPTURE,
    /** From that commit to the seal. */
    QUEUE,
    /** Deciding what belongs to the tick. */
    SEAL,
    /** Planning and submitting. */
    PLAN,
    /** Audio to bins, frames to pixels. */
    PREPROCESS,
    /** Embedding and prefill. */
    FUSE,
    /** Sampling and decode passes. */
    GENERATE,
    /** Speech: audio passes and vocoder. */
    SPEAK,
    /** The device works for others, or the result waits to be picked up. */
    WAIT,
    /** Writing the session's record. */
    EMIT;

    /** Number of stages. */
    public static final int COUNT = 10;

    private static final Stage[] BY_CODE = values();

    /** The stage of that position. */
    public static Stage of(final int code) {
        return BY_CODE[code];
    }

    /** The name as DESIGN, the CLI and the CSV write it. */
    public String label() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
