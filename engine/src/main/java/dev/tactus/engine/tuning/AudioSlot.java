package dev.tactus.engine.tuning;

/**
 * 50 ms of what a session hears, or that there is nothing of it. A slot's array is not copied: it stays as it is until
 * the sequence that takes it is built.
 */
public sealed interface AudioSlot {
    /** Nothing was heard: an audio gap. */
    AudioSlot GAP = new Gap();

    /**
     * Sound as a session's producer commits it.
     *
     * @param samples float32 [800], 16 kHz, in [-1, 1]
     */
    record Samples(float[] samples) implements AudioSlot {}

    /**
     * Sound that is quantised already, its left context included.
     *
     * @param bins [mels], each from 0 to levels - 1
     */
    record Bins(int[] bins) implements AudioSlot {}

    /** Nothing; there is but one, {@link #GAP}. */
    record Gap() implements AudioSlot {}
}
