package dev.tactus.bench.train;

import java.util.Collection;

/**
 * Measurements of one thing: the middle one, and what the lowest and the highest tenth begin with.
 *
 * @param median NaN when nothing was measured, as are the others
 * @param p10 the lower end
 * @param p90 the upper end
 */
public record Spread(double median, double p10, double p90) {
    /** Of measurements in any order. */
    public static Spread of(final Collection<Double> values) {
        final double[] sorted =
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return new Spread(at(sorted, 0.5), at(sorted, 0.1), at(sorted, 0.9));
    }

    /** The value at a share of the sorted ones, between neighbours in proportion. */
    private static double at(final double[] sorted, final double share) {
        if (sorted.length == 0) {
            return Double.NaN;
        }
        final double place = share * (sorted.length - 1);
        final int below = (int) place;
        final int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }
}
