package dev.tactus.bench.train;

import dev.tactus.app.cli.Table;
import dev.tactus.app.cli.Units;
import java.util.List;
import java.util.Locale;

/** The results of a run as one table, and what it means. */
public final class TrainReport {
    private static final double NS_PER_MS = 1e6;
    private static final double GIGA = 1e9;

    private TrainReport() {}

    /** The table, with a line feed at its end. */
    public static String table(final List<TrainResult> results) {
        final Table table = new Table("rlrrrrrrrr");
        table.row(
                "thr", "", "median, ms", "p10–p90", "of step", "GFLOP", "GFLOP/s", "of gemm", "of fma", "positions/s");
        for (final TrainResult result : results) {
            peak(table, result, "fma", result.fma());
            peak(table, result, "gemm " + TrainPeaks.SIZE + "³", result.gemm());
            for (final TrainStage stage : TrainStage.values()) {
                stage(table, result, stage);
            }
        }
        return String.join("\n", table.lines("")) + "\n";
    }

    private static void peak(final Table table, final TrainResult result, final String name, final Spread spread) {
        table.row(
                Integer.toString(result.threads()),
                name,
                "",
                Double.isNaN(spread.median()) ? "" : noise(spread),
                "",
                "",
                number("%.1f", spread.median()),
                "",
                number("%.2f", spread.median() / result.fma().median()),
                "");
    }

    private static void stage(final Table table, final TrainResult result, final TrainStage stage) {
        final Spread ns = result.stageNs().get(stage);
        final boolean counts = result.cost().operations(stage) > 0;
        table.row(
                Integer.toString(result.threads()),
                stage.label(),
                number("%,.1f", ns.median() / NS_PER_MS),
                noise(ns),
                number(
                        "%.2f",
                        ns.median() / result.stageNs().get(TrainStage.STEP).median()),
                counts ? number("%.1f", result.cost().operations(stage) / GIGA) : "",
                counts ? number("%.1f", result.gigaflops(stage)) : "",
                counts ? number("%.2f", result.gemmShare(stage)) : "",
                counts ? number("%.2f", result.fmaShare(stage)) : "",
                number("%,.0f", result.positionsPerSecond(stage)));
    }

    /** How far rounds were from the median, below and above, in percent. */
    private static String noise(final Spread spread) {
        return String.format(
                Locale.ROOT,
                "%+.0f %+.0f %%",
                100 * (spread.p10() / spread.median() - 1),
                100 * (spread.p90() / spread.median() - 1));
    }

    private static String number(final String format, final double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, format, value);
    }

    /** What the columns count, what memory was held and how the loss went, a line each, with a line feed at its end. */
    public static String notes(final List<TrainResult> results) {
        final StringBuilder notes = new StringBuilder();
        notes.append("GFLOP    ").append(TrainCost.FORMULA).append('\n');
        for (final TrainResult result : results) {
            final TrainMemory memory = result.memory();
            notes.append(String.format(
                    Locale.ROOT,
                    "memory   %s: %s = %s masters, gradients, moments (%.2f bytes per parameter)"
                            + " + %s activations (%,.0f bytes per position) + %s scratch%n",
                    Units.plural(result.threads(), "thread"),
                    Units.bytes(memory.peak()),
                    Units.bytes(memory.state()),
                    memory.statePerParameter(),
                    Units.bytes(memory.activations()),
                    memory.activationsPerPosition(),
                    Units.bytes(memory.scratch())));
        }
        final TrainResult last = results.get(results.size() - 1);
        notes.append(String.format(
                Locale.ROOT,
                "loss     %.3f at first, %.3f at last%n",
                results.get(0).firstLoss(),
                last.lastLoss()));
        return notes.toString();
    }
}
