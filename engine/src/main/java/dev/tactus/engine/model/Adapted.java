package dev.tactus.engine.model;

import java.util.Arrays;

/**
 * Where an op finds what adapters add to its products: y = y + (scale · dot(B, t)), right after y = W x.
 *
 * @param module number of its matrix among {@link StepProgram#modules()}, or of its routed experts; -1 for none
 * @param shared number of its shared experts; -1 for none
 * @param t buffer of t = A x, per row or per expert of a row, that an {@link Op.AdapterDown} fills; -1 for none
 */
public record Adapted(int module, int shared, int t) {
    /** No adapter is beside the matrix. */
    public static final Adapted NONE = new Adapted(-1, -1, -1);

    /** Whether no adapter is beside the matrix. */
    public boolean isNone() {
        return t < 0;
    }

    /** These buffers, and the one of t if there is one. */
    int[] withInput(final int... buffers) {
        if (isNone()) {
            return buffers;
        }
        final int[] all = Arrays.copyOf(buffers, buffers.length + 1);
        all[buffers.length] = t;
        return all;
    }
}
