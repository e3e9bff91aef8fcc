package dev.tactus.kernel.c;

import dev.tactus.kernel.AttentionShape;
import dev.tactus.memory.KvRingLayout;

/**
 * What the ops of a program ask of a pass beyond its number of rows. Collected while the program is built, constant
 * from then on.
 */
final class PassBounds {
    private int tableRows = Integer.MAX_VALUE;
    private int frameColumns = Integer.MAX_VALUE;
    private int mels;
    private int binsPerMel;
    private long segmentRows = Integer.MAX_VALUE;
    private boolean carries;
    private final AttentionShape[] kinds = new AttentionShape[2];

    void embed(final int rows) {
        tableRows = Math.min(tableRows, rows);
    }

    void patches(final int columnsOfFrame) {
        frameColumns = Math.min(frameColumns, columnsOfFrame);
    }

    /** All audio bags of a program must agree, for the bins that a pass gives serve all of them. */
    void bags(final String op, final int melCount, final int bins) {
        if (mels != 0 && (mels != melCount || binsPerMel != bins)) {
            throw new IllegalArgumentException(op + ": [" + melCount + ", " + bins
                    + "] bins, and an audio bag before it has [" + mels + ", " + binsPerMel + "]");
        }
        mels = melCount;
        binsPerMel = bins;
    }

    void carries() {
        carries = true;
    }

    /** Layers of a kind share a page table. */
    void attention(final String op, final boolean local, final AttentionShape shape) {
        final AttentionShape before = kinds[local ? 1 : 0];
        if (before != null && (before.sinkPages() != shape.sinkPages() || before.ringPages() != shape.ringPages())) {
            throw new IllegalArgumentException(op + ": " + shape.sinkPages() + " sink pages and " + shape.ringPages()
                    + " ring pages, and a layer before it, which shares the page table, has " + before.sinkPages()
                    + " and " + before.ringPages());
        }
        kinds[local ? 1 : 0] = shape;
        Shapes.int32(op, "the number of pages", (long) shape.sinkPages() + shape.ringPages());
        // KvRingLayout: n consecutive positions touch at most ceil((n - 1) / 256) + 1 pages
        final long held = (shape.ringPages() - 1L) * KvRingLayout.PAGE_POSITIONS + 1;
        if (shape.window() > held) {
            throw new IllegalArgumentException(op + ": a ring of " + shape.ringPages() + " pages holds " + held
                    + " positions wherever they begin, and the window has " + shape.window());
        }
        segmentRows = Math.min(segmentRows, held - shape.window() + 1);
    }

    /** Token ids are below. */
    int tableRows() {
        return tableRows;
    }

    /** Patches side by side in a frame. */
    int frameColumns() {
        return frameColumns;
    }

    /** Bins that a pass gives per audio source; 0 when the program reads none. */
    int mels() {
        return mels;
    }

    /** Bins are below. */
    int binsPerMel() {
        return binsPerMel;
    }

    /** Most rows of a segment: a ring has no room for more beside its window. */
    long segmentRows() {
        return segmentRows;
    }

    /** Whether ops keep anything in a session's state. */
    boolean hasCarries() {
        return carries;
    }

    /** Pages of a session's table for local or global layers; 0 where there are no such layers. */
    int pages(final boolean local) {
        final AttentionShape shape = kinds[local ? 1 : 0];
        return shape == null ? 0 : shape.sinkPages() + shape.ringPages();
    }
}
