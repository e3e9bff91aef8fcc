package dev.tactus.memory;

/**
 * Where the key and value of a position live: pages of 256 absolute positions, the first ones kept for good (sinks),
 * the others reused as a ring.
 *
 * <pre>
 *   page of position    0      1      2      3      4      5   …
 *   sinkPages = 1      [S]    [r0]   [r1]   [r2]   [r0]   [r1] …      ringPages = 3
 * </pre>
 *
 * A ring must hold its window plus the rows of one pass less one, wherever these fall between page borders.
 *
 * @param window positions a query sees behind and including itself
 * @param sinkPositions first positions that stay visible for ever
 * @param maxRows most rows of one session in one pass
 * @param sinkPages pages that are never reused
 * @param ringPages pages that are
 */
public record KvRingLayout(long window, int sinkPositions, int maxRows, int sinkPages, int ringPages) {
    /** Positions per page, which is also the length of an attention split. */
    public static final int PAGE_POSITIONS = 256;

    /** log2 of {@link #PAGE_POSITIONS}. */
    public static final int PAGE_SHIFT = 8;

    /**
     * The layout for a window.
     *
     * @throws IllegalArgumentException when the window, the rows or the sinks make no sense
     */
    public static KvRingLayout of(final long window, final int sinkPositions, final int maxRows) {
        if (window < 1 || maxRows < 1 || sinkPositions < 0) {
            throw new IllegalArgumentException(
                    "window " + window + ", sinks " + sinkPositions + ", rows " + maxRows + ": expected ≥ 1, ≥ 0, ≥ 1");
        }
        final int sinkPages = (sinkPositions + PAGE_POSITIONS - 1) >> PAGE_SHIFT;
        final long held = window + maxRows - 1;
        // n consecutive positions touch at most ceil((n - 1) / 256) + 1 pages
        final int ringPages = Math.toIntExact((held - 1 + PAGE_POSITIONS - 1 >> PAGE_SHIFT) + 1);
        return new KvRingLayout(window, sinkPositions, maxRows, sinkPages, ringPages);
    }

    /** Pages a session holds. */
    public int pages() {
        return sinkPages + ringPages;
    }

    /** The index in the session's page table of the page that holds absolute page {@code position >> 8}. */
    public static int tableIndex(final long absolutePage, final int sinkPages, final int ringPages) {
        return absolutePage < sinkPages
                ? (int) absolutePage
                : sinkPages + (int) ((absolutePage - sinkPages) % ringPages);
    }
}
