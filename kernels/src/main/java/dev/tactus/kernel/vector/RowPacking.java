package dev.tactus.kernel.vector;

import static dev.tactus.kernel.vector.Lanes.BYTES;
import static dev.tactus.kernel.vector.Lanes.load;
import static dev.tactus.kernel.vector.Lanes.store;

import dev.tactus.kernel.WeightType;
import dev.tactus.memory.OffHeap;
import jdk.incubator.vector.FloatVector;

/**
 * Copies rows into the order of the tiles: natural for float32 weights, {@code [16 evens | 16 odds]} per block of 32
 * for bfloat16 ones. A row's last block is filled up with -0, one of weights with +0 (see {@link LaneTail}).
 */
final class RowPacking {
    private static final int BLOCK = 32;
    private static final int BLOCK_BYTES = BLOCK * Float.BYTES;
    private static final int HALF_BYTES = BLOCK_BYTES / 2;

    private RowPacking() {}

    /** Packs {@code k} elements of an input row. */
    static void pack(final WeightType type, final long x, final int k, final long packed) {
        final int whole = k & -BLOCK;
        if (type == WeightType.BF16) {
            deinterleave(x, (long) whole * Float.BYTES, packed);
        } else {
            copy(x, (long) whole * Float.BYTES, packed);
        }
        if (whole < k) {
            fill(packed + (long) whole * Float.BYTES, -0f);
            for (int i = whole; i < k; i++) {
                final long target = packed + (long) whole * Float.BYTES + place(type, i - whole);
                OffHeap.putFloat(target, OffHeap.getFloat(x + (long) i * Float.BYTES));
            }
        }
    }

    /** Packs the {@code count} weights of a row behind its whole blocks into one block of float32. */
    static void packTail(final WeightType type, final long w, final int count, final long packed) {
        fill(packed, 0f);
        for (int i = 0; i < count; i++) {
            final float weight = type == WeightType.BF16
                    ? OffHeap.getBfloat16(w + (long) i * Short.BYTES)
                    : OffHeap.getFloat(w + (long) i * Float.BYTES);
            OffHeap.putFloat(packed + place(type, i), weight);
        }
    }

    /** Where element i of a block stands, in bytes. */
    private static long place(final WeightType type, final int i) {
        return type == WeightType.BF16 ? (long) (i & 1) * HALF_BYTES + (i >> 1) * 4L : i * 4L;
    }

    private static void fill(final long block, final float value) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        for (int i = 0; i < BLOCK_BYTES; i += BYTES) {
            store(Lanes.broadcast(value), block + i);
        }
    }

    private static void copy(final long x, final long bytes, final long packed) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        for (long i = 0; i < bytes; i += BYTES) {
            store(load(x + i), packed + i);
        }
    }

    private static void deinterleave(final long x, final long bytes, final long packed) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        for (long block = 0; block < bytes; block += BLOCK_BYTES) {
            for (int i = 0; i < HALF_BYTES; i += BYTES) {
                final FloatVector low = load(x + block + 2 * i);
                final FloatVector high = load(x + block + 2 * i + BYTES);
                store(Deinterleave.evens(low, high), packed + block + i);
                store(Deinterleave.odds(low, high), packed + block + HALF_BYTES + i);
            }
        }
    }
}
