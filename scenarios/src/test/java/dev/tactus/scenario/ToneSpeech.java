package dev.tactus.scenario;

import dev.tactus.espeak.EspeakVoice;
import dev.tactus.scenario.speech.SpeechSource;
import dev.tactus.scenario.speech.Utterance;
import java.util.List;

/** Words as tones, each of its own length and pitch: so that rules can be tested where there is no espeak-ng. */
final class ToneSpeech implements SpeechSource {
    @Override
    public Utterance speak(final EspeakVoice voice, final List<String> words) {
        final int[] starts = new int[words.size()];
        final int[] ends = new int[words.size()];
        int at = 0;
        for (int i = 0; i < words.size(); i++) {
            starts[i] = at;
            at += lengthMs(voice, words.get(i));
            ends[i] = at;
        }
        final float[] samples = new float[at * Utterance.SAMPLES_PER_MS];
        for (int i = 0; i < words.size(); i++) {
            final int period = 40 + (words.get(i).hashCode() & 63);
            for (int n = starts[i] * 16; n < ends[i] * 16; n++) {
                samples[n] = (float) (n / (period / 2) % 2 == 0 ? Utterance.LEVEL : -Utterance.LEVEL);
            }
        }
        return new Utterance(samples, starts, ends);
    }

    private static int lengthMs(final EspeakVoice voice, final String word) {
        return 120 + 40 * word.length() + (word.hashCode() & 31) + voice.wordsPerMinute() % 17;
    }
}
