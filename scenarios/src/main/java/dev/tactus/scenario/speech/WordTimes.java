package dev.tactus.scenario.speech;

import dev.tactus.espeak.EspeakSound;
import java.util.Arrays;
import java.util.List;

/**
 * Where words are in an utterance that was spoken in one go. The library tells where a word begins, but joins some
 * short words ("in the") into one; what it joined is shared out by the number of letters.
 */
final class WordTimes {
    private WordTimes() {}

    /**
     * The beginnings of words.
     *
     * @param words what was said, with one blank between
     * @param events what the library told, times from its first sample
     * @param fromMs where speech starts, in the library's time
     * @param lengthMs how long speech is
     * @return milliseconds from where speech starts, one per word, rising by at least one
     */
    static int[] starts(
            final List<String> words, final List<EspeakSound.Word> events, final int fromMs, final int lengthMs) {
        final int count = words.size();
        final double[] starts = new double[count + 1];
        Arrays.fill(starts, -1);
        starts[0] = 0;
        starts[count] = lengthMs;
        int index = 0;
        for (int word = 0; word < count; word++) {
            for (final EspeakSound.Word event : events) {
                if (word > 0 && event.textIndex() == index) {
                    starts[word] = event.startMs() - fromMs;
                }
            }
            index += words.get(word).length() + 1;
        }
        for (int word = 1; word < count; word++) {
            if (starts[word] < 0) {
                share(words, starts, word);
            }
        }
        return rounded(starts, lengthMs);
    }

    /** Gives the words from {@code word} - 1 up to the next known beginning their part of the time. */
    private static void share(final List<String> words, final double[] starts, final int word) {
        int next = word;
        while (starts[next] < 0) {
            next++;
        }
        int letters = 0;
        for (int i = word - 1; i < next; i++) {
            letters += words.get(i).length();
        }
        final double from = starts[word - 1];
        int before = 0;
        for (int i = word; i < next; i++) {
            before += words.get(i - 1).length();
            starts[i] = from + (starts[next] - from) * before / letters;
        }
    }

    private static int[] rounded(final double[] starts, final int lengthMs) {
        final int count = starts.length - 1;
        final int[] out = new int[count];
        for (int i = 1; i < count; i++) {
            final int latest = lengthMs - (count - i);
            out[i] = Math.min(latest, Math.max(out[i - 1] + 1, (int) Math.round(starts[i])));
        }
        return out;
    }
}
