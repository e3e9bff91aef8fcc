package dev.tactus.kernel.reference;

import static dev.tactus.memory.KvRingLayout.PAGE_POSITIONS;
import static dev.tactus.memory.KvRingLayout.PAGE_SHIFT;

import dev.tactus.kernel.AttentionShape;
import dev.tactus.kernel.Elementary;
import dev.tactus.kernel.ExactMath;
import dev.tactus.memory.KvRingLayout;
import dev.tactus.memory.OffHeap;

/**
 * Attention over the pages of one session, split by split.
 *
 * <pre>
 *   scratch   p [256] | maximum | sum | o_s [headDim]
 * </pre>
 */
final class AttentionReference {
    private static final long MAXIMUM = (long) PAGE_POSITIONS * Float.BYTES;
    private static final long SUM = MAXIMUM + Float.BYTES;
    private static final long SPLIT_OUT = SUM + Float.BYTES;

    private AttentionReference() {}

    static long scratchBytes(final int maxHeadDim) {
        return SPLIT_OUT + (long) maxHeadDim * Float.BYTES;
    }

    static void appendKv(
            final AttentionShape shape,
            final long k,
            final long v,
            final long pageTable,
            final long position,
            final int g0,
            final int g1) {
        final long keys = page(shape, pageTable, position >> PAGE_SHIFT) + shape.layerOffset();
        final int slot = (int) (position & (PAGE_POSITIONS - 1));
        for (int g = g0; g < g1; g++) {
            for (int d = 0; d < shape.headDim(); d++) {
                final long source = ((long) g * shape.headDim() + d) * Float.BYTES;
                OffHeap.putFloat(keyAddress(shape, keys, g, d, slot), OffHeap.getFloat(k + source));
                OffHeap.putFloat(valueAddress(shape, keys, g, d, slot), OffHeap.getFloat(v + source));
            }
        }
    }

    static void attention(
            final AttentionShape shape,
            final long q,
            final long r,
            final long proj,
            final long pageTable,
            final long position,
            final float tau,
            final long out,
            final int h0,
            final int h1,
            final long scratch) {
        for (int h = h0; h < h1; h++) {
            final long headOut = out + (long) h * shape.headDim() * Float.BYTES;
            final long headQ = q + (long) h * shape.headDim() * Float.BYTES;
            final long headR = r + (long) h * shape.dRel() * Float.BYTES;
            head(shape, headQ, headR, proj, pageTable, position, tau, headOut, h, scratch);
        }
    }

    private static void head(
            final AttentionShape shape,
            final long q,
            final long r,
            final long proj,
            final long pageTable,
            final long position,
            final float tau,
            final long out,
            final int h,
            final long scratch) {
        final int d = shape.headDim();
        final int g = h / (shape.heads() / shape.kvHeads());
        final long splits = (position >> PAGE_SHIFT) + 1;
        float m = 0f;
        float l = 0f;
        boolean first = true;
        for (long split = firstSplit(shape, position); split < splits; split = nextSplit(shape, position, split)) {
            final long keys = page(shape, pageTable, split) + shape.layerOffset();
            scores(shape, q, r, proj, keys, position, split, tau, g, scratch);
            weights(shape, position, split, scratch);
            values(shape, keys, position, split, g, scratch);
            final float splitM = OffHeap.getFloat(scratch + MAXIMUM);
            final float splitL = OffHeap.getFloat(scratch + SUM);
            if (first) {
                copy(scratch + SPLIT_OUT, out, d);
                m = splitM;
                l = splitL;
                first = false;
            } else {
                final float newM = max(m, splitM);
                final float a = Elementary.exp(m - newM);
                final float b = Elementary.exp(splitM - newM);
                l = Math.fma(l, a, splitL * b);
                merge(out, scratch + SPLIT_OUT, a, b, d);
                m = newM;
            }
        }
        for (int i = 0; i < d; i++) {
            final long at = out + (long) i * Float.BYTES;
            OffHeap.putFloat(at, OffHeap.getFloat(at) / l);
        }
    }

    /** Scores of a split's visible keys; minus infinity for the others. */
    private static void scores(
            final AttentionShape shape,
            final long q,
            final long r,
            final long proj,
            final long keys,
            final long position,
            final long split,
            final float tau,
            final int g,
            final long p) {
        final int d = shape.headDim();
        for (int slot = 0; slot < PAGE_POSITIONS; slot++) {
            final long distance = position - ((split << PAGE_SHIFT) + slot);
            float score = Float.NEGATIVE_INFINITY;
            if (visible(shape, position, distance)) {
                final long key = keyAddress(shape, keys, g, 0, slot);
                final float dot = ExactMath.dotStrided(q, key, (long) AttentionShape.KEY_TILE * Float.BYTES, d);
                score = (dot / d + bias(shape, r, proj, distance)) * tau;
            }
            OffHeap.putFloat(p + (long) slot * Float.BYTES, score);
        }
    }

    private static float bias(final AttentionShape shape, final long r, final long proj, final long distance) {
        if (distance >= shape.extent()) {
            return 0f;
        }
        final long column = proj + distance * Float.BYTES;
        return ExactMath.dotStrided(r, column, (long) shape.extent() * Float.BYTES, shape.dRel());
    }

    /** Turns scores into weights and stores their maximum and sum. */
    private static void weights(final AttentionShape shape, final long position, final long split, final long scratch) {
        float m = Float.NEGATIVE_INFINITY;
        for (int slot = 0; slot < PAGE_POSITIONS; slot++) {
            if (visible(shape, position, position - ((split << PAGE_SHIFT) + slot))) {
                m = max(m, OffHeap.getFloat(scratch + (long) slot * Float.BYTES));
            }
        }
        for (int slot = 0; slot < PAGE_POSITIONS; slot++) {
            final long at = scratch + (long) slot * Float.BYTES;
            final boolean visible = visible(shape, position, position - ((split << PAGE_SHIFT) + slot));
            OffHeap.putFloat(at, visible ? Elementary.exp(OffHeap.getFloat(at) - m) : 0f);
        }
        OffHeap.putFloat(scratch + MAXIMUM, m);
        // a weight is never -0, so adding +0 for an invisible key changes no lane
        OffHeap.putFloat(scratch + SUM, ExactMath.sum(scratch, PAGE_POSITIONS));
    }

    private static void values(
            final AttentionShape shape,
            final long keys,
            final long position,
            final long split,
            final int g,
            final long scratch) {
        for (int d = 0; d < shape.headDim(); d++) {
            float o = 0f;
            for (int slot = 0; slot < PAGE_POSITIONS; slot++) {
                if (visible(shape, position, position - ((split << PAGE_SHIFT) + slot))) {
                    final float p = OffHeap.getFloat(scratch + (long) slot * Float.BYTES);
                    o = Math.fma(p, OffHeap.getFloat(valueAddress(shape, keys, g, d, slot)), o);
                }
            }
            OffHeap.putFloat(scratch + SPLIT_OUT + (long) d * Float.BYTES, o);
        }
    }

    private static void copy(final long splitOut, final long out, final int d) {
        for (int i = 0; i < d; i++) {
            OffHeap.putFloat(out + (long) i * Float.BYTES, OffHeap.getFloat(splitOut + (long) i * Float.BYTES));
        }
    }

    private static void merge(final long out, final long splitOut, final float a, final float b, final int d) {
        for (int i = 0; i < d; i++) {
            final long offset = (long) i * Float.BYTES;
            final float o = Math.fma(OffHeap.getFloat(out + offset), a, OffHeap.getFloat(splitOut + offset) * b);
            OffHeap.putFloat(out + offset, o);
        }
    }

    private static boolean visible(final AttentionShape shape, final long position, final long distance) {
        return distance >= 0 && (distance < shape.window() || position - distance < shape.sinks());
    }

    private static long firstSplit(final AttentionShape shape, final long position) {
        return shape.sinks() > 0 ? 0 : firstWindowSplit(shape, position);
    }

    /** The next split with a visible key; one past the query's split when there is none. */
    private static long nextSplit(final AttentionShape shape, final long position, final long split) {
        final long next = split + 1;
        final boolean holdsSinks = next << PAGE_SHIFT < shape.sinks();
        return holdsSinks ? next : Math.max(next, firstWindowSplit(shape, position));
    }

    private static long firstWindowSplit(final AttentionShape shape, final long position) {
        return Math.max(0, position - shape.window() + 1) >> PAGE_SHIFT;
    }

    private static long page(final AttentionShape shape, final long pageTable, final long split) {
        final int index = KvRingLayout.tableIndex(split, shape.sinkPages(), shape.ringPages());
        return OffHeap.getLong(pageTable + (long) index * Long.BYTES);
    }

    private static long keyAddress(
            final AttentionShape shape, final long keys, final int g, final int d, final int slot) {
        return keys + shape.keyOffset(g, d, slot);
    }

    private static long valueAddress(
            final AttentionShape shape, final long keys, final int g, final int d, final int slot) {
        return keys + shape.valuesOffset() + (((long) g * PAGE_POSITIONS + slot) * shape.headDim() + d) * Float.BYTES;
    }

    private static float max(final float a, final float b) {
        return a > b ? a : b;
    }
}
