package dev.tactus.scenario.eval;

import java.util.Arrays;

/**
 * Milliseconds that something took. A quantile q is the smallest value that at least a share q of the values does not
 * exceed.
 *
 * @param n how often it was measured
 * @param p50 median
 * @param p90 nine of ten are not longer
 * @param max longest
 */
public record Spread(long n, double p50, double p90, double max) implements Result {
    /** Of these values; NaN for none. */
    public static Spread of(final double... values) {
        final double[] sorted = values.clone();
        Arrays.sort(sorted);
        return new Spread(sorted.length, at(sorted, 0.5), at(sorted, 0.9), at(sorted, 1));
    }

    private static double at(final double[] sorted, final double share) {
        if (sorted.length == 0) {
            return Double.NaN;
        }
        return sorted[Math.max(0, (int) Math.ceil(share * sorted.length - 1e-9) - 1)];
    }
}
