package dev.tactus.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.kernel.AttentionShape;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.WeightType;
import dev.tactus.kernel.cuda.DeviceUnderTest.Buffer;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.memory.KvRingLayout;
import dev.tactus.memory.OffHeap;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** What happens to rows between products has the bits of the reference. */
class RowLaunchesTest {
    private static final KernelSet REFERENCE = new ReferenceKernels();
    private static final int[] ROWS = {1, 2, 7, 17};
    private static final float EPS = 1e-6f;

    @Test
    void shouldNormVectorsOfAnyLength() {
        try (DeviceUnderTest device = new DeviceUnderTest(1)) {
            for (final int d : new int[] {1, 31, 40, 300, 1100}) {
                for (final int rows : ROWS) {
                    norm(device, d, rows, 1, false);
                }
            }
            norm(device, 24, 5, 7, false);
            norm(device, 24, 5, 7, true);
        }
    }

    private static void norm(
            final DeviceUnderTest device, final int d, final int rows, final int perRow, final boolean gelu) {
        final Buffer x = device.gaussians((long) rows * perRow * d, 2f);
        final Buffer w = device.gaussians(d);
        final Buffer y = device.floats((long) rows * perRow * d);
        final CudaRows count = device.rows(rows, 19);
        final RowLaunches launches = new RowLaunches(device.kernels());
        device.run(launches.rmsNorm(x.device(), w.device(), y.device(), d, perRow, EPS, gelu, count));
        REFERENCE.rmsNorm(x.host(), w.host(), y.host(), d, EPS, 1f, 0, rows * perRow);
        if (gelu) {
            REFERENCE.gelu(y.host(), 0, rows * perRow * d);
        }
        final String what = rows + " x " + perRow + " vectors of " + d + (gelu ? ", gelu" : "");
        device.assertSame(what, y);
        if (!gelu) {
            device.run(launches.rmsNorm(x.device(), w.device(), x.device(), d, perRow, EPS, false, count));
            device.assertSame(what + ", in place", y.host(), device.download(x), (long) rows * perRow * d);
        }
    }

    @Test
    void shouldGatherTheRowsThatHaveAPlace() {
        try (DeviceUnderTest device = new DeviceUnderTest(2)) {
            final int d = 70;
            final int[] place = {-1, 2, 0, -1, 1};
            final Buffer x = device.gaussians((long) place.length * d);
            final Buffer w = device.gaussians(d);
            final Buffer y = device.floats(4L * d);
            device.run(new RowLaunches(device.kernels())
                    .gatheredNorm(
                            x.device(),
                            w.device(),
                            y.device(),
                            d,
                            EPS,
                            24f,
                            device.ints(place).device(),
                            device.rows(place.length, 8)));
            for (int row = 0; row < place.length; row++) {
                if (place[row] >= 0) {
                    final long to = y.host((long) place[row] * d);
                    OffHeap.copy(x.host((long) row * d), to, (long) d * Float.BYTES);
                    REFERENCE.rmsNorm(to, w.host(), to, d, EPS, 24f, 0, 1);
                }
            }
            device.assertSame("gathered rows", y);
        }
    }

    @Test
    void shouldPutTokensAndVectorsAtTheirRows() {
        try (DeviceUnderTest device = new DeviceUnderTest(3)) {
            for (final WeightType type : WeightType.values()) {
                embed(device, type, 45);
                embed(device, type, 520);
            }
        }
    }

    private static void embed(final DeviceUnderTest device, final WeightType type, final int d) {
        final int vocabulary = 9;
        final int[] kind = {0, 1, 2, 3, 0, 0, 2};
        final int[] value = {8, 1, 0, 2, 0, 8, 1};
        final Buffer table = device.weights(type, (long) vocabulary * d);
        final Buffer norm = device.gaussians(d);
        final Buffer[] vectors = {device.gaussians(3L * d), device.gaussians(3L * d), device.gaussians(3L * d)};
        final Buffer y = device.floats(8L * d);
        device.run(new RowLaunches(device.kernels())
                .embed(
                        DeviceUnderTest.matrix(type, table, vocabulary, d),
                        norm.device(),
                        EPS,
                        new RowLaunches.Encoded(vectors[0].device(), vectors[1].device(), vectors[2].device()),
                        device.ints(kind).device(),
                        device.ints(value).device(),
                        y.device(),
                        device.rows(kind.length, 8)));
        for (int row = 0; row < kind.length; row++) {
            final long to = y.host((long) row * d);
            if (kind[row] == 0) {
                REFERENCE.widen(type, table.host() + (long) value[row] * d * type.bytes(), to, d);
                REFERENCE.rmsNorm(to, norm.host(), to, d, EPS, 1f, 0, 1);
            } else {
                OffHeap.copy(vectors[kind[row] - 1].host((long) value[row] * d), to, (long) d * Float.BYTES);
            }
        }
        device.assertSame("embedding of " + type + ", d " + d, y);
    }

    @Test
    void shouldStoreKeysAndValuesAndNormQueries() {
        try (DeviceUnderTest device = new DeviceUnderTest(4)) {
            keyValue(device, 16, 4, 0, 1, 1, 1);
            keyValue(device, 40, 4, 1, 17, 2, 7);
            keyValue(device, 33, 2, 1, 1, 5);
        }
    }

    /** Keys and values of segments that stand around the end of a page. */
    private static void keyValue(
            final DeviceUnderTest device,
            final int headDim,
            final int taps,
            final int sinkPages,
            final int... rowsOfSegment) {
        final KeyValueBench bench = new KeyValueBench(device, headDim, taps, sinkPages, rowsOfSegment);
        device.run(bench.launch());
        bench.expect(REFERENCE);
        bench.assertSame("keys and values, head " + headDim + ", segments " + Arrays.toString(rowsOfSegment));
    }

    @Test
    void shouldTellTheAdapterOfEveryRow() {
        try (DeviceUnderTest device = new DeviceUnderTest(5)) {
            final Buffer ofRow = device.floats(12);
            final Buffer ofOutput = device.floats(5);
            device.run(new RowLaunches(device.kernels())
                    .adaptersOfRows(
                            device.ints(7, 0, 3).device(),
                            device.ints(2, 0, 1, 2).device(),
                            ofRow.device(),
                            ofOutput.device(),
                            device.segments(6, 1, 4, 2),
                            device.rows(4, 5)));
            // entries fall: 2, 1, 0
            expectInts(ofRow, 3, 0, 0, 0, 0, 7, 7);
            expectInts(ofOutput, 3, 7, 0, 3);
            device.assertSame("adapters of rows", ofRow);
            device.assertSame("adapters of output rows", ofOutput);
        }
    }

    private static void expectInts(final Buffer buffer, final int... values) {
        for (int i = 0; i < values.length; i++) {
            OffHeap.putInt(buffer.host(i), values[i]);
        }
    }

    @Test
    void shouldRefuseWhatNoKernelCanRunWith() {
        try (DeviceUnderTest device = new DeviceUnderTest(6)) {
            final RowLaunches launches = new RowLaunches(device.kernels());
            final CudaRows rows = device.rows(1, 1);
            final long x = device.floats(64).device();
            assertMessage("at most 49152", () -> launches.rmsNorm(x, x, x, 12_289, 1, EPS, false, rows));
            assertMessage("y cannot be x", () -> launches.gatheredNorm(x, x, x, 8, EPS, 1f, x, rows));
            assertMessage("a buffer is at 0", () -> launches.rmsNorm(0, x, x, 8, 1, EPS, false, rows));
            final AttentionShape shape = new AttentionShape(1, 1, 288, 1, 1, 1, 0, 0, 1, 0);
            final RowLaunches.KeyValueWeights weights = new RowLaunches.KeyValueWeights(x, x, x, x, 1, 0, 0, EPS);
            final CudaSegments segments = device.segments(1, 1);
            assertMessage("at most 256", () -> launches.keyValue(shape, weights, x, x, x, x, x, x, segments, 1));
        }
    }

    private static void assertMessage(final String part, final Runnable call) {
        final String message =
                assertThrows(IllegalArgumentException.class, call::run).getMessage();
        assertTrue(message.contains(part), message);
    }

    /** Keys and values of some sessions, on the device and by the reference. */
    private static final class KeyValueBench {
        private static final int KV_HEADS = 2;
        private static final int HEADS = 4;
        private static final int RING_PAGES = 2;
        private static final int FIRST_POSITION = 250;

        private final DeviceUnderTest device;
        private final AttentionShape shape;
        private final int taps;
        private final int[] rowsOfSegment;
        private final int channels;
        private final int rows;
        private final int stateFloats;
        private final Buffer k;
        private final Buffer v;
        private final Buffer q;
        private final Buffer keyConv;
        private final Buffer valueConv;
        private final Buffer keyNorm;
        private final Buffer queryNorm;
        private final Buffer states;
        private final Buffer pages;
        private final Buffer tables;
        private final Buffer position;
        private final CudaSegments segments;

        KeyValueBench(
                final DeviceUnderTest device,
                final int headDim,
                final int taps,
                final int sinkPages,
                final int... rowsOfSegment) {
            this.device = device;
            this.taps = taps;
            this.rowsOfSegment = rowsOfSegment;
            this.shape = new AttentionShape(HEADS, KV_HEADS, headDim, 1, 1, 256, 0, sinkPages, RING_PAGES, 64);
            this.channels = KV_HEADS * headDim;
            this.rows = Arrays.stream(rowsOfSegment).sum();
            this.stateFloats = 2 * (taps - 1) * channels;
            k = device.gaussians((long) rows * channels);
            v = device.gaussians((long) rows * channels);
            q = device.gaussians((long) rows * HEADS * headDim);
            keyConv = device.gaussians((long) taps * channels);
            valueConv = device.gaussians((long) taps * channels);
            keyNorm = device.gaussians(headDim);
            queryNorm = device.gaussians(headDim);
            states = device.gaussians((long) rowsOfSegment.length * stateFloats);
            pages = device.bytes(pageBytes() * sessionPages() * rowsOfSegment.length);
            tables = tables();
            position = device.longs(positions());
            segments = device.segments(rowsOfSegment.length + 1, rowsOfSegment);
        }

        private long pageBytes() {
            return shape.layerOffset() + AttentionShape.layerBytes(KV_HEADS, shape.headDim());
        }

        private int sessionPages() {
            return shape.sinkPages() + RING_PAGES;
        }

        /** The tables of all sessions; pages lie in falling order. */
        private Buffer tables() {
            final int count = sessionPages() * rowsOfSegment.length;
            final long[] host = new long[count];
            final long[] onDevice = new long[count];
            for (int i = 0; i < count; i++) {
                host[i] = pages.host() + (count - 1 - i) * pageBytes();
                onDevice[i] = pages.device() + (count - 1 - i) * pageBytes();
            }
            return device.addresses(host, onDevice);
        }

        private long[] positions() {
            final long[] positions = new long[rows];
            int row = 0;
            for (int segment = 0; segment < rowsOfSegment.length; segment++) {
                for (int t = 0; t < rowsOfSegment[segment]; t++) {
                    positions[row++] = FIRST_POSITION + (long) segment * KvRingLayout.PAGE_POSITIONS + t;
                }
            }
            return positions;
        }

        private long tableOf(final int entry) {
            return (long) entry * sessionPages() * Long.BYTES;
        }

        private long valueCarry() {
            return (long) (taps - 1) * channels * Float.BYTES;
        }

        CudaLaunch launch() {
            final int entries = rowsOfSegment.length;
            final long[] state = new long[entries];
            final long[] table = new long[entries];
            Arrays.setAll(state, entry -> states.device((long) entry * stateFloats));
            Arrays.setAll(table, entry -> tables.device() + tableOf(entry));
            return new RowLaunches(device.kernels())
                    .keyValue(
                            shape,
                            new RowLaunches.KeyValueWeights(
                                    keyConv.device(),
                                    valueConv.device(),
                                    keyNorm.device(),
                                    queryNorm.device(),
                                    taps,
                                    0,
                                    valueCarry(),
                                    EPS),
                            k.device(),
                            v.device(),
                            q.device(),
                            device.longs(state).device(),
                            device.longs(table).device(),
                            position.device(),
                            segments,
                            Arrays.stream(rowsOfSegment).max().orElseThrow());
        }

        void expect(final KernelSet kernels) {
            final long kOut = device.floats((long) rows * channels).host();
            final long vOut = device.floats((long) rows * channels).host();
            int first = 0;
            for (int segment = 0; segment < rowsOfSegment.length; segment++) {
                final int entry = rowsOfSegment.length - 1 - segment;
                final int count = rowsOfSegment[segment];
                final long state = states.host((long) entry * stateFloats);
                final long offset = (long) first * channels * Float.BYTES;
                kernels.shortConv(
                        k.host() + offset, keyConv.host(), state, 0, kOut + offset, channels, taps, count, 0, channels);
                kernels.shortConv(
                        v.host() + offset,
                        valueConv.host(),
                        state + valueCarry(),
                        0,
                        vOut + offset,
                        channels,
                        taps,
                        count,
                        0,
                        channels);
                kernels.rmsNorm(
                        kOut + offset, keyNorm.host(), kOut + offset, shape.headDim(), EPS, 1f, 0, count * KV_HEADS);
                for (int t = 0; t < count; t++) {
                    final long row = offset + (long) t * channels * Float.BYTES;
                    kernels.appendKv(
                            shape,
                            kOut + row,
                            vOut + row,
                            tables.host() + tableOf(entry),
                            OffHeap.getLong(position.host() + (long) (first + t) * Long.BYTES),
                            0,
                            KV_HEADS);
                }
                first += count;
            }
            kernels.rmsNorm(q.host(), queryNorm.host(), q.host(), shape.headDim(), EPS, 1f, 0, rows * HEADS);
        }

        void assertSame(final String what) {
            device.assertSame(what + ", pages", pages);
            device.assertSame(what + ", carries", states);
            device.assertSame(what + ", queries", q);
        }
    }
}
