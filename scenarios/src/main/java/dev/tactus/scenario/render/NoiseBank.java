package dev.tactus.scenario.render;

import dev.tactus.scenario.Draws;

/**
 * Coloured noise, made once: white, and white through one pole and one zero per colour, up to nearly brown. About 16 s
 * each, at a level (RMS) of 1. Immutable, any thread.
 */
final class NoiseBank {
    private static final int LENGTH = 1 << 18;
    private static final double[] POLES = {0, 0.7, 0.95, 0.98, 0.995};
    private static final double[] ZEROS = {0, 0, 0.6, 0, 0.9};
    private static final NoiseBank INSTANCE = new NoiseBank();

    private final float[][] colours = new float[POLES.length][];

    private NoiseBank() {
        for (int colour = 0; colour < colours.length; colour++) {
            colours[colour] = colour(colour);
        }
    }

    static NoiseBank instance() {
        return INSTANCE;
    }

    /** Colours there are. */
    int colours() {
        return colours.length;
    }

    /**
     * Adds noise.
     *
     * @param out added to, from {@code from} to before {@code to}
     * @param colour which
     * @param offset where in the bank to start, any number from 0
     * @param gain level (RMS)
     */
    void add(final float[] out, final int from, final int to, final int colour, final int offset, final float gain) {
        final float[] noise = colours[colour];
        int at = offset & LENGTH - 1;
        for (int i = from; i < to; ) {
            final int run = Math.min(to - i, LENGTH - at);
            for (int j = 0; j < run; j++) {
                out[i + j] += gain * noise[at + j];
            }
            i += run;
            at = 0;
        }
    }

    /** The sample of a colour at a place. */
    float at(final int colour, final int offset) {
        return colours[colour][offset & LENGTH - 1];
    }

    private static float[] colour(final int colour) {
        final Draws draws = new Draws(0x7ac7, colour);
        final float[] out = new float[LENGTH];
        double before = 0;
        double value = 0;
        double sum = 0;
        for (int i = 0; i < LENGTH; i++) {
            // the sum of four uniforms is near enough to a normal, and cheap
            final double white = draws.uniform() + draws.uniform() + draws.uniform() + draws.uniform() - 2;
            value = POLES[colour] * value + white - ZEROS[colour] * before;
            before = white;
            out[i] = (float) value;
            sum += value * value;
        }
        final float gain = (float) (1 / StrictMath.sqrt(sum / LENGTH));
        for (int i = 0; i < LENGTH; i++) {
            out[i] *= gain;
        }
        return out;
    }
}
