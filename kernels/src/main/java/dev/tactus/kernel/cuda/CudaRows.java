package dev.tactus.kernel.cuda;

/**
 * The rows of a space, as kernels see them.
 *
 * @param count device address of an int32: how many rows the pass has, from 0 to {@code most}
 * @param most rows that grids are sized for
 */
public record CudaRows(long count, int most) {
    /** Refuses a count that is nowhere. */
    public CudaRows {
        if (count == 0 || count % Integer.BYTES != 0 || most < 1) {
            throw new IllegalArgumentException("rows counted at " + Long.toHexString(count) + ", at most " + most
                    + ": expected an address and at least 1");
        }
    }
}
