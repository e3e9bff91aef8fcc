package dev.tactus.engine.audio;

import java.util.Objects;

/**
 * Streaming conversion of mono float samples from any rate of 8–192 kHz to 16 kHz: a Kaiser-windowed sinc, one set of
 * coefficients per phase (polyphase form, see Crochiere and Rabiner, <i>Multirate Digital Signal Processing</i>, 1983).
 *
 * <p>Let the <i>low rate</i> be the smaller of input rate and 16 kHz. The filter spans 64 low-rate samples on each
 * side. Pass band: up to 0.45 of the low rate (7.2 kHz for inputs of 16 kHz and more), flat to 0.001 dB. Stop band:
 * from 0.5 of the low rate, 100 dB down; nothing folds back from above the new Nyquist frequency but its last 100 dB.
 *
 * <p>The delay of the filter is compensated: output n lies at time n / 16000 of the input, sample 0 at time 0, with
 * silence assumed before the first and after the last input sample. The price is look-ahead: an output waits for 64
 * low-rate samples after its own time, {@link #latencyNs()} (4 ms for inputs of 16 kHz and more, 8 ms at 8 kHz). After
 * {@link #end()} exactly ⌈n · 16000 / rate⌉ outputs have been given for n inputs. An input of 16 kHz passes unchanged,
 * without delay.
 *
 * <p>Every output is one dot product in double, summed in a fixed order, with coefficients from StrictMath, so bits do
 * not depend on the chunking or the machine. Nothing is allocated after construction. Coefficients take 4 · phases ·
 * taps bytes: 240 KB at 44.1 kHz, up to 50 MB for a rate that shares no factor with 16000. One thread.
 */
public final class Resampler {
    /** Lowest input rate, in hertz. */
    public static final int MIN_RATE_HZ = 8_000;
    /** Highest input rate, in hertz. */
    public static final int MAX_RATE_HZ = 192_000;

    private static final int OUTPUT_RATE_HZ = AudioSource.MODEL_RATE_HZ;
    private static final int HALF_WIDTH_LOW_RATE_SAMPLES = 64;
    private static final double CUTOFF_OF_LOW_RATE = 0.475;
    private static final double KAISER_BETA = 10.06126; // 0.1102 · (100 dB - 8.7)
    private static final int CAPACITY_SAMPLES = 4096;
    private static final int BESSEL_TERMS = 32;
    private static final double[] INVERSE_SQUARES = inverseSquares();

    private final int inputRateHz;
    private final int phases; // outputs per period, L
    private final int stride; // inputs per period, M
    private final int half; // inputs on either side of an output
    private final int taps;
    private final float[] coefficients; // [phases, taps]
    private final float[] history; // inputs [first, first + held)
    private int held;
    private long first; // input index of history[0]; negative while the silence before the start is held
    private long received;
    private long centre; // input index at or before the next output
    private int phase;
    private boolean ended;

    /**
     * A resampler at time 0.
     *
     * @param inputRateHz rate of the input, {@value #MIN_RATE_HZ} to {@value #MAX_RATE_HZ}
     */
    public Resampler(final int inputRateHz) {
        if (inputRateHz < MIN_RATE_HZ || inputRateHz > MAX_RATE_HZ) {
            throw new IllegalArgumentException(
                    "input rate is " + inputRateHz + " Hz; allowed: " + MIN_RATE_HZ + " to " + MAX_RATE_HZ + " Hz");
        }
        this.inputRateHz = inputRateHz;
        final int divisor = greatestCommonDivisor(inputRateHz, OUTPUT_RATE_HZ);
        phases = OUTPUT_RATE_HZ / divisor;
        stride = inputRateHz / divisor;
        final boolean identity = inputRateHz == OUTPUT_RATE_HZ;
        final int lowRateHz = Math.min(inputRateHz, OUTPUT_RATE_HZ);
        half = identity ? 0 : Math.ceilDiv(HALF_WIDTH_LOW_RATE_SAMPLES * inputRateHz, lowRateHz);
        taps = identity ? 1 : 2 * half;
        coefficients = identity ? new float[] {1f} : design();
        history = new float[CAPACITY_SAMPLES + taps];
        first = identity ? 0 : 1 - half;
        held = (int) -first;
    }

    /** Time between a sample's arrival and its output, in nanoseconds: 0 at 16 kHz. */
    public long latencyNs() {
        return half * 1_000_000_000L / inputRateHz;
    }

    /** How many samples {@link #accept} will take now; 0 means that {@link #drain} must be called first. */
    public int freeSamples() {
        return ended ? 0 : history.length - held;
    }

    /**
     * Takes input.
     *
     * @param samples input samples
     * @param offset index of the first
     * @param count how many
     * @return how many were taken, at most {@link #freeSamples()}; the rest is for after a {@link #drain}
     */
    public int accept(final float[] samples, final int offset, final int count) {
        Objects.checkFromIndexSize(offset, count, samples.length);
        final int taken = Math.min(count, freeSamples());
        System.arraycopy(samples, offset, history, held, taken);
        held += taken;
        received += taken;
        return taken;
    }

    /** Says that no more input comes; the outputs that waited for look-ahead can be drained now. */
    public void end() {
        ended = true;
    }

    /**
     * Gives output.
     *
     * @param target receives samples
     * @param offset index of the first
     * @param count most samples to give
     * @return how many were given; 0 when more input is needed, or after {@link #end()} when all is given
     */
    public int drain(final float[] target, final int offset, final int count) {
        Objects.checkFromIndexSize(offset, count, target.length);
        int given = 0;
        while (given < count && available()) {
            target[offset + given] = output();
            given++;
            phase += stride;
            centre += phase / phases;
            phase %= phases;
        }
        forget();
        return given;
    }

    private boolean available() {
        return ended ? centre < received : centre + half < received;
    }

    /**
     * Inputs centre - half + 1 … centre + half; those not received (after the end) are silence. Four sums of every
     * fourth product, so that additions do not wait for each other.
     */
    private float output() {
        final int from = (int) (firstNeeded() - first);
        final int n = Math.min(taps, held - from);
        final int row = phase * taps;
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = 0;
        for (; i + 3 < n; i += 4) {
            a += (double) coefficients[row + i] * history[from + i];
            b += (double) coefficients[row + i + 1] * history[from + i + 1];
            c += (double) coefficients[row + i + 2] * history[from + i + 2];
            d += (double) coefficients[row + i + 3] * history[from + i + 3];
        }
        for (; i < n; i++) {
            a += (double) coefficients[row + i] * history[from + i];
        }
        return (float) (a + b + (c + d));
    }

    private long firstNeeded() {
        return half == 0 ? centre : centre - half + 1;
    }

    private void forget() {
        final int unneeded = (int) Math.min(held, firstNeeded() - first);
        if (unneeded > 0) {
            held -= unneeded;
            System.arraycopy(history, unneeded, history, 0, held);
            first += unneeded;
        }
    }

    /**
     * Coefficient i of phase p weighs input centre - half + 1 + i; its distance from the output is half - 1 - i + p/L.
     * The filter is even, so phase L - p is phase p backwards.
     */
    private float[] design() {
        final float[] out = new float[Math.multiplyExact(phases, taps)];
        final double bandwidth = 2 * CUTOFF_OF_LOW_RATE * Math.min(inputRateHz, OUTPUT_RATE_HZ) / inputRateHz;
        final double[] row = new double[taps];
        for (int p = 0; p <= phases / 2; p++) {
            double sum = 0;
            for (int i = 0; i < taps; i++) {
                final double distance = half - 1 - i + p / (double) phases;
                row[i] = sinc(bandwidth * distance) * kaiser(distance / half);
                sum += row[i];
            }
            for (int i = 0; i < taps; i++) {
                final float coefficient = (float) (row[i] / sum);
                out[p * taps + i] = coefficient;
                if (p > 0) {
                    out[(phases - p) * taps + taps - 1 - i] = coefficient;
                }
            }
        }
        return out;
    }

    private static double sinc(final double x) {
        return x == 0 ? 1 : StrictMath.sin(Math.PI * x) / (Math.PI * x);
    }

    private static double kaiser(final double x) {
        final double inside = 1 - x * x;
        return inside <= 0 ? 0 : besselI0(KAISER_BETA * StrictMath.sqrt(inside));
    }

    /**
     * The modified Bessel function of order 0: Σ (x²/4)^k / k!², by Horner's rule; the last term is below 1e-20 of the
     * sum.
     */
    private static double besselI0(final double x) {
        final double quarter = x * x / 4;
        double sum = 1;
        for (int k = BESSEL_TERMS; k > 0; k--) {
            sum = 1 + sum * quarter * INVERSE_SQUARES[k];
        }
        return sum;
    }

    private static double[] inverseSquares() {
        final double[] out = new double[BESSEL_TERMS + 1];
        for (int k = 1; k <= BESSEL_TERMS; k++) {
            out[k] = 1.0 / (k * k);
        }
        return out;
    }

    private static int greatestCommonDivisor(final int a, final int b) {
        return b == 0 ? a : greatestCommonDivisor(b, a % b);
    }
}
