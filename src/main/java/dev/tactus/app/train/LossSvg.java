package dev.tactus.app.train;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** {@code losses.svg}: the loss over the steps, drawn; steps that share a place on the paper are averaged. */
final class LossSvg {
    private static final int WIDTH = 960;
    private static final int HEIGHT = 520;
    private static final int LEFT = 90;
    private static final int RIGHT = 30;
    private static final int TOP = 56;
    private static final int BOTTOM = 64;
    private static final int PLACES = 420;

    /** From this ratio between the largest and the smallest loss on, the axis is logarithmic. */
    private static final double LOG_FROM = 20;

    private static final String TRAIN = "#9db7d5";
    private static final String SMOOTHED = "#1f4e8c";
    private static final String EVALUATION = "#c8501e";

    private final StringBuilder svg = new StringBuilder();
    private final List<LossRow> rows;
    private final long last;
    private final double low;
    private final double high;
    private final boolean logarithmic;

    private LossSvg(final List<LossRow> rows) {
        this.rows = rows;
        this.last = rows.get(rows.size() - 1).step();
        double least = Double.POSITIVE_INFINITY;
        double most = Double.NEGATIVE_INFINITY;
        for (final LossRow row : rows) {
            least = Math.min(least, Math.min(row.loss(), row.smoothed()));
            most = Math.max(most, Math.max(row.loss(), row.smoothed()));
            if (row.evaluation().isPresent()) {
                least = Math.min(least, row.evaluation().getAsDouble());
                most = Math.max(most, row.evaluation().getAsDouble());
            }
        }
        logarithmic = least > 0 && most / least >= LOG_FROM;
        low = logarithmic ? least : Math.min(least, 0);
        high = most > low ? most : low + 1;
    }

    /** Draws the rows into {@code file}, which is replaced in one step; nothing without rows. */
    static void write(final Path file, final List<LossRow> rows) {
        if (rows.isEmpty()) {
            return;
        }
        try {
            WholeFile.write(file, new LossSvg(rows).draw().getBytes(StandardCharsets.UTF_8));
        } catch (final IOException ex) {
            throw LossCsv.unwritable(file, ex);
        }
    }

    private String draw() {
        add(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\""
                        + " font-size=\"14\">",
                WIDTH, HEIGHT);
        add("<rect width=\"%d\" height=\"%d\" fill=\"white\"/>", WIDTH, HEIGHT);
        axes();
        line(TRAIN, 1.2, points(LossRow::loss));
        line(SMOOTHED, 2.4, points(LossRow::smoothed));
        evaluations();
        legend();
        add("</svg>");
        return svg.toString();
    }

    private void axes() {
        for (final double value : logarithmic ? decades() : steps(low, high)) {
            final double y = y(value);
            add("<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#ddd\"/>", LEFT, y, WIDTH - RIGHT, y);
            text(LEFT - 8, y + 5, "end", number(value));
        }
        for (final double value : steps(0, last)) {
            final double x = x(value);
            add("<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#eee\"/>", x, TOP, x, HEIGHT - BOTTOM);
            text(x, HEIGHT - BOTTOM + 20, "middle", number(value));
        }
        add("<path d=\"M%d %d V%d H%d\" fill=\"none\" stroke=\"#333\"/>", LEFT, TOP, HEIGHT - BOTTOM, WIDTH - RIGHT);
        text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 18, "middle", "step of the optimiser");
        add(
                "<text transform=\"translate(22 %d) rotate(-90)\" text-anchor=\"middle\">%s</text>",
                (TOP + HEIGHT - BOTTOM) / 2, logarithmic ? "loss (logarithmic)" : "loss");
    }

    private void legend() {
        final boolean evaluated = rows.stream().anyMatch(row -> row.evaluation().isPresent());
        legend(LEFT + 10, TRAIN, "each step");
        legend(LEFT + 140, SMOOTHED, "smoothed over about 10 steps");
        if (evaluated) {
            legend(LEFT + 400, EVALUATION, "held-out data");
        }
    }

    private void legend(final int x, final String colour, final String name) {
        add("<line x1=\"%d\" y1=\"30\" x2=\"%d\" y2=\"30\" stroke=\"%s\" stroke-width=\"3\"/>", x, x + 28, colour);
        text(x + 36, 35, "start", name);
    }

    private void evaluations() {
        final List<String> points = new ArrayList<>();
        for (final LossRow row : rows) {
            if (row.evaluation().isPresent()) {
                final double y = y(row.evaluation().getAsDouble());
                points.add(String.format(Locale.ROOT, "%.1f,%.1f", x(row.step()), y));
                add("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\"/>", x(row.step()), y, EVALUATION);
            }
        }
        line(EVALUATION, 1.2, points);
    }

    /** One point per place of the paper: the mean of its steps. */
    private List<String> points(final ToDoubleFunction<LossRow> value) {
        final List<String> points = new ArrayList<>();
        final int each = Math.max(1, (rows.size() + PLACES - 1) / PLACES);
        for (int from = 0; from < rows.size(); from += each) {
            double steps = 0;
            double sum = 0;
            final int to = Math.min(rows.size(), from + each);
            for (final LossRow row : rows.subList(from, to)) {
                steps += row.step();
                sum += value.applyAsDouble(row);
            }
            points.add(String.format(Locale.ROOT, "%.1f,%.1f", x(steps / (to - from)), y(sum / (to - from))));
        }
        return points;
    }

    private void line(final String colour, final double width, final List<String> points) {
        if (!points.isEmpty()) {
            add(
                    "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"%.1f\" stroke-linejoin=\"round\""
                            + " points=\"%s\"/>",
                    colour, width, String.join(" ", points));
        }
    }

    private double x(final double step) {
        return LEFT + (WIDTH - LEFT - RIGHT) * step / Math.max(1, last);
    }

    private double y(final double loss) {
        final double share = logarithmic
                ? (Math.log(loss) - Math.log(low)) / (Math.log(high) - Math.log(low))
                : (loss - low) / (high - low);
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share;
    }

    /** 1, 2 and 5 times powers of ten between the ends; powers alone where that would be too many. */
    private List<Double> decades() {
        final double[] mantissas = high / low > 1e4 ? new double[] {1} : new double[] {1, 2, 5};
        final List<Double> values = new ArrayList<>();
        for (int power = (int) Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
            for (final double mantissa : mantissas) {
                final double value = mantissa * Math.pow(10, power);
                if (value >= low && value <= high) {
                    values.add(value);
                }
            }
        }
        return values;
    }

    /** Five to ten round numbers from {@code from} to {@code to}. */
    private static List<Double> steps(final double from, final double to) {
        final double rough = (to - from) / 5;
        final double power = Math.pow(10, Math.floor(Math.log10(rough)));
        final double step = rough / power >= 5 ? 5 * power : rough / power >= 2 ? 2 * power : power;
        final List<Double> values = new ArrayList<>();
        for (double value = Math.ceil(from / step) * step; value <= to * (1 + 1e-9); value += step) {
            values.add(value);
        }
        return values;
    }

    /** Without zeros that say nothing. */
    private static String number(final double value) {
        if (value == Math.rint(value) && Math.abs(value) < 1e7) {
            return Long.toString((long) value);
        }
        return String.format(Locale.ROOT, "%.3g", value)
                .replaceAll("(\\.\\d*?)0+($|e)", "$1$2")
                .replaceAll("\\.($|e)", "$1");
    }

    private void text(final double x, final double y, final String anchor, final String text) {
        add("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"#333\">%s</text>", x, y, anchor, text);
    }

    private void add(final String format, final Object... values) {
        svg.append(String.format(Locale.ROOT, format, values)).append('\n');
    }
}
