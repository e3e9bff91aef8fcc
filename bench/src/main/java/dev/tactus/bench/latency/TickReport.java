package dev.tactus.bench.latency;

import dev.tactus.engine.ledger.Stage;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import org.HdrHistogram.Histogram;

/** The results of several numbers of sessions as one table, one column each. */
public final class TickReport {
    private static final int LABEL = 26;
    private static final int SUB_LABEL = 16;
    private static final int CELL = 14;
    private static final double[] PERCENTILES = {50, 90, 99, 100};
    private static final String[] PERCENTILE_NAMES = {"p50", "p90", "p99", "max"};

    private final List<TickResult> results;
    private final StringBuilder out = new StringBuilder();

    private TickReport(final List<TickResult> results) {
        this.results = results;
    }

    /** The table, with a line feed at its end. */
    public static String table(final List<TickResult> results) {
        return new TickReport(results).table();
    }

    private String table() {
        row("", "", result -> sessions(result.scenario().sessions()));
        if (results.stream().anyMatch(result -> result.scenario().speaking() > 0)) {
            row(
                    "of them speaking",
                    "",
                    result -> format("%,d", result.scenario().speaking()));
        }
        final Set<String> notes = new LinkedHashSet<>();
        results.forEach(result -> notes.add(result.note()));
        percentiles("whole tick, ms", TickResult::whole, 1e6, "%,.2f");
        percentiles("device, ms", TickResult::device, 1e6, "%,.2f");
        percentiles("overhead, µs", TickResult::overhead, 1e3, "%,.0f");
        stages();
        heap();
        row("GMAC/s on the device", "", result -> rate(result.macsPerSecond()));
        row("weights streamed, GB/s", "", result -> rate(result.weightBytesPerSecond()));
        row("context, positions", "from", result -> format("%,d", result.contextFrom()));
        row("", "to", result -> format("%,d", result.contextTo()));
        row("kernels", "", TickResult::kernels);
        row("ticks that count", "", result -> format("%,d", result.scenario().ticks()));
        row("deadlines missed", "", result -> format("%,d", result.missed()));
        row("free of heap after ticks", "", result -> settled(result.settledAfter()));
        row("launch, ms", "", result -> format("%,.0f", result.launchNs() / 1e6));
        row("CPU steal", "", result -> share(result.contention().steal()));
        row("CPU of other processes", "", result -> share(result.contention().others()));
        notes.stream()
                .filter(note -> !note.isEmpty())
                .forEach(note -> out.append("note: ").append(note).append('\n'));
        return out.toString();
    }

    private static String rate(final double perSecond) {
        return Double.isNaN(perSecond) ? "-" : format("%,.1f", perSecond / 1e9);
    }

    private static String share(final double share) {
        return Double.isNaN(share) ? "unknown" : format("%.0f %%", 100 * share);
    }

    private static String settled(final long ticks) {
        return ticks < 0 ? "never" : format("%,d", ticks);
    }

    private static String sessions(final int count) {
        return count == 1 ? "1 session" : count + " sessions";
    }

    private void percentiles(
            final String label,
            final Function<TickResult, Histogram> histogram,
            final double unit,
            final String format) {
        for (int i = 0; i < PERCENTILES.length; i++) {
            final double percentile = PERCENTILES[i];
            row(
                    i == 0 ? label : "",
                    PERCENTILE_NAMES[i],
                    result -> format(format, histogram.apply(result).getValueAtPercentile(percentile) / unit));
        }
    }

    private void stages() {
        boolean first = true;
        for (final Stage stage : results.get(0).stageNs().keySet()) {
            row(
                    first ? "mean of a tick, µs" : "",
                    stage.label(),
                    result -> format("%,.1f", result.stageNs().get(stage) / 1e3));
            first = false;
        }
        row("", "unattributed", result -> format("%,.1f", result.unattributedNs() / 1e3));
    }

    private void heap() {
        final List<String> threads =
                new ArrayList<>(results.get(0).heapBytesPerTick().keySet());
        for (int i = 0; i < threads.size(); i++) {
            final String thread = threads.get(i);
            row(
                    i == 0 ? "heap bytes per tick" : "",
                    thread,
                    result -> format("%,.1f", result.heapBytesPerTick().getOrDefault(thread, 0.0)));
        }
    }

    private void row(final String label, final String subLabel, final Function<TickResult, String> cell) {
        out.append(String.format(Locale.ROOT, "%-" + LABEL + "s%-" + SUB_LABEL + "s", label, subLabel));
        for (final TickResult result : results) {
            out.append(String.format(Locale.ROOT, "%" + CELL + "s", cell.apply(result)));
        }
        out.append('\n');
    }

    private static String format(final String format, final Object value) {
        return String.format(Locale.ROOT, format, value);
    }
}
