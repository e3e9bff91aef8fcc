package dev.tactus.kernel.c;

import java.util.ArrayList;
import java.util.List;

/**
 * Which buffers hold numbers that C takes for indexes, and how large these can be. An op may read them only from a
 * buffer that an op before it, with a barrier between them, has filled with numbers small enough, and that nothing has
 * overwritten since.
 */
final class IndexBuffers {
    private final List<Filled> filled = new ArrayList<>();

    /**
     * A buffer of numbers.
     *
     * @param columns numbers of a row
     * @param end all numbers are below
     * @param op which op fills it
     */
    private record Filled(Region region, int columns, long end, int op) {}

    /** Notes that something else is now in {@code region}. */
    void overwrite(final Region region) {
        filled.removeIf(f -> f.region().address() < region.address() + region.bytes()
                && region.address() < f.region().address() + f.region().bytes());
    }

    /** Notes that op {@code op} fills {@code region} with rows of {@code columns} numbers below {@code end}. */
    void fill(final Region region, final int columns, final long end, final int op) {
        overwrite(region);
        filled.add(new Filled(region, columns, end, op));
    }

    /**
     * Refuses to read indexes below {@code end} from what may hold others.
     *
     * @param lastBarrier the last op that a barrier stands before
     */
    void require(
            final String op,
            final String what,
            final Region region,
            final int columns,
            final long end,
            final int lastBarrier) {
        final Filled found = filled.stream()
                .filter(f -> f.region().address() == region.address())
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(op + ": no op before has written " + what));
        if (found.columns() != columns || found.end() > end) {
            throw new IllegalArgumentException(op + ": " + what + " are " + found.columns() + " a row, all below "
                    + found.end() + ": expected " + columns + ", below " + end);
        }
        if (lastBarrier <= found.op()) {
            throw new IllegalArgumentException(
                    op + ": no barrier stands between this op and the one that writes " + what);
        }
    }
}
