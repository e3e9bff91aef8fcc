package dev.tactus.scenario.render;

import dev.tactus.scenario.speech.Utterance;

/**
 * An utterance played faster or slower, pitch and all, by a windowed sinc of 16 taps at 512 places between samples. Its
 * times are known at once; samples are made when they are asked for. Immutable.
 *
 * @param utterance what is played
 * @param lengthMs the new length, at least a millisecond per word
 */
public record Stretched(Utterance utterance, int lengthMs) {
    private static final int TAPS = 16;
    private static final int PHASES = 512;
    private static final double CUTOFF = 0.92;
    private static final float[] TABLE = table();

    /** The utterance at {@code factor} of its length, such as 0.9 to 1.12, in whole milliseconds. */
    public static Stretched by(final double factor, final Utterance utterance) {
        final int lengthMs = (int) Math.round(utterance.lengthMs() * factor);
        return new Stretched(utterance, Math.max(utterance.startsMs().length, lengthMs));
    }

    /** Its samples, {@code lengthMs} times {@link Utterance#SAMPLES_PER_MS}. */
    public float[] samples() {
        final int length = lengthMs * Utterance.SAMPLES_PER_MS;
        final float[] in = utterance.samples();
        final float[] out = new float[length];
        final double step = (double) in.length / length;
        for (int n = 0; n < length; n++) {
            final double at = n * step;
            final int centre = (int) at;
            final int row = (int) ((at - centre) * PHASES) * TAPS;
            final int first = centre - TAPS / 2 + 1;
            float sum = 0;
            if (first >= 0 && first + TAPS <= in.length) {
                for (int i = 0; i < TAPS; i++) {
                    sum += TABLE[row + i] * in[first + i];
                }
            } else {
                for (int i = Math.max(0, -first); i < Math.min(TAPS, in.length - first); i++) {
                    sum += TABLE[row + i] * in[first + i];
                }
            }
            out[n] = sum;
        }
        return out;
    }

    /** Where each word begins. */
    public int[] startsMs() {
        final int count = utterance.startsMs().length;
        final int[] out = new int[count];
        for (int i = 0; i < count; i++) {
            final int scaled = (int) ((long) utterance.startsMs()[i] * lengthMs / utterance.lengthMs());
            final int latest = lengthMs - (count - i);
            out[i] = Math.min(latest, i == 0 ? scaled : Math.max(out[i - 1] + 1, scaled));
        }
        return out;
    }

    /** Where each word ends. */
    public int[] endsMs() {
        final int[] starts = startsMs();
        final int count = starts.length;
        final int[] out = new int[count];
        for (int i = 0; i < count; i++) {
            final int scaled = (int) ((long) utterance.endsMs()[i] * lengthMs / utterance.lengthMs());
            final int latest = i + 1 < count ? starts[i + 1] : lengthMs;
            out[i] = i + 1 < count ? Math.min(latest, Math.max(starts[i] + 1, scaled)) : lengthMs;
        }
        return out;
    }

    private static float[] table() {
        final float[] out = new float[(PHASES + 1) * TAPS];
        for (int phase = 0; phase <= PHASES; phase++) {
            double sum = 0;
            final double[] row = new double[TAPS];
            for (int i = 0; i < TAPS; i++) {
                final double x = i - TAPS / 2 + 1 - (double) phase / PHASES;
                final double window = 0.5 + 0.5 * StrictMath.cos(2 * Math.PI * x / (TAPS + 1));
                row[i] = window * (x == 0 ? CUTOFF : StrictMath.sin(Math.PI * CUTOFF * x) / (Math.PI * x));
                sum += row[i];
            }
            for (int i = 0; i < TAPS; i++) {
                out[phase * TAPS + i] = (float) (row[i] / sum);
            }
        }
        return out;
    }
}
