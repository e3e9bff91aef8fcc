package dev.tactus.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tactus.kernel.AttentionShape;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.cuda.MappedDevice.Buffer;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.memory.KvRingLayout;
import dev.tactus.memory.OffHeap;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Attention on the device has the reference's bits, split by split or in one walk, for any rows of any sessions. */
class CudaAttentionTest {
    private static final KernelSet REFERENCE = new ReferenceKernels();
    private static final int LAYER_OFFSET = 192;
    private static final long FAR = (1L << 31) + 77;

    /** Rows of a session: the position of the first one and how many. */
    private record Rows(long position, int count) {}

    /** Sizes of a layer. */
    private record Layer(
            int heads, int kvHeads, int headDim, int dRel, int extent, long window, int sinks, boolean local) {
        AttentionShape shape(final int mostRows) {
            final KvRingLayout layout = KvRingLayout.of(window, sinks, mostRows);
            return new AttentionShape(
                    heads,
                    kvHeads,
                    headDim,
                    dRel,
                    extent,
                    window,
                    sinks,
                    layout.sinkPages(),
                    layout.ringPages(),
                    LAYER_OFFSET);
        }
    }

    @Test
    void shouldAttendNearTheStart() {
        check(1, new Layer(4, 2, 64, 16, 128, 128, 0, true), new Rows(0, 1), new Rows(5, 3), new Rows(250, 9));
        check(2, new Layer(2, 1, 32, 16, 40, 600, 16, false), new Rows(0, 20), new Rows(257, 1));
    }

    @Test
    void shouldAttendThroughRingsThatHaveWrapped() {
        for (final long window : new long[] {1, 33, 255, 257, 600}) {
            check(
                    window,
                    new Layer(2, 1, 16, 5, (int) window, window, 0, true),
                    new Rows(599, 1),
                    new Rows(1020, 9),
                    new Rows(FAR, 2));
        }
    }

    @Test
    void shouldKeepSinksInSightHoweverFarTheQuery() {
        for (final int sinks : new int[] {1, 40, 256, 300}) {
            check(
                    sinks,
                    new Layer(2, 1, 16, 4, 100, 200, sinks, false),
                    new Rows(0, 2),
                    new Rows(290, 3),
                    new Rows(1500, 1),
                    new Rows(FAR, 5));
        }
    }

    @Test
    void shouldAttendWithOddHeadSizes() {
        int seed = 1;
        for (final int headDim : new int[] {1, 12, 32, 40, 64, 100, 128, 160}) {
            check(seed++, new Layer(3, 3, headDim, Math.min(7, headDim), 37, 300, 16, false), new Rows(411, 2));
        }
        check(seed, new Layer(2, 2, 24, 32, 37, 60, 0, true), new Rows(100, 1));
    }

    @Test
    void shouldAttendForSessionsOfOneRowEach() {
        check(
                1,
                new Layer(4, 2, 32, 8, 50, 300, 5, false),
                new Rows(3, 1),
                new Rows(700, 1),
                new Rows(256, 1),
                new Rows(255, 1),
                new Rows(FAR, 1));
    }

    @Test
    void shouldAttendForManySessionsOfFewRows() {
        final Rows[] segments = new Rows[13];
        for (int s = 0; s < segments.length; s++) {
            segments[s] = new Rows(60L * s, 1 + s % 4);
        }
        check(2, new Layer(2, 1, 16, 4, 50, 100, 3, false), segments);
    }

    @Test
    void shouldAttendWithManyHeadsOnOnePage() {
        check(1, new Layer(22, 2, 32, 16, 64, 500, 4, false), new Rows(777, 1), new Rows(778, 2));
    }

    @Test
    void shouldRefuseWhatItHasNoRoomFor() {
        try (MappedDevice device = new MappedDevice(1)) {
            final Buffer any = device.zeros(64);
            final AttentionLaunches.Pass pass = new AttentionLaunches.Pass(
                    any.device(),
                    any.device(),
                    any.device(),
                    any.device(),
                    any.device(),
                    any.device(),
                    0,
                    any.device());
            final AttentionLaunches.Buffers buffers =
                    new AttentionLaunches.Buffers(any.device(), any.device(), any.device(), any.device());
            final AttentionLaunches.Most most = new AttentionLaunches.Most(1, 1, 1);
            for (final Layer layer : List.of(
                    new Layer(3, 2, 16, 4, 8, 8, 0, true),
                    new Layer(2, 2, 640, 4, 8, 8, 0, true),
                    new Layer(2, 2, 16, 4, 0, 8, 0, true))) {
                final IllegalArgumentException refused = assertThrows(
                        IllegalArgumentException.class,
                        () -> AttentionLaunches.of(device.kernels(), layer.shape(1), pass, buffers, most, 0, 0));
                assertEquals(true, refused.getMessage().contains("expected"), refused.getMessage());
            }
        }
    }

    private static void check(final long seed, final Layer layer, final Rows... segments) {
        try (MappedDevice device = new MappedDevice(seed)) {
            new Pass(device, layer, segments).check();
        }
    }

    /** A pass over sessions that have appended every key that their rows may see. */
    private static final class Pass {
        private final MappedDevice device;
        private final Layer layer;
        private final Rows[] segments;
        private final AttentionShape shape;
        private final int rows;
        private final Buffer tables;
        private final Buffer hostTables;
        private final Buffer q;
        private final Buffer r;
        private final Buffer proj;
        private final Buffer tau;
        private final Buffer position;
        private final Buffer keys;

        Pass(final MappedDevice device, final Layer layer, final Rows... segments) {
            this.device = device;
            this.layer = layer;
            this.segments = segments;
            int all = 0;
            int most = 0;
            for (final Rows segment : segments) {
                all += segment.count();
                most = Math.max(most, segment.count());
            }
            rows = all;
            shape = layer.shape(most);
            tables = device.bytes(8L * segments.length);
            hostTables = device.bytes(8L * segments.length);
            q = device.gaussians(rows * layer.heads() * layer.headDim(), 2f);
            r = device.gaussians(rows * layer.heads() * layer.dRel(), 1f);
            proj = device.gaussians(layer.dRel() * layer.extent(), 0.5f);
            tau = device.floats(rows);
            position = device.bytes(8L * rows);
            keys = device.floats(2L * layer.kvHeads() * layer.headDim());
            int row = 0;
            for (int s = 0; s < segments.length; s++) {
                for (int i = 0; i < segments[s].count(); i++, row++) {
                    position.putLong(row, segments[s].position() + i);
                    tau.putFloat(row, 0.5f + (float) device.random().nextDouble());
                }
                fill(s);
            }
        }

        /** Pages of a session, with the keys that its rows see and three before those. */
        private void fill(final int s) {
            final int pages = shape.sinkPages() + shape.ringPages();
            final Buffer table = device.bytes(8L * pages);
            final Buffer hostTable = device.bytes(8L * pages);
            for (int i = 0; i < pages; i++) {
                final Buffer page =
                        device.bytes(LAYER_OFFSET + AttentionShape.layerBytes(layer.kvHeads(), layer.headDim()));
                table.putLong(i, page.device());
                hostTable.putLong(i, page.host());
            }
            tables.putLong(s, table.device());
            hostTables.putLong(s, hostTable.host());
            final long end = segments[s].position() + segments[s].count();
            final long first = Math.max(0, segments[s].position() - layer.window() - 2);
            for (long j = 0; j < layer.sinks() && j < end; j++) {
                append(hostTable.host(), j);
            }
            for (long j = first; j < end; j++) {
                append(hostTable.host(), j);
            }
        }

        private void append(final long table, final long at) {
            final int width = layer.kvHeads() * layer.headDim();
            final long k = keys.host();
            for (int i = 0; i < 2 * width; i++) {
                OffHeap.putFloat(k + 4L * i, (float) device.random().nextGaussian());
            }
            REFERENCE.appendKv(shape, k, k + 4L * width, table, at, 0, layer.kvHeads());
        }

        void check() {
            final long width = (long) layer.heads() * layer.headDim() * Float.BYTES;
            final Buffer expected = device.floats(rows * width / 4);
            final Buffer scratch = device.bytes(REFERENCE.scratchBytes(1, Math.max(layer.headDim(), layer.dRel())));
            int row = 0;
            for (int s = 0; s < segments.length; s++) {
                for (int i = 0; i < segments[s].count(); i++, row++) {
                    REFERENCE.attention(
                            shape,
                            q.host() + row * width,
                            r.host() + 4L * row * layer.heads() * layer.dRel(),
                            proj.host(),
                            hostTables.getLong(s),
                            position.getLong(row),
                            layer.local() ? 1f : tau.getFloat(row),
                            expected.host() + row * width,
                            0,
                            layer.heads(),
                            scratch.host());
                }
            }
            final long partBytes = AttentionLaunches.scratchBytes(shape, rows + 9);
            final Buffer part = device.bytes(partBytes);
            assertSame("walked", expected, 0, 0, 1);
            assertSame("split", expected, part.device(), partBytes, 2);
        }

        /** The pass, in a grid that has room for one more session and more rows. */
        private void assertSame(
                final String way, final Buffer expected, final long scratch, final long bytes, final int launches) {
            final Buffer y = device.floats((long) rows * layer.heads() * layer.headDim());
            final int[] entry = new int[segments.length];
            final int[] first = new int[segments.length];
            final int[] count = new int[segments.length];
            for (int s = 0, row = 0; s < segments.length; s++) {
                entry[s] = s;
                first[s] = row;
                count[s] = segments[s].count();
                row += count[s];
            }
            final AttentionLaunches.Pass pass = new AttentionLaunches.Pass(
                    device.ints(entry).device(),
                    device.ints(first).device(),
                    device.ints(count).device(),
                    device.ints(rows).device(),
                    device.ints(segments.length).device(),
                    position.device(),
                    layer.local() ? 0 : tau.device(),
                    tables.device());
            final List<CudaLaunch> made = AttentionLaunches.of(
                    device.kernels(),
                    shape,
                    pass,
                    new AttentionLaunches.Buffers(q.device(), r.device(), proj.device(), y.device()),
                    new AttentionLaunches.Most(rows + 9, segments.length + 1, most()),
                    scratch,
                    bytes);
            assertEquals(launches, made.size(), "launches " + way);
            device.run(made);
            device.assertSameBits(layer + " " + way, expected.host(), y.host(), (int) (expected.bytes() / 4));
        }

        private int most() {
            int most = 0;
            for (final Rows segment : segments) {
                most = Math.max(most, segment.count());
            }
            return most;
        }
    }
}
