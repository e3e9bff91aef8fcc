package dev.tactus.scenario.speech;

import dev.tactus.engine.audio.AudioSource;
import dev.tactus.engine.audio.Resampler;
import dev.tactus.espeak.Espeak;
import dev.tactus.espeak.EspeakSound;
import dev.tactus.espeak.EspeakVoice;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Speech from libespeak-ng: resampled to 16 kHz, trimmed, at one level. The most recently used utterances are kept, up
 * to a number of samples. Any thread may call; one at a time works. What is returned depends on the arguments alone.
 */
public final class EspeakSpeech implements SpeechSource {
    /** Samples kept by default: 64 MiB, half an hour of distinct speech. */
    public static final int DEFAULT_KEPT_SAMPLES = 1 << 24;

    private static final int MODEL_RATE_HZ = AudioSource.MODEL_RATE_HZ;
    /** Quieter than this part of the peak at either end is silence: 40 dB. */
    private static final float SILENCE = 0.01f;

    private static final int MARGIN_MS = 5;
    /** A word that is shorter was not spoken. */
    private static final int SHORTEST_MS = 40;

    private final Espeak espeak;
    private final Resampler resampler;
    private final int period; // inputs after which outputs fall on inputs again
    private final long periodOutputs;
    private final int keptSamples;
    private final Map<Key, Utterance> kept = new LinkedHashMap<>(64, 0.75f, true);
    private long keptNow;
    private long undrained;

    /**
     * Speech that keeps {@value #DEFAULT_KEPT_SAMPLES} samples.
     *
     * @throws dev.tactus.bindings.NativeBindingException if libespeak-ng cannot be loaded; it says why and what to
     *     install
     */
    public EspeakSpeech() {
        this(DEFAULT_KEPT_SAMPLES);
    }

    /**
     * Speech from the library.
     *
     * @param keptSamples most samples to keep, 4 bytes each; 0 keeps none
     * @throws dev.tactus.bindings.NativeBindingException if libespeak-ng cannot be loaded; it says why and what to
     *     install
     */
    public EspeakSpeech(final int keptSamples) {
        espeak = Espeak.shared();
        this.keptSamples = keptSamples;
        resampler = new Resampler(espeak.sampleRateHz());
        int a = espeak.sampleRateHz();
        for (int b = MODEL_RATE_HZ; b != 0; ) {
            final int rest = a % b;
            a = b;
            b = rest;
        }
        period = espeak.sampleRateHz() / a;
        periodOutputs = MODEL_RATE_HZ / a;
    }

    private record Key(EspeakVoice voice, String text) {}

    @Override
    public synchronized Utterance speak(final EspeakVoice voice, final List<String> words) {
        final Key key = new Key(voice, String.join(" ", words));
        Utterance utterance = kept.get(key);
        if (utterance == null) {
            utterance = make(voice, words, key.text);
            keep(key, utterance);
        }
        return utterance;
    }

    private void keep(final Key key, final Utterance utterance) {
        kept.put(key, utterance);
        keptNow += utterance.samples().length;
        final Iterator<Utterance> eldest = kept.values().iterator();
        while (keptNow > keptSamples && eldest.hasNext()) {
            keptNow -= eldest.next().samples().length;
            eldest.remove();
        }
    }

    private Utterance make(final EspeakVoice voice, final List<String> words, final String text) {
        final EspeakSound sound = espeak.speak(voice, text);
        final short[] raw = sound.samples();
        final int margin = espeak.sampleRateHz() * MARGIN_MS / 1000;
        final float threshold = SILENCE * peak(raw);
        int from = 0;
        while (from < raw.length && Math.abs(raw[from]) <= threshold) {
            from++;
        }
        int to = raw.length;
        while (to > from && Math.abs(raw[to - 1]) <= threshold) {
            to--;
        }
        from = Math.max(0, from - margin);
        to = Math.min(raw.length, to + margin);
        final float[] samples = resample(raw, from, to);
        final int lengthMs = samples.length / Utterance.SAMPLES_PER_MS;
        if (lengthMs < SHORTEST_MS * words.size()) {
            throw new IllegalStateException("espeak-ng says \"" + text + "\" as " + voice + " in " + lengthMs
                    + " ms: expected at least " + SHORTEST_MS + " per word");
        }
        fade(samples);
        level(samples);
        final int fromMs = (int) (from * 1000L / espeak.sampleRateHz());
        final int[] starts = WordTimes.starts(words, sound.words(), fromMs, lengthMs);
        final int[] ends = Arrays.copyOfRange(starts, 1, starts.length + 1);
        ends[ends.length - 1] = lengthMs;
        return new Utterance(samples, starts, ends);
    }

    /**
     * Goes through the one resampler, which is dear to make: what follows a clip is silence that ends on a whole
     * period, so that every clip meets the resampler in the same state.
     */
    private float[] resample(final short[] raw, final int from, final int to) {
        final int count = to - from;
        final int padded = (count / period + 2) * period;
        final float[] in = new float[padded];
        for (int i = 0; i < count; i++) {
            in[i] = raw[from + i] / 32768f;
        }
        final float[] out = new float[Math.toIntExact(padded / period * periodOutputs + undrained)];
        int given = 0;
        int taken = 0;
        while (taken < padded) {
            taken += resampler.accept(in, taken, padded - taken);
            given += resampler.drain(out, given, out.length - given);
        }
        final int skip = Math.toIntExact(undrained);
        undrained = out.length - given;
        final int wanted = Math.toIntExact(Math.ceilDiv((long) count * MODEL_RATE_HZ, espeak.sampleRateHz()));
        final int whole = Math.ceilDiv(wanted, Utterance.SAMPLES_PER_MS) * Utterance.SAMPLES_PER_MS;
        return Arrays.copyOfRange(out, skip, skip + whole);
    }

    private static float peak(final short[] samples) {
        int peak = 0;
        for (final short sample : samples) {
            peak = Math.max(peak, Math.abs(sample));
        }
        return peak;
    }

    /** So that a cut does not click. */
    private static void fade(final float[] samples) {
        final int length = Math.min(samples.length / 2, MARGIN_MS * Utterance.SAMPLES_PER_MS);
        for (int i = 0; i < length; i++) {
            final float gain = (i + 0.5f) / length;
            samples[i] *= gain;
            samples[samples.length - 1 - i] *= gain;
        }
    }

    private static void level(final float[] samples) {
        double sum = 0;
        for (final float sample : samples) {
            sum += (double) sample * sample;
        }
        final float gain = (float) (Utterance.LEVEL / StrictMath.sqrt(sum / samples.length + 1e-12));
        for (int i = 0; i < samples.length; i++) {
            samples[i] *= gain;
        }
    }
}
