package dev.tactus.bench.gpu;

import dev.tactus.kernel.AttentionShape;
import dev.tactus.kernel.cuda.AttentionLaunches;
import dev.tactus.memory.KvRingLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Attention of a global layer whose windows are full: one row a session, and a chunk of rows. */
final class AttentionCases {
    private static final int BIASED = 16;
    private static final int MOST_EXTENT = 1024;

    private final GpuDevice device;
    private final GpuScenario scenario;
    private final GpuSizes sizes;

    AttentionCases(final GpuDevice device, final GpuScenario scenario) {
        this.device = device;
        this.scenario = scenario;
        this.sizes = scenario.sizes();
    }

    List<GpuCase> all() {
        final List<GpuCase> cases = new ArrayList<>();
        for (final int sessions : sizes.sessions()) {
            cases.add(attention("attention, decode", sessions, 1));
            cases.add(attention("attention, chunk", sessions, sizes.chunk()));
        }
        return cases;
    }

    private AttentionShape shape(final int rowsOfSession) {
        final KvRingLayout ring = KvRingLayout.of(sizes.window(), 0, rowsOfSession);
        return new AttentionShape(
                sizes.heads(),
                sizes.kvHeads(),
                sizes.headDim(),
                BIASED,
                Math.min(MOST_EXTENT, sizes.window()),
                sizes.window(),
                0,
                ring.sinkPages(),
                ring.ringPages(),
                0);
    }

    private GpuCase attention(final String op, final int sessions, final int rowsOfSession) {
        final AttentionShape shape = shape(rowsOfSession);
        final int rows = sessions * rowsOfSession;
        final long width = (long) sizes.heads() * sizes.headDim() * Float.BYTES;
        final AttentionLaunches.Buffers buffers = new AttentionLaunches.Buffers(
                device.random("queries", rows * width),
                device.random("relative states", (long) rows * sizes.heads() * BIASED * Float.BYTES),
                device.random("bias bank", (long) BIASED * shape.extent() * Float.BYTES),
                device.zeros("attended", rows * width));
        final long scratchBytes = AttentionLaunches.scratchBytes(shape, rows);
        final long scratch = device.zeros("splits", scratchBytes);
        final AttentionLaunches.Most most = new AttentionLaunches.Most(rows, sessions, rowsOfSession);
        final long cached = 2L * sessions * sizes.window() * sizes.kvHeads() * sizes.headDim() * Float.BYTES;
        final List<GpuCase.Work> copies = new ArrayList<>();
        for (long at = 0; at < scenario.rotatedBytes(); at += cached) {
            copies.add(GpuCase.Work.of(AttentionLaunches.of(
                    device.kernels(),
                    shape,
                    pass(shape, sessions, rowsOfSession),
                    buffers,
                    most,
                    scratch,
                    scratchBytes)));
        }
        final String text = String.format(
                "window %d, %d rows each, %d of %d heads, %d wide",
                sizes.window(), rowsOfSession, sizes.kvHeads(), sizes.heads(), sizes.headDim());
        return new GpuCase(op, text, "", sessions, cached + 2.0 * rows * width, cached, copies);
    }

    private AttentionLaunches.Pass pass(final AttentionShape shape, final int sessions, final int rowsOfSession) {
        final int rows = sessions * rowsOfSession;
        final int[] entry = new int[sessions];
        final int[] first = new int[sessions];
        final int[] count = new int[sessions];
        final long[] tables = new long[sessions];
        final long[] position = new long[rows];
        final float[] tau = new float[rows];
        Arrays.fill(tau, 1f);
        final int pages = shape.sinkPages() + shape.ringPages();
        final long pageBytes = AttentionShape.layerBytes(sizes.kvHeads(), sizes.headDim());
        final long cache = device.random("keys and values", sessions * pages * pageBytes);
        for (int s = 0; s < sessions; s++) {
            entry[s] = s;
            first[s] = s * rowsOfSession;
            count[s] = rowsOfSession;
            final long[] table = new long[pages];
            for (int page = 0; page < pages; page++) {
                table[page] = cache + ((long) s * pages + page) * pageBytes;
            }
            tables[s] = device.longs("page table", table);
            for (int i = 0; i < rowsOfSession; i++) {
                position[first[s] + i] = 2L * sizes.window() + i;
            }
        }
        return new AttentionLaunches.Pass(
                device.ints("entries", entry),
                device.ints("first rows", first),
                device.ints("rows of segments", count),
                device.ints("rows", rows),
                device.ints("segments", sessions),
                device.longs("positions", position),
                device.floats("tau", tau),
                device.longs("page tables", tables));
    }
}
