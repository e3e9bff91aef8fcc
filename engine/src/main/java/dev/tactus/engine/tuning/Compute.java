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

    /** Columns of factors' products and gradients that a worker computes at a time: a few rows stay in its cache. */
    private static final int SIDE_COLUMNS = 128;

    /** Rows whose part of a factor's gradient is summed in one chain. */
    private static final int SIDE_ROWS = 256;

    /** Floats that a dot of factors takes. */
    private static final int DOT_FLOATS = 64;

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
    private final Factors factors;
    private final long[] sideScratch;
    private long partialFloats = 1;
    private long partials;
    private long sideRows;
    private long sideTurned;
    private long dKept;
    private long turned;

    /**
     * A worker's tools.
     *
     * @param maxK longest inner dimension of a linear layer, and longest row of an elementwise step
     * @param maxHeadDim largest head dimension and d_rel
     * @param factors beside the matrices; null where the matrices themselves are trained
     * @param arena takes the scratch
     */
    Compute(
            final KernelSet kernels,
            final Products products,
            final Crew crew,
            final Factors factors,
            final int maxK,
            final int maxHeadDim,
            final FreezableArena arena) {
        this.kernels = kernels;
        this.products = products;
        this.crew = crew;
        this.arena = arena;
        this.factors = factors;
        final int workers = crew.workers();
        kernelScratch = new long[workers];
        temporary = new long[workers];
        together = new Products.Share[workers];
        alone = new Products.Share[workers];
        sideScratch = new long[workers];
        final int longest = factors == null ? maxK : Math.max(maxK, factors.rank());
        for (int i = 0; i < workers; i++) {
            kernelScratch[i] = bytes(MemoryTag.SCRATCH, kernels.scratchBytes(longest, maxHeadDim));
            sideScratch[i] = factors == null ? 0 : scratch(DOT_FLOATS + (long) factors.rank() * SIDE_COLUMNS);
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
        if (factors != null) {
            dKept = buffer(sideRows, factors.rank());
            turned = scratch(sideTurned);
        }
    }

    /**
     * A matrix of the model, with the factors beside it.
     *
     * @param maxRows most rows of x it is ever applied to between a forward and a backward pass
     */
    Matrix matrix(final Parameter parameter, final int maxRows) {
        final Matrix matrix = Matrix.of(parameter);
        if (factors == null || !factors.areBeside(parameter.name())) {
            return matrix;
        }
        return beside(matrix, factors.beside(parameter.name(), 0, kept(maxRows)));
    }

    /** Matrix {@code index} of a stack, with its factors, whose {@code a · x} go to {@code kept}. */
    Matrix matrix(final Parameter stack, final int index, final long kept) {
        final Matrix matrix = Matrix.of(stack, index);
        return factors == null ? matrix : beside(matrix, factors.beside(stack.name(), index, kept));
    }

    private Matrix beside(final Matrix matrix, final LowRank side) {
        if (side != null) {
            sideTurned = Math.max(sideTurned, (long) side.rank() * side.b().outputs());
        }
        return matrix.beside(side);
    }

    /** Memory for {@code a · x} of so many rows: 0 where there are no factors. */
    long kept(final long maxRows) {
        if (factors == null) {
            return 0;
        }
        sideRows = Math.max(sideRows, maxRows);
        return buffer(maxRows, factors.rank());
    }

    /** Whether any of these tensors has factors beside it. */
    boolean hasFactors(final Parameter... tensors) {
        boolean any = false;
        for (final Parameter tensor : tensors) {
            any |= factors != null && factors.areBeside(tensor.name());
        }
        return any;
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

    /** {@code y = x · wᵀ} in the EXACT class, and what is beside w. */
    void linear(final Matrix w, final long x, final long y, final int rows) {
        linear(w, 0, x, y, rows);
    }

    /** As the other, for rows {@code firstKept} and on of those that a layer keeps for all its matrices. */
    void linear(final Matrix w, final long firstKept, final long x, final long y, final int rows) {
        turn(w.side());
        crew.forEach(units(rows, LINEAR_ROWS), (worker, unit) -> {
            final int first = unit * LINEAR_ROWS;
            final long input = Floats.row(x, first, w.inputs());
            final long output = Floats.row(y, first, w.outputs());
            final int count = Math.min(LINEAR_ROWS, rows - first);
            product(w, input, output, count, worker);
            if (w.side() != null) {
                side(w.side(), firstKept + first, input, output, count, worker);
            }
        });
    }

    private void product(final Matrix w, final long x, final long y, final int rows, final int worker) {
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

    /** Makes columns of b rows, for the factors of one matrix at a time. */
    private void turn(final LowRank side) {
        if (side != null) {
            final Matrix b = side.b();
            LowRankRows.turn(b.value(), b.outputs(), b.inputs(), b.inputs(), turned);
        }
    }

    /** {@code y = y + (scale · u)} with {@code t = x · aᵀ, u = t · bᵀ} of the EXACT class, as the engine does. */
    private void side(
            final LowRank side, final long firstKept, final long x, final long y, final int rows, final int worker) {
        final int outputs = side.b().outputs();
        product(side.a(), x, side.kept(firstKept), rows, worker);
        for (int n = 0; n < outputs; n += SIDE_COLUMNS) {
            final long offset = (long) n * Float.BYTES;
            for (int row = 0; row < rows; row++) {
                LowRankRows.addDots(
                        side.scale(),
                        side.kept(firstKept + row),
                        side.rank(),
                        turned + offset,
                        outputs,
                        Floats.row(y, row, outputs) + offset,
                        Math.min(SIDE_COLUMNS, outputs - n),
                        sideScratch[worker]);
            }
        }
    }

    /** {@code dw += dyᵀ · x} where w is trained, {@code dx = dy · w} unless dx is 0, and those of what is beside w. */
    void linearGradients(final Matrix w, final long x, final long dy, final long dx, final int rows) {
        linearGradients(w, 0, x, dy, dx, rows);
    }

    /** As the other, for rows {@code firstKept} and on of those that a layer keeps for all its matrices. */
    void linearGradients(
            final Matrix w, final long firstKept, final long x, final long dy, final long dx, final int rows) {
        if (rows == 0) {
            return;
        }
        final Products.Shape shape = new Products.Shape(rows, w.outputs(), w.inputs());
        if (w.isTrained() || dx != 0) {
            crew.together(worker -> {
                if (w.isTrained()) {
                    products.weightGradient(shape, dy, x, w.gradient(), together[worker]);
                }
                if (dx != 0) {
                    products.inputGradient(shape, dy, w.value(), dx, together[worker]);
                }
            });
        }
        if (w.side() != null) {
            sideGradients(w.side(), firstKept, x, dy, dx, rows);
        }
    }

    /** {@code dx = dy · w}, and what is beside w. */
    void inputGradient(final Matrix w, final long dy, final long dx, final int rows) {
        final Products.Shape shape = new Products.Shape(rows, w.outputs(), w.inputs());
        crew.together(worker -> products.inputGradient(shape, dy, w.value(), dx, together[worker]));
        if (w.side() != null) {
            sideGradients(w.side(), 0, 0, dy, dx, rows);
        }
    }

    /** {@code dw += dyᵀ · x} where w is trained, and those of what is beside w. */
    void weightGradient(final Matrix w, final long firstKept, final long dy, final long x, final int rows) {
        if (w.learns()) {
            linearGradients(w, firstKept, x, dy, 0, rows);
        }
    }

    /**
     * With dt = scale · dy · b: {@code db += dyᵀ · (scale · t), da += dtᵀ · x} unless x is 0, {@code dx += dt · a}
     * unless dx is 0.
     */
    private void sideGradients(
            final LowRank side, final long firstKept, final long x, final long dy, final long dx, final int rows) {
        final Matrix a = side.a();
        final int outputs = side.b().outputs();
        final int rank = side.rank();
        turn(side);
        forRows(rows, outputs + a.inputs(), (worker, row) -> {
            final long dt = Floats.row(dKept, row, rank);
            final long dyRow = Floats.row(dy, row, outputs);
            LowRankRows.dots(side.scale(), turned, rank, outputs, dyRow, dt, sideScratch[worker]);
            if (dx != 0) {
                final long target = Floats.row(dx, row, a.inputs());
                LowRankRows.addRows(dt, 1, a.value(), a.inputs(), rank, target, a.inputs());
            }
            if (x != 0) {
                final long t = side.kept(firstKept + row);
                Floats.scale(side.scale(), t, t, rank);
            }
        });
        if (x != 0) {
            final int ofB = units(outputs, SIDE_COLUMNS);
            crew.forEach(ofB + units(a.inputs(), SIDE_COLUMNS), (worker, unit) -> {
                if (unit < ofB) {
                    gradientOfB(side, side.kept(firstKept), dy, unit * SIDE_COLUMNS, rows, worker);
                } else {
                    gradientOfA(side, x, (unit - ofB) * SIDE_COLUMNS, rows, worker);
                }
            });
        }
    }

    /** Rows {@code n0} and on of {@code db += dyᵀ · t}. */
    private void gradientOfB(
            final LowRank side, final long t, final long dy, final int n0, final int rows, final int worker) {
        final int rank = side.rank();
        final int outputs = side.b().outputs();
        final int count = Math.min(SIDE_COLUMNS, outputs - n0);
        final long sum = sideScratch[worker];
        for (int first = 0; first < rows; first += SIDE_ROWS) {
            sumOuter(
                    Floats.row(t, first, rank),
                    rank,
                    column(dy, first, outputs, n0),
                    outputs,
                    count,
                    rows - first,
                    sum);
            for (int n = 0; n < count; n++) {
                final long target = Floats.row(side.b().gradient(), n0 + n, rank);
                for (int r = 0; r < rank; r++) {
                    Floats.put(target, r, Floats.get(target, r) + Floats.get(sum, (long) r * count + n));
                }
            }
        }
    }

    /** Columns {@code k0} and on of {@code da += dtᵀ · x}. */
    private void gradientOfA(final LowRank side, final long x, final int k0, final int rows, final int worker) {
        final int rank = side.rank();
        final int inputs = side.a().inputs();
        final int count = Math.min(SIDE_COLUMNS, inputs - k0);
        final long sum = sideScratch[worker];
        for (int first = 0; first < rows; first += SIDE_ROWS) {
            sumOuter(
                    Floats.row(dKept, first, rank),
                    rank,
                    column(x, first, inputs, k0),
                    inputs,
                    count,
                    rows - first,
                    sum);
            for (int r = 0; r < rank; r++) {
                Floats.add(Floats.row(sum, r, count), column(side.a().gradient(), r, inputs, k0), count);
            }
        }
    }

    private static long column(final long matrix, final int row, final int columns, final int column) {
        return Floats.row(matrix, row, columns) + (long) column * Float.BYTES;
    }

    /** {@code sum[r] = Σ c[row, r] · m[row]} over at most {@value #SIDE_ROWS} rows, four at a time. */
    private static void sumOuter(
            final long c,
            final int rank,
            final long m,
            final int stride,
            final int count,
            final int rows,
            final long sum) {
        Floats.zero(sum, (long) rank * count);
        final int end = Math.min(rows, SIDE_ROWS);
        for (int row = 0; row < end; row += 4) {
            for (int r = 0; r < rank; r++) {
                LowRankRows.addRows(
                        Floats.row(c, row, rank) + (long) r * Float.BYTES,
                        rank,
                        Floats.row(m, row, stride),
                        stride,
                        Math.min(4, end - row),
                        Floats.row(sum, r, count),
                        count);
            }
        }
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
