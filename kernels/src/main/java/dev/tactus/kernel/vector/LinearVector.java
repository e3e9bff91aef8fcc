package dev.tactus.kernel.vector;

import static dev.tactus.kernel.vector.LaneTree.LANE_BYTES;

import dev.tactus.kernel.WeightType;
import dev.tactus.memory.OffHeap;

/**
 * Matrix times rows. Up to 16 rows are packed into scratch; then blocks of weight rows that stay in the second-level
 * cache meet them two by two, sixteen dots at a time. A dot's operations do not depend on which others it is computed
 * with.
 *
 * <pre>
 *   scratch   lanes of 16 dots | 16 results | ends of a block of weight rows | packed rows [16, ⌈k/32⌉·32]
 * </pre>
 */
final class LinearVector {
    private static final int TILE_ROWS = 16;
    private static final int BATCH = 16;
    private static final int MAX_BLOCK = 64;
    private static final long BLOCK_BYTES = 128 << 10;
    private static final long RESULTS = (long) BATCH * LANE_BYTES;
    private static final long TAILS = RESULTS + (long) BATCH * Float.BYTES;
    private static final long ROWS = TAILS + (long) MAX_BLOCK * LANE_BYTES;

    private LinearVector() {}

    static long scratchBytes(final int maxK) {
        return ROWS + TILE_ROWS * packedBytes(maxK);
    }

    private static long packedBytes(final int k) {
        return (k + 31L >> 5) * LANE_BYTES;
    }

    static void linear(
            final WeightType type,
            final long w,
            final int n0,
            final int n1,
            final int k,
            final long x,
            final int xStride,
            final long y,
            final int yStride,
            final int rows,
            final long scratch) {
        for (int r = 0; r < rows; r += TILE_ROWS) {
            final int count = Math.min(TILE_ROWS, rows - r);
            for (int i = 0; i < count; i++) {
                final long row = x + (long) (r + i) * xStride * Float.BYTES;
                RowPacking.pack(type, row, k, scratch + ROWS + i * packedBytes(k));
            }
            tile(type, w, n0, n1, k, y + (long) r * yStride * Float.BYTES, yStride, count, scratch);
        }
    }

    private static void tile(
            final WeightType type,
            final long w,
            final int n0,
            final int n1,
            final int k,
            final long y,
            final int yStride,
            final int rows,
            final long scratch) {
        final long wRowBytes = (long) k * type.bytes();
        final int block = (int) Math.max(BATCH, Math.min(MAX_BLOCK, BLOCK_BYTES / wRowBytes & -BATCH));
        for (int n = n0; n < n1; n += block) {
            final int outs = Math.min(block, n1 - n);
            final long wBlock = w + n * wRowBytes;
            packTails(type, wBlock, outs, k, scratch);
            int r = 0;
            for (; r + 1 < rows; r += 2) {
                final long yPair = y + ((long) r * yStride + n) * Float.BYTES;
                rowPair(type, wBlock, outs, k, r, yPair, yPair + (long) yStride * Float.BYTES, scratch);
            }
            if (r < rows) {
                row(type, wBlock, outs, k, r, y + ((long) r * yStride + n) * Float.BYTES, scratch);
            }
        }
    }

    private static void packTails(
            final WeightType type, final long w, final int outs, final int k, final long scratch) {
        final int tail = k & 31;
        if (tail != 0) {
            for (int i = 0; i < outs; i++) {
                final long end = w + ((long) i * k + (k - tail)) * type.bytes();
                RowPacking.packTail(type, end, tail, scratch + TAILS + (long) i * LANE_BYTES);
            }
        }
    }

    /** Two rows with a block of outputs, eight at a time. */
    private static void rowPair(
            final WeightType type,
            final long w,
            final int outs,
            final int k,
            final int row,
            final long y0,
            final long y1,
            final long scratch) {
        final long wRowBytes = (long) k * type.bytes();
        final long x0 = scratch + ROWS + row * packedBytes(k);
        for (int n = 0; n < outs; n += BATCH / 2) {
            final int count = Math.min(BATCH / 2, outs - n);
            pairLanes(type, x0, x0 + packedBytes(k), w + n * wRowBytes, k, count, scratch);
            if ((k & 31) != 0) {
                final long end = (long) (k >> 5) * LANE_BYTES;
                pairTails(x0 + end, x0 + packedBytes(k) + end, n, count, scratch);
            }
            tree(type, scratch, 2 * (count + 1 & -2));
            storePairs(scratch + RESULTS, count, y0 + (long) n * Float.BYTES, y1 + (long) n * Float.BYTES);
        }
    }

    private static void pairLanes(
            final WeightType type,
            final long x0,
            final long x1,
            final long w,
            final int k,
            final int count,
            final long scratch) {
        final long wRowBytes = (long) k * type.bytes();
        final int even = count & -2;
        pairPasses(type, x0, x1, w, wRowBytes, even, k, scratch);
        if (even < count) {
            // the last odd output is computed twice and stored once
            pairPasses(type, x0, x1, w + even * wRowBytes, 0, 2, k, scratch + 2L * even * LANE_BYTES);
        }
    }

    private static void pairPasses(
            final WeightType type,
            final long x0,
            final long x1,
            final long w,
            final long wStep,
            final int outs,
            final int k,
            final long lanes) {
        final int whole = (k >> 5) * LANE_BYTES;
        if (type == WeightType.BF16) {
            Bfloat16Tile.pairs(x0, x1, w, wStep, outs, whole, lanes);
        } else {
            FloatTile.pairs(x0, x1, w, wStep, outs, whole, lanes);
        }
    }

    private static void pairTails(final long x0, final long x1, final int n, final int count, final long scratch) {
        for (int i = 0; i < count; i++) {
            final long w = scratch + TAILS + (long) (n + i) * LANE_BYTES;
            final long lanes = scratch + (2L * (i & -2) + (i & 1)) * LANE_BYTES;
            LaneTail.add(x0, w, lanes);
            LaneTail.add(x1, w, lanes + 2 * LANE_BYTES);
        }
    }

    /** Results come as (x0, w0), (x0, w1), (x1, w0), (x1, w1), (x0, w2) and so on. */
    private static void storePairs(final long results, final int count, final long y0, final long y1) {
        int n = 0;
        for (; n + 1 < count; n += 2) {
            OffHeap.putLong(y0 + n * 4L, OffHeap.getLong(results + n * 8L));
            OffHeap.putLong(y1 + n * 4L, OffHeap.getLong(results + n * 8L + 8));
        }
        if (n < count) {
            OffHeap.putInt(y0 + n * 4L, OffHeap.getInt(results + n * 8L));
            OffHeap.putInt(y1 + n * 4L, OffHeap.getInt(results + n * 8L + 8));
        }
    }

    /** One row with a block of outputs, sixteen at a time. */
    private static void row(
            final WeightType type,
            final long w,
            final int outs,
            final int k,
            final int row,
            final long y,
            final long scratch) {
        final long wRowBytes = (long) k * type.bytes();
        final long x = scratch + ROWS + row * packedBytes(k);
        for (int n = 0; n < outs; n += BATCH) {
            final int count = Math.min(BATCH, outs - n);
            rowLanes(type, x, w + n * wRowBytes, k, count, scratch);
            if ((k & 31) != 0) {
                for (int i = 0; i < count; i++) {
                    final long tail = scratch + TAILS + (long) (n + i) * LANE_BYTES;
                    final long end = x + (long) (k >> 5) * LANE_BYTES;
                    LaneTail.add(end, tail, scratch + (long) i * LANE_BYTES);
                }
            }
            tree(type, scratch, count);
            for (int i = 0; i < count; i++) {
                OffHeap.putInt(y + (n + i) * 4L, OffHeap.getInt(scratch + RESULTS + i * 4L));
            }
        }
    }

    private static void rowLanes(
            final WeightType type, final long x, final long w, final int k, final int count, final long lanes) {
        final long wRowBytes = (long) k * type.bytes();
        final int even = count & -2;
        rowPasses(type, x, w, wRowBytes, even, k, lanes);
        if (even < count) {
            // the last odd output is computed twice and counts once
            rowPasses(type, x, w + even * wRowBytes, 0, 2, k, lanes + (long) even * LANE_BYTES);
        }
    }

    private static void rowPasses(
            final WeightType type,
            final long x,
            final long w,
            final long wStep,
            final int outs,
            final int k,
            final long lanes) {
        final int whole = (k >> 5) * LANE_BYTES;
        if (type == WeightType.BF16) {
            Bfloat16Tile.row(x, w, wStep, outs, whole, lanes);
        } else {
            FloatTile.row(x, w, wStep, outs, whole, lanes);
        }
    }

    private static void tree(final WeightType type, final long scratch, final int dots) {
        if (type == WeightType.BF16) {
            LaneTree.interleaved(scratch, dots, scratch + RESULTS);
        } else {
            LaneTree.natural(scratch, dots, scratch + RESULTS);
        }
    }
}
