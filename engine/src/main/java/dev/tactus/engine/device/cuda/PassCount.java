package dev.tactus.engine.device.cuda;

import dev.tactus.engine.model.RowSpace;

/** The counts in the header of a pass, an int32 each, in the order of {@code enum pass_count} in pass.cuh. */
enum PassCount {
    ROWS,
    SEGMENTS,
    OUTPUT_ROWS,
    AUDIO_SOURCES,
    PATCH_SOURCES,
    SPEECH_SOURCES,
    VOICE_ROWS,
    JOBS,
    ENTRIES,
    /** 0 in a teacher-forced pass. */
    SAMPLING;

    /** Bytes of a header. */
    static final int HEADER_BYTES = 16 * Integer.BYTES;

    /** Bytes from the header to this count. */
    long offset() {
        return (long) ordinal() * Integer.BYTES;
    }

    /** What counts the rows of a space. */
    static PassCount of(final RowSpace space) {
        return switch (space) {
            case PASS -> ROWS;
            case OUTPUT -> OUTPUT_ROWS;
            case AUDIO -> AUDIO_SOURCES;
            case PATCH -> PATCH_SOURCES;
            case SPEECH -> SPEECH_SOURCES;
            case VOICE -> VOICE_ROWS;
        };
    }
}
