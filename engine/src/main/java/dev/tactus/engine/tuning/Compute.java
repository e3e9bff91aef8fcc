package dev.tactus.engine.tuning;

import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.WeightType;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;

/**
 * What the layers of a {@link TrainingPass} compute with: the kernels, the products, the crew, the scratch of every
 * worker, and one area of partial sums that they use in turn.
 *
 * <p>A sum over rows that several workers share is cut into units that depend on shapes alone; each unit leaves a
 * partial sum, and the partial sums are added in the order of the units. So its bits do not depend on the crew.
 */
final class Compute {
    private static final int LINE = 64;

    /** Rows of a product of the forward pass that one worker computes: they and a tile of weights stay in its cache. */
    private static final int LINEAR_ROWS = 128;

    /** Floats of a unit of elementwise work. */
    private static final int UNIT_FLOATS = 16 * 1024;

    final KernelSet kernels;
    final Products products;
    final Crew crew;
    private final FreezableArena arena;
    private final long[] kernelScratch;
    private final long[] temporary;
    private final Products.Share[] together;
    private final Products.Share[] alone;
    private long partialFloats = 1;
    private long partials;

    /**
     * A worker's tools.
     *
     * @param maxK longest inner dimension of a linear layer, and longest row of an elementwise step
     * @param maxHeadDim largest head dimension and d_rel
     * @param arena takes the scratch
     */
    Compute(
            final KernelSet kernels,
            final Products products,
            final Crew crew,
            final int maxK,
            final int maxHeadDim,
            final FreezableArena arena) {
        this.kernels = kernels;
        this.products = products;
        this.crew = crew;
        this.arena = arena;
        final int workers = crew.workers();
        kernelScratch = new long[workers];
        temporary = new long[workers];
        together = new Products.Share[workers];
        alone = new Products.Share[workers];
        for (int i = 0; i < workers; i++) {
            kernelScratch[i] = bytes(MemoryTag.SCRATCH, kernels.scratchBytes(maxK, maxHeadDim));
            temporary[i] = bytes(MemoryTag.SCRATCH, (long) maxK * Float.BYTES);
            final long scratch = bytes(MemoryTag.SCRATCH, products.scratchBytes());
            together[i] = new Products.Share(i, workers, scratch);
            alone[i] = new Products.Share(0, 1, scratch);
        }
    }

    private long bytes(final MemoryTag tag, final long bytes) {
        return arena.allocate(tag, Math.max(1, bytes), LINE).address();
    }

    /** A buffer of activations or gradients, zeroed. */
    long buffer(final long rows, final int columns) {
        return bytes(MemoryTag.ACTIVATION, rows * columns * Float.BYTES);
    }

    /** Memory of one worker, or a small table. */
    long scratch(final long floats) {
        return bytes(MemoryTag.SCRATCH, floats * Float.BYTES);
    }

    /** Makes the area of partial sums hold at least so many floats. Before {@link #conclude()}. */
    void reservePartials(final long floats) {
        partialFloats = Math.max(partialFloats, floats);
    }

    /** Allocates the area of partial sums: nothing is allocated afterwards. */
    void conclude() {
        partials = scratch(partialFloats);
    }

    /** The area of partial sums, for one step at a time. */
    long partials() {
        return partials;
    }

    long kernelScratch(final int worker) {
        return kernelScratch[worker];
    }

    /** A row of the longest length, of one worker. */
    long temporary(final int worker) {
        return temporary[worker];
    }

    /** A worker that computes a product by itself. */
    Products.Share alone(final int worker) {
        return alone[worker];
    }

    /** {@code y = x · wᵀ} in the EXACT class. */
    void linear(final Matrix w, final long x, final long y, final int rows) {
        crew.forEach(units(rows, LINEAR_ROWS), (worker, unit) -> {
            final int first = unit * LINEAR_ROWS;
            linear(
                    w,
                    Floats.row(x, first, w.inputs()),
                    Floats.row(y, first, w.outputs()),
                    Math.min(LINEAR_ROWS, rows - first),
                    worker);
        });
    }

    /** {@code y = x · wᵀ} in the EXACT class, by one worker. */
    void linear(final Matrix w, final long x, final long y, final int rows, final int worker) {
        kernels.linear(
                WeightType.F32,
                w.value(),
                0,
                w.outputs(),
                w.inputs(),
                x,
                w.inputs(),
                y,
                w.outputs(),
                rows,
                kernelScratch[worker]);
    }

    /** {@code dw += dyᵀ · x} and, unless {@code dx} is 0, {@code dx = dy · w}. */
    void linearGradients(final Matrix w, final long x, final long dy, final long dx, final int rows) {
        if (rows == 0) {
            return;
        }
        final Products.Shape shape = new Products.Shape(rows, w.outputs(), w.inputs());
        crew.together(worker -> {
            products.weightGradient(shape, dy, x, w.gradient(), together[worker]);
            if (dx != 0) {
                products.inputGradient(shape, dy, w.value(), dx, together[worker]);
            }
        });
    }

    /** {@code dx = dy · w}. */
    void inputGradient(final Matrix w, final long dy, final long dx, final int rows) {
        final Products.Shape shape = new Products.Shape(rows, w.outputs(), w.inputs());
        crew.together(worker -> products.inputGradient(shape, dy, w.value(), dx, together[worker]));
    }

    /** {@code dw += dyᵀ · x}. */
    void weightGradient(final Matrix w, final long dy, final long x, final int rows) {
        final Products.Shape shape = new Products.Shape(rows, w.outputs(), w.inputs());
        crew.together(worker -> products.weightGradient(shape, dy, x, w.gradient(), together[worker]));
    }

    /** Work on one row. */
    @FunctionalInterface
    interface RowWork {
        void run(int worker, int row);
    }

    /** Runs every row once; rows must not depend on each other. */
    void forRows(final int rows, final int columns, final RowWork work) {
        final int perUnit = Math.max(1, UNIT_FLOATS / columns);
        crew.forEach(units(rows, perUnit), (worker, unit) -> {
            final int end = Math.min(rows, (unit + 1) * perUnit);
            for (int row = unit * perUnit; row < end; row++) {
                work.run(worker, row);
            }
        });
    }

    /** {@code y = y + x} over [rows, columns]. */
    void add(final long x, final long y, final int rows, final int columns) {
        forRows(
                rows,
                columns,
                (worker, row) -> Floats.add(Floats.row(x, row, columns), Floats.row(y, row, columns), columns));
    }

    static int units(final int n, final int perUnit) {
        return (n + perUnit - 1) / perUnit;
    }
}
