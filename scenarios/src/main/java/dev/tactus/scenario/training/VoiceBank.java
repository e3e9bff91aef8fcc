package dev.tactus.scenario.training;

import dev.tactus.espeak.EspeakVoice;
import dev.tactus.kernel.Philox;
import dev.tactus.scenario.Draws;
import dev.tactus.scenario.speech.SpeechSource;
import dev.tactus.scenario.speech.Split;
import dev.tactus.scenario.speech.Utterance;
import dev.tactus.scenario.speech.VoiceBook;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;

/**
 * A number of voices that speak instead of infinitely many, so that words can be kept: every voice that is asked for is
 * replaced by one of the bank, always the same; {@link VoiceBook#MODEL} stays itself. Words spoken alone, and all that
 * the model says, are kept as 16-bit samples, as far as a budget goes; phrases are not, since hardly any comes twice.
 *
 * <p>Which voices there are depends on the split and their number alone. What is returned is a function of the
 * arguments. Any thread, but none while it is closed.
 */
final class VoiceBank implements SpeechSource, AutoCloseable {
    private static final int PURPOSE = 0x564F4943;
    private static final int FULL_SCALE = 32_767;

    /** What tells a voice from that of another espeak-ng: a number, colours and a phrase. */
    private static final List<List<String>> SAMPLES =
            List.of(List.of("okay", "red", "circle"), List.of("seven"), List.of("blue", "square"));

    private final SpeechSource source;
    private final List<EspeakVoice> voices = new ArrayList<>();
    private final Map<Key, Clip> kept = new ConcurrentHashMap<>();
    private final AtomicLong keptBytes = new AtomicLong();
    private final SoundBudget budget;

    /** A bank of {@code count} voices that keeps words while {@code budget} has room. */
    VoiceBank(final SpeechSource source, final Split split, final int count, final SoundBudget budget) {
        this.source = source;
        this.budget = budget;
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

        long bytes() {
            return (long) samples.length * Short.BYTES;
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
            keep(key, clip);
        }
        return clip.utterance();
    }

    private void keep(final Key key, final Clip clip) {
        if (!budget.take(clip.bytes())) {
            return;
        }
        if (kept.putIfAbsent(key, clip) == null) {
            keptBytes.addAndGet(clip.bytes());
        } else {
            budget.give(clip.bytes());
        }
    }

    /** A checksum of what the model's voice and two of the bank say: tells one synthesiser from another. */
    long sum() {
        final CRC32C sum = new CRC32C();
        final List<EspeakVoice> speakers = List.of(VoiceBook.MODEL, voices.get(0), voices.get(voices.size() - 1));
        for (int i = 0; i < SAMPLES.size(); i++) {
            final Utterance spoken = source.speak(speakers.get(i), SAMPLES.get(i));
            final ByteBuffer bytes = ByteBuffer.allocate(spoken.samples().length * Float.BYTES);
            bytes.asFloatBuffer().put(spoken.samples());
            sum.update(bytes);
            sum.update(Arrays.toString(spoken.startsMs()).getBytes(StandardCharsets.UTF_8));
        }
        return sum.getValue();
    }

    /** Forgets all that it kept, and gives the bytes back to the budget. */
    @Override
    public void close() {
        kept.clear();
        budget.give(keptBytes.getAndSet(0));
    }

    private int number(final EspeakVoice voice) {
        final int word =
                Philox.word(voice.name().hashCode(), voice.wordsPerMinute(), voice.pitch(), voice.range(), PURPOSE, 0);
        return (int) (Integer.toUnsignedLong(word) * voices.size() >>> Integer.SIZE);
    }
}
