package dev.tactus.app.cli;

import java.util.ArrayList;
import java.util.List;

/** Rows of cells, printed with every column as wide as its widest cell. */
public final class Table {
    private static final String GAP = "  ";

    private final boolean[] right;
    private final List<String[]> rows = new ArrayList<>();

    /**
     * A table without rows.
     *
     * @param alignment one letter per column: {@code l} or {@code r}
     */
    public Table(final String alignment) {
        right = new boolean[alignment.length()];
        for (int i = 0; i < right.length; i++) {
            right[i] = alignment.charAt(i) == 'r';
        }
    }

    /**
     * Adds a row.
     *
     * @throws IllegalArgumentException unless there is one cell per column
     */
    public Table row(final String... cells) {
        if (cells.length != right.length) {
            throw new IllegalArgumentException(cells.length + " cells: expected " + right.length);
        }
        rows.add(cells.clone());
        return this;
    }

    /** The lines, each after {@code indent} and without blanks at its end. */
    public List<String> lines(final String indent) {
        final int[] widths = new int[right.length];
        for (final String[] row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row[i].codePointCount(0, row[i].length()));
            }
        }
        return rows.stream().map(row -> line(indent, row, widths)).toList();
    }

    private String line(final String indent, final String[] row, final int[] widths) {
        final StringBuilder out = new StringBuilder(indent);
        for (int i = 0; i < row.length; i++) {
            final String blanks = " ".repeat(widths[i] - row[i].codePointCount(0, row[i].length()));
            out.append(i == 0 ? "" : GAP).append(right[i] ? blanks + row[i] : row[i] + blanks);
        }
        return out.toString().stripTrailing();
    }
}
