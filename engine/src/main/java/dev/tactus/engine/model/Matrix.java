package dev.tactus.engine.model;

import dev.tactus.kernel.WeightType;

/**
 * A weight matrix, row-major [rows, cols], in place in the mapping of the checkpoint (or widened from F16 beside it).
 *
 * @param type element type
 * @param address of the first byte; aligned as the file has it, so perhaps not even to an element
 * @param rows outputs
 * @param cols inputs
 */
public record Matrix(WeightType type, long address, int rows, int cols) {
    /** The address of a row's first element. */
    public long rowAddress(final int row) {
        return address + (long) row * cols * type.bytes();
    }

    /** Bytes of the whole matrix. */
    public long bytes() {
        return (long) rows * cols * type.bytes();
    }
}
