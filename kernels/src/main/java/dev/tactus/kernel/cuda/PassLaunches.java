package dev.tactus.kernel.cuda;

/**
 * The launches that bring a tick's plan to the device (pass.cuh): the first ones of a tick. The thread that owns the
 * context prepares them.
 */
public final class PassLaunches {
    private static final int BLOCK = 256;

    /** Elements of a column that a block copies, so that long columns are copied by several. */
    private static final int PIECE = 2048;

    /**
     * What begins with a session, in device memory but for the page tables that the plan points to.
     *
     * @param state int64 [entries]: addresses of the states
     * @param localPages int64 [entries]: addresses of page tables, in pinned memory before the launch, in
     *     {@code tables} after it
     * @param globalPages likewise
     * @param tables int64 [entries, locals + globals]
     * @param stateBytes bytes of a state, a multiple of 4
     * @param locals local pages of a session
     * @param globals global pages of a session
     */
    public record Sessions(
            long state, long localPages, long globalPages, long tables, long stateBytes, int locals, int globals) {}

    private PassLaunches() {}

    /**
     * Copies the live parts of the plan's columns from pinned memory, and its counts into the header.
     *
     * @param counts int32 [16] in pinned memory
     * @param header int32 [16]
     * @param columns table of {@code struct PassColumn}
     * @param columnCount how many it has
     * @param longest most elements of a column
     */
    public static CudaLaunch gather(
            final CudaKernels kernels,
            final long counts,
            final long header,
            final long columns,
            final int columnCount,
            final int longest) {
        LaunchBuilder.requireBuffers("tactus_pass_gather", counts, header, columns);
        LaunchBuilder.requirePositive("tactus_pass_gather", columnCount, longest);
        return new LaunchBuilder(kernels, "tactus_pass_gather")
                .address(counts)
                .address(header)
                .address(columns)
                .build(columnCount, LaunchBuilder.blocks(longest, PIECE), BLOCK, 0);
    }

    /**
     * Copies page tables from pinned memory and zeroes the state of sessions whose first row is at position 0.
     *
     * @param entry int32 per segment
     * @param firstRow int32 per segment
     * @param position int64 per row
     * @param segments where the number of segments stands
     * @param mostSegments most there may be
     */
    public static CudaLaunch begin(
            final CudaKernels kernels,
            final Sessions sessions,
            final long entry,
            final long firstRow,
            final long position,
            final long segments,
            final int mostSegments) {
        LaunchBuilder.requireBuffers("tactus_pass_begin", sessions.state(), sessions.tables(), entry, firstRow);
        LaunchBuilder.requireBuffers("tactus_pass_begin", position, segments);
        LaunchBuilder.require(
                sessions.stateBytes() % Integer.BYTES == 0,
                () -> "tactus_pass_begin: a state of " + sessions.stateBytes() + " bytes, expected a multiple of 4");
        return new LaunchBuilder(kernels, "tactus_pass_begin")
                .struct(new LaunchBuilder.Struct()
                        .address(sessions.state())
                        .address(sessions.localPages())
                        .address(sessions.globalPages())
                        .address(sessions.tables())
                        .address(sessions.stateBytes())
                        .integer(sessions.locals())
                        .integer(sessions.globals()))
                .address(entry)
                .address(firstRow)
                .address(position)
                .address(segments)
                .build(mostSegments, BLOCK, 0);
    }
}
