package dev.tactus.kernel.vector;

import static dev.tactus.kernel.vector.Lanes.BYTES;
import static dev.tactus.kernel.vector.Lanes.load;
import static dev.tactus.kernel.vector.Lanes.store;

/**
 * The elements of a dot behind its whole blocks of 32. Where x and w end, packed rows of x hold -0 and packed weights
 * +0: their product -0 changes no lane, not even one that is -0 itself.
 */
final class LaneTail {
    private LaneTail() {}

    /**
     * Adds the products of one packed block to the lanes of one dot.
     *
     * @param x packed block of the row
     * @param w packed block of the weights
     */
    static void add(final long x, final long w, final long lanes) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        for (int i = 0; i < LaneTree.LANE_BYTES; i += BYTES) {
            store(load(x + i).fma(load(w + i), load(lanes + i)), lanes + i);
        }
    }
}
