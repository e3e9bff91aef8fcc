package dev.tactus.kernel;

/**
 * The sizes of a flow head (MODEL.md 2.4): from a condition and noise to a block of speech.
 *
 * @param hidden elements of the condition, d
 * @param block elements of a block: frames · mels
 * @param width width of the head
 * @param layers residual layers
 * @param steps Euler steps, N
 */
public record FlowShape(int hidden, int block, int width, int layers, int steps) {
    /** Added to the mean square in the norms of the head. */
    public static final float EPS = 1e-6f;

    /** Blocks that are computed together: a longer call is cut into runs of so many, which changes no bit. */
    public static final int ROWS = 32;

    private static final int MOST = 1 << 20;
    private static final int LINE = 64;

    /** Refuses sizes that no kernel has room for. */
    public FlowShape {
        require("hidden", hidden, 1, MOST);
        require("block", block, 1, MOST);
        require("width", width, 1, MOST);
        require("layers", layers, 0, MOST);
        require("steps", steps, 1, MOST);
    }

    private static void require(final String what, final int value, final int least, final int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    "flow head: " + what + " is " + value + ": expected " + least + " to " + most);
        }
    }

    /** The longest inner dimension of its products. */
    public int maxK() {
        return Math.max(hidden, Math.max(block, width));
    }

    /**
     * Bytes of the rows that {@link KernelSet#flow} keeps in its scratch, a multiple of 64: W_c c, h, its norm and the
     * inside of a layer, each [ROWS, width], then v [ROWS, block].
     */
    public long rowBytes() {
        final long floats = (long) ROWS * (4L * width + block);
        return (floats * Float.BYTES + LINE - 1) & -LINE;
    }
}
