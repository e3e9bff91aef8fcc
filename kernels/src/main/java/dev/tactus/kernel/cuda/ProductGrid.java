package dev.tactus.kernel.cuda;

import static dev.tactus.kernel.cuda.LaunchBuilder.blocks;
import static dev.tactus.kernel.cuda.LaunchBuilder.require;

import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.WeightType;

/**
 * How the warps of a product are spread: those that share weights are neighbours along x, outputs go along y. Blocks
 * are small where there are few of them, so that every processor gets one.
 *
 * @param x blocks along rows
 * @param y blocks along outputs
 * @param block threads
 */
record ProductGrid(long x, long y, int block) {
    private static final int WARP = 32;
    private static final int EXACT_ROWS = 8;
    private static final int FAST_ROWS = 32;
    private static final int FAST_OUTPUTS = 16;
    private static final int NARROW_OUTPUTS = 2;
    private static final int WIDE_OUTPUTS = 8;

    /** Blocks from which on they become larger: four for each processor of the largest GPU. */
    private static final int ENOUGH_BLOCKS = 528;

    private static final int MAX_WARPS = 4;

    /** Rows of x that share a read of the weights. */
    static int rowsOfTile(final NumericClass numerics) {
        return numerics == NumericClass.EXACT ? EXACT_ROWS : FAST_ROWS;
    }

    /** Warps that {@code outputs} take, read in pieces of 16 bytes or one by one. */
    static long warps(final NumericClass numerics, final int outputs, final boolean wide) {
        if (numerics == NumericClass.EXACT) {
            return blocks(outputs, wide ? WIDE_OUTPUTS : NARROW_OUTPUTS);
        }
        return blocks(outputs, FAST_OUTPUTS);
    }

    /**
     * The name of a product's kernel, without {@code tactus_}.
     *
     * @throws IllegalArgumentException when the class has no such product
     */
    static String kernel(final NumericClass numerics, final String product, final CudaMatrix w) {
        if (numerics == NumericClass.EXACT) {
            return "tactus_" + product + w.suffix();
        }
        require(w.type() == WeightType.BF16, () -> product + ": " + w + " in FAST_BF16: round it when it is loaded");
        return "tactus_fast_" + product;
    }

    /** Refuses classes that have no kernels. */
    static void requireKernels(final NumericClass numerics) {
        require(
                numerics != NumericClass.FAST_INT8,
                () -> "there are no CUDA kernels for " + numerics + ": use EXACT or FAST_BF16");
    }

    /** The grid of {@code warps} warps along outputs for each of {@code x}. */
    static ProductGrid of(final long x, final long warps) {
        int warpsOfBlock = 1;
        while (warpsOfBlock < MAX_WARPS && x * warps >= 2L * warpsOfBlock * ENOUGH_BLOCKS) {
            warpsOfBlock *= 2;
        }
        return new ProductGrid(x, blocks(warps, warpsOfBlock), warpsOfBlock * WARP);
    }
}
