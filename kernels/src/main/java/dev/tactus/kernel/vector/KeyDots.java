package dev.tactus.kernel.vector;

import static dev.tactus.kernel.vector.Lanes.BYTES;
import static dev.tactus.kernel.vector.Lanes.base;
import static dev.tactus.kernel.vector.Lanes.load;
import static dev.tactus.kernel.vector.Lanes.store;
import static dev.tactus.kernel.vector.Lanes.zero;

import dev.tactus.kernel.ExactMath;
import dev.tactus.memory.OffHeap;
import jdk.incubator.vector.FloatVector;

/**
 * Dots of one short vector with many neighbouring columns: a query with keys, or relative features with distances. A
 * vector holds as many columns as it has lanes, so the tree of the EXACT class is plain adds of whole vectors.
 *
 * <p>Part l of P is what the tree makes of its lanes l, l + P, l + 2P and so on before its last steps, which join the
 * parts. The longer the columns, the fewer lanes a kernel has registers for, and the more parts there are.
 *
 * <pre>
 *   scratch   parts [16, 256] | lanes [32, one vector]
 * </pre>
 */
final class KeyDots {
    private static final int COLUMNS = 256;
    private static final int PART_BYTES = COLUMNS * Float.BYTES;
    private static final int MAX_PARTS = 16;
    private static final int LANE_ROWS = MAX_PARTS * PART_BYTES;

    private KeyDots() {}

    static long scratchBytes() {
        return LANE_ROWS + (long) ExactMath.LANES * BYTES;
    }

    /** Bytes of a {@link #spread} vector of {@code n} elements. */
    static long spreadBytes(final int n) {
        return (long) n * BYTES;
    }

    /** Repeats each of {@code n} elements over a whole vector. */
    static void spread(final long x, final int n, final long spread) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        for (int i = 0; i < n; i++) {
            store(Lanes.broadcast(OffHeap.getFloat(x + (long) i * Float.BYTES)), spread + (long) i * BYTES);
        }
    }

    /**
     * {@code dots[c] = dot(x, columns[:, c])}.
     *
     * @param spread x, {@code n} elements, {@link #spread}
     * @param first address of element 0 of column 0; columns are 4 bytes apart
     * @param step bytes from one element of a column to the next
     * @param count columns, a multiple of the vector length, at most 256
     */
    static void dots(
            final long spread,
            final int n,
            final long first,
            final long step,
            final int count,
            final long dots,
            final long scratch) {
        final int bytes = count * Float.BYTES;
        final int blocks = n % ExactMath.LANES == 0 ? n / ExactMath.LANES : 0;
        if (blocks == 2 || blocks == 4 || blocks == 1 || n == ExactMath.LANES / 2) {
            final int parts = Math.max(4, 4 * blocks);
            for (int part = 0; part < parts; part++) {
                final long x = spread + (long) part * BYTES;
                final long target = scratch + (long) part * PART_BYTES;
                if (blocks == 2) {
                    eighth(x, first + part * step, step, bytes, target);
                } else if (blocks == 4) {
                    sixteenth(x, first + part * step, step, bytes, target);
                } else if (blocks == 1) {
                    quarter(x, first + part * step, step, bytes, target);
                } else {
                    halfBlockQuarter(x, first + part * step, step, bytes, target);
                }
            }
            join(scratch, parts, bytes, dots);
        } else {
            for (int i = 0; i < bytes; i += BYTES) {
                anyLength(spread, n, first + i, step, dots + i, scratch + LANE_ROWS);
            }
        }
    }

    /** Lanes l, l + 4, …, l + 28 of dots of length 32. */
    private static void quarter(final long x, final long first, final long step, final int bytes, final long part) {
        final FloatVector none = zero();
        final FloatVector x0 = load(x);
        final FloatVector x1 = load(x + 4 * BYTES);
        final FloatVector x2 = load(x + 8 * BYTES);
        final FloatVector x3 = load(x + 12 * BYTES);
        final FloatVector x4 = load(x + 16 * BYTES);
        final FloatVector x5 = load(x + 20 * BYTES);
        final FloatVector x6 = load(x + 24 * BYTES);
        final FloatVector x7 = load(x + 28 * BYTES);
        final long column0 = base(first);
        final long column1 = base(first + 4 * step);
        final long column2 = base(first + 8 * step);
        final long column3 = base(first + 12 * step);
        final long column4 = base(first + 16 * step);
        final long column5 = base(first + 20 * step);
        final long column6 = base(first + 24 * step);
        final long column7 = base(first + 28 * step);
        final long target = base(part);
        for (int i = 0; i < bytes; i += BYTES) {
            final FloatVector a0 = load(column0 + i).fma(x0, none);
            final FloatVector a1 = load(column1 + i).fma(x1, none);
            final FloatVector a2 = load(column2 + i).fma(x2, none);
            final FloatVector a3 = load(column3 + i).fma(x3, none);
            final FloatVector a4 = load(column4 + i).fma(x4, none);
            final FloatVector a5 = load(column5 + i).fma(x5, none);
            final FloatVector a6 = load(column6 + i).fma(x6, none);
            final FloatVector a7 = load(column7 + i).fma(x7, none);
            final FloatVector even = a0.add(a4).add(a2.add(a6));
            final FloatVector odd = a1.add(a5).add(a3.add(a7));
            store(even.add(odd), target + i);
        }
    }

    /** Lanes l, l + 8, l + 16 and l + 24 of dots of length 64. */
    private static void eighth(final long x, final long first, final long step, final int bytes, final long part) {
        final FloatVector none = zero();
        final FloatVector x0 = load(x);
        final FloatVector x1 = load(x + 8 * BYTES);
        final FloatVector x2 = load(x + 16 * BYTES);
        final FloatVector x3 = load(x + 24 * BYTES);
        final FloatVector x4 = load(x + 32 * BYTES);
        final FloatVector x5 = load(x + 40 * BYTES);
        final FloatVector x6 = load(x + 48 * BYTES);
        final FloatVector x7 = load(x + 56 * BYTES);
        final long column0 = base(first);
        final long column1 = base(first + 8 * step);
        final long column2 = base(first + 16 * step);
        final long column3 = base(first + 24 * step);
        final long column4 = base(first + 32 * step);
        final long column5 = base(first + 40 * step);
        final long column6 = base(first + 48 * step);
        final long column7 = base(first + 56 * step);
        final long target = base(part);
        for (int i = 0; i < bytes; i += BYTES) {
            final FloatVector a0 = load(column4 + i).fma(x4, load(column0 + i).fma(x0, none));
            final FloatVector a1 = load(column5 + i).fma(x5, load(column1 + i).fma(x1, none));
            final FloatVector a2 = load(column6 + i).fma(x6, load(column2 + i).fma(x2, none));
            final FloatVector a3 = load(column7 + i).fma(x7, load(column3 + i).fma(x3, none));
            store(a0.add(a2).add(a1.add(a3)), target + i);
        }
    }

    /** Lanes l and l + 16 of dots of length 128. */
    private static void sixteenth(final long x, final long first, final long step, final int bytes, final long part) {
        final FloatVector none = zero();
        final FloatVector x0 = load(x);
        final FloatVector x1 = load(x + 16 * BYTES);
        final FloatVector x2 = load(x + 32 * BYTES);
        final FloatVector x3 = load(x + 48 * BYTES);
        final FloatVector x4 = load(x + 64 * BYTES);
        final FloatVector x5 = load(x + 80 * BYTES);
        final FloatVector x6 = load(x + 96 * BYTES);
        final FloatVector x7 = load(x + 112 * BYTES);
        final long column0 = base(first);
        final long column1 = base(first + 16 * step);
        final long column2 = base(first + 32 * step);
        final long column3 = base(first + 48 * step);
        final long column4 = base(first + 64 * step);
        final long column5 = base(first + 80 * step);
        final long column6 = base(first + 96 * step);
        final long column7 = base(first + 112 * step);
        final long target = base(part);
        for (int i = 0; i < bytes; i += BYTES) {
            FloatVector a0 = load(column0 + i).fma(x0, none);
            a0 = load(column2 + i).fma(x2, a0);
            a0 = load(column4 + i).fma(x4, a0);
            a0 = load(column6 + i).fma(x6, a0);
            FloatVector a1 = load(column1 + i).fma(x1, none);
            a1 = load(column3 + i).fma(x3, a1);
            a1 = load(column5 + i).fma(x5, a1);
            a1 = load(column7 + i).fma(x7, a1);
            store(a0.add(a1), target + i);
        }
    }

    /** One quarter of dots of length 16: lanes from 16 on are +0, and adding +0 turns a -0 into +0. */
    private static void halfBlockQuarter(
            final long x, final long first, final long step, final int bytes, final long part) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        final FloatVector none = zero();
        final FloatVector x0 = load(x);
        final FloatVector x1 = load(x + 4 * BYTES);
        final FloatVector x2 = load(x + 8 * BYTES);
        final FloatVector x3 = load(x + 12 * BYTES);
        final long column0 = base(first);
        final long column1 = base(first + 4 * step);
        final long column2 = base(first + 8 * step);
        final long column3 = base(first + 12 * step);
        final long target = base(part);
        for (int i = 0; i < bytes; i += BYTES) {
            final FloatVector a0 = load(column0 + i).fma(x0, none).add(none);
            final FloatVector a1 = load(column1 + i).fma(x1, none).add(none);
            final FloatVector a2 = load(column2 + i).fma(x2, none).add(none);
            final FloatVector a3 = load(column3 + i).fma(x3, none).add(none);
            store(a0.add(a2).add(a1.add(a3)), target + i);
        }
    }

    /** The last steps of the tree. */
    private static void join(final long parts, final int count, final int bytes, final long dots) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        for (int distance = count / 2; distance > 2; distance >>= 1) {
            for (int part = 0; part < distance; part++) {
                final long a = parts + (long) part * PART_BYTES;
                addRow(a + (long) distance * PART_BYTES, a, bytes);
            }
        }
        final long source = base(parts);
        final long target = base(dots);
        for (int i = 0; i < bytes; i += BYTES) {
            final FloatVector even = load(source + i).add(load(source + i + 2 * PART_BYTES));
            final FloatVector odd = load(source + i + PART_BYTES).add(load(source + i + 3 * PART_BYTES));
            store(even.add(odd), target + i);
        }
    }

    private static void addRow(final long y, final long x, final int bytes) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        final long source = base(y);
        final long target = base(x);
        for (int i = 0; i < bytes; i += BYTES) {
            store(load(target + i).add(load(source + i)), target + i);
        }
    }

    /** One vector of dots of any length, with its 32 lanes in scratch. */
    private static void anyLength(
            final long x, final int n, final long first, final long step, final long dots, final long lanes) {
        final long rows = base(lanes);
        for (int lane = 0; lane < ExactMath.LANES; lane += 4) {
            FloatVector a0 = zero();
            FloatVector a1 = a0;
            FloatVector a2 = a0;
            FloatVector a3 = a0;
            int k = lane;
            for (; k + 3 < n; k += ExactMath.LANES) {
                final long xk = base(x + (long) k * BYTES);
                final long column = first + k * step;
                a0 = load(base(column)).fma(load(xk), a0);
                a1 = load(base(column + step)).fma(load(xk + BYTES), a1);
                a2 = load(base(column + 2 * step)).fma(load(xk + 2 * BYTES), a2);
                a3 = load(base(column + 3 * step)).fma(load(xk + 3 * BYTES), a3);
            }
            final long row = base(rows + (long) lane * BYTES);
            store(a0, row);
            store(a1, row + BYTES);
            store(a2, row + 2 * BYTES);
            store(a3, row + 3 * BYTES);
            for (int last = 0; last < 3 && k + last < n; last++) {
                final long at = base(row + (long) last * BYTES);
                final FloatVector column = load(base(first + (k + last) * step));
                store(column.fma(load(base(x + (long) (k + last) * BYTES)), load(at)), at);
            }
        }
        for (int distance = ExactMath.LANES / 2 * BYTES; distance >= BYTES; distance >>= 1) {
            for (int at = 0; at < distance; at += BYTES) {
                store(load(rows + at).add(load(rows + at + distance)), rows + at);
            }
        }
        store(load(rows), dots);
    }
}
