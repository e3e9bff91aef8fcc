package dev.tactus.engine.model;

/**
 * The shape of one layer.
 *
 * @param index from 0
 * @param local whether attention sees a sliding window only
 * @param dense whether the MLP is dense; else it is a mixture of experts
 * @param heads query heads, H
 * @param kvHeads key/value heads, G, a divisor of H
 * @param headDim elements of a head, D
 * @param extent distances for which there is a bias: the window if local, else {@code rel_extent}
 */
public record LayerConfig(int index, boolean local, boolean dense, int heads, int kvHeads, int headDim, int extent) {
    /** Rows of the query matrix, H·D. */
    public int queryWidth() {
        return heads * headDim;
    }

    /** Rows of the key matrix, and of the value matrix, G·D. */
    public int keyWidth() {
        return kvHeads * headDim;
    }
}
