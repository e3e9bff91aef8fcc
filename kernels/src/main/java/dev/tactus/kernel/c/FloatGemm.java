package dev.tactus.kernel.c;

import dev.tactus.bindings.NativeBindingException;

/**
 * The float32 products of a linear layer {@code y = x · wᵀ} and of its backward pass, for training. Matrices are
 * row-major without gaps: x and dx [rows, inputs], w and dw [outputs, inputs], y and dy [rows, outputs].
 *
 * <p><b>Threads.</b> A product is computed by {@link Worker#count()} workers, each of which calls once, at any time and
 * on any thread, with the same arguments but its own {@link Worker}; the result is complete when all have returned.
 * Each writes a part of the result of its own. Products that depend on each other need a barrier between them.
 *
 * <p><b>Arithmetic.</b> The order of additions depends on the number k of summed products alone (inputs of the forward
 * product, outputs for the gradient of x, rows for that of w): k is cut into blocks of {@value #BLOCK}; within a block
 * one chain of fma runs from +0 in rising order; the sums of the blocks are added in rising order to the first one, or
 * to what was there where a product adds. So the bits depend neither on the instruction set nor on the number of
 * workers nor on the other rows and columns. They are not those of the EXACT class.
 *
 * <p>It holds no state. A call may make two small objects; it is not critical, so the garbage collector need not wait.
 */
public final class FloatGemm {
    /** Products that are summed in one chain. */
    public static final int BLOCK = 192;

    private static final int SCRATCH_ALIGNMENT = 64;

    private final Isa instructions;
    private final int isa;
    private final long scratchBytes;

    /**
     * The sizes of a layer.
     *
     * @param rows positions
     * @param outputs columns of y, rows of w
     * @param inputs columns of x and w
     */
    public record Shape(int rows, int outputs, int inputs) {
        /** Refuses sizes below 1. */
        public Shape {
            if (rows < 1 || outputs < 1 || inputs < 1) {
                throw new IllegalArgumentException("a linear layer of " + rows + " rows, " + outputs + " outputs, "
                        + inputs + " inputs: expected at least 1 of each");
            }
        }

        private long xBytes() {
            return bytes(rows, inputs);
        }

        private long wBytes() {
            return bytes(outputs, inputs);
        }

        private long yBytes() {
            return bytes(rows, outputs);
        }

        /** At most 2³¹ · 2³¹ · 4 = 2⁶⁴ would overflow; no memory is that large. */
        private static long bytes(final int lines, final int length) {
            return Math.multiplyExact((long) lines * length, Float.BYTES);
        }
    }

    /**
     * Who of how many computes, and with what memory.
     *
     * @param index 0 to {@code count - 1}
     * @param count workers of the product
     * @param scratch {@link #scratchBytes()} bytes, 64-byte aligned, of this worker alone
     */
    public record Worker(int index, int count, Region scratch) {
        /** Refuses an index outside its range. */
        public Worker {
            if (index < 0 || index >= count) {
                throw new IllegalArgumentException("worker " + index + " of " + count + ": expected 0 to count - 1");
            }
        }
    }

    /**
     * The products of an instruction set.
     *
     * @throws NativeBindingException when there are no C kernels here, with the reasons
     * @throws IllegalArgumentException when this CPU, or this system, lacks the instruction set
     */
    public FloatGemm(final Isa isa) {
        Isa.require(isa);
        instructions = isa;
        this.isa = isa.ordinal();
        scratchBytes = ProductCalls.gemmScratch(this.isa);
    }

    /** The instruction set. */
    public Isa isa() {
        return instructions;
    }

    /** Bytes of scratch of one worker, whatever the shape. */
    public long scratchBytes() {
        return scratchBytes;
    }

    /**
     * {@code y = x · wᵀ}.
     *
     * @param x [rows, inputs]
     * @param w [outputs, inputs]
     * @param y out: [rows, outputs], overlapping nothing that is read
     * @throws IllegalArgumentException when a region is too small
     */
    public void forward(final Shape shape, final Region x, final Region w, final Region y, final Worker worker) {
        final String op = "forward product";
        require(op, "x", x, shape.xBytes());
        require(op, "w", w, shape.wBytes());
        require(op, "y", y, shape.yBytes());
        require(op, worker);
        final ProductCalls.Operand left = rowMajor(x, shape.inputs());
        final ProductCalls.Operand right = transposed(w, shape.inputs());
        ProductCalls.gemm(isa, shape.rows(), shape.outputs(), shape.inputs(), left, right, y.address(), false, worker);
    }

    /**
     * {@code dx = dy · w}.
     *
     * @param dy [rows, outputs]
     * @param w [outputs, inputs]
     * @param dx out: [rows, inputs], overlapping nothing that is read
     * @throws IllegalArgumentException when a region is too small
     */
    public void inputGradient(
            final Shape shape, final Region dy, final Region w, final Region dx, final Worker worker) {
        final String op = "gradient of x";
        require(op, "dy", dy, shape.yBytes());
        require(op, "w", w, shape.wBytes());
        require(op, "dx", dx, shape.xBytes());
        require(op, worker);
        final ProductCalls.Operand left = rowMajor(dy, shape.outputs());
        final ProductCalls.Operand right = rowMajor(w, shape.inputs());
        ProductCalls.gemm(isa, shape.rows(), shape.inputs(), shape.outputs(), left, right, dx.address(), false, worker);
    }

    /**
     * {@code dw += dyᵀ · x}.
     *
     * @param dy [rows, outputs]
     * @param x [rows, inputs]
     * @param dw in and out: [outputs, inputs], overlapping nothing else that is read
     * @throws IllegalArgumentException when a region is too small
     */
    public void weightGradient(
            final Shape shape, final Region dy, final Region x, final Region dw, final Worker worker) {
        final String op = "gradient of w";
        require(op, "dy", dy, shape.yBytes());
        require(op, "x", x, shape.xBytes());
        require(op, "dw", dw, shape.wBytes());
        require(op, worker);
        final ProductCalls.Operand left = transposed(dy, shape.outputs());
        final ProductCalls.Operand right = rowMajor(x, shape.inputs());
        ProductCalls.gemm(isa, shape.outputs(), shape.inputs(), shape.rows(), left, right, dw.address(), true, worker);
    }

    private static ProductCalls.Operand rowMajor(final Region matrix, final int cols) {
        return new ProductCalls.Operand(matrix.address(), cols, 1);
    }

    private static ProductCalls.Operand transposed(final Region matrix, final int cols) {
        return new ProductCalls.Operand(matrix.address(), 1, cols);
    }

    private static void require(final String op, final String what, final Region region, final long bytes) {
        region.require(op, what, bytes);
        requireAlignment(op, what, region, Float.BYTES);
    }

    private void require(final String op, final Worker worker) {
        worker.scratch().require(op, "scratch", scratchBytes);
        requireAlignment(op, "scratch", worker.scratch(), SCRATCH_ALIGNMENT);
    }

    private static void requireAlignment(final String op, final String what, final Region region, final int alignment) {
        if (region.address() % alignment != 0) {
            throw new IllegalArgumentException(op + ": " + what + " is not aligned to " + alignment + " bytes");
        }
    }
}
