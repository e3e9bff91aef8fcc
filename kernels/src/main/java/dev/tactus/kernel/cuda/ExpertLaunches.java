package dev.tactus.kernel.cuda;

import static dev.tactus.kernel.cuda.LaunchBuilder.require;
import static dev.tactus.kernel.cuda.LaunchBuilder.requireBuffers;
import static dev.tactus.kernel.cuda.LaunchBuilder.requirePositive;

import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.WeightType;

/**
 * Launches of a mixture of experts, in the EXACT class ({@code experts.cuh}) or with products in FAST_BF16
 * ({@code fast.cuh}), whose matrices are bfloat16. Rows are those of the pass; all addresses are device addresses.
 */
public final class ExpertLaunches {
    /** Most experts of one row, chosen and shared: a lane keeps each. */
    public static final int MAX_SLOTS = 32;

    /** Most experts that are chosen from. */
    public static final int MAX_ROUTED = 1024;

    private static final int WARP = 32;
    private static final int PIECE_BYTES = 16;

    private final CudaKernels kernels;
    private final NumericClass numerics;

    /** Launches of these kernels, EXACT. */
    public ExpertLaunches(final CudaKernels kernels) {
        this(kernels, NumericClass.EXACT);
    }

    /**
     * Launches of these kernels.
     *
     * @throws IllegalArgumentException for FAST_INT8, which has none
     */
    public ExpertLaunches(final CudaKernels kernels, final NumericClass numerics) {
        ProductGrid.requireKernels(numerics);
        this.kernels = kernels;
        this.numerics = numerics;
    }

    /**
     * Chooses the experts of each row.
     *
     * @param z [rows, routed + shared]
     * @param bias [routed]
     * @param scale of the weights
     * @param experts out int32 [rows, chosen + shared]
     * @param weights out float32, the same shape
     * @throws IllegalArgumentException when there are more than {@link #MAX_SLOTS} slots or {@link #MAX_ROUTED} experts
     */
    public CudaLaunch route(
            final long z,
            final long bias,
            final int routed,
            final int shared,
            final int chosen,
            final float scale,
            final long experts,
            final long weights,
            final CudaRows rows) {
        requireBuffers("route", z, bias, experts, weights);
        requirePositive("route", routed, chosen);
        require(
                shared >= 0 && chosen <= routed && chosen + shared <= MAX_SLOTS && routed <= MAX_ROUTED,
                () -> "route: " + chosen + " of " + routed + " experts and " + shared + " shared: expected at most "
                        + MAX_SLOTS + " slots and " + MAX_ROUTED + " experts");
        return new LaunchBuilder(kernels, "tactus_route")
                .address(z)
                .address(bias)
                .integer(routed)
                .integer(shared)
                .integer(chosen)
                .real(scale)
                .address(experts)
                .address(weights)
                .address(rows.count())
                .build(rows.most(), WARP, routed * Float.BYTES);
    }

    /**
     * The experts of an op.
     *
     * @param routed the first of a stack of {@code routedCount} matrices
     * @param routedCount how many
     * @param shared the first of the shared ones, of the same shape; any of that shape without shared experts
     * @param experts int32 [rows, slots] by {@link #route}
     * @param weights float32 [rows, slots]
     * @param slots experts of a row
     * @param routedBeside what adapters have beside the routed ones
     * @param sharedModule and the module of the shared ones, whose t is the same; -1 for none
     */
    public record Group(
            CudaMatrix routed,
            int routedCount,
            CudaMatrix shared,
            long experts,
            long weights,
            int slots,
            CudaAdapters.Beside routedBeside,
            int sharedModule) {
        /** Refuses matrices of different shapes. */
        public Group {
            requireBuffers("experts", experts, weights);
            requirePositive("experts", routedCount, slots);
            require(
                    routed.rows() == shared.rows() && routed.cols() == shared.cols(),
                    () -> "experts: " + shared + " shared beside " + routed + ": expected one shape");
            require(
                    sharedModule < 0 || routedBeside.t() != 0,
                    () -> "experts: module " + sharedModule + " without an address of its products with A");
        }

        private boolean isWide(final long x) {
            return routed.type() == shared.type() && routed.isWide() && shared.isWide() && x % PIECE_BYTES == 0;
        }

        private long warps(final NumericClass numerics, final boolean wide) {
            return ProductGrid.warps(numerics, routed.rows(), wide);
        }

        private LaunchBuilder.Struct struct(final boolean wide) {
            return new LaunchBuilder.Struct()
                    .address(routed.address())
                    .address(shared.address())
                    .address(experts)
                    .address(weights)
                    .address(routedBeside.t())
                    .integer(routed.code())
                    .integer(shared.code())
                    .integer(routedCount)
                    .integer(slots)
                    .integer(routedBeside.module())
                    .integer(sharedModule)
                    .integer(wide ? 1 : 0)
                    .integer(0);
        }
    }

    /**
     * {@code y = silu(gate) · up} of each slot's expert; times its weight where the expert is shared.
     *
     * @param group matrices [2 · hidden, k], gate and up rows interleaved
     * @param x [rows, k]
     * @param y out [rows, slots, hidden]
     */
    public CudaLaunch up(
            final Group group, final long x, final long y, final CudaAdapters adapters, final CudaRows rows) {
        requireBuffers("experts up", x, y);
        require(group.routed().rows() % 2 == 0, () -> "experts up: " + group.routed() + ": expected pairs of rows");
        adapters.require("experts up", Math.max(group.routedBeside().module(), group.sharedModule()));
        final boolean wide = group.isWide(x);
        final ProductGrid grid = ProductGrid.of((long) rows.most() * group.slots(), group.warps(numerics, wide));
        return new LaunchBuilder(kernels, kernel("experts_up", group))
                .struct(group.struct(wide))
                .address(x)
                .address(y)
                .integer(group.routed().cols())
                .integer(group.routed().rows() / 2)
                .struct(adapters.struct())
                .address(rows.count())
                .build(grid.x(), grid.y(), grid.block(), 0);
    }

    /**
     * What the experts of a row give together, and the end of the block where the residual is fused.
     *
     * @param group matrices [d, hidden]
     * @param x [rows, slots, hidden]
     * @param h out [rows, d]; not written when the residual is fused
     */
    public CudaLaunch downConv(
            final Group group,
            final long x,
            final long h,
            final CudaResidual residual,
            final CudaAdapters adapters,
            final CudaRows rows) {
        requireBuffers("experts down", x, h);
        adapters.require("experts down", Math.max(group.routedBeside().module(), group.sharedModule()));
        final boolean wide = group.isWide(x);
        final ProductGrid grid = ProductGrid.of(rows.most(), group.warps(numerics, wide));
        return new LaunchBuilder(kernels, kernel("experts_down_conv", group))
                .struct(group.struct(wide))
                .address(x)
                .address(h)
                .integer(group.routed().cols())
                .integer(group.routed().rows())
                .struct(residual.struct())
                .struct(adapters.struct())
                .address(rows.count())
                .build(grid.x(), grid.y(), grid.block(), 0);
    }

    private String kernel(final String product, final Group group) {
        if (numerics == NumericClass.EXACT) {
            return "tactus_" + product;
        }
        for (final CudaMatrix w : new CudaMatrix[] {group.routed(), group.shared()}) {
            require(
                    w.type() == WeightType.BF16,
                    () -> product + ": " + w + " in FAST_BF16: round it when it is loaded");
        }
        return "tactus_fast_" + product;
    }
}
