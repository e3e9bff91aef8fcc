package dev.tactus.kernel.c;

/**
 * Memory that an op may touch. What is bound to an op says how large it is, so that no wrong shape reaches C.
 *
 * @param address of the first byte
 * @param bytes how many
 */
public record Region(long address, long bytes) {
    /** Nothing: where an op has an input less. */
    public static final Region NONE = new Region(0, 0);

    /** Refuses what is smaller than {@code needed} bytes, or nothing. */
    void require(final String op, final String what, final long needed) {
        if (address == 0) {
            throw new IllegalArgumentException(op + ": there is no " + what);
        }
        if (bytes < needed) {
            throw new IllegalArgumentException(
                    op + ": " + what + " has " + bytes + " bytes, and the op touches " + needed);
        }
    }
}
