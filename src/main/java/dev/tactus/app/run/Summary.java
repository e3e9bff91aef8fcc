package dev.tactus.app.run;

import dev.tactus.app.cli.Table;
import dev.tactus.app.cli.Units;
import dev.tactus.engine.EngineContext;
import dev.tactus.scheduler.SilenceReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What is printed when a run has ended.
 *
 * @param stats what was counted
 * @param sessions how many ran
 * @param elapsedNs from the first tick to the end
 * @param kernels the kernels that ran
 * @param threads threads that computed; 0 where a GPU did
 * @param stateBytes what a session keeps
 * @param warmUpNote what launch had to say; may be empty
 * @param interrupted whether the run was broken off
 * @param files where the output lies; empty when none was asked for
 */
record Summary(
        RunStats stats,
        int sessions,
        long elapsedNs,
        String kernels,
        int threads,
        long stateBytes,
        String warmUpNote,
        boolean interrupted,
        String files) {
    private static final double MEDIAN = 50;
    private static final double TAIL = 99;
    private static final double MAXIMUM = 100;

    /** What computes, as people read it: a GPU has no threads of ours. */
    static String compute(final String kernels, final int threads) {
        return threads == 0 ? kernels : kernels + ", " + Units.plural(threads, "thread");
    }

    /** The lines, without line breaks. */
    List<String> lines() {
        final List<String> lines = new ArrayList<>();
        lines.add(first());
        final Table table = new Table("ll");
        table.row("reasons", reasons());
        if (stats.ticks() > 0) {
            table.row("compute", compute());
        }
        table.row("stalls", Units.exact(stats.count(SilenceReason.STALLED)));
        table.row(
                "gaps",
                Units.plural(stats.audioGaps(), "audio slot") + ", " + Units.plural(stats.videoGaps(), "tick")
                        + " without a frame");
        table.row("drops", Units.exact(stats.dropped()));
        if (stats.lost() > 0) {
            table.row("lost", Units.plural(stats.lost(), "record") + ": this process read them too slowly");
        }
        table.row("state", Units.bytes(stateBytes) + " per session, constant");
        table.row("kernels", compute(kernels, threads));
        if (!warmUpNote.isEmpty()) {
            table.row("warm-up", warmUpNote);
        }
        if (!files.isEmpty()) {
            table.row("files", files);
        }
        lines.addAll(table.lines("  "));
        return lines;
    }

    private String first() {
        final long mediaNs = stats.longestSession() * EngineContext.PERIOD_NS;
        final String speed =
                elapsedNs == 0 ? "" : String.format(Locale.ROOT, ", %.1f× real time", mediaNs / (double) elapsedNs);
        return Units.plural(stats.ticks(), "tick") + " of " + Units.plural(sessions, "session") + ", "
                + Units.seconds(mediaNs) + " of media in " + Units.seconds(elapsedNs) + speed
                + (interrupted ? ", broken off" : "");
    }

    private String compute() {
        return "p50 " + Units.ms(stats.computeNs(MEDIAN)) + " ms, p99 " + Units.ms(stats.computeNs(TAIL)) + " ms, max "
                + Units.ms(stats.computeNs(MAXIMUM)) + " ms per tick";
    }

    private String reasons() {
        final StringBuilder out = new StringBuilder();
        final long active = stats.count(SilenceReason.NONE);
        if (active > 0) {
            out.append("not silent ")
                    .append(Units.exact(active))
                    .append(" (")
                    .append(Units.plural(stats.textIds(), "text id"))
                    .append(')');
        }
        for (final SilenceReason reason : SilenceReason.values()) {
            if (reason != SilenceReason.NONE && stats.count(reason) > 0) {
                out.append(out.isEmpty() ? "" : ", ")
                        .append(TickLine.reason(reason))
                        .append(' ')
                        .append(Units.exact(stats.count(reason)));
            }
        }
        return out.isEmpty() ? "none" : out.toString();
    }
}
