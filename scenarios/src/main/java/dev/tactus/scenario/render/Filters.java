package dev.tactus.scenario.render;

import dev.tactus.scenario.Draws;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** What stands between a mouth and the samples: a microphone's colour and a room. Stateless. */
final class Filters {
    private static final int EQUALISER_TAPS = 63;
    private static final int BANDS = 8;
    private static final int GRID = 128;
    private static final int RATE_HZ = 16_000;
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;

    private Filters() {}

    /**
     * A random smooth equaliser: gains between -{@code decibels} and +{@code decibels} at eight frequencies, joined by
     * cosines, as a symmetric filter whose delay is taken out.
     */
    static float[] equalise(final float[] in, final double decibels, final Draws draws) {
        final double[] bands = new double[BANDS + 1];
        for (int i = 0; i <= BANDS; i++) {
            bands[i] = draws.uniform(-decibels, decibels);
        }
        final double[] gains = new double[GRID + 1];
        for (int i = 0; i <= GRID; i++) {
            final double place = (double) i * BANDS / GRID;
            final int band = Math.min(BANDS - 1, (int) place);
            final double weight = 0.5 - 0.5 * StrictMath.cos(Math.PI * (place - band));
            gains[i] = StrictMath.pow(10, (bands[band] * (1 - weight) + bands[band + 1] * weight) / 20);
        }
        final int half = EQUALISER_TAPS / 2;
        final float[] out = new float[in.length];
        for (int tap = -half; tap <= half; tap++) {
            double value = gains[0] + gains[GRID] * (tap % 2 == 0 ? 1 : -1);
            for (int i = 1; i < GRID; i++) {
                value += 2 * gains[i] * StrictMath.cos(Math.PI * i * tap / GRID);
            }
            final double window = 0.5 + 0.5 * StrictMath.cos(Math.PI * tap / (half + 1));
            addDelayed(out, in, tap, (float) (value * window / (2 * GRID)));
        }
        return out;
    }

    /**
     * A small room: after the direct sound, single echoes of random sign, about 1500 a second, that fade exponentially
     * (velvet noise).
     *
     * @param fadeSeconds time in which echoes fade by 60 dB
     * @param decibels level of all echoes together, against the direct sound
     */
    static float[] room(final float[] in, final double fadeSeconds, final double decibels, final Draws draws) {
        final int spacing = RATE_HZ / 1500;
        final int echoes = (int) (fadeSeconds * RATE_HZ / 2 / spacing);
        final int[] delays = new int[echoes];
        final double[] gains = new double[echoes];
        double energy = 1e-12;
        for (int i = 0; i < echoes; i++) {
            delays[i] = 16 + i * spacing + draws.below(spacing);
            gains[i] = StrictMath.pow(10, -3.0 * delays[i] / (fadeSeconds * RATE_HZ)) * (draws.chance(0.5) ? 1 : -1);
            energy += gains[i] * gains[i];
        }
        final double level = StrictMath.pow(10, decibels / 20) / StrictMath.sqrt(energy);
        final float[] out = in.clone();
        for (int i = 0; i < echoes; i++) {
            addDelayed(out, in, delays[i], (float) (gains[i] * level));
        }
        return out;
    }

    private static void addDelayed(final float[] out, final float[] in, final int delay, final float gain) {
        final int from = Math.max(0, delay);
        final int to = Math.min(out.length, in.length + delay);
        int i = from;
        for (final int end = to - FLOATS.length(); i <= end; i += FLOATS.length()) {
            FloatVector.fromArray(FLOATS, in, i - delay)
                    .mul(gain)
                    .add(FloatVector.fromArray(FLOATS, out, i))
                    .intoArray(out, i);
        }
        for (; i < to; i++) {
            out[i] += gain * in[i - delay];
        }
    }
}
