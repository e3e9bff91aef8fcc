package dev.tactus.kernel.c;

import dev.tactus.bindings.NativeBindingException;
import dev.tactus.kernel.NumericClass;

/**
 * Single products of a FAST class, outside a step program: up to {@value #MAX_ROWS} rows are packed once, then
 * multiplied with any number of matrices that {@link WeightMatrix#prepare} made for the class.
 *
 * <p>An element of a result has one arithmetic whatever the number of rows, the range of outputs and the neighbours.
 * FAST_INT8: {@code y = ((float) Σ qx·qw · sx) · sw} with {@code sx = max|x| / 127} and {@code qx = rint(x / sx)}, the
 * same bits on every instruction set. FAST_BF16: both operands rounded to nearest even, summed in float32 in the order
 * of the instruction set's own unit.
 *
 * <p>Not thread-safe while packing; once packed and published, any number of threads may multiply disjoint ranges.
 */
public final class FastLinear {
    /** Most rows of one packing. */
    public static final int MAX_ROWS = 64;

    private static final int ALIGNMENT = 64;

    private final NumericClass numerics;
    private final int isa;
    private final Region packed;
    private int rows;
    private int k;

    /**
     * Bytes of the packing of up to {@value #MAX_ROWS} rows of {@code k} elements.
     *
     * @throws IllegalArgumentException for the EXACT class, rows that the class cannot sum, or an instruction set that
     *     this machine lacks
     */
    public static long packedBytes(final Isa isa, final NumericClass numerics, final int k) {
        Isa.require(isa);
        requireLength(numerics, k);
        return ProductCalls.packedBytes(isa.ordinal(), numerics.kind(), k);
    }

    /**
     * Products of an instruction set and a class.
     *
     * @param packed memory for packed rows, 64-byte aligned; {@link #packedBytes} says how much for which length
     * @throws NativeBindingException when there are no C kernels here, with the reasons
     * @throws IllegalArgumentException for the EXACT class, or an instruction set that this machine lacks
     */
    public FastLinear(final Isa isa, final NumericClass numerics, final Region packed) {
        Isa.require(isa);
        requireLength(numerics, 1);
        packed.require("fast product", "packing", 0);
        if (packed.address() % ALIGNMENT != 0) {
            throw new IllegalArgumentException("fast product: the packing is not aligned to " + ALIGNMENT + " bytes");
        }
        this.numerics = numerics;
        this.isa = isa.ordinal();
        this.packed = packed;
    }

    private static void requireLength(final NumericClass numerics, final int k) {
        if (numerics == NumericClass.EXACT) {
            throw new IllegalArgumentException("fast product: EXACT rows are not packed; KernelSet.linear takes them");
        }
        final boolean int8 = numerics == NumericClass.FAST_INT8;
        final int most = int8 ? NumericClass.MAX_INT8_COLUMNS : Integer.MAX_VALUE - ALIGNMENT;
        if (k < 1 || k > most) {
            throw new IllegalArgumentException("fast product: rows have " + k + " elements: expected 1 to " + most);
        }
    }

    /**
     * Packs rows; what was packed before is gone.
     *
     * @param x rows of {@code length} float32, {@code xStride} elements apart
     * @throws IllegalArgumentException when they do not fit the packing, or {@code x} is too small
     */
    public void pack(final Region x, final long xStride, final int rowCount, final int length) {
        requireLength(numerics, length);
        x.require("fast product", "x", rowBytes("x", rowCount, xStride, length));
        packed.require("fast product", "packing", ProductCalls.packedBytes(isa, numerics.kind(), length));
        ProductCalls.pack(isa, numerics.kind(), x.address(), xStride, rowCount, length, packed.address());
        rows = rowCount;
        k = length;
    }

    /**
     * {@code y[r·yStride + n]} = product of packed row r and matrix row n, for n in [n0, n1).
     *
     * @param w prepared for this class, with as many columns as the packed rows have elements
     * @param y at least [rows, n1], {@code yStride} elements apart
     * @throws IllegalArgumentException when shapes do not fit
     * @throws IllegalStateException when nothing was packed
     */
    public void multiply(final WeightMatrix w, final int n0, final int n1, final Region y, final long yStride) {
        if (rows == 0) {
            throw new IllegalStateException("fast product: no rows were packed");
        }
        if (w.kind() != numerics.kind() || w.data() == 0 || w.stride() != WeightMatrix.rowBytes(numerics, w.cols())) {
            throw new IllegalArgumentException("fast product: the matrix was not prepared for " + numerics.label());
        }
        if (w.cols() != k) {
            throw new IllegalArgumentException(
                    "fast product: the matrix has " + w.cols() + " columns, and the packed rows " + k + " elements");
        }
        if (n0 < 0 || n1 < n0 || n1 > w.rows()) {
            throw new IllegalArgumentException(
                    "fast product: outputs [" + n0 + ", " + n1 + ") of " + w.rows() + ": expected a range of them");
        }
        y.require("fast product", "y", rowBytes("y", rows, yStride, n1));
        ProductCalls.multiply(isa, w, n0, n1, packed.address(), rows, y.address(), yStride);
    }

    private static long rowBytes(final String what, final int rows, final long stride, final int length) {
        if (rows < 1 || rows > MAX_ROWS) {
            throw new IllegalArgumentException("fast product: " + rows + " rows: expected 1 to " + MAX_ROWS);
        }
        if (stride < length) {
            throw new IllegalArgumentException("fast product: rows of " + what + " are " + stride
                    + " elements apart: expected at least their length, " + length);
        }
        return Math.multiplyExact(Math.addExact(Math.multiplyExact(rows - 1L, stride), length), (long) Float.BYTES);
    }
}
