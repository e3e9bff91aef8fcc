package dev.tactus.kernel.cuda;

import static dev.tactus.kernel.cuda.LaunchBuilder.blocks;
import static dev.tactus.kernel.cuda.LaunchBuilder.requireBuffers;
import static dev.tactus.kernel.cuda.LaunchBuilder.requirePositive;

/**
 * Launches of what moves media and folds ({@code vision.cuh}). The vision tower is these, {@link LinearLaunches#linear}
 * with as many vectors a row as a stage has points, and {@link RowLaunches#rmsNorm} with gelu. All addresses are device
 * addresses, and those in columns too.
 */
public final class VisionLaunches {
    private static final int BLOCK = 256;
    private static final int ELEMENTS_OF_BLOCK = 4 * BLOCK;

    private final CudaKernels kernels;

    /** Launches of these kernels. */
    public VisionLaunches(final CudaKernels kernels) {
        this.kernels = kernels;
    }

    /**
     * Where patches are: columns of the plan, per patch source.
     *
     * @param previous int64: address of the frame of the first temporal slot, RGB8
     * @param current int64: address of the frame of the second
     * @param known int64: address of float32 pixels, 0 where they come from frames
     * @param row int32: row of the patch in its frame
     * @param col int32: column of the patch
     */
    public record Patches(long previous, long current, long known, long row, long col) {
        /** Refuses missing columns. */
        public Patches {
            requireBuffers("patches", previous, current, known, row, col);
        }
    }

    /**
     * Patches of frames as float32 pixels.
     *
     * @param table [3, 256]
     * @param pixels out [sources, 2, patch, patch, 3]
     * @param patch pixels of a side
     * @param frameWidth pixels of a line of a frame
     */
    public CudaLaunch patchPixels(
            final Patches patches,
            final long table,
            final long pixels,
            final int patch,
            final int frameWidth,
            final CudaRows sources) {
        requireBuffers("patch pixels", table, pixels);
        requirePositive("patch pixels", patch, frameWidth);
        return new LaunchBuilder(kernels, "tactus_patch_pixels")
                .address(patches.previous())
                .address(patches.current())
                .address(patches.known())
                .address(patches.row())
                .address(patches.col())
                .address(table)
                .address(pixels)
                .integer(patch)
                .integer(frameWidth)
                .address(sources.count())
                .build(blocks(2L * patch * patch * 3, ELEMENTS_OF_BLOCK), sources.most(), BLOCK, 0);
    }

    /**
     * Folds (t, h, w) neighbourhoods into channels: x [sources, t, h, w, c] to y [sources, t/ft, h/fh, w/fw,
     * ft·fh·fw·c].
     *
     * @throws IllegalArgumentException when a fold does not divide its size
     */
    public CudaLaunch fold(
            final long x,
            final long y,
            final int t,
            final int h,
            final int w,
            final int c,
            final int ft,
            final int fh,
            final int fw,
            final CudaRows sources) {
        requireBuffers("fold", x, y);
        requirePositive("fold", t, h, w, c, ft, fh, fw);
        LaunchBuilder.require(
                t % ft == 0 && h % fh == 0 && w % fw == 0,
                () -> "fold: [" + t + ", " + h + ", " + w + "] by [" + ft + ", " + fh + ", " + fw + "] leaves a rest");
        return new LaunchBuilder(kernels, "tactus_fold")
                .address(x)
                .address(y)
                .integer(t)
                .integer(h)
                .integer(w)
                .integer(c)
                .integer(ft)
                .integer(fh)
                .integer(fw)
                .address(sources.count())
                .build(blocks((long) t * h * w * c, ELEMENTS_OF_BLOCK), sources.most(), BLOCK, 0);
    }

    /**
     * Gathers blocks of speech.
     *
     * @param source int64 per source: address of its block, float32
     * @param y out [sources, block]
     * @param block floats of a block
     */
    public CudaLaunch gatherBlocks(final long source, final long y, final int block, final CudaRows sources) {
        requireBuffers("gather blocks", source, y);
        requirePositive("gather blocks", block);
        return new LaunchBuilder(kernels, "tactus_gather_blocks")
                .address(source)
                .address(y)
                .integer(block)
                .address(sources.count())
                .build(blocks(block, ELEMENTS_OF_BLOCK), sources.most(), BLOCK, 0);
    }
}
