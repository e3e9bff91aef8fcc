package dev.tactus.kernel.cuda;

/**
 * The segments of a pass, which are the rows of one session each: device addresses of the plan's columns.
 *
 * @param entry int32 per segment: its entry in the plan
 * @param firstRow int32 per segment
 * @param rowsOfSegment int32 per segment
 * @param count how many there are
 */
public record CudaSegments(long entry, long firstRow, long rowsOfSegment, CudaRows count) {
    /** Refuses missing columns. */
    public CudaSegments {
        LaunchBuilder.requireBuffers("segments", entry, firstRow, rowsOfSegment);
    }
}
