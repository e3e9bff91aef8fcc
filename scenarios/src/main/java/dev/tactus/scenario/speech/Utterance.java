package dev.tactus.scenario.speech;

/**
 * Spoken words: samples, and when each word is. Shared by whoever asks for the same words, so nobody may write into it.
 *
 * @param samples mono at 16 kHz, a whole number of milliseconds, without silence around it, at a level (RMS) of
 *     {@link #LEVEL}
 * @param startsMs where each word begins, from the first sample
 * @param endsMs where each word ends; the last one is the utterance's length
 */
public record Utterance(float[] samples, int[] startsMs, int[] endsMs) {
    /** Samples of a millisecond. */
    public static final int SAMPLES_PER_MS = 16;
    /** Root mean square of every utterance. */
    public static final double LEVEL = 0.1;

    /** Checks that words follow each other within the samples. */
    public Utterance {
        if (startsMs.length != endsMs.length || startsMs.length == 0 || samples.length % SAMPLES_PER_MS != 0) {
            throw new IllegalArgumentException("utterance of " + samples.length + " samples with " + startsMs.length
                    + " starts and " + endsMs.length + " ends: expected whole milliseconds and as many starts as ends");
        }
        int at = 0;
        for (int i = 0; i < startsMs.length; i++) {
            if (startsMs[i] < at || endsMs[i] <= startsMs[i]) {
                throw new IllegalArgumentException("word " + i + " is from " + startsMs[i] + " to " + endsMs[i]
                        + " ms: expected it after " + at + " ms and not empty");
            }
            at = endsMs[i];
        }
        if (at * SAMPLES_PER_MS != samples.length) {
            throw new IllegalArgumentException(
                    "the last word ends at " + at + " ms: expected " + samples.length / SAMPLES_PER_MS);
        }
    }

    /** Milliseconds. */
    public int lengthMs() {
        return samples.length / SAMPLES_PER_MS;
    }
}
