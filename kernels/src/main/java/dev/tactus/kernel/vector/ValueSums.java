package dev.tactus.kernel.vector;

import static dev.tactus.kernel.vector.Lanes.BYTES;
import static dev.tactus.kernel.vector.Lanes.LENGTH;
import static dev.tactus.kernel.vector.Lanes.base;
import static dev.tactus.kernel.vector.Lanes.load;
import static dev.tactus.kernel.vector.Lanes.store;

import dev.tactus.memory.OffHeap;
import jdk.incubator.vector.FloatVector;

/** {@code o[d] = Σ p[slot]·v[slot, d]} by fma from +0, slots rising, over runs of slots of a page. */
final class ValueSums {
    private static final int WIDE = 8;

    private ValueSums() {}

    /** Sets {@code o} [d] to +0. */
    static void clear(final long o, final int d) {
        for (int i = 0; i < d; i++) {
            RowVector.put(o, i, 0f);
        }
    }

    /**
     * Adds the slots [begin, end) to {@code o}.
     *
     * @param p slots' weights [256]
     * @param v values [256, d]
     * @param o in and out, [d]
     */
    static void add(final long p, final long v, final int d, final int begin, final int end, final long o) {
        final int rowBytes = d * Float.BYTES;
        final long weights = p + (long) begin * Float.BYTES;
        final long rows = v + (long) begin * rowBytes;
        final int bytes = (end - begin) * Float.BYTES;
        int i = 0;
        for (; i + WIDE * LENGTH <= d; i += WIDE * LENGTH) {
            eightVectors(weights, rows + (long) i * Float.BYTES, rowBytes, bytes, o + (long) i * Float.BYTES);
        }
        for (; i + LENGTH <= d; i += LENGTH) {
            oneVector(weights, rows + (long) i * Float.BYTES, rowBytes, bytes, o + (long) i * Float.BYTES);
        }
        for (; i < d; i++) {
            one(weights, rows + (long) i * Float.BYTES, rowBytes, bytes, o + (long) i * Float.BYTES);
        }
    }

    private static void eightVectors(final long p, final long v, final int rowBytes, final int bytes, final long o) {
        final long target = base(o);
        final long weights = base(p);
        FloatVector s0 = load(target);
        FloatVector s1 = load(target + BYTES);
        FloatVector s2 = load(target + 2 * BYTES);
        FloatVector s3 = load(target + 3 * BYTES);
        FloatVector s4 = load(target + 4 * BYTES);
        FloatVector s5 = load(target + 5 * BYTES);
        FloatVector s6 = load(target + 6 * BYTES);
        FloatVector s7 = load(target + 7 * BYTES);
        long row = base(v);
        for (int i = 0; i < bytes; i += Float.BYTES) {
            final FloatVector weight = Lanes.broadcast(OffHeap.getFloat(weights + i));
            s0 = load(row).fma(weight, s0);
            s1 = load(row + BYTES).fma(weight, s1);
            s2 = load(row + 2 * BYTES).fma(weight, s2);
            s3 = load(row + 3 * BYTES).fma(weight, s3);
            s4 = load(row + 4 * BYTES).fma(weight, s4);
            s5 = load(row + 5 * BYTES).fma(weight, s5);
            s6 = load(row + 6 * BYTES).fma(weight, s6);
            s7 = load(row + 7 * BYTES).fma(weight, s7);
            row = base(row + rowBytes);
        }
        store(s0, target);
        store(s1, target + BYTES);
        store(s2, target + 2 * BYTES);
        store(s3, target + 3 * BYTES);
        store(s4, target + 4 * BYTES);
        store(s5, target + 5 * BYTES);
        store(s6, target + 6 * BYTES);
        store(s7, target + 7 * BYTES);
    }

    private static void oneVector(final long p, final long v, final int rowBytes, final int bytes, final long o) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        final long weights = base(p);
        FloatVector s = load(o);
        long row = base(v);
        for (int i = 0; i < bytes; i += Float.BYTES) {
            s = load(row).fma(Lanes.broadcast(OffHeap.getFloat(weights + i)), s);
            row = base(row + rowBytes);
        }
        store(s, o);
    }

    private static void one(final long p, final long v, final int rowBytes, final int bytes, final long o) {
        float s = OffHeap.getFloat(o);
        long row = v;
        for (int i = 0; i < bytes; i += Float.BYTES) {
            s = Math.fma(OffHeap.getFloat(p + i), OffHeap.getFloat(row), s);
            row += rowBytes;
        }
        OffHeap.putFloat(o, s);
    }
}
