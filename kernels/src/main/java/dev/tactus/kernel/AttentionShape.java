package dev.tactus.kernel;

import static dev.tactus.memory.KvRingLayout.PAGE_POSITIONS;

/**
 * The constants of one layer's attention.
 *
 * <p>A KV page holds 256 absolute positions of every layer of its kind. At {@code page + layerOffset} lie the keys in
 * tiles of {@link #KEY_TILE} positions, as {@code [kvHeads, 256 / 32, headDim, 32]} float32: position fastest, so that
 * a score kernel reads neighbouring keys, and a tile's lines next to each other, since lines a power of two apart would
 * push each other out of a cache. At {@code page + layerOffset + kvHeads·headDim·256·4} follow the values as
 * {@code [kvHeads, 256, headDim]}.
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
    /** Positions of a tile of keys. */
    public static final int KEY_TILE = 32;

    /** Bytes of keys and values of one layer in one page. */
    public static long layerBytes(final int kvHeads, final int headDim) {
        return 2L * kvHeads * headDim * 256 * Float.BYTES;
    }

    /**
     * Bytes from the layer's keys to element {@code d} of the key of kv head {@code g} at place {@code slot} of a page.
     */
    public long keyOffset(final int g, final int d, final int slot) {
        final long tile = ((long) g * PAGE_POSITIONS + (slot & -KEY_TILE)) * headDim;
        return (tile + (long) d * KEY_TILE + (slot & (KEY_TILE - 1))) * Float.BYTES;
    }

    /** Bytes from the layer's keys to its values. */
    public long valuesOffset() {
        return (long) kvHeads * headDim * 256 * Float.BYTES;
    }
}
