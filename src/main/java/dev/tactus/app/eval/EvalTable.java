package dev.tactus.app.eval;

import dev.tactus.app.cli.Table;
import dev.tactus.app.cli.Units;
import dev.tactus.scenario.eval.Measure;
import dev.tactus.scenario.eval.PerMinute;
import dev.tactus.scenario.eval.Rate;
import dev.tactus.scenario.eval.Result;
import dev.tactus.scenario.eval.Scores;
import dev.tactus.scenario.eval.Spread;
import dev.tactus.scenario.eval.Wilson;
import dev.tactus.scenario.eval.WordErrors;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Scores as people read them: a block per family, a line per measure. Stateless. */
final class EvalTable {
    private EvalTable() {}

    /** The lines: every group, and all together where there are several. */
    static List<String> lines(final Scores scores) {
        final List<String> out = new ArrayList<>();
        scores.groups().forEach((name, results) -> block(out, name, scores.trials(name), results));
        if (scores.groups().size() > 1) {
            block(out, "all together", scores.trials().size(), scores.all());
        }
        return out;
    }

    private static void block(
            final List<String> out, final String name, final long episodes, final Map<Measure, Result> results) {
        out.add("");
        out.add(name + ", " + Units.plural(episodes, "episode"));
        final Table table = new Table("lrlrl");
        results.forEach((measure, result) -> row(table, measure.label(), result));
        out.addAll(table.lines("  "));
    }

    private static void row(final Table table, final String label, final Result result) {
        final String n = "n " + Units.exact(result.n());
        if (result.n() == 0) {
            table.row(label, "-", "", n, "");
        } else if (result instanceof Rate rate) {
            table.row(label, percent(rate.share()) + " %", interval(rate.interval(), 100, "%"), n, "");
        } else if (result instanceof WordErrors errors) {
            final String kinds = errors.substitutions() + " substituted, " + errors.insertions() + " inserted, "
                    + errors.deletions() + " missing";
            // more errors than words: no share of anything
            final String interval = errors.errors() > errors.words() ? "" : interval(errors.interval(), 100, "%");
            table.row(label, percent(errors.rate()) + " %", interval, n, kinds);
        } else if (result instanceof Spread spread) {
            final String p50 = "p50 " + Math.round(spread.p50()) + " ms";
            table.row(
                    label,
                    p50,
                    "p90 " + Math.round(spread.p90()) + " ms",
                    n,
                    "most " + Math.round(spread.max()) + " ms");
        } else if (result instanceof PerMinute minutes) {
            final String watched = String.format(Locale.ROOT, "%.1f min", minutes.minutes());
            final String rate = String.format(Locale.ROOT, "%.2f", minutes.rate());
            table.row(label, rate, interval(minutes.interval(), 1, "per min"), watched, minutes.events() + " in all");
        }
    }

    private static String percent(final double share) {
        return String.format(Locale.ROOT, "%.1f", 100 * share);
    }

    private static String interval(final Wilson interval, final int factor, final String unit) {
        return String.format(
                Locale.ROOT,
                factor == 1 ? "%.2f to %.2f %s" : "%.1f to %.1f %s",
                factor * interval.low(),
                factor * interval.high(),
                unit);
    }
}
