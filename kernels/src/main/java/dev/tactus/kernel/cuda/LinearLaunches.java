package dev.tactus.kernel.cuda;

import static dev.tactus.kernel.cuda.LaunchBuilder.blocks;
import static dev.tactus.kernel.cuda.LaunchBuilder.require;
import static dev.tactus.kernel.cuda.LaunchBuilder.requireBuffers;
import static dev.tactus.kernel.cuda.LaunchBuilder.requirePositive;

import dev.tactus.kernel.NumericClass;
import java.util.List;

/**
 * Launches of products with weight matrices, in the EXACT class ({@code linear.cuh}) or in FAST_BF16
 * ({@code fast.cuh}), whose matrices are bfloat16. A row has the same bits whatever the number of rows. All addresses
 * are device addresses; matrices with rows at 16 bytes over an x at 16 bytes are read fastest.
 */
public final class LinearLaunches {
    /** Most matrices of one launch. */
    public static final int MAX_PARTS = 4;

    private static final int PIECE_BYTES = 16;

    private final CudaKernels kernels;
    private final NumericClass numerics;

    /** Launches of these kernels, EXACT. */
    public LinearLaunches(final CudaKernels kernels) {
        this(kernels, NumericClass.EXACT);
    }

    /**
     * Launches of these kernels.
     *
     * @throws IllegalArgumentException for FAST_INT8, which has none
     */
    public LinearLaunches(final CudaKernels kernels, final NumericClass numerics) {
        ProductGrid.requireKernels(numerics);
        this.kernels = kernels;
        this.numerics = numerics;
    }

    /**
     * One matrix of a product.
     *
     * @param w [n, k]
     * @param y out: what becomes of the n outputs of a row
     * @param beside what adapters have beside it
     */
    public record Part(CudaMatrix w, long y, CudaAdapters.Beside beside) {
        /** Refuses an output that is nowhere. */
        public Part {
            requireBuffers("linear", y);
        }

        private LaunchBuilder.Struct struct() {
            return new LaunchBuilder.Struct()
                    .address(w.address())
                    .address(y)
                    .address(beside.t())
                    .integer(w.rows())
                    .integer(beside.module());
        }

        private static LaunchBuilder.Struct none() {
            return new LaunchBuilder.Struct()
                    .address(0)
                    .address(0)
                    .address(0)
                    .integer(0)
                    .integer(-1);
        }
    }

    /**
     * {@code y = W x} for up to four matrices over the same x in one launch.
     *
     * @param parts of one type and one k; y [rows · perRow, n]
     * @param x [rows · perRow, k]
     * @param perRow vectors of a row; 1 where there are adapters
     * @throws IllegalArgumentException when types or columns differ
     */
    public CudaLaunch linear(
            final List<Part> parts, final long x, final int perRow, final CudaAdapters adapters, final CudaRows rows) {
        requireBuffers("linear", x);
        requirePositive("linear", perRow);
        require(
                !parts.isEmpty() && parts.size() <= MAX_PARTS,
                () -> "linear: " + parts.size() + " matrices: expected 1 to " + MAX_PARTS);
        final CudaMatrix first = parts.get(0).w();
        boolean wide = x % PIECE_BYTES == 0;
        for (final Part part : parts) {
            require(
                    part.w().type() == first.type() && part.w().cols() == first.cols(),
                    () -> "linear: " + part.w() + " beside " + first + ": expected one type and one number of columns");
            require(
                    perRow == 1 || part.beside().module() < 0,
                    () -> "linear: adapters beside " + perRow + " vectors a row");
            adapters.require("linear", part.beside().module());
            wide &= part.w().isWide();
        }
        final LaunchBuilder builder = new LaunchBuilder(kernels, ProductGrid.kernel(numerics, "linear", first));
        long warps = 0;
        for (int i = 0; i < MAX_PARTS; i++) {
            builder.struct(i < parts.size() ? parts.get(i).struct() : Part.none());
            if (i < parts.size()) {
                warps += ProductGrid.warps(numerics, parts.get(i).w().rows(), wide);
            }
        }
        final ProductGrid grid =
                ProductGrid.of(blocks((long) rows.most() * perRow, ProductGrid.rowsOfTile(numerics)), warps);
        return builder.address(x)
                .integer(first.cols())
                .integer(perRow)
                .integer(wide ? 1 : 0)
                .struct(adapters.struct())
                .address(rows.count())
                .build(grid.x(), grid.y(), grid.block(), 0);
    }

    /**
     * {@code y = silu(gate) · up}, gate and up rows of W interleaved.
     *
     * @param gateUp w [2 · hidden, k], y [rows, hidden]
     * @param x [rows, k]
     */
    public CudaLaunch linearSwiglu(final Part gateUp, final long x, final CudaAdapters adapters, final CudaRows rows) {
        requireBuffers("linear swiglu", x);
        require(gateUp.w().rows() % 2 == 0, () -> "linear swiglu: " + gateUp.w() + ": expected pairs of rows");
        adapters.require("linear swiglu", gateUp.beside().module());
        final boolean wide = x % PIECE_BYTES == 0 && gateUp.w().isWide();
        final ProductGrid grid = grid(gateUp.w(), wide, rows);
        return new LaunchBuilder(kernels, ProductGrid.kernel(numerics, "linear_swiglu", gateUp.w()))
                .struct(gateUp.struct())
                .address(x)
                .integer(gateUp.w().cols())
                .integer(wide ? 1 : 0)
                .struct(adapters.struct())
                .address(rows.count())
                .build(grid.x(), grid.y(), grid.block(), 0);
    }

    /**
     * {@code h = (W x) · scale}, and the end of the block where the residual is fused.
     *
     * @param part w [d, k], y = h [rows, d]; not written when the residual is fused
     * @param x [rows, k]
     * @param scaled whether h is multiplied by {@code scale} at all
     */
    public CudaLaunch linearConv(
            final Part part,
            final long x,
            final boolean scaled,
            final float scale,
            final CudaResidual residual,
            final CudaAdapters adapters,
            final CudaRows rows) {
        requireBuffers("linear conv", x);
        adapters.require("linear conv", part.beside().module());
        final boolean wide = x % PIECE_BYTES == 0 && part.w().isWide();
        final ProductGrid grid = grid(part.w(), wide, rows);
        return new LaunchBuilder(kernels, ProductGrid.kernel(numerics, "linear_conv", part.w()))
                .struct(part.struct())
                .address(x)
                .integer(part.w().cols())
                .integer(wide ? 1 : 0)
                .real(scale)
                .integer(scaled ? 1 : 0)
                .struct(residual.struct())
                .struct(adapters.struct())
                .address(rows.count())
                .build(grid.x(), grid.y(), grid.block(), 0);
    }

    private ProductGrid grid(final CudaMatrix w, final boolean wide, final CudaRows rows) {
        return ProductGrid.of(
                blocks(rows.most(), ProductGrid.rowsOfTile(numerics)), ProductGrid.warps(numerics, w.rows(), wide));
    }
}
