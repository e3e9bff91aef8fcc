package dev.tactus.cudnn;

/** What the numbers of a convolution are; sums are float32 in either case. */
public enum CudnnType {
    /** Four bytes, multiplied and added in float32 without a tensor core. */
    FLOAT32(4),
    /** Two bytes, multiplied by tensor cores. */
    BFLOAT16(2);

    private final int bytes;

    CudnnType(final int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of one number. */
    public int bytes() {
        return bytes;
    }
}
