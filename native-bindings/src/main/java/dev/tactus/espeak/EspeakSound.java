package dev.tactus.espeak;

import java.util.List;

/**
 * What espeak-ng made of a text.
 *
 * @param samples mono, 16 bits, at {@link Espeak#sampleRateHz()}; not shared with anyone
 * @param words where words begin, rising; espeak-ng joins some short words, so there may be fewer than the text has
 */
public record EspeakSound(short[] samples, List<Word> words) {
    /**
     * The beginning of a word.
     *
     * @param textIndex index of its first character in the text
     * @param startMs milliseconds from the first sample
     */
    public record Word(int textIndex, int startMs) {}
}
