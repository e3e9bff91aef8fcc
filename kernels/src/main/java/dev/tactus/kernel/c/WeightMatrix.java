package dev.tactus.kernel.c;

import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.WeightType;

/**
 * A weight matrix as the C kernels read it: {@code struct tactus_matrix}. It refers to memory that its maker owns.
 *
 * @param kind {@code enum tactus_kind}
 * @param data address of row 0
 * @param stride bytes from one row to the next
 * @param scale address of float32 [rows]; 0 but for FAST_INT8
 * @param sum address of int32 [rows]; 0 but for FAST_INT8
 * @param rows outputs
 * @param cols inputs
 */
public record WeightMatrix(int kind, long data, long stride, long scale, long sum, int rows, int cols) {
    /** Rows of FAST matrices are padded to this many bytes, with zeros. */
    static final int ROW_ALIGNMENT = 64;

    /** Rows that a FAST matrix has memory for beyond its own: a tile reads 16 at a time. */
    static final int SPARE_ROWS = 16;

    /** A matrix of the EXACT class, in place. */
    public static WeightMatrix exact(final WeightType type, final long address, final int rows, final int cols) {
        return new WeightMatrix(type == WeightType.BF16 ? 1 : 0, address, (long) cols * type.bytes(), 0, 0, rows, cols);
    }

    /** Bytes that {@link #prepare} fills, a multiple of 64. */
    public static long preparedBytes(final NumericClass numerics, final int rows, final int cols) {
        final long data = rowBytes(numerics, cols) * (rows + SPARE_ROWS);
        return numerics == NumericClass.FAST_INT8 ? data + 2 * columnBytes(rows) : data;
    }

    /**
     * Rounds or quantises a matrix for a FAST class.
     *
     * <p>FAST_INT8, per row: scale = max|w| / 127, q = w / scale rounded to nearest even; a row of zeros has scale 0.
     *
     * @param source [rows, cols], any alignment
     * @param target {@link #preparedBytes} bytes, 64-byte aligned, zeroed
     * @throws IllegalArgumentException for the EXACT class, or rows too long for int8
     */
    public static WeightMatrix prepare(
            final NumericClass numerics,
            final WeightType type,
            final long source,
            final int rows,
            final int cols,
            final long target) {
        final WeightMatrix matrix = prepared(numerics, rows, cols, target);
        final int from = type == WeightType.BF16 ? 1 : 0;
        if (numerics == NumericClass.FAST_BF16) {
            NativeCalls.roundRows(from, source, rows, cols, target, matrix.stride());
        } else {
            NativeCalls.quantizeRows(from, source, rows, cols, target, matrix.stride(), matrix.scale(), matrix.sum());
        }
        return matrix;
    }

    /** The matrix that an earlier {@link #prepare} left at {@code target}. */
    public static WeightMatrix prepared(
            final NumericClass numerics, final int rows, final int cols, final long target) {
        final long stride = rowBytes(numerics, cols);
        if (numerics == NumericClass.FAST_BF16) {
            return new WeightMatrix(numerics.kind(), target, stride, 0, 0, rows, cols);
        }
        final long scale = target + stride * (rows + SPARE_ROWS);
        return new WeightMatrix(numerics.kind(), target, stride, scale, scale + columnBytes(rows), rows, cols);
    }

    /** Bytes from one row of a prepared matrix to the next. */
    static long rowBytes(final NumericClass numerics, final int cols) {
        if (numerics == NumericClass.EXACT) {
            throw new IllegalArgumentException("EXACT weights are read in place: there is nothing to prepare");
        }
        if (numerics == NumericClass.FAST_INT8 && cols > NumericClass.MAX_INT8_COLUMNS) {
            throw new IllegalArgumentException("a matrix has " + cols + " columns: FAST_INT8 sums at most "
                    + NumericClass.MAX_INT8_COLUMNS + " products in an int32");
        }
        final long bytes = (long) cols * (numerics == NumericClass.FAST_INT8 ? Byte.BYTES : Short.BYTES);
        return aligned(bytes);
    }

    private static long columnBytes(final int rows) {
        return aligned((rows + SPARE_ROWS) * (long) Float.BYTES);
    }

    private static long aligned(final long bytes) {
        return (bytes + ROW_ALIGNMENT - 1) & -ROW_ALIGNMENT;
    }

    boolean isFast() {
        return kind > 1;
    }
}
