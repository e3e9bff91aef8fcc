package dev.tactus.kernel.cuda;

/**
 * The end of a block: its output convolved with the session's carry and added to the residual stream. {@code struct
 * Residual}.
 *
 * @param x device address of the residual stream [rows, d]
 * @param conv weights [taps, d] float32
 * @param state device address of int64 per entry: where the session's state is
 * @param entry device address of int32 per segment: its entry
 * @param carry bytes from a session's state to its carry [taps - 1, d]
 * @param taps of the convolution
 * @param fused whether every segment of the pass has one row, so that the product ends the block itself; otherwise
 *     {@link RowLaunches#residualConv} follows
 */
public record CudaResidual(long x, long conv, long state, long entry, long carry, int taps, boolean fused) {
    /** Refuses missing buffers. */
    public CudaResidual {
        LaunchBuilder.requireBuffers("residual", x, conv, state, entry);
        LaunchBuilder.require(
                taps >= 1 && carry >= 0 && carry % Float.BYTES == 0,
                () -> "residual: " + taps + " taps, carry at " + carry
                        + " bytes: expected at least 1, and a multiple of 4");
    }

    LaunchBuilder.Struct struct() {
        return new LaunchBuilder.Struct()
                .address(x)
                .address(conv)
                .address(state)
                .address(entry)
                .address(carry)
                .integer(taps)
                .integer(fused ? 1 : 0);
    }
}
