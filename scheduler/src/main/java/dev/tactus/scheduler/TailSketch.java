package dev.tactus.scheduler;

import java.util.Arrays;

/**
 * The p99.9 of the last {@value #WINDOW} to twice as many values, within 3 %, in fixed arrays of buckets: 32 per factor
 * of two. Two windows take turns: one fills while the one before it still counts. Adding allocates nothing.
 *
 * <p>While fewer than {@value #ENOUGH} values were seen the largest of them stands in, for a p99.9 is not known yet.
 * Used by one thread.
 */
final class TailSketch {
    /** Values after which a window is closed. */
    static final int WINDOW = 16_384;

    /** Values that a p99.9 needs at least. */
    static final int ENOUGH = 1_000;

    private static final double RANK = 0.001;
    private static final int SUB_BITS = 5;
    private static final int SHIFT = 52 - SUB_BITS;

    /** 2⁰ to 2⁴⁰. */
    private static final int OCTAVES = 40;

    private static final int BUCKETS = OCTAVES << SUB_BITS;
    private static final int FIRST = 1023 << SUB_BITS;

    private int[] filling = new int[BUCKETS];
    private int[] before = new int[BUCKETS];
    private int filled;
    private int closed;

    /** Adds a value; what is below 1, negative or not a number counts as 1. */
    void add(final double value) {
        filling[bucket(value)]++;
        if (++filled == WINDOW) {
            final int[] empty = before;
            before = filling;
            filling = empty;
            Arrays.fill(filling, 0);
            closed = filled;
            filled = 0;
        }
    }

    /** Values that count. */
    int count() {
        return filled + closed;
    }

    /** Their p99.9, as the upper end of its bucket; 0 without any, and where it is below 1. */
    double tail() {
        final int allowed = count() < ENOUGH ? 0 : (int) (count() * RANK);
        int above = 0;
        for (int i = BUCKETS - 1; i > 0; i--) {
            above += filling[i] + before[i];
            if (above > allowed) {
                return Double.longBitsToDouble((long) (FIRST + i + 1) << SHIFT);
            }
        }
        return 0;
    }

    private static int bucket(final double value) {
        if (!(value > 1)) {
            return 0;
        }
        return Math.min(BUCKETS - 1, (int) (Double.doubleToRawLongBits(value) >>> SHIFT) - FIRST);
    }
}
