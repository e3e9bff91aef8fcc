package dev.tactus.engine.model;

/**
 * A small weight as float32 [rows, cols], row-major, aligned to 64 bytes, copied off the heap when the model is loaded.
 *
 * <p>A vector of n elements is [1, n]; a short convolution is [taps, channels]; the bias bank is [d_rel, extent].
 *
 * @param address of the first float
 * @param rows outer dimension
 * @param cols inner dimension
 */
public record FloatTable(long address, int rows, int cols) {
    /** The number of floats. */
    public int elements() {
        return rows * cols;
    }

    /** The address of a row's first float. */
    public long rowAddress(final int row) {
        return address + (long) row * cols * Float.BYTES;
    }
}
