package dev.tactus.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/** What {@code bench overload} measured: both policies over offered sessions. */
final class OverloadSection implements ReportSection {
    private static final String OFFERED = "offered sessions / sessions that fit";
    private static final double NS_PER_MS = 1e6;
    private static final double DEADLINE_MS = 200;
    private static final double PERCENT = 100;
    private static final List<Policy> POLICIES =
            List.of(new Policy("admission", "admission on"), new Policy("ladder", "admission off, ladder on"));
    private static final String[] COLUMNS = {
        "policy",
        "offered / fit",
        "offered",
        "admitted",
        "ticks",
        "missed, %",
        "missed in a row",
        "skipped, %",
        "ladder steps, %",
        "p50, ms",
        "p99, ms",
        "p99.9, ms",
        "device, ms of 200",
        "ticks behind",
        "heap, bytes per period",
        "steal, %"
    };

    private record Policy(String label, String name) {}

    /** What a chart shows of a result. */
    private interface Value {
        double of(JsonNode result);
    }

    @Override
    public String bench() {
        return "overload";
    }

    @Override
    public String title(final BenchFile file) {
        return "More sessions than fit: " + file.text("model");
    }

    @Override
    public void write(final Markup page, final BenchFile file) {
        final double capacity = file.number(file.root().path("capacity"), "sessions");
        page.element(
                "p",
                String.format(
                        Locale.ROOT,
                        "%.0f sessions fit on this machine (%s), so 1 on the horizontal axis is that many. A tick is"
                                + " missed when it comes out later than %.0f ms after its end, or is skipped. With"
                                + " admission the cost model refuses what will not fit; without, all are let in and the"
                                + " ladder gives up video, text, speech, then every second tick. Latency is that of"
                                + " the ticks that were not skipped.",
                        capacity,
                        file.root().path("capacity").path("measured").asBoolean(false)
                                ? "measured in the same run: less than one tick in 1,000 missed"
                                : "as given",
                        DEADLINE_MS));
        page.open("ul", "class", "targets");
        for (final JsonNode target : file.root().path("targets")) {
            page.element("li", target.asString());
        }
        page.close();
        page.open("div", "class", "charts");
        charts(page, file, capacity);
        page.close();
        table(page, file);
    }

    private static void charts(final Markup page, final BenchFile file, final double capacity) {
        chart(file, "Missed ticks", "missed, % of session ticks", r -> percent(file, r, "missed"))
                .write(page);
        chart(
                        file,
                        "Missed right after a missed one",
                        "missed in a row, % of session ticks",
                        r -> percent(file, r, "missed_in_a_row"))
                .write(page);
        chart(file, "Latency, p99.9", "tick end to output, ms", r -> latency(file, r, "p99.9"))
                .limit(DEADLINE_MS, "deadline")
                .write(page);
        chart(
                        file,
                        "Sessions that were let in",
                        "admitted / sessions that fit",
                        r -> file.number(r, "admitted") / capacity)
                .write(page);
        chart(
                        file,
                        "Ticks that did without something",
                        "ladder steps, % of session ticks",
                        r -> percent(file, r, "stepped"))
                .write(page);
        final JsonNode points = file.root().path("capacity").path("points");
        if (points.size() > 1) {
            search(file, points, capacity).write(page);
        }
    }

    private static LineChart chart(final BenchFile file, final String title, final String yLabel, final Value value) {
        final LineChart chart = new LineChart(title, OFFERED, yLabel).mark(1, "fits");
        for (final Policy policy : POLICIES) {
            final List<LineChart.Point> points = new ArrayList<>();
            for (final JsonNode result : file.root().path("results")) {
                if (policy.label.equals(result.path("policy").asString(""))) {
                    final double x = file.number(result, "factor");
                    final double y = value.of(result);
                    points.add(new LineChart.Point(x, y, text(policy.name, x, y, yLabel)));
                }
            }
            points.sort((a, b) -> Double.compare(a.x(), b.x()));
            chart.series(policy.name, points);
        }
        return chart;
    }

    private static String text(final String policy, final double x, final double y, final String yLabel) {
        return String.format(Locale.ROOT, "%s, %.2f of what fits: %.3f (%s)", policy, x, y, yLabel);
    }

    /** How many fit was found by these. */
    private static LineChart search(final BenchFile file, final JsonNode points, final double capacity) {
        final List<LineChart.Point> tried = new ArrayList<>();
        for (final JsonNode point : points) {
            final double sessions = file.number(point, "sessions");
            final double ms = file.number(point, "latency_p99.9_ns") / NS_PER_MS;
            tried.add(new LineChart.Point(
                    sessions,
                    ms,
                    String.format(
                            Locale.ROOT,
                            "%.0f sessions: p99.9 %.1f ms, %.3f %% missed",
                            sessions,
                            ms,
                            percent(file, point, "missed"))));
        }
        tried.sort((a, b) -> Double.compare(a.x(), b.x()));
        return new LineChart("How many fit: latency of each number that was tried", "sessions", "p99.9, ms")
                .series("tried", tried)
                .limit(DEADLINE_MS, "deadline")
                .mark(capacity, "fits");
    }

    private static double percent(final BenchFile file, final JsonNode result, final String field) {
        return PERCENT * file.number(result, field) / Math.max(1, file.number(result, "ticks"));
    }

    private static double latency(final BenchFile file, final JsonNode result, final String percentile) {
        return file.number(result.path("latency_ns"), percentile) / NS_PER_MS;
    }

    private static void table(final Markup page, final BenchFile file) {
        page.open("div", "class", "wide").open("table");
        page.open("thead").open("tr");
        for (final String column : COLUMNS) {
            page.element("th", column, "scope", "col");
        }
        page.close().close().open("tbody");
        for (final Policy policy : POLICIES) {
            for (final JsonNode result : file.root().path("results")) {
                if (policy.label.equals(result.path("policy").asString(""))) {
                    row(page, file, policy, result);
                }
            }
        }
        page.close().close().close();
    }

    private static void row(final Markup page, final BenchFile file, final Policy policy, final JsonNode result) {
        page.open("tr").element("th", policy.name, "scope", "row");
        cell(page, "%.2f", file.number(result, "factor"));
        cell(page, "%.0f", file.number(result, "offered"));
        cell(page, "%.0f", file.number(result, "admitted"));
        cell(page, "%,.0f", file.number(result, "ticks"));
        cell(page, "%.3f", percent(file, result, "missed"));
        cell(page, "%,.0f", file.number(result, "missed_in_a_row"));
        cell(page, "%.3f", percent(file, result, "skipped"));
        cell(page, "%.2f", percent(file, result, "stepped"));
        cell(page, "%.1f", latency(file, result, "p50"));
        cell(page, "%.1f", latency(file, result, "p99"));
        cell(page, "%.1f", latency(file, result, "p99.9"));
        cell(page, "%.1f", file.number(result, "device_ns_per_period") / NS_PER_MS);
        cell(page, "%.0f", file.number(result, "ticks_behind"));
        cell(page, "%.0f", file.number(result, "heap_bytes_per_period"));
        if (result.path("cpu_steal").isNumber()) {
            cell(page, "%.1f", PERCENT * file.number(result, "cpu_steal"));
        } else {
            page.element("td", "unknown");
        }
        page.close();
    }

    private static void cell(final Markup page, final String format, final double value) {
        page.element("td", String.format(Locale.ROOT, format, value));
    }
}
