package dev.tactus.scheduler;

/**
 * What a session brings to the prefill of each of its ticks.
 *
 * @param rows rows, patches among them
 * @param patches patches of a frame
 */
public record SessionLoad(int rows, int patches) {
    /** The session's last output fed back, and {@code <tick>}. */
    private static final int FED_BACK_AND_TICK = 2;

    /** {@code <text_in>} and an id, in every tick: faster than people write. */
    private static final int TEXT_ROWS = 2;

    /** Checks the numbers. */
    public SessionLoad {
        if (rows < 1 || patches < 0 || patches > rows) {
            throw new IllegalArgumentException(
                    rows + " rows, " + patches + " patches: expected 1 row or more, and no more patches than rows");
        }
    }

    /**
     * The load of a session with a set of modalities, none of whose media is missing.
     *
     * @param patchesPerFrame patches of a frame
     */
    public static SessionLoad of(final int modalities, final int patchesPerFrame) {
        final int audio = Modality.AUDIO.in(modalities) ? TickRecord.AUDIO_POSITIONS : 0;
        final int video = Modality.VIDEO.in(modalities) ? patchesPerFrame : 0;
        final int text = Modality.TEXT.in(modalities) ? TEXT_ROWS : 0;
        return new SessionLoad(FED_BACK_AND_TICK + audio + video + text, video);
    }
}
