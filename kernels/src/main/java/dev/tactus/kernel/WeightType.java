package dev.tactus.kernel;

/** How the elements of a matrix are stored. Kernels widen exactly to float32 as they read. */
public enum WeightType {
    /** IEEE binary32. */
    F32(4),
    /** The upper half of a binary32. */
    BF16(2);

    private final int bytes;

    WeightType(final int bytes) {
        this.bytes = bytes;
    }

    /** Bytes per element. */
    public int bytes() {
        return bytes;
    }
}
