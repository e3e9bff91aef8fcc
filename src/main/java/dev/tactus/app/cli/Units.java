package dev.tactus.app.cli;

import java.util.Locale;

/** Numbers as people read them. The same in every locale, since scripts read them too. */
public final class Units {
    private static final int KIBI = 1024;
    private static final double NS_PER_MS = 1e6;
    private static final double NS_PER_SECOND = 1e9;

    private Units() {}

    /** {@code 23.4 GiB}, {@code 8.0 MiB}, {@code 1.5 KiB} or {@code 12 B}. */
    public static String bytes(final long bytes) {
        if (bytes < KIBI) {
            return bytes + " B";
        }
        double value = bytes;
        int unit = -1;
        while (value >= KIBI - 0.05 && unit < 4) {
            value /= KIBI;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %siB", value, "KMGTP".charAt(unit));
    }

    /** {@code 25.0 M}, {@code 1.5 B} or {@code 800}: a count of parameters. */
    public static String count(final long count) {
        if (count < 1000) {
            return Long.toString(count);
        }
        double value = count;
        int unit = -1;
        while (value >= 999.95 && unit < 3) {
            value /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %s", value, "KMBT".charAt(unit));
    }

    /** {@code 1,234,567}. */
    public static String exact(final long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }

    /** Milliseconds with one decimal, without a unit. */
    public static String ms(final long ns) {
        return String.format(Locale.ROOT, "%.1f", ns / NS_PER_MS);
    }

    /** Seconds with one decimal and the unit: {@code 6.2 s}. */
    public static String seconds(final long ns) {
        return String.format(Locale.ROOT, "%.1f s", ns / NS_PER_SECOND);
    }

    /** {@code 1 session}, {@code 2 sessions}. */
    public static String plural(final long count, final String noun) {
        return exact(count) + " " + noun + (count == 1 ? "" : "s");
    }
}
