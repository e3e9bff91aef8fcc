package dev.tactus.scenario.eval;

/**
 * The 95 % interval of a share by E. B. Wilson, "Probable inference, the law of succession, and statistical inference"
 * (1927).
 *
 * @param low lower end, from 0
 * @param high upper end, to 1
 */
public record Wilson(double low, double high) {
    private static final double Z = 1.959963984540054; // normal quantile of 0.975

    /** The interval of {@code hits} out of {@code n}; from 0 to 1 when n is 0. Hits beyond n count as n. */
    public static Wilson of(final long hits, final long n) {
        if (n <= 0) {
            return new Wilson(0, 1);
        }
        final double p = Math.min(1, (double) hits / n);
        final double square = Z * Z / n;
        final double middle = p + square / 2;
        final double half = Z * Math.sqrt((p * (1 - p) + square / 4) / n);
        return new Wilson(Math.max(0, (middle - half) / (1 + square)), Math.min(1, (middle + half) / (1 + square)));
    }
}
