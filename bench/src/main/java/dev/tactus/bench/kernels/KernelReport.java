package dev.tactus.bench.kernels;

import dev.tactus.app.cli.Table;
import dev.tactus.bench.kernels.KernelCase.Bound;
import java.util.Locale;

/** The results of a run as one table. */
public final class KernelReport {
    private static final double NS_PER_US = 1e3;

    private KernelReport() {}

    /** The table, with a line feed at its end. */
    public static String table(final KernelResults results) {
        final Table table = new Table("llllrrrrrrr");
        table.row("op", "shape", "class", "kernels", "thr", "median, µs", "p10–p90", "GB/s", "GFLOP/s", "of bound", "");
        for (final KernelResult line : results.lines()) {
            final KernelCase c = line.kernelCase();
            table.row(
                    c.op(),
                    c.shape(),
                    c.numerics(),
                    c.kernels(),
                    Integer.toString(line.threads()),
                    format("%,.1f", line.medianNs() / NS_PER_US),
                    noise(line),
                    c.cost().bytes() == 0 ? "" : format("%.1f", line.gigabytesPerSecond()),
                    c.cost().operations() == 0 ? "" : format("%.1f", line.gigaflops()),
                    share(results.share(line), c.bound()),
                    units(line));
        }
        return String.join("\n", table.lines("")) + "\n";
    }

    /** How far rounds were from the median, below and above, in percent. */
    private static String noise(final KernelResult line) {
        return format(
                "%+.0f %+.0f %%",
                100 * (line.p10Ns() / line.medianNs() - 1), 100 * (line.p90Ns() / line.medianNs() - 1));
    }

    private static String share(final double share, final Bound bound) {
        return Double.isNaN(share) ? "" : format("%.2f %s", share, ProbeCases.op(bound));
    }

    private static String units(final KernelResult line) {
        final String unit = line.kernelCase().cost().unit();
        return unit.isEmpty() ? "" : format("%,.0f %s/µs", line.unitsPerMicrosecond(), unit);
    }

    private static String format(final String format, final Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
