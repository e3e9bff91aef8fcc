package dev.tactus.kernel;

import static dev.tactus.kernel.GuardedMemory.get;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.memory.KvRingLayout;
import dev.tactus.memory.OffHeap;
import org.junit.jupiter.api.Test;

/** Attention over pages: windows, sinks, rings that have wrapped, far positions, odd head sizes. */
abstract class AttentionConformanceTest {
    private static final KernelSet REFERENCE = new ReferenceKernels();
    private static final long FAR = (1L << 31) + 77;

    private final GuardedMemory.Edge edge;

    /** Where buffers stand. */
    AttentionConformanceTest(final GuardedMemory.Edge edge) {
        this.edge = edge;
    }

    /** The implementation under test. */
    abstract KernelSet kernels();

    /** One attention problem: sizes, and where the query stands. */
    private record Case(
            int heads,
            int kvHeads,
            int headDim,
            int dRel,
            int extent,
            long window,
            int sinks,
            long position,
            float tau) {
        AttentionShape shape() {
            final KvRingLayout layout = KvRingLayout.of(Math.min(window, position + 1), sinks, 4);
            return new AttentionShape(
                    heads, kvHeads, headDim, dRel, extent, window, sinks, layout.sinkPages(), layout.ringPages(), 192);
        }

        boolean sees(final long key) {
            return key <= position && (position - key < window || key < sinks);
        }
    }

    @Test
    void shouldAttendNearTheStart() {
        for (final long position : new long[] {0, 1, 5, 31, 32, 100, 255, 256, 257, 300}) {
            check(position, new Case(4, 2, 64, 16, 128, 128, 0, position, 1f));
            check(position, new Case(2, 1, 32, 16, 40, 4096, 16, position, 1.25f));
        }
    }

    @Test
    void shouldAttendThroughWindowsOfAnySize() {
        int seed = 1;
        for (final long window : new long[] {1, 2, 31, 33, 70, 255, 256, 257, 600}) {
            for (final long position : new long[] {599, 700, 1023, 1024, FAR}) {
                check(seed++, new Case(2, 1, 64, 16, (int) window, window, 0, position, 1f));
            }
        }
    }

    @Test
    void shouldKeepSinksInSightHoweverFarTheQuery() {
        int seed = 1;
        for (final int sinks : new int[] {1, 16, 40, 256, 300}) {
            for (final long position : new long[] {0, 10, 100, 255, 290, 320, 700, 1500, FAR}) {
                check(seed++, new Case(2, 1, 32, 16, 100, 200, sinks, position, 0.75f));
            }
        }
    }

    @Test
    void shouldAttendWithOddHeadSizes() {
        int seed = 1;
        for (final int headDim : new int[] {1, 8, 12, 24, 32, 40, 64, 96, 100, 128, 160}) {
            for (final int dRel : new int[] {1, 5, 16, 32}) {
                check(seed++, new Case(3, 3, headDim, Math.min(dRel, headDim), 37, 300, 16, 411, 1f));
            }
        }
    }

    @Test
    void shouldAttendWithManyHeadsOnOnePage() {
        check(1, new Case(22, 2, 32, 16, 64, 500, 4, 777, 1f));
    }

    @Test
    void shouldNotCareHowHeadsAreCut() {
        final Case c = new Case(12, 4, 64, 16, 256, 256, 16, 900, 1.1f);
        try (GuardedMemory memory = new GuardedMemory(5, edge)) {
            final Session session = new Session(memory, c);
            final long whole = memory.floats(c.heads * c.headDim);
            final long cut = memory.floats(c.heads * c.headDim);
            session.attend(kernels(), whole, 0, c.heads);
            for (int at = 0; at <= c.heads; at++) {
                session.attend(kernels(), cut, 0, at);
                session.attend(kernels(), cut, at, c.heads);
                memory.assertSameBits("heads cut at " + at, whole, cut, c.heads * c.headDim);
            }
        }
    }

    private void check(final long seed, final Case c) {
        try (GuardedMemory memory = new GuardedMemory(seed, edge)) {
            final Session session = new Session(memory, c);
            final long expected = memory.floats(c.heads * c.headDim);
            final long actual = memory.floats(c.heads * c.headDim);
            session.attend(REFERENCE, expected, 0, c.heads);
            session.attend(kernels(), actual, 0, c.heads);
            memory.assertSameBits(c.toString(), expected, actual, c.heads * c.headDim);
            memory.assertGuards(c.toString());
            session.assertNearDouble(actual);
        }
    }

    /** A session that has appended every key its query may see, and some that it may not. */
    private final class Session {
        private final GuardedMemory memory;
        private final Case c;
        private final AttentionShape shape;
        private final long table;
        private final long q;
        private final long r;
        private final long proj;
        private final long first;
        private final long history;
        private final long scratch;

        Session(final GuardedMemory memory, final Case c) {
            this.memory = memory;
            this.c = c;
            shape = c.shape();
            final int pages = shape.sinkPages() + shape.ringPages();
            table = memory.longs(pages);
            for (int i = 0; i < pages; i++) {
                final long bytes = 192 + AttentionShape.layerBytes(c.kvHeads, c.headDim);
                OffHeap.putLong(table + 8L * i, memory.bytes(bytes));
            }
            q = memory.gaussians(c.heads * c.headDim, 2f);
            r = memory.gaussians(c.heads * c.dRel);
            proj = memory.gaussians(c.dRel * c.extent, 0.5f);
            // three positions before the window: the ring has wrapped and these are partly overwritten
            first = Math.max(0, c.position - c.window - 2);
            history = memory.gaussians(Math.toIntExact((c.position - first + 1 + c.sinks) * row()));
            for (int j = 0; j < c.sinks && j <= c.position; j++) {
                append(j);
            }
            for (long j = first; j <= c.position; j++) {
                append(j);
            }
            scratch = memory.bytes(kernels().scratchBytes(32, Math.max(c.headDim, c.dRel)));
        }

        private int row() {
            return 2 * c.kvHeads * c.headDim;
        }

        /** Keys, then values of a position. */
        private long row(final long position) {
            final long index = position < c.sinks ? position : c.sinks + position - first;
            return history + 4L * index * row();
        }

        private void append(final long position) {
            final long k = row(position);
            final long v = k + 4L * c.kvHeads * c.headDim;
            kernels().appendKv(shape, k, v, table, position, 0, 1);
            kernels().appendKv(shape, k, v, table, position, 1, c.kvHeads);
        }

        void attend(final KernelSet kernels, final long out, final int h0, final int h1) {
            final long referenceScratch = kernels == REFERENCE ? memory.bytes(1 << 16) : scratch;
            kernels.attention(shape, q, r, proj, table, c.position, c.tau, out, h0, h1, referenceScratch);
        }

        void assertNearDouble(final long actual) {
            for (int h = 0; h < c.heads; h++) {
                final double[] o = new double[c.headDim];
                double total = 0;
                for (int j = 0; j < c.sinks && j <= c.position; j++) {
                    total += add(h, j, o);
                }
                for (long j = Math.max(first, c.sinks); j <= c.position; j++) {
                    total += add(h, j, o);
                }
                for (int d = 0; d < c.headDim; d++) {
                    final String what = c + " head " + h + " dim " + d + " seed " + memory.seed();
                    KernelConformanceTest.assertNear(o[d] / total, get(actual, h * c.headDim + d), 2e-4, what);
                }
            }
        }

        private double add(final int h, final long key, final double[] o) {
            if (!c.sees(key)) {
                return 0;
            }
            final int g = h / (c.heads / c.kvHeads);
            double dot = 0;
            for (int d = 0; d < c.headDim; d++) {
                dot += (double) get(q, h * c.headDim + d) * get(row(key), g * c.headDim + d);
            }
            double bias = 0;
            for (int i = 0; i < c.dRel && c.position - key < c.extent; i++) {
                bias += (double) get(r, h * c.dRel + i) * get(proj, i * c.extent + c.position - key);
            }
            final double p = Math.exp((dot / c.headDim + bias) * c.tau);
            for (int d = 0; d < c.headDim; d++) {
                o[d] += p * get(row(key), (long) (c.kvHeads + g) * c.headDim + d);
            }
            return p;
        }
    }

    @Test
    void shouldWriteOnlyTheSlotOfTheAppendedPosition() {
        final Case c = new Case(2, 2, 5, 1, 8, 300, 0, 0, 1f);
        try (GuardedMemory memory = new GuardedMemory(6, edge)) {
            final AttentionShape shape = c.shape();
            final long bytes = 192 + AttentionShape.layerBytes(2, 5);
            final long page = memory.bytes(bytes);
            final long table = memory.longs(shape.ringPages());
            OffHeap.putLong(table, page);
            final long k = memory.gaussians(10);
            final long v = memory.gaussians(10);
            kernels().appendKv(shape, k, v, table, 7, 1, 2);
            int written = 0;
            for (long i = 0; i < bytes / 4; i++) {
                written += OffHeap.getInt(page + 4 * i) != -1 ? 1 : 0;
            }
            assertEquals(10, written, "floats written for one head of 5 dimensions");
            assertEquals(get(k, 5 + 3), get(page + 192, 256 * 5 + 3 * 32 + 7));
            assertEquals(get(v, 5 + 3), get(page + 192 + shape.valuesOffset(), (256 + 7) * 5 + 3));
        }
    }
}
