package dev.tactus.engine.device.cuda;

import dev.tactus.engine.device.DeviceArenas;
import dev.tactus.engine.device.cpu.CpuMemory;
import dev.tactus.engine.model.Op;
import dev.tactus.engine.model.StepProgram;
import dev.tactus.kernel.AttentionShape;
import dev.tactus.kernel.cuda.AttentionLaunches;
import dev.tactus.kernel.cuda.CudaLaunch;
import dev.tactus.kernel.cuda.CudaRows;
import dev.tactus.kernel.cuda.CudaSegments;
import dev.tactus.kernel.cuda.FlowLaunches;
import dev.tactus.kernel.cuda.FlowWeights;
import dev.tactus.kernel.cuda.GenerateLaunches;
import dev.tactus.kernel.cuda.SampleLaunches;
import dev.tactus.kernel.cuda.VocoderLaunches;
import dev.tactus.memory.MemoryTag;
import java.util.List;

/** The launches of attention, and of what makes a session move on: draws, the flow head, the vocoder. */
final class HeadBinder {
    /** With so many rows a split of attention is still worth a block of its own. */
    private static final int SPLIT_ROWS = 64;

    /** Most memory for splits; attention of more rows walks them in one block. */
    private static final long MOST_SPLIT_BYTES = 64L << 20;

    private final Gpu gpu;
    private final long[] buffers;
    private final DeviceWeights weights;
    private final PassBlock pass;
    private final GenerateLaunches generate;
    private final boolean draws;
    private final boolean speaks;
    private final long splits;
    private final long splitBytes;
    private final long keys;
    private final long flow;

    HeadBinder(
            final Gpu gpu,
            final DeviceArenas arenas,
            final StepProgram program,
            final long[] buffers,
            final DeviceWeights weights,
            final PassBlock pass,
            final GenerationBlock generation,
            final CpuMemory.Rows most) {
        this.gpu = gpu;
        this.buffers = buffers;
        this.weights = weights;
        this.pass = pass;
        this.generate = new GenerateLaunches(gpu.kernels(), generation.fields());
        this.draws = generation.draws();
        this.speaks = draws && generation.speaks();
        this.splitBytes = splitBytes(program, most);
        this.splits = scratch(arenas, splitBytes);
        this.keys = draws ? scratch(arenas, keyBytes(program, most.sessions())) : 0;
        this.flow = speaks ? scratch(arenas, flowBytes(program, most.sessions())) : 0;
    }

    private static long scratch(final DeviceArenas arenas, final long bytes) {
        return bytes == 0
                ? 0
                : arenas.resident()
                        .allocate(MemoryTag.SCRATCH, bytes, SlabArena.ALIGNMENT)
                        .address();
    }

    /** Bytes of everything that is allocated here, where tokens are drawn. */
    static long scratchBytes(final StepProgram program, final CpuMemory.Rows most) {
        return splitBytes(program, most) + keyBytes(program, most.sessions()) + flowBytes(program, most.sessions());
    }

    private static long splitBytes(final StepProgram program, final CpuMemory.Rows most) {
        final int rows = Math.max(most.sessions(), Math.min(most.pass(), SPLIT_ROWS));
        long bytes = 0;
        for (final Op op : program.ops()) {
            if (op instanceof Op.Attention attention) {
                bytes = Math.max(bytes, AttentionLaunches.scratchBytes(attention.shape(), rows));
            }
        }
        return Math.min(bytes, MOST_SPLIT_BYTES);
    }

    private static long keyBytes(final StepProgram program, final int sessions) {
        return SampleLaunches.keyBytes(program.buffers().get(program.logits()).columns(), sessions);
    }

    private static long flowBytes(final StepProgram program, final int sessions) {
        for (final Op op : program.ops()) {
            if (op instanceof Op.Flow flow) {
                return FlowLaunches.scratchBytes(flow.shape(), sessions);
            }
        }
        return 0;
    }

    /** Whether tokens are drawn. */
    boolean draws() {
        return draws;
    }

    /** Whether blocks of speech are made, too. */
    boolean speaks() {
        return speaks;
    }

    CudaLaunch begin() {
        return generate.begin();
    }

    CudaLaunch advance() {
        return generate.advance();
    }

    /**
     * Attention of a layer.
     *
     * @param singles whether every segment is one row
     */
    List<CudaLaunch> attention(
            final Op.Attention op, final CudaRows rows, final CudaSegments segments, final boolean singles) {
        final AttentionShape shape = op.shape();
        return AttentionLaunches.of(
                gpu.kernels(),
                shape,
                new AttentionLaunches.Pass(
                        segments.entry(),
                        segments.firstRow(),
                        segments.rowsOfSegment(),
                        rows.count(),
                        segments.count().count(),
                        pass.at(PassColumn.POSITION),
                        op.local() ? 0 : pass.at(PassColumn.TAU),
                        pass.at(op.local() ? PassColumn.LOCAL_PAGES : PassColumn.GLOBAL_PAGES)),
                new AttentionLaunches.Buffers(buffers[op.q()], buffers[op.r()], weights.at(op.proj()), buffers[op.y()]),
                new AttentionLaunches.Most(rows.most(), segments.count().most(), singles ? 1 : rows.most()),
                splits,
                splitBytes);
    }

    /** The draw of every output row; nothing where none is drawn. */
    List<CudaLaunch> sample(final Op.Sample op, final CudaRows rows) {
        return draws ? SampleLaunches.of(generate, buffers[op.logits()], keys, rows.most()) : List.of();
    }

    /** The blocks of all voice rows; nothing in a teacher-forced pass. */
    List<CudaLaunch> flow(final Op.Flow op, final CudaRows rows) {
        if (!speaks) {
            return List.of();
        }
        return FlowLaunches.of(
                generate,
                op.shape(),
                FlowWeights.of(op.head(), op.shape(), weights::at),
                new FlowLaunches.Buffers(buffers[op.condition()], buffers[op.blocks()], flow),
                rows.most());
    }

    /** The sound of at most so many jobs. */
    CudaLaunch vocode(final Op.Vocode op, final int jobs) {
        return VocoderLaunches.of(
                generate, weights.at(op.tables()), weights.at(op.mean()), weights.at(op.deviation()), op.state(), jobs);
    }
}
