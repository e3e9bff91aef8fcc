package dev.tactus.app.train;

import dev.tactus.app.cli.Units;
import dev.tactus.engine.tuning.recipe.StepReport;
import java.io.PrintWriter;
import java.util.Locale;

/**
 * What a run shows while it goes: on a terminal one line that is drawn again and again, elsewhere a line now and then.
 * One thread.
 */
final class TrainProgress {
    private static final String CLEAR = "\r\u001b[K";
    private static final int BAR = 24;
    private static final long TERMINAL_NS = 100_000_000L;
    private static final long CALM_NS = 10_000_000_000L;
    private static final double NS_PER_SECOND = 1e9;

    /** What a step leaves of the average pace. */
    private static final double KEPT = 0.97;

    private final PrintWriter out;
    private final boolean terminal;
    private final boolean quiet;
    private boolean open;
    private long shownNs;
    private long lastNs;
    private long lastPositions;
    private double pace;
    private double nsPerStep;
    private double weight;

    /**
     * Progress from now on.
     *
     * @param positions seen before
     */
    TrainProgress(
            final PrintWriter out,
            final boolean terminal,
            final boolean quiet,
            final long nowNs,
            final long positions) {
        this.out = out;
        this.terminal = terminal;
        this.quiet = quiet;
        this.lastNs = nowNs;
        this.shownNs = nowNs;
        this.lastPositions = positions;
    }

    /** A step was made. */
    void step(final StepReport report, final long nowNs) {
        final double ns = Math.max(1, nowNs - lastNs);
        pace = KEPT * pace + (1 - KEPT) * (report.positions() - lastPositions);
        nsPerStep = KEPT * nsPerStep + (1 - KEPT) * ns;
        weight = KEPT * weight + (1 - KEPT);
        lastNs = nowNs;
        lastPositions = report.positions();
        final boolean last = report.step() == report.steps();
        if (!quiet && (last || nowNs - shownNs >= (terminal ? TERMINAL_NS : CALM_NS))) {
            shownNs = nowNs;
            draw(line(report));
        }
        if (report.evaluation().isPresent()) {
            say(evaluation(report));
        }
    }

    private static String evaluation(final StepReport report) {
        final StringBuilder line = new StringBuilder(String.format(
                Locale.ROOT,
                "step %d: loss %.4f on held-out data",
                report.step(),
                report.evaluation().getAsDouble()));
        report.evaluationSpeech().ifPresent(loss -> line.append(String.format(Locale.ROOT, ", speech %.4f", loss)));
        report.evaluationBySort()
                .forEach((sort, loss) -> line.append(String.format(Locale.ROOT, ", %s %.4f", sort, loss)));
        return line.toString();
    }

    private void draw(final String line) {
        if (terminal) {
            out.print(CLEAR + line);
            open = true;
        } else {
            out.println(line);
        }
        out.flush();
    }

    private String line(final StepReport report) {
        final int done = (int) (BAR * report.step() / report.steps());
        final String bar = "█".repeat(done) + "░".repeat(BAR - done);
        final long perSecond = Math.round(pace / nsPerStep * NS_PER_SECOND);
        final String speech = report.speech().isPresent()
                ? String.format(Locale.ROOT, "  speech %.4f", report.speech().getAsDouble())
                : "";
        return String.format(
                Locale.ROOT,
                "step %d/%d  %sloss %.4f%s  %s positions/s  %s",
                report.step(),
                report.steps(),
                terminal ? bar + "  " : "",
                report.smoothed(),
                speech,
                Units.exact(perSecond),
                left(report));
    }

    private String left(final StepReport report) {
        final double seconds = nsPerStep / weight * (report.steps() - report.step()) / NS_PER_SECOND;
        return report.step() == report.steps() ? "done" : duration(seconds) + " left";
    }

    /** {@code 0:07}, {@code 12:34} or {@code 3:04:05}. */
    static String duration(final double seconds) {
        final long whole = Math.round(seconds);
        final long hours = whole / 3600;
        final long minutes = whole / 60 % 60;
        return hours > 0
                ? String.format(Locale.ROOT, "%d:%02d:%02d", hours, minutes, whole % 60)
                : String.format(Locale.ROOT, "%d:%02d", minutes, whole % 60);
    }

    /** A line that stays. */
    void say(final String line) {
        end();
        out.println(line);
        out.flush();
    }

    /** Ends the line that would have been drawn again. */
    void end() {
        if (open) {
            out.println();
            open = false;
        }
        out.flush();
    }
}
