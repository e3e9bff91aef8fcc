package dev.tactus.scheduler;

/** What a session listens to. The code is what records carry; the bit is what a set of modalities carries. */
public enum Modality {
    /** 16 kHz mono, 50 ms slots. */
    AUDIO,
    /** Letterboxed RGB frames. */
    VIDEO,
    /** Chunks of token ids. */
    TEXT;

    /** Number of modalities. */
    public static final int COUNT = 3;

    private static final Modality[] BY_CODE = values();

    /** The value that records carry. */
    public int code() {
        return ordinal();
    }

    /** The bit in a set of modalities. */
    public int bit() {
        return 1 << ordinal();
    }

    /** Whether {@code set} has this modality. */
    public boolean in(final int set) {
        return (set & bit()) != 0;
    }

    /** The modality with that code. */
    public static Modality of(final int code) {
        return BY_CODE[code];
    }
}
