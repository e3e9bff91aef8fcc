package dev.tactus.kernel.cuda;

import dev.tactus.kernel.WeightType;

/**
 * A weight matrix in device memory, row-major without padding, or the first of a stack of them.
 *
 * @param type how its elements are stored
 * @param address of its first element; rows that begin at 16 bytes are read fastest
 * @param rows outputs, of one matrix
 * @param cols inputs
 */
public record CudaMatrix(WeightType type, long address, int rows, int cols) {
    private static final int PIECE_BYTES = 16;

    /** Refuses what is no matrix. */
    public CudaMatrix {
        if (address == 0 || address % type.bytes() != 0 || rows < 1 || cols < 1) {
            throw new IllegalArgumentException("a " + type + " matrix [" + rows + ", " + cols + "] at "
                    + Long.toHexString(address) + ": expected positive sizes at an aligned address");
        }
    }

    /** Whether all rows begin at 16 bytes. */
    boolean isWide() {
        return address % PIECE_BYTES == 0 && (long) cols * type.bytes() % PIECE_BYTES == 0;
    }

    /** 0 or 1: TACTUS_F32 or TACTUS_BF16. */
    int code() {
        return type == WeightType.BF16 ? 1 : 0;
    }

    /** The ending of a kernel's name. */
    String suffix() {
        return type == WeightType.BF16 ? "_bf16" : "_f32";
    }
}
