package dev.tactus.kernel.vector;

import static dev.tactus.kernel.AttentionShape.KEY_TILE;
import static dev.tactus.memory.KvRingLayout.PAGE_POSITIONS;
import static dev.tactus.memory.KvRingLayout.PAGE_SHIFT;

import dev.tactus.kernel.AttentionShape;
import dev.tactus.kernel.Elementary;
import dev.tactus.kernel.ExactMath;
import dev.tactus.memory.KvRingLayout;
import dev.tactus.memory.OffHeap;

/**
 * Attention of one row. Heads that share keys and values take turns on each page while the cache still holds it; what
 * they have summed up so far stands in {@code out} and in scratch.
 *
 * <pre>
 *   scratch   s [256] | biases [256] | maxima [8] | sums [8] | lanes [32] | key dots | o_s [headDim]
 *   | per head of a group [8]: q and r spread over vectors, r
 * </pre>
 */
final class AttentionVector {
    private static final int GROUP = 8;
    private static final int BLOCK = KEY_TILE;
    private static final long TILE_FLOATS = (long) KEY_TILE * Float.BYTES;
    private static final long PAGE_FLOATS = (long) PAGE_POSITIONS * Float.BYTES;
    private static final long BIASES = PAGE_FLOATS;
    private static final long MAXIMA = 2 * PAGE_FLOATS;
    private static final long SUMS = MAXIMA + GROUP * Float.BYTES;
    private static final long LANES = SUMS + GROUP * Float.BYTES;
    private static final long DOTS = LANES + BLOCK * Float.BYTES;
    private static final long SPREAD = DOTS + KeyDots.scratchBytes();

    private AttentionVector() {}

    static long scratchBytes(final int maxHeadDim) {
        final long plain = maxHeadDim * (long) Float.BYTES + 64;
        return SPREAD + plain + GROUP * (2 * KeyDots.spreadBytes(maxHeadDim) + plain);
    }

    static void appendKv(
            final AttentionShape shape,
            final long k,
            final long v,
            final long pageTable,
            final long position,
            final int g0,
            final int g1) {
        final int d = shape.headDim();
        final long keys = keys(shape, pageTable, position >> PAGE_SHIFT);
        final int slot = (int) (position & (PAGE_POSITIONS - 1));
        for (int g = g0; g < g1; g++) {
            final long source = k + (long) g * d * Float.BYTES;
            final long key = keys + shape.keyOffset(g, 0, slot);
            for (int i = 0; i < d; i++) {
                OffHeap.putInt(key + i * TILE_FLOATS, OffHeap.getInt(source + (long) i * Float.BYTES));
            }
            final long value = keys + shape.valuesOffset() + ((long) g * PAGE_POSITIONS + slot) * d * Float.BYTES;
            OffHeap.copy(v + (long) g * d * Float.BYTES, value, (long) d * Float.BYTES);
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
        final int headsPerKv = shape.heads() / shape.kvHeads();
        int h = h0;
        while (h < h1) {
            final int endOfShared = (h / headsPerKv + 1) * headsPerKv;
            final int end = Math.min(Math.min(h + GROUP, endOfShared), h1);
            group(shape, q, r, proj, pageTable, position, tau, out, h, end, scratch);
            h = end;
        }
    }

    private static void group(
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
        final int d = shape.headDim();
        for (int h = h0; h < h1; h++) {
            final long spread = spread(shape, h - h0, scratch);
            KeyDots.spread(q + (long) h * d * Float.BYTES, d, spread);
            final long headR = r + (long) h * shape.dRel() * Float.BYTES;
            KeyDots.spread(headR, shape.dRel(), spread + KeyDots.spreadBytes(d));
            OffHeap.copy(headR, plainR(shape, spread), (long) shape.dRel() * Float.BYTES);
        }
        final int g = h0 / (shape.heads() / shape.kvHeads());
        final long last = position >> PAGE_SHIFT;
        final long first = firstSplit(shape, position);
        for (long split = first; split <= last; split = nextSplit(shape, position, split)) {
            final long keys = keys(shape, pageTable, split);
            for (int h = h0; h < h1; h++) {
                final long headOut = out + (long) h * d * Float.BYTES;
                split(shape, proj, keys, position, split, tau, g, h - h0, split == first, headOut, scratch);
            }
        }
        for (int h = h0; h < h1; h++) {
            final float l = RowVector.get(scratch + SUMS, h - h0);
            SplitWeights.divide(out + (long) h * d * Float.BYTES, d, l);
        }
    }

    /**
     * One head over one split. Visible slots are [a0, b0) and [a1, b1), the second run being empty in most splits; what
     * else lies in their blocks of 32 is computed and then thrown away.
     */
    private static void split(
            final AttentionShape shape,
            final long proj,
            final long keys,
            final long position,
            final long split,
            final float tau,
            final int g,
            final int member,
            final boolean first,
            final long out,
            final long scratch) {
        final long start = split << PAGE_SHIFT;
        final int end = (int) Math.min(PAGE_POSITIONS, position + 1 - start);
        final int windowStart = slot(Math.max(0, position - shape.window() + 1) - start, end);
        final int sinkEnd = slot(shape.sinks() - start, end);
        // the runs meet, or there is only one of them
        final boolean joined = sinkEnd >= windowStart;
        final int a0 = sinkEnd > 0 || joined ? 0 : windowStart;
        final int b0 = joined || sinkEnd == 0 ? end : sinkEnd;
        final int a1 = b0 == end ? end : windowStart;
        final int from = a0 & -BLOCK;
        final int bytes = ((a1 < end || b0 == end ? end : b0) + BLOCK - 1 & -BLOCK) * Float.BYTES - from * Float.BYTES;
        scores(shape, proj, keys, position - start, tau, g, member, from, bytes, scratch);
        hide(scratch, from, bytes, a0, b0, a1, end);
        weigh(shape, keys, g, member, from, bytes, a0, b0, a1, end, first, out, scratch);
    }

    private static int slot(final long fromStart, final int end) {
        return (int) Math.max(0, Math.min(end, fromStart));
    }

    /** Scores of the slots from {@code from} on; {@code query} is the slot of the query, maybe beyond this page. */
    private static void scores(
            final AttentionShape shape,
            final long proj,
            final long keys,
            final long query,
            final float tau,
            final int g,
            final int member,
            final int from,
            final int bytes,
            final long scratch) {
        final int d = shape.headDim();
        final long spread = spread(shape, member, scratch);
        final int count = bytes / Float.BYTES;
        for (int slot = 0; slot < count; slot += KEY_TILE) {
            final long key = keys + shape.keyOffset(g, 0, from + slot);
            KeyDots.dots(spread, d, key, TILE_FLOATS, KEY_TILE, scratch + slot * (long) Float.BYTES, scratch + DOTS);
        }
        // distance of the last slot: below 0 where the block reaches beyond the query
        biases(shape, proj, spread + KeyDots.spreadBytes(d), query - (from + count - 1), count, scratch);
        SplitWeights.score(scratch, scratch + BIASES, bytes, d, tau);
    }

    /** Biases of {@code count} distances from {@code nearest} on; +0 where there is none. */
    private static void biases(
            final AttentionShape shape,
            final long proj,
            final long spreadR,
            final long nearest,
            final int count,
            final long scratch) {
        final int begin = (int) Math.max(0, Math.min(count, -nearest));
        final int end = (int) Math.max(begin, Math.min(count, shape.extent() - nearest));
        final long biases = scratch + BIASES;
        for (int i = 0; i < begin; i++) {
            RowVector.put(biases, i, 0f);
        }
        for (int i = end; i < count; i++) {
            RowVector.put(biases, i, 0f);
        }
        final long column = proj + nearest * Float.BYTES;
        final long step = (long) shape.extent() * Float.BYTES;
        final int whole = Lanes.bound(end - begin);
        final long rest = scratch + DOTS;
        if (whole > 0) {
            final long offset = (long) begin * Float.BYTES;
            KeyDots.dots(spreadR, shape.dRel(), column + offset, step, whole, biases + offset, rest);
            if (begin + whole < end) {
                final long lastOffset = (long) (end - Lanes.LENGTH) * Float.BYTES;
                KeyDots.dots(spreadR, shape.dRel(), column + lastOffset, step, Lanes.LENGTH, biases + lastOffset, rest);
            }
        } else {
            final long plain = spreadR + KeyDots.spreadBytes(shape.dRel());
            for (int i = begin; i < end; i++) {
                RowVector.put(
                        biases, i, ExactMath.dotStrided(plain, column + (long) i * Float.BYTES, step, shape.dRel()));
            }
        }
    }

    /** Minus infinity for the slots that are not visible. */
    private static void hide(
            final long scratch,
            final int from,
            final int bytes,
            final int a0,
            final int b0,
            final int a1,
            final int b1) {
        fill(scratch, from, from, a0);
        fill(scratch, from, b0, a1);
        fill(scratch, from, Math.max(b0, b1), from + bytes / Float.BYTES);
    }

    private static void fill(final long scores, final int from, final int begin, final int end) {
        for (int i = begin; i < end; i++) {
            RowVector.put(scores, i - from, Float.NEGATIVE_INFINITY);
        }
    }

    /** Weights and values of one split, merged into what came before. */
    private static void weigh(
            final AttentionShape shape,
            final long keys,
            final int g,
            final int member,
            final int from,
            final int bytes,
            final int a0,
            final int b0,
            final int a1,
            final int b1,
            final boolean first,
            final long out,
            final long scratch) {
        final int d = shape.headDim();
        final float splitM = SplitWeights.max(scratch, bytes);
        SplitWeights.exp(scratch, bytes, splitM);
        final float splitL = SplitWeights.sum(scratch, bytes, scratch + LANES);
        final long p = scratch - (long) from * Float.BYTES;
        final long values = keys + shape.valuesOffset() + (long) g * PAGE_FLOATS * d;
        final long splitOut = first ? out : scratch + SPREAD;
        ValueSums.clear(splitOut, d);
        ValueSums.add(p, values, d, a0, b0, splitOut);
        ValueSums.add(p, values, d, a1, b1, splitOut);
        if (first) {
            RowVector.put(scratch + MAXIMA, member, splitM);
            RowVector.put(scratch + SUMS, member, splitL);
            return;
        }
        final float m = RowVector.get(scratch + MAXIMA, member);
        final float newM = m > splitM ? m : splitM;
        final float a = Elementary.exp(m - newM);
        final float b = Elementary.exp(splitM - newM);
        RowVector.put(scratch + MAXIMA, member, newM);
        RowVector.put(scratch + SUMS, member, Math.fma(RowVector.get(scratch + SUMS, member), a, splitL * b));
        SplitWeights.merge(out, splitOut, d, a, b);
    }

    /** Where the features r of a head stand as they came, behind its spread q and r. */
    private static long plainR(final AttentionShape shape, final long spread) {
        return spread + KeyDots.spreadBytes(shape.headDim()) + KeyDots.spreadBytes(shape.dRel());
    }

    /** Where a head of the group has its spread q, spread r and plain r. */
    private static long spread(final AttentionShape shape, final int member, final long scratch) {
        final long plainBytes = (long) shape.dRel() * Float.BYTES + 63 & -64;
        final long perHead = KeyDots.spreadBytes(shape.headDim()) + KeyDots.spreadBytes(shape.dRel()) + plainBytes;
        final long first = scratch + SPREAD + shape.headDim() * (long) Float.BYTES;
        return (first + 63 & -64) + member * perHead;
    }

    private static long keys(final AttentionShape shape, final long pageTable, final long split) {
        final int index = KvRingLayout.tableIndex(split, shape.sinkPages(), shape.ringPages());
        return OffHeap.getLong(pageTable + (long) index * Long.BYTES) + shape.layerOffset();
    }

    private static long firstSplit(final AttentionShape shape, final long position) {
        return shape.sinks() > 0 ? 0 : firstWindowSplit(shape, position);
    }

    private static long nextSplit(final AttentionShape shape, final long position, final long split) {
        final long next = split + 1;
        return next << PAGE_SHIFT < shape.sinks() ? next : Math.max(next, firstWindowSplit(shape, position));
    }

    private static long firstWindowSplit(final AttentionShape shape, final long position) {
        return Math.max(0, position - shape.window() + 1) >> PAGE_SHIFT;
    }
}
