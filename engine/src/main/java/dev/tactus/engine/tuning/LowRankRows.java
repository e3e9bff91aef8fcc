package dev.tactus.engine.tuning;

import dev.tactus.memory.OffHeap;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products with matrices of a few rows or columns, a row at a time: a product made for large matrices spends most of
 * its time on packing those. Nothing depends on the width of a vector.
 */
final class LowRankRows {
    /** Lanes of an EXACT dot. */
    private static final int EXACT_LANES = 32;

    private static final int OCTET = 8;
    private static final VectorSpecies<Float> EIGHT = FloatVector.SPECIES_256;

    private LowRankRows() {}

    /**
     * {@code y[n] = y[n] + (scale · dot(b[n], t))}, the dot of the EXACT class: its lanes are summed up for many
     * outputs at a time. Lanes beyond the rank are zeros, and adding those changes nothing.
     *
     * @param turned b turned, [rank, stride]; its first n columns count
     * @param scratch of n floats for each of at most 32 columns of b, and 8 more
     */
    static void addDots(
            final float scale,
            final long t,
            final int rank,
            final long turned,
            final int stride,
            final long y,
            final int n,
            final long scratch) {
        if (rank <= OCTET) {
            addOctet(scale, t, rank, turned, stride, y, n);
        } else if (rank <= EXACT_LANES) {
            final long sums = scratch + OCTET * Float.BYTES;
            for (int lane = 0; lane < OCTET; lane++) {
                Floats.put(scratch, lane, 1f);
                addFourLanes(t, lane, rank, turned, stride, Floats.row(sums, lane, n), n);
            }
            addOctet(scale, scratch, OCTET, sums, n, y, n);
        } else {
            addChains(scale, t, rank, turned, stride, y, n, scratch);
        }
    }

    /** {@code y = (v[l] + v[l + 16]) + (v[l + 8] + v[l + 24])}, the first two steps of the tree. */
    private static void addFourLanes(
            final long t,
            final int lane,
            final int rank,
            final long turned,
            final int stride,
            final long y,
            final int n) {
        final long b0 = Floats.row(turned, lane, stride);
        final long b1 = turned + step(lane + OCTET, rank, stride);
        final long b2 = turned + step(lane + 2 * OCTET, rank, stride);
        final long b3 = turned + step(lane + 3 * OCTET, rank, stride);
        final float t0 = Floats.get(t, lane);
        final float t1 = coefficient(t, lane + OCTET, rank);
        final float t2 = coefficient(t, lane + 2 * OCTET, rank);
        final float t3 = coefficient(t, lane + 3 * OCTET, rank);
        int i = 0;
        for (; i < Floats.bound(n); i += Floats.lanes()) {
            final FloatVector even =
                    Floats.load(b0, i).mul(t0).add(Floats.load(b2, i).mul(t2));
            Floats.store(
                    even.add(Floats.load(b1, i).mul(t1).add(Floats.load(b3, i).mul(t3))), y, i);
        }
        for (; i < n; i++) {
            final float even = Floats.get(b0, i) * t0 + Floats.get(b2, i) * t2;
            Floats.put(y, i, even + (Floats.get(b1, i) * t1 + Floats.get(b3, i) * t3));
        }
    }

    private static void addChains(
            final float scale,
            final long t,
            final int rank,
            final long turned,
            final int stride,
            final long y,
            final int n,
            final long scratch) {
        for (int k = 0; k < rank; k++) {
            final long row = Floats.row(turned, k, stride);
            final long lane = Floats.row(scratch, k % EXACT_LANES, n);
            if (k < EXACT_LANES) {
                Floats.scale(Floats.get(t, k), row, lane, n);
            } else {
                Floats.addScaled(Floats.get(t, k), row, lane, n);
            }
        }
        for (int o = EXACT_LANES / 2; o > 0; o /= 2) {
            for (int lane = 0; lane < o; lane++) {
                Floats.add(Floats.row(scratch, lane + o, n), Floats.row(scratch, lane, n), n);
            }
        }
        Floats.addProduct(scale, scratch, y, n);
    }

    private static void addOctet(
            final float scale,
            final long t,
            final int rank,
            final long turned,
            final int stride,
            final long y,
            final int n) {
        final long b0 = turned;
        final long b1 = turned + step(1, rank, stride);
        final long b2 = turned + step(2, rank, stride);
        final long b3 = turned + step(3, rank, stride);
        final long b4 = turned + step(4, rank, stride);
        final long b5 = turned + step(5, rank, stride);
        final long b6 = turned + step(6, rank, stride);
        final long b7 = turned + step(7, rank, stride);
        final float t0 = Floats.get(t, 0);
        final float t1 = coefficient(t, 1, rank);
        final float t2 = coefficient(t, 2, rank);
        final float t3 = coefficient(t, 3, rank);
        final float t4 = coefficient(t, 4, rank);
        final float t5 = coefficient(t, 5, rank);
        final float t6 = coefficient(t, 6, rank);
        final float t7 = coefficient(t, 7, rank);
        int i = 0;
        for (; i < Floats.bound(n); i += Floats.lanes()) {
            final FloatVector even = Floats.load(b0, i)
                    .mul(t0)
                    .add(Floats.load(b4, i).mul(t4))
                    .add(Floats.load(b2, i).mul(t2).add(Floats.load(b6, i).mul(t6)));
            final FloatVector odd = Floats.load(b1, i)
                    .mul(t1)
                    .add(Floats.load(b5, i).mul(t5))
                    .add(Floats.load(b3, i).mul(t3).add(Floats.load(b7, i).mul(t7)));
            Floats.store(Floats.load(y, i).add(even.add(odd).mul(scale)), y, i);
        }
        for (; i < n; i++) {
            final float even = (Floats.get(b0, i) * t0 + Floats.get(b4, i) * t4)
                    + (Floats.get(b2, i) * t2 + Floats.get(b6, i) * t6);
            final float odd = (Floats.get(b1, i) * t1 + Floats.get(b5, i) * t5)
                    + (Floats.get(b3, i) * t3 + Floats.get(b7, i) * t7);
            Floats.put(y, i, Floats.get(y, i) + (even + odd) * scale);
        }
    }

    /** Bytes to a row; to the first one for those that do not exist, which count zero times. */
    private static long step(final int row, final int rows, final int stride) {
        return row < rows ? Floats.row(0, row, stride) : 0;
    }

    private static float coefficient(final long t, final int k, final int rank) {
        return k < rank ? Floats.get(t, k) : 0f;
    }

    /**
     * {@code y[r] = factor · (m[r] · x)} for every row of m [rows, n]: 8 lanes by index mod 8, then a tree.
     *
     * @param scratch 64 floats
     */
    static void dots(
            final float factor,
            final long m,
            final int rows,
            final int n,
            final long x,
            final long y,
            final long scratch) {
        for (int r = 0; r < rows; r += OCTET) {
            final int count = Math.min(OCTET, rows - r);
            final long first = Floats.row(m, r, n);
            if (Floats.lanes() < OCTET) {
                lanes(first, count, n, x, scratch);
            } else {
                vectors(first, count, n, x, scratch);
            }
            for (int k = 0; k < count; k++) {
                final long v = scratch + (long) k * OCTET * Float.BYTES;
                final float even = (Floats.get(v, 0) + Floats.get(v, 4)) + (Floats.get(v, 2) + Floats.get(v, 6));
                final float odd = (Floats.get(v, 1) + Floats.get(v, 5)) + (Floats.get(v, 3) + Floats.get(v, 7));
                Floats.put(y, r + k, factor * (even + odd));
            }
        }
    }

    private static void vectors(final long m, final int rows, final int n, final long x, final long lanes) {
        final long m1 = m + step(1, rows, n);
        final long m2 = m + step(2, rows, n);
        final long m3 = m + step(3, rows, n);
        final long m4 = m + step(4, rows, n);
        final long m5 = m + step(5, rows, n);
        final long m6 = m + step(6, rows, n);
        final long m7 = m + step(7, rows, n);
        FloatVector v0 = FloatVector.zero(EIGHT);
        FloatVector v1 = v0;
        FloatVector v2 = v0;
        FloatVector v3 = v0;
        FloatVector v4 = v0;
        FloatVector v5 = v0;
        FloatVector v6 = v0;
        FloatVector v7 = v0;
        final int whole = n & -OCTET;
        for (int i = 0; i < whole; i += OCTET) {
            final FloatVector value = eight(x, i);
            v0 = value.fma(eight(m, i), v0);
            v1 = value.fma(eight(m1, i), v1);
            v2 = value.fma(eight(m2, i), v2);
            v3 = value.fma(eight(m3, i), v3);
            v4 = value.fma(eight(m4, i), v4);
            v5 = value.fma(eight(m5, i), v5);
            v6 = value.fma(eight(m6, i), v6);
            v7 = value.fma(eight(m7, i), v7);
        }
        keep(v0, lanes, 0);
        keep(v1, lanes, 1);
        keep(v2, lanes, 2);
        keep(v3, lanes, 3);
        keep(v4, lanes, 4);
        keep(v5, lanes, 5);
        keep(v6, lanes, 6);
        keep(v7, lanes, 7);
        rest(m, rows, n, whole, x, lanes);
    }

    private static FloatVector eight(final long address, final int index) {
        return FloatVector.fromMemorySegment(
                EIGHT, OffHeap.ALL, address + (long) index * Float.BYTES, ByteOrder.nativeOrder());
    }

    private static void keep(final FloatVector vector, final long lanes, final int row) {
        vector.intoMemorySegment(OffHeap.ALL, lanes + (long) row * OCTET * Float.BYTES, ByteOrder.nativeOrder());
    }

    /** Where vectors of eight do not exist. */
    private static void lanes(final long m, final int rows, final int n, final long x, final long lanes) {
        Floats.zero(lanes, OCTET * OCTET);
        rest(m, rows, n, 0, x, lanes);
    }

    private static void rest(
            final long m, final int rows, final int n, final int from, final long x, final long lanes) {
        for (int r = 0; r < rows; r++) {
            final long row = Floats.row(m, r, n);
            for (int i = from; i < n; i++) {
                final long lane = (long) r * OCTET + i % OCTET;
                Floats.put(lanes, lane, Math.fma(Floats.get(x, i), Floats.get(row, i), Floats.get(lanes, lane)));
            }
        }
    }

    /**
     * {@code y = y + Σ c[r] · m[r]}, one chain of fma per element with r rising.
     *
     * @param c coefficients, {@code spread} floats apart
     * @param m rows, {@code stride} floats apart
     */
    static void addRows(
            final long c, final int spread, final long m, final int stride, final int rows, final long y, final int n) {
        int r = 0;
        for (; r <= rows - 4; r += 4) {
            addFour(
                    Floats.get(c, (long) r * spread),
                    Floats.get(c, (r + 1L) * spread),
                    Floats.get(c, (r + 2L) * spread),
                    Floats.get(c, (r + 3L) * spread),
                    Floats.row(m, r, stride),
                    (long) stride * Float.BYTES,
                    y,
                    n);
        }
        for (; r < rows; r++) {
            Floats.addScaled(Floats.get(c, (long) r * spread), Floats.row(m, r, stride), y, n);
        }
    }

    private static void addFour(
            final float c0,
            final float c1,
            final float c2,
            final float c3,
            final long m0,
            final long step,
            final long y,
            final int n) {
        final long m1 = m0 + step;
        final long m2 = m1 + step;
        final long m3 = m2 + step;
        final FloatVector f0 = FloatVector.broadcast(FloatVector.SPECIES_PREFERRED, c0);
        final FloatVector f1 = FloatVector.broadcast(FloatVector.SPECIES_PREFERRED, c1);
        final FloatVector f2 = FloatVector.broadcast(FloatVector.SPECIES_PREFERRED, c2);
        final FloatVector f3 = FloatVector.broadcast(FloatVector.SPECIES_PREFERRED, c3);
        int i = 0;
        for (; i < Floats.bound(n); i += Floats.lanes()) {
            final FloatVector first = f1.fma(Floats.load(m1, i), f0.fma(Floats.load(m0, i), Floats.load(y, i)));
            Floats.store(f3.fma(Floats.load(m3, i), f2.fma(Floats.load(m2, i), first)), y, i);
        }
        for (; i < n; i++) {
            final float first = Math.fma(c1, Floats.get(m1, i), Math.fma(c0, Floats.get(m0, i), Floats.get(y, i)));
            Floats.put(y, i, Math.fma(c3, Floats.get(m3, i), Math.fma(c2, Floats.get(m2, i), first)));
        }
    }

    /** Turns the first {@code columns} columns of m [rows, stride] into rows of {@code rows} floats. */
    static void turn(final long m, final int rows, final int stride, final int columns, final long turned) {
        for (int row = 0; row < rows; row++) {
            for (int c = 0; c < columns; c++) {
                Floats.put(turned, (long) c * rows + row, Floats.get(m, (long) row * stride + c));
            }
        }
    }
}
