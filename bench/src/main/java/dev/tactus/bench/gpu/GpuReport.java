package dev.tactus.bench.gpu;

import dev.tactus.bench.latency.TickResult;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/** The results as text, for people. */
public final class GpuReport {
    private static final double MEDIAN = 50;
    private static final double TAIL = 99;
    private static final double US = 1e3;
    private static final double MS = 1e6;
    private static final String NONE = "-";

    private final GpuResults results;
    private final StringBuilder out = new StringBuilder();

    private GpuReport(final GpuResults results) {
        this.results = results;
    }

    /** Three tables and the targets, with a line feed at the end. */
    public static String of(final GpuResults results) {
        return new GpuReport(results).text();
    }

    private String text() {
        line("%-18s %-52s %-10s %5s %10s %8s %7s", "op", "shape", "class", "rows", "µs", "GB/s", "of copy");
        for (final GpuLine op : results.lines()) {
            line(
                    "%-18s %-52s %-10s %5d %10s %8s %7s",
                    op.op(),
                    op.shape(),
                    op.numerics(),
                    op.rows(),
                    timed("%.2f", op.medianNs() / US),
                    timed("%.0f", op.gigabytesPerSecond()),
                    timed("%.2f", results.share(op)));
        }
        line("");
        line("%-18s %14s %14s %14s   µs, p50 / p99", "graph of kernels", "launch", "until event", "until word");
        for (final GraphLatency latency : results.latencies()) {
            line(
                    "%-18d %14s %14s %14s",
                    latency.nodes(), two(latency.launch(), US), two(latency.event(), US), two(latency.word(), US));
        }
        line("");
        line(
                "%-6s %-10s %8s %16s %16s %12s %s",
                "model", "class", "sessions", "tick, ms", "device, ms", "overhead, µs", "idle");
        results.ticks().forEach(this::tick);
        line("");
        results.problems().forEach(problem -> line("failed   %s", problem));
        for (final GpuTarget target : GpuTarget.values()) {
            line("target   %s", target.verdict(results).line());
        }
        return out.toString();
    }

    private void tick(final TickRun run) {
        if (run.result().isEmpty()) {
            line(
                    "%-6s %-10s %8d not measured: %s",
                    run.wanted().parameters(),
                    run.wanted().numerics().label(),
                    run.wanted().sessions(),
                    run.reason());
            return;
        }
        final TickResult result = run.result().get();
        line(
                "%-6s %-10s %8d %16s %16s %12s %s",
                run.wanted().parameters(),
                run.wanted().numerics().label(),
                run.wanted().sessions(),
                two(result.whole(), MS),
                two(result.device(), MS),
                results.soft() ? NONE : format("%.0f", result.overhead().getValueAtPercentile(MEDIAN) / US),
                results.soft()
                        ? NONE
                        : run.idle()
                                .map(idle -> format("%.1f %% to %.1f %%", 100 * idle.between(), 100 * idle.most()))
                                .orElse(NONE));
    }

    private String timed(final String format, final double value) {
        return Double.isNaN(value) ? NONE : format(format, value);
    }

    private String two(final Histogram histogram, final double unit) {
        return results.soft() || histogram.getTotalCount() == 0
                ? NONE
                : format(
                        "%.2f / %.2f",
                        histogram.getValueAtPercentile(MEDIAN) / unit, histogram.getValueAtPercentile(TAIL) / unit);
    }

    private void line(final String format, final Object... values) {
        out.append(format(format, values).stripTrailing()).append('\n');
    }

    private static String format(final String format, final Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
