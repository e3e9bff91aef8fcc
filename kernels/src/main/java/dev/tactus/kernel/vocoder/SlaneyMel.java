package dev.tactus.kernel.vocoder;

/**
 * A bank of triangular filters over Slaney's mel scale from 0 Hz up, each of area 1 (over Hz): linear below 1 kHz (15
 * mels), then 27 mels per factor of 6.4. Computed by StrictMath in double; immutable, any thread.
 */
public final class SlaneyMel {
    private static final double LINEAR_HZ_PER_MEL = 200.0 / 3;
    private static final double LOG_START_HZ = 1_000;
    private static final double LOG_START_MEL = 15;
    private static final double LOG_STEP = StrictMath.log(6.4) / 27;

    private final double[] edges;

    /**
     * A bank.
     *
     * @param mels filters, at least 1
     * @param topHz upper corner of the last one, above 1 kHz
     */
    public SlaneyMel(final int mels, final double topHz) {
        if (mels < 1 || !(topHz > LOG_START_HZ)) {
            throw new IllegalArgumentException(
                    mels + " filters up to " + topHz + " Hz: expected at least 1, up to more than 1000 Hz");
        }
        final double top = LOG_START_MEL + StrictMath.log(topHz / LOG_START_HZ) / LOG_STEP;
        edges = new double[mels + 2];
        for (int i = 0; i < edges.length; i++) {
            final double mel = top * i / (mels + 1);
            edges[i] = mel < LOG_START_MEL
                    ? LINEAR_HZ_PER_MEL * mel
                    : LOG_START_HZ * StrictMath.exp(LOG_STEP * (mel - LOG_START_MEL));
        }
    }

    /** Filters. */
    public int mels() {
        return edges.length - 2;
    }

    /** Corner {@code i} of {@code mels + 2}, rising: filter m begins at corner m, peaks at m + 1 and ends at m + 2. */
    public double edgeHz(final int i) {
        return edges[i];
    }

    /** The weight of a frequency in a filter, per Hz. */
    public double weight(final int mel, final double hz) {
        final double rising = (hz - edges[mel]) / (edges[mel + 1] - edges[mel]);
        final double falling = (edges[mel + 2] - hz) / (edges[mel + 2] - edges[mel + 1]);
        return Math.max(0, Math.min(rising, falling)) * (2 / (edges[mel + 2] - edges[mel]));
    }
}
