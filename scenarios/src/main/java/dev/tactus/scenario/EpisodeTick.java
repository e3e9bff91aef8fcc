package dev.tactus.scenario;

/**
 * One tick of an episode: what goes in (MODEL.md 2.2), and what should come out (2.3). A view; any thread.
 *
 * <p>The output is {@code [<hear> hearIds] [<speak> speakIds] (<say> and four blocks | <quiet>)}, {@code <quiet>} alone
 * when there is nothing. A skipped tick has no output of its own: the engine adds its {@code <tick>}, gaps and
 * {@code <quiet>} to the next prefill.
 */
public final class EpisodeTick {
    private final Episode episode;
    private final int index;

    EpisodeTick(final Episode episode, final int index) {
        this.episode = episode;
        this.index = index;
    }

    /** Its number from 0. */
    public int index() {
        return index;
    }

    /** Whether the engine skips it. */
    public boolean skipped() {
        return episode.faults().skippedTicks().get(index);
    }

    /** Whether {@code <cut>} stands in its input. */
    public boolean cut() {
        return episode.targets().cuts().get(index);
    }

    /** Whether audio slot 0 to 3 of the tick is there; none is when the tick is skipped. */
    public boolean hasAudio(final int slot) {
        final int number = index * Episode.SLOTS_PER_TICK + slot;
        return !skipped() && !episode.faults().absentSlots().get(number);
    }

    /** Copies the {@link Episode#SLOT_SAMPLES} samples of slot 0 to 3, whether it is there or not. */
    public void copyAudio(final int slot, final float[] target, final int offset) {
        final int from = (index * Episode.SLOTS_PER_TICK + slot) * Episode.SLOT_SAMPLES;
        System.arraycopy(episode.sound(), from, target, offset, Episode.SLOT_SAMPLES);
    }

    /** Whether there is a frame. */
    public boolean hasFrame() {
        return episode.hasVideo()
                && !skipped()
                && !episode.faults().missingFrames().get(index);
    }

    /**
     * Copies the frame, RGB8 [{@link Episode#FRAME_ROWS}, {@link Episode#FRAME_COLUMNS}, 3], as the scene is at the
     * tick's start.
     */
    public void copyFrame(final byte[] target, final int offset) {
        System.arraycopy(episode.pictures()[index], 0, target, offset, Episode.FRAME_BYTES);
    }

    /** The ids of text that arrives, at most 16. */
    public int[] textIds() {
        return episode.targets().typed()[index].clone();
    }

    /** The ids of the captions it puts out. */
    public int[] hearIds() {
        return episode.targets().hear()[index].clone();
    }

    /** The ids of what the model says, as text. */
    public int[] speakIds() {
        return episode.targets().speak()[index].clone();
    }

    /** Whether four blocks of speech end it. */
    public boolean say() {
        return episode.targets().say().get(index);
    }

    /**
     * Copies the {@link Episode#TICK_SAMPLES} samples of the model's own voice that the tick's four blocks hold; zeros
     * when there are none.
     */
    public void copyModelVoice(final float[] target, final int offset) {
        System.arraycopy(episode.modelSound(), index * Episode.TICK_SAMPLES, target, offset, Episode.TICK_SAMPLES);
    }
}
