package dev.tactus.kernel.vector;

import static dev.tactus.kernel.vector.Lanes.BYTES;
import static dev.tactus.kernel.vector.Lanes.FLOATS;
import static dev.tactus.kernel.vector.Lanes.LENGTH;
import static dev.tactus.kernel.vector.Lanes.base;
import static dev.tactus.kernel.vector.Lanes.load;
import static dev.tactus.kernel.vector.Lanes.store;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * The tree of the EXACT class from 32 lanes to one number, for many dots at a time.
 *
 * <p>A row holds the lanes of a dot in natural order, or its 16 even or 16 odd ones. Halves of a row are added until it
 * fills one vector. From there on the tree adds neighbours within a vector, and as many rows as a vector has lanes
 * share each shuffle: of rows a and b, one vector takes {@code a[i] + a[i ^ o]} in the lanes i without bit o and
 * {@code b[i] + b[i ^ o]} in the others. Addition commutes, so which of two lanes stands first is free.
 *
 * <p>Only vectors of the preferred width are used: a second width in the process makes C2's type profiles of the Vector
 * API ambiguous, and it boxes.
 */
final class LaneTree {
    /** Bytes of the lanes of one dot. */
    static final int LANE_BYTES = 128;

    private static final int HALF_BYTES = LANE_BYTES / 2;

    private static final int TOP = LENGTH / 2;
    private static final VectorMask<Float> BIT_TOP = bit(TOP);
    private static final VectorMask<Float> BIT_4 = bit(4);
    private static final VectorMask<Float> BIT_2 = bit(2);
    private static final VectorMask<Float> BIT_1 = bit(1);
    private static final VectorShuffle<Float> SWAP_TOP = swap(TOP);
    private static final VectorShuffle<Float> SWAP_4 = swap(4);
    private static final VectorShuffle<Float> SWAP_2 = swap(2);
    private static final VectorShuffle<Float> SWAP_1 = swap(1);

    private LaneTree() {}

    private static VectorMask<Float> bit(final int bit) {
        long lanes = 0;
        for (int i = 0; i < LENGTH; i++) {
            lanes |= (i & bit) != 0 ? 1L << i : 0;
        }
        return VectorMask.fromLong(FLOATS, lanes);
    }

    private static VectorShuffle<Float> swap(final int bit) {
        return VectorShuffle.fromOp(FLOATS, i -> (i ^ bit) % LENGTH);
    }

    /**
     * Dots with lanes in natural order; lanes are overwritten.
     *
     * @param results out: one float32 per dot, and room for as many as fill a vector
     */
    static void natural(final long lanes, final int dots, final long results) {
        for (int r = 0; r < dots; r += LENGTH) {
            final long group = base(lanes + (long) r * LANE_BYTES);
            for (int i = 0; i < TOP * LANE_BYTES; i += LANE_BYTES) {
                final FloatVector a = naturalRow(group + i);
                final FloatVector b = naturalRow(group + i + TOP * LANE_BYTES);
                store(a.blend(b, BIT_TOP).add(b.blend(a, BIT_TOP).rearrange(SWAP_TOP)), group + i);
            }
            if (LENGTH > 8) {
                for (int i = 0; i < 4 * LANE_BYTES; i += LANE_BYTES) {
                    final FloatVector a = load(group + i);
                    final FloatVector b = load(group + i + 4 * LANE_BYTES);
                    store(a.blend(b, BIT_4).add(b.blend(a, BIT_4).rearrange(SWAP_4)), group + i);
                }
            }
            if (LENGTH > 4) {
                final FloatVector v0 = load(group);
                final FloatVector v1 = load(group + LANE_BYTES);
                final FloatVector v2 = load(group + 2 * LANE_BYTES);
                final FloatVector v3 = load(group + 3 * LANE_BYTES);
                final FloatVector v02 =
                        v0.blend(v2, BIT_2).add(v2.blend(v0, BIT_2).rearrange(SWAP_2));
                final FloatVector v13 =
                        v1.blend(v3, BIT_2).add(v3.blend(v1, BIT_2).rearrange(SWAP_2));
                store(v02.blend(v13, BIT_1).add(v13.blend(v02, BIT_1).rearrange(SWAP_1)), results + r * 4L);
            } else {
                final FloatVector v0 = load(group);
                final FloatVector v1 = load(group + LANE_BYTES);
                store(v0.blend(v1, BIT_1).add(v1.blend(v0, BIT_1).rearrange(SWAP_1)), results + r * 4L);
            }
        }
    }

    /**
     * Dots with lanes as {@code [16 evens | 16 odds]}; lanes are overwritten.
     *
     * @param results out: one float32 per dot, and room for as many as fill a vector
     */
    static void interleaved(final long lanes, final int dots, final long results) {
        for (int r = 0; r < 2 * dots; r += LENGTH) {
            final long group = base(lanes + (long) r * HALF_BYTES);
            for (int i = 0; i < TOP * HALF_BYTES; i += HALF_BYTES) {
                final FloatVector a = halfRow(group + i);
                final FloatVector b = halfRow(group + i + TOP * HALF_BYTES);
                store(a.blend(b, BIT_TOP).add(b.blend(a, BIT_TOP).rearrange(SWAP_TOP)), group + i);
            }
            if (LENGTH > 8) {
                for (int i = 0; i < 4 * HALF_BYTES; i += HALF_BYTES) {
                    final FloatVector a = load(group + i);
                    final FloatVector b = load(group + i + 4 * HALF_BYTES);
                    store(a.blend(b, BIT_4).add(b.blend(a, BIT_4).rearrange(SWAP_4)), group + i);
                }
            }
            if (LENGTH > 4) {
                final FloatVector v0 = load(group);
                final FloatVector v1 = load(group + HALF_BYTES);
                final FloatVector v2 = load(group + 2 * HALF_BYTES);
                final FloatVector v3 = load(group + 3 * HALF_BYTES);
                final FloatVector v02 =
                        v0.blend(v2, BIT_2).add(v2.blend(v0, BIT_2).rearrange(SWAP_2));
                final FloatVector v13 =
                        v1.blend(v3, BIT_2).add(v3.blend(v1, BIT_2).rearrange(SWAP_2));
                store(v02.blend(v13, BIT_1).add(v13.blend(v02, BIT_1).rearrange(SWAP_1)), lanes + r * 4L);
            } else {
                final FloatVector v0 = load(group);
                final FloatVector v1 = load(group + HALF_BYTES);
                store(v0.blend(v1, BIT_1).add(v1.blend(v0, BIT_1).rearrange(SWAP_1)), lanes + r * 4L);
            }
        }
        // now evens and odds of a dot are neighbours
        for (int n = 0; n < dots; n += LENGTH) {
            final FloatVector low = load(lanes + n * 8L);
            final FloatVector high = load(lanes + n * 8L + BYTES);
            store(Deinterleave.evens(low, high).add(Deinterleave.odds(low, high)), results + n * 4L);
        }
    }

    /** A row of 32 lanes, its halves added until they fill one vector. */
    private static FloatVector naturalRow(final long row) {
        if (LENGTH == 16) {
            return load(row).add(load(row + 64));
        }
        if (LENGTH == 8) {
            return load(row).add(load(row + 64)).add(load(row + 32).add(load(row + 96)));
        }
        final FloatVector even =
                load(row).add(load(row + 64)).add(load(row + 32).add(load(row + 96)));
        final FloatVector odd =
                load(row + 16).add(load(row + 80)).add(load(row + 48).add(load(row + 112)));
        return even.add(odd);
    }

    /** A row of 16 lanes, its halves added until they fill one vector. */
    private static FloatVector halfRow(final long row) {
        if (LENGTH == 16) {
            return load(row);
        }
        if (LENGTH == 8) {
            return load(row).add(load(row + 32));
        }
        return load(row).add(load(row + 32)).add(load(row + 16).add(load(row + 48)));
    }
}
