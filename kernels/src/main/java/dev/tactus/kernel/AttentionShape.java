package dev.tactus.kernel;

/**
 * The constants of one layer's attention.
 *
 * <p>A KV page holds 256 absolute positions of every layer of its kind. At {@code page + layerOffset} lie the keys, as
 * {@code [kvHeads, headDim, 256]} float32 (position fastest, so that a score kernel reads neighbouring keys), then at
 * {@code page + layerOffset + kvHeads·headDim·256·4} the values as {@code [kvHeads, 256, headDim]}.
 *
 * @param heads query heads H
 * @param kvHeads key and value heads G; query head h reads kv head ⌊h / (H/G)⌋
 * @param headDim D
 * @param dRel features of the relative bias
 * @param extent distances that have a bias: 0 ≤ δ &lt; extent
 * @param window positions visible behind and including the query
 * @param sinks positions that stay visible for ever; 0 for a local layer
 * @param sinkPages pages of the table that are never reused
 * @param ringPages pages of the table that form the ring
 * @param layerOffset bytes from the start of a page to this layer's keys
 */
public record AttentionShape(
        int heads,
        int kvHeads,
        int headDim,
        int dRel,
        int extent,
        long window,
        int sinks,
        int sinkPages,
        int ringPages,
        long layerOffset) {
    /** Bytes of keys and values of one layer in one page. */
    public static long layerBytes(final int kvHeads, final int headDim) {
        return 2L * kvHeads * headDim * 256 * Float.BYTES;
    }

    /** Bytes from the layer's keys to its values. */
    public long valuesOffset() {
        return (long) kvHeads * headDim * 256 * Float.BYTES;
    }
}
