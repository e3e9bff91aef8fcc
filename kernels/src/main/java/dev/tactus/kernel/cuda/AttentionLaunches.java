package dev.tactus.kernel.cuda;

import dev.tactus.cuda.CudaFunction;
import dev.tactus.cuda.KernelArguments;
import dev.tactus.kernel.AttentionShape;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Attention of a pass over the pages of its sessions ({@code attention.cuh}); {@code KernelSet.attention} sets the
 * contract. Where there is scratch for it every split is a block of its own, otherwise a block walks them; the bits are
 * the same. No state; the thread that owns the context calls.
 */
public final class AttentionLaunches {
    /** Rows whose queries share what a block reads, where a session may have more than one. */
    public static final int TILE_ROWS = 8;

    /** Longest head, for which shared memory has room. */
    public static final int MOST_HEAD_DIM = 512;

    private static final int THREADS = 256;
    private static final int MERGE_THREADS = 128;
    private static final int QUERIES = 8;
    private static final int PAGE_POSITIONS = 256;
    /** {@code sizeof(AttentionShared)}. */
    private static final int HEAD_BYTES = 464;

    private AttentionLaunches() {}

    /**
     * Device addresses of a pass, as PassRows has its columns.
     *
     * @param entry int32 per segment
     * @param firstRow int32 per segment
     * @param rowsOfSegment int32 per segment
     * @param rows of an int32: how many there are
     * @param segments of an int32: how many there are
     * @param position int64 per row
     * @param tau float32 per row; 0 for a local layer, where it is 1
     * @param pages per entry the address of its page table
     */
    public record Pass(
            long entry,
            long firstRow,
            long rowsOfSegment,
            long rows,
            long segments,
            long position,
            long tau,
            long pages) {}

    /**
     * Device addresses of a layer's buffers.
     *
     * @param q float32 [rows, heads, headDim], normed
     * @param r float32 [rows, heads, dRel]
     * @param proj float32 [dRel, extent]
     * @param y out, float32 [rows, heads, headDim]
     */
    public record Buffers(long q, long r, long proj, long y) {}

    /**
     * The most that a pass has.
     *
     * @param rows rows in all
     * @param segments sessions
     * @param rowsOfSegment rows of one session; 1: every row is another session's, as in a decode pass
     */
    public record Most(int rows, int segments, int rowsOfSegment) {}

    /** Bytes of scratch with which every split is a block of its own. */
    public static long scratchBytes(final AttentionShape shape, final int rows) {
        return (long) rows * shape.heads() * pages(shape) * (shape.headDim() + 2) * Float.BYTES;
    }

    private static int pages(final AttentionShape shape) {
        return shape.sinkPages() + shape.ringPages();
    }

    private static int sharedBytes(final AttentionShape shape) {
        return HEAD_BYTES + QUERIES * (shape.headDim() + shape.dRel() + PAGE_POSITIONS) * Float.BYTES;
    }

    /**
     * The launches of a layer's attention, in order.
     *
     * @param scratch device address, 4-byte aligned; 0 for none
     * @param scratchBytes how much there is of it
     * @throws IllegalArgumentException when an address is missing, or the shape is none that the kernels have room for
     */
    public static List<CudaLaunch> of(
            final CudaKernels kernels,
            final AttentionShape shape,
            final Pass pass,
            final Buffers buffers,
            final Most most,
            final long scratch,
            final long scratchBytes) {
        require(shape, most);
        GenerateLaunches.require("queries", buffers.q(), Float.BYTES);
        GenerateLaunches.require("relative states", buffers.r(), Float.BYTES);
        GenerateLaunches.require("the bias bank", buffers.proj(), Float.BYTES);
        GenerateLaunches.require("the result of attention", buffers.y(), Float.BYTES);
        GenerateLaunches.require("page tables", pass.pages(), Long.BYTES);
        final int tile = most.rowsOfSegment() == 1 ? 1 : TILE_ROWS;
        final long blocks = LaunchBuilder.blocks(most.rows(), tile) * shape.kvHeads();
        final MemorySegment[] structs = {pass(pass), dims(shape), rows(buffers)};
        if (scratch == 0 || scratchBytes < scratchBytes(shape, most.rows())) {
            return List.of(walk(kernels, "tactus_attention_chunk", structs, buffers.y(), tile, blocks, 1, shape));
        }
        final CudaFunction merge = kernels.function("tactus_attention_merge");
        final KernelArguments arguments = merge.newArguments();
        arguments
                .setBytes(0, structs[0])
                .setBytes(1, structs[1])
                .setLong(2, scratch)
                .setLong(3, buffers.y());
        return List.of(
                walk(kernels, "tactus_attention_split", structs, scratch, tile, blocks, pages(shape), shape),
                new CudaLaunch(merge, arguments, shape.heads(), most.rows(), MERGE_THREADS, 0));
    }

    private static CudaLaunch walk(
            final CudaKernels kernels,
            final String kernel,
            final MemorySegment[] structs,
            final long target,
            final int tile,
            final long gridX,
            final int gridY,
            final AttentionShape shape) {
        final CudaFunction function = kernels.function(kernel);
        final KernelArguments arguments = function.newArguments();
        for (int i = 0; i < structs.length; i++) {
            arguments.setBytes(i, structs[i]);
        }
        arguments.setLong(structs.length, target).setInt(structs.length + 1, tile);
        return new CudaLaunch(function, arguments, Math.toIntExact(gridX), gridY, THREADS, sharedBytes(shape));
    }

    private static void require(final AttentionShape shape, final Most most) {
        LaunchBuilder.requirePositive(
                "attention",
                shape.heads(),
                shape.kvHeads(),
                shape.headDim(),
                shape.dRel(),
                shape.extent(),
                shape.ringPages(),
                most.rows(),
                most.segments(),
                most.rowsOfSegment());
        if (shape.heads() % shape.kvHeads() != 0
                || shape.headDim() > MOST_HEAD_DIM
                || sharedBytes(shape) > LaunchBuilder.MAX_SHARED_BYTES
                || pages(shape) > LaunchBuilder.MAX_GRID_Y
                || most.rows() > LaunchBuilder.MAX_GRID_Y) {
            throw new IllegalArgumentException("attention of " + shape + " over " + most + ": expected heads that "
                    + "divide into kv heads, at most " + MOST_HEAD_DIM + " dimensions of a head, "
                    + LaunchBuilder.MAX_SHARED_BYTES + " bytes of shared memory and " + LaunchBuilder.MAX_GRID_Y
                    + " pages and rows");
        }
    }

    /** {@code struct AttentionPass}. */
    private static MemorySegment pass(final Pass pass) {
        return MemorySegment.ofArray(new long[] {
            GenerateLaunches.require("entries", pass.entry(), Integer.BYTES),
            GenerateLaunches.require("first rows", pass.firstRow(), Integer.BYTES),
            GenerateLaunches.require("rows of segments", pass.rowsOfSegment(), Integer.BYTES),
            GenerateLaunches.require("the count of rows", pass.rows(), Integer.BYTES),
            GenerateLaunches.require("the count of segments", pass.segments(), Integer.BYTES),
            GenerateLaunches.require("positions", pass.position(), Long.BYTES),
            pass.tau(),
            pass.pages()
        });
    }

    /** {@code struct AttentionDims}. */
    private static MemorySegment dims(final AttentionShape shape) {
        final ByteBuffer bytes = ByteBuffer.allocate(48).order(ByteOrder.nativeOrder());
        bytes.putInt(shape.heads())
                .putInt(shape.kvHeads())
                .putInt(shape.headDim())
                .putInt(shape.dRel());
        bytes.putInt(shape.extent())
                .putInt(shape.sinks())
                .putInt(shape.sinkPages())
                .putInt(shape.ringPages());
        bytes.putLong(shape.window()).putLong(shape.layerOffset());
        return MemorySegment.ofArray(bytes.array());
    }

    /** {@code struct AttentionRows}. */
    private static MemorySegment rows(final Buffers buffers) {
        return MemorySegment.ofArray(new long[] {buffers.q(), buffers.r(), buffers.proj()});
    }
}
