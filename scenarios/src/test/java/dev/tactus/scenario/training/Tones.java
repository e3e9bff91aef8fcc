package dev.tactus.scenario.training;

import dev.tactus.espeak.EspeakVoice;
import dev.tactus.scenario.speech.SpeechSource;
import dev.tactus.scenario.speech.Utterance;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Words as buzzes of their own length and pitch, where there is no espeak-ng; counts how often it was asked. */
final class Tones implements SpeechSource {
    private static final int SHORTEST_MS = 150;

    final AtomicInteger asked = new AtomicInteger();

    @Override
    public Utterance speak(final EspeakVoice voice, final List<String> words) {
        asked.incrementAndGet();
        final int[] starts = new int[words.size()];
        final int[] ends = new int[words.size()];
        int at = 0;
        for (int i = 0; i < words.size(); i++) {
            starts[i] = at;
            at += SHORTEST_MS + 30 * words.get(i).length() + voice.pitch();
            ends[i] = at;
        }
        final float[] samples = new float[at * Utterance.SAMPLES_PER_MS];
        for (int i = 0; i < words.size(); i++) {
            final int period = 60 + (words.get(i).hashCode() & 63) + voice.range();
            for (int n = starts[i] * Utterance.SAMPLES_PER_MS; n < ends[i] * Utterance.SAMPLES_PER_MS; n++) {
                samples[n] = (float) ((n % period * 2.0 / period - 1) * Utterance.LEVEL);
            }
        }
        return new Utterance(samples, starts, ends);
    }
}
