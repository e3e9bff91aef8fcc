package dev.tactus.engine.model;

import dev.tactus.kernel.WeightType;

/**
 * Matrices of one shape, one after the other in memory: the experts of a layer.
 *
 * @param type element type
 * @param address of the first byte of the first matrix
 * @param count number of matrices
 * @param rows outputs of each
 * @param cols inputs of each
 */
public record MatrixStack(WeightType type, long address, int count, int rows, int cols) {
    /** Bytes from one matrix to the next. */
    public long stride() {
        return (long) rows * cols * type.bytes();
    }

    /** Bytes of all matrices. */
    public long bytes() {
        return count * stride();
    }

    /** The matrix of that index. */
    public Matrix matrix(final int index) {
        if (index < 0 || index >= count) {
            throw new IndexOutOfBoundsException("matrix " + index + " of " + count);
        }
        return new Matrix(type, address + index * stride(), rows, cols);
    }
}
