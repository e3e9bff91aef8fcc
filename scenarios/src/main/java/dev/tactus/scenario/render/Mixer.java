package dev.tactus.scenario.render;

import dev.tactus.scenario.Acoustics;
import dev.tactus.scenario.Draws;
import dev.tactus.scenario.speech.Utterance;
import java.util.List;

/** Makes the sound of an episode from what is said in it. Stateless. */
public final class Mixer {
    /** Louder than this is bent, so that nothing passes full scale. */
    private static final float KNEE = 0.9f;

    private Mixer() {}

    /**
     * Something said.
     *
     * @param utterance what
     * @param startMs when it begins
     * @param gainDb its level, against {@link Utterance#LEVEL}
     */
    public record Placed(Stretched utterance, int startMs, double gainDb) {}

    /**
     * Mixes.
     *
     * @param speech what is said
     * @param samples length of the result, at 16 kHz
     * @param acoustics how it sounds
     * @param draws where chance comes from
     * @return samples that a 16-bit file holds without loss
     */
    public static float[] mix(
            final List<Placed> speech, final int samples, final Acoustics acoustics, final Draws draws) {
        float[] out = new float[samples];
        double quietest = speech.isEmpty() ? draws.uniform(-40, -5) : Double.POSITIVE_INFINITY;
        for (final Placed placed : speech) {
            place(out, placed);
            quietest = Math.min(quietest, placed.gainDb);
        }
        if (acoustics.equaliserDb() > 0) {
            out = Filters.equalise(out, acoustics.equaliserDb(), draws);
        }
        if (draws.chance(acoustics.roomShare())) {
            out = Filters.room(out, draws.uniform(0.08, 0.3), draws.uniform(-20, -6), draws);
        }
        final double level = Utterance.LEVEL * StrictMath.pow(10, quietest / 20);
        noise(out, level, acoustics, draws);
        if (draws.chance(acoustics.burstShare())) {
            bursts(out, speech, level, draws);
        }
        quantise(out);
        return out;
    }

    /** Rounds to 16 bits, in place; what passes {@value #KNEE} is bent. */
    public static void quantise(final float[] samples) {
        for (int i = 0; i < samples.length; i++) {
            float x = samples[i];
            final float size = Math.abs(x);
            if (size > KNEE) {
                final float over = (size - KNEE) / (1 - KNEE);
                x = Math.signum(x) * (KNEE + (1 - KNEE) * over / (1 + over));
            }
            samples[i] = Math.max(-32_768, Math.min(32_767, Math.round(x * 32_768f))) / 32_768f;
        }
    }

    private static void place(final float[] out, final Placed placed) {
        final float gain = (float) StrictMath.pow(10, placed.gainDb / 20);
        final float[] samples = placed.utterance.samples();
        final int from = placed.startMs * Utterance.SAMPLES_PER_MS;
        for (int i = 0; i < samples.length && from + i < out.length; i++) {
            out[from + i] += gain * samples[i];
        }
    }

    private static void noise(final float[] out, final double level, final Acoustics acoustics, final Draws draws) {
        final NoiseBank bank = NoiseBank.instance();
        final double snr = draws.uniform(acoustics.snrMinDb(), acoustics.snrMaxDb());
        final float gain = (float) (level * StrictMath.pow(10, -snr / 20));
        final double share = draws.uniform();
        bank.add(out, 0, out.length, draws.below(bank.colours()), draws.bits() >>> 1, (float) (gain * share));
        final float rest = (float) (gain * StrictMath.sqrt(1 - share * share));
        bank.add(out, 0, out.length, draws.below(bank.colours()), draws.bits() >>> 1, rest);
    }

    /**
     * Knocks and rustling: as loud as speech where nobody speaks, 12 dB below the quietest word where somebody does.
     */
    private static void bursts(final float[] out, final List<Placed> speech, final double level, final Draws draws) {
        final NoiseBank bank = NoiseBank.instance();
        final int count = draws.between(1, 1 + out.length / 50_000);
        for (int burst = 0; burst < count; burst++) {
            final int length = draws.between(320, 4800);
            final int from = draws.below(Math.max(1, out.length - length));
            final boolean overlaps = speech.stream()
                    .anyMatch(placed -> from < (placed.startMs + placed.utterance.lengthMs()) * 16
                            && from + length > placed.startMs * 16);
            final double decibels = overlaps ? -12 : draws.uniform(-12, 3);
            final double gain = level * StrictMath.pow(10, decibels / 20);
            final int colour = draws.below(bank.colours());
            final int offset = draws.bits() >>> 1;
            final double fade = StrictMath.pow(10, -2.0 / length);
            double envelope = gain;
            for (int i = 0; i < length && from + i < out.length; i++) {
                out[from + i] += (float) (envelope * Math.min(1, i / 80.0)) * bank.at(colour, offset + i);
                envelope *= fade;
            }
        }
    }
}
