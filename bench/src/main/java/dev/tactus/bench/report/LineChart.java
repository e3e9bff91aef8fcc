package dev.tactus.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Curves over a common axis, as SVG inside a page. Series are told apart by colour, marker and dash; every point has
 * its numbers as a title, which browsers show and screen readers read. Colours come from the page's style sheet.
 *
 * <p>Drawn by hand: of the Java libraries that write SVG, one is under the GPL and the others draw through AWT, whose
 * text and colours know nothing of the page.
 */
final class LineChart {
    private static final int WIDTH = 560;
    private static final int HEIGHT = 330;
    private static final int LEFT = 62;
    private static final int RIGHT = 18;
    private static final int TOP = 42;
    private static final int BOTTOM = 50;
    private static final int GAP = 8;
    private static final int SAMPLE = 26;
    private static final double MARKER = 4;
    private static final int X_PARTS = 8;
    private static final int Y_PARTS = 6;

    /** One point: where it is, and what is said of it. */
    record Point(double x, double y, String text) {}

    private record Series(String name, List<Point> points) {}

    private record Line(boolean horizontal, double at, String label) {}

    private final String title;
    private final String xLabel;
    private final String yLabel;
    private final List<Series> series = new ArrayList<>();
    private final List<Line> lines = new ArrayList<>();

    /**
     * A chart without curves.
     *
     * @param title what it shows
     * @param xLabel what the horizontal axis shows, with its unit
     * @param yLabel the vertical one
     */
    LineChart(final String title, final String xLabel, final String yLabel) {
        this.title = title;
        this.xLabel = xLabel;
        this.yLabel = yLabel;
    }

    /** Adds a curve. */
    LineChart series(final String name, final List<Point> points) {
        series.add(new Series(name, points));
        return this;
    }

    /** Adds a line across: a value that must not be exceeded. */
    LineChart limit(final double y, final String label) {
        lines.add(new Line(true, y, label));
        return this;
    }

    /** Adds a line upwards. */
    LineChart mark(final double x, final String label) {
        lines.add(new Line(false, x, label));
        return this;
    }

    /** Writes it as a figure. */
    void write(final Markup page) {
        final Axis x = Axis.upTo(xLabel, most(false), X_PARTS);
        final Axis y = Axis.upTo(yLabel, most(true), Y_PARTS);
        page.open("figure");
        page.element("figcaption", title);
        page.open("svg", "viewBox", "0 0 " + WIDTH + " " + HEIGHT, "role", "img", "aria-label", title);
        axes(page, x, y);
        for (final Line line : lines) {
            line(page, line, x, y);
        }
        for (int i = 0; i < series.size(); i++) {
            curve(page, i, x, y);
        }
        legend(page);
        page.close().close();
    }

    private double most(final boolean vertical) {
        double most = 0;
        for (final Series one : series) {
            for (final Point point : one.points) {
                most = Math.max(most, vertical ? point.y : point.x);
            }
        }
        for (final Line line : lines) {
            most = line.horizontal == vertical ? Math.max(most, line.at) : most;
        }
        return most;
    }

    private static double across(final Axis x, final double value) {
        return LEFT + (WIDTH - LEFT - RIGHT) * x.place(value);
    }

    private static double up(final Axis y, final double value) {
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * y.place(value);
    }

    private static String px(final double place) {
        return String.format(Locale.ROOT, "%.1f", place);
    }

    private static void axes(final Markup page, final Axis x, final Axis y) {
        page.open("g", "class", "axis");
        for (int i = 0; i < y.numbers(); i++) {
            final double at = up(y, i * y.step());
            page.empty("line", "x1", LEFT, "x2", WIDTH - RIGHT, "y1", px(at), "y2", px(at));
            page.element("text", y.number(i), "x", LEFT - GAP, "y", px(at + MARKER), "text-anchor", "end");
        }
        final int bottom = HEIGHT - BOTTOM;
        for (int i = 0; i < x.numbers(); i++) {
            final double at = across(x, i * x.step());
            page.empty("line", "x1", px(at), "x2", px(at), "y1", bottom, "y2", bottom + GAP / 2);
            page.element("text", x.number(i), "x", px(at), "y", bottom + 2 * GAP + 2, "text-anchor", "middle");
        }
        final int middle = (LEFT + WIDTH - RIGHT) / 2;
        page.element("text", x.label(), "class", "label", "x", middle, "y", HEIGHT - GAP, "text-anchor", "middle");
        page.element(
                "text",
                y.label(),
                "class",
                "label",
                "transform",
                "translate(14 " + (TOP + bottom) / 2 + ") rotate(-90)",
                "text-anchor",
                "middle");
        page.close();
    }

    private static void line(final Markup page, final Line line, final Axis x, final Axis y) {
        page.open("g", "class", "limit");
        if (line.horizontal) {
            final double at = up(y, line.at);
            page.empty("line", "x1", LEFT, "x2", WIDTH - RIGHT, "y1", px(at), "y2", px(at));
            page.element("text", line.label, "x", LEFT + GAP, "y", px(at - MARKER));
        } else {
            final double at = across(x, line.at);
            page.empty("line", "x1", px(at), "x2", px(at), "y1", TOP, "y2", HEIGHT - BOTTOM);
            page.element("text", line.label, "x", px(at + MARKER), "y", TOP + GAP);
        }
        page.close();
    }

    private void curve(final Markup page, final int number, final Axis x, final Axis y) {
        final Series one = series.get(number);
        final StringBuilder path = new StringBuilder();
        for (final Point point : one.points) {
            path.append(path.isEmpty() ? "M" : " L")
                    .append(px(across(x, point.x)))
                    .append(' ')
                    .append(px(up(y, point.y)));
        }
        page.open("g", "class", "series s" + number, "data-series", one.name);
        page.empty("path", "d", path);
        for (final Point point : one.points) {
            page.open("g", "class", "point", "data-x", point.x, "data-y", point.y);
            page.element("title", point.text);
            marker(page, number, across(x, point.x), up(y, point.y));
            page.close();
        }
        page.close();
    }

    private static void marker(final Markup page, final int number, final double x, final double y) {
        if (number % 2 == 0) {
            page.empty("circle", "cx", px(x), "cy", px(y), "r", px(MARKER));
        } else {
            page.empty(
                    "rect",
                    "x",
                    px(x - MARKER),
                    "y",
                    px(y - MARKER),
                    "width",
                    px(2 * MARKER),
                    "height",
                    px(2 * MARKER));
        }
    }

    private void legend(final Markup page) {
        if (series.size() < 2) {
            return;
        }
        final int each = (WIDTH - LEFT - RIGHT) / series.size();
        for (int i = 0; i < series.size(); i++) {
            final int left = LEFT + i * each;
            page.open("g", "class", "series s" + i);
            page.empty("path", "d", "M" + left + " " + TOP / 3 + " h" + SAMPLE);
            marker(page, i, left + SAMPLE / 2.0, TOP / 3.0);
            page.element("text", series.get(i).name, "class", "legend", "x", left + SAMPLE + GAP, "y", TOP / 3 + 4);
            page.close();
        }
    }
}
