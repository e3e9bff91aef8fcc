package dev.tactus.scenario.training;

import dev.tactus.espeak.EspeakVoice;
import dev.tactus.kernel.Philox;
import dev.tactus.scenario.Draws;
import dev.tactus.scenario.speech.SpeechSource;
import dev.tactus.scenario.speech.Split;
import dev.tactus.scenario.speech.Utterance;
import dev.tactus.scenario.speech.VoiceBook;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A number of voices that speak instead of infinitely many, so that words can be kept: every voice that is asked for is
 * replaced by one of the bank, always the same; {@link VoiceBook#MODEL} stays itself. Words spoken alone, and all that
 * the model says, are kept as 16-bit samples; phrases are not, since hardly any comes twice.
 *
 * <p>Which voices there are depends on the split and their number alone. What is returned is a function of the
 * arguments. Any thread.
 */
final class VoiceBank implements SpeechSource {
    /** Samples that are kept at most: 512 MiB. */
    private static final long MOST_KEPT = 1L << 28;

    private static final int PURPOSE = 0x564F4943;
    private static final int FULL_SCALE = 32_767;

    private final SpeechSource source;
    private final List<EspeakVoice> voices = new ArrayList<>();
    private final Map<Key, Clip> kept = new ConcurrentHashMap<>();
    private final AtomicLong keptSamples = new AtomicLong();

    VoiceBank(final SpeechSource source, final Split split, final int count) {
        this.source = source;
        for (int i = 0; i < count; i++) {
            voices.add(VoiceBook.draw(split, 0, new Draws(PURPOSE + (long) split.ordinal(), i)));
        }
    }

    /** {@code voice} is a number of the bank, or -1 for the model's own. */
    private record Key(int voice, String text) {}

    private record Clip(short[] samples, float scale, int[] startsMs, int[] endsMs) {
        static Clip of(final Utterance utterance) {
            float largest = Float.MIN_NORMAL;
            for (final float sample : utterance.samples()) {
                largest = Math.max(largest, Math.abs(sample));
            }
            final short[] samples = new short[utterance.samples().length];
            for (int i = 0; i < samples.length; i++) {
                samples[i] = (short) Math.round(utterance.samples()[i] / largest * FULL_SCALE);
            }
            return new Clip(samples, largest / FULL_SCALE, utterance.startsMs(), utterance.endsMs());
        }

        Utterance utterance() {
            final float[] out = new float[samples.length];
            for (int i = 0; i < out.length; i++) {
                out[i] = samples[i] * scale;
            }
            return new Utterance(out, startsMs, endsMs);
        }
    }

    @Override
    public Utterance speak(final EspeakVoice voice, final List<String> words) {
        final boolean own = voice.equals(VoiceBook.MODEL);
        final int number = own ? -1 : number(voice);
        final EspeakVoice speaker = own ? voice : voices.get(number);
        if (!own && words.size() > 1) {
            return source.speak(speaker, words);
        }
        final Key key = new Key(number, String.join(" ", words));
        Clip clip = kept.get(key);
        if (clip == null) {
            clip = Clip.of(source.speak(speaker, words));
            if (keptSamples.addAndGet(clip.samples.length) <= MOST_KEPT) {
                kept.put(key, clip);
            }
        }
        return clip.utterance();
    }

    private int number(final EspeakVoice voice) {
        final int word =
                Philox.word(voice.name().hashCode(), voice.wordsPerMinute(), voice.pitch(), voice.range(), PURPOSE, 0);
        return (int) (Integer.toUnsignedLong(word) * voices.size() >>> Integer.SIZE);
    }
}
