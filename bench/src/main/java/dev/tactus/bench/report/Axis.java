package dev.tactus.bench.report;

import java.util.Locale;

/**
 * A linear axis from 0 to a round number, with round numbers along it.
 *
 * @param label what it shows, with its unit
 * @param end its last value
 * @param step between two numbers
 */
record Axis(String label, double end, double step) {
    private static final double[] ROUND = {1, 2, 5, 10};

    /** An axis that holds values up to {@code most}, with at most {@code parts} steps. */
    static Axis upTo(final String label, final double most, final int parts) {
        final double wanted = (most > 0 ? most : 1) / parts;
        final double power = Math.pow(10, Math.floor(Math.log10(wanted)));
        double step = 10 * power;
        for (int i = ROUND.length - 1; i >= 0; i--) {
            if (ROUND[i] * power >= wanted * (1 - 1e-9)) {
                step = ROUND[i] * power;
            }
        }
        return new Axis(label, step * Math.ceil((most > 0 ? most : 1) / step - 1e-9), step);
    }

    /** Numbers along it, 0 included. */
    int numbers() {
        return (int) Math.round(end / step) + 1;
    }

    /** Number {@code i} along it, as text. */
    String number(final int i) {
        final int decimals = (int) Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
        return String.format(Locale.ROOT, "%." + decimals + "f", i * step);
    }

    /** Where a value lies, 0 to 1. */
    double place(final double value) {
        return value / end;
    }
}
