package dev.tactus.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.WeightType;
import dev.tactus.kernel.cuda.DeviceUnderTest.Buffer;
import dev.tactus.kernel.cuda.LinearLaunches.Part;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.memory.OffHeap;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Products on the device have the bits of the reference, whatever the shape and the number of rows. */
class LinearLaunchesTest {
    private static final KernelSet REFERENCE = new ReferenceKernels();
    private static final int[] ROWS = {1, 2, 7, 17};

    /** Columns that are read 16 bytes at a time in both types, in one, in none. */
    private static final int[] COLUMNS = {8, 40, 64, 296, 36, 33, 7};

    @Test
    void shouldEqualTheReferenceAtOddSizes() {
        try (DeviceUnderTest device = new DeviceUnderTest(1)) {
            for (final WeightType type : WeightType.values()) {
                for (final int k : COLUMNS) {
                    for (final int rows : ROWS) {
                        linear(device, type, k, rows, 1 + (k + rows) % 19);
                    }
                }
            }
        }
    }

    private static void linear(
            final DeviceUnderTest device, final WeightType type, final int k, final int rows, final int n) {
        final Buffer x = device.gaussians((long) rows * k);
        final Buffer w = device.weights(type, (long) n * k);
        final Buffer y = device.floats((long) rows * n);
        device.run(new LinearLaunches(device.kernels())
                .linear(
                        List.of(part(DeviceUnderTest.matrix(type, w, n, k), y)),
                        x.device(),
                        1,
                        CudaAdapters.NONE,
                        device.rows(rows, 20)));
        REFERENCE.linear(type, w.host(), 0, n, k, x.host(), k, y.host(), n, rows, 0);
        device.assertSame("linear " + type + " [" + n + ", " + k + "], " + rows + " rows", y);
    }

    private static Part part(final CudaMatrix w, final Buffer y) {
        return new Part(w, y.device(), CudaAdapters.Beside.NONE);
    }

    @Test
    void shouldEqualTheReferenceWhereMatricesDoNotBeginAtSixteenBytes() {
        try (DeviceUnderTest device = new DeviceUnderTest(2)) {
            for (final WeightType type : WeightType.values()) {
                final int n = 5;
                final int k = 64;
                final int rows = 3;
                final Buffer x = device.gaussians((long) rows * k);
                final Buffer w = device.weights(type, (long) n * k + 2);
                final Buffer y = device.floats((long) rows * n);
                final CudaMatrix shifted = new CudaMatrix(type, w.device() + type.bytes(), n, k);
                device.run(new LinearLaunches(device.kernels())
                        .linear(List.of(part(shifted, y)), x.device(), 1, CudaAdapters.NONE, device.rows(rows, rows)));
                REFERENCE.linear(type, w.host() + type.bytes(), 0, n, k, x.host(), k, y.host(), n, rows, 0);
                device.assertSame("linear " + type + " beside its alignment", y);
            }
        }
    }

    @Test
    void shouldTakeFourMatricesAndSeveralVectorsOfARow() {
        try (DeviceUnderTest device = new DeviceUnderTest(3)) {
            final int[] outputs = {19, 3, 8, 1};
            final int k = 24;
            final int rows = 3;
            final int perRow = 5;
            final Buffer x = device.gaussians((long) rows * perRow * k);
            final Buffer[] w = new Buffer[outputs.length];
            final Buffer[] y = new Buffer[outputs.length];
            final Part[] parts = new Part[outputs.length];
            for (int i = 0; i < outputs.length; i++) {
                w[i] = device.weights(WeightType.BF16, (long) outputs[i] * k);
                y[i] = device.floats((long) rows * perRow * outputs[i]);
                parts[i] = part(DeviceUnderTest.matrix(WeightType.BF16, w[i], outputs[i], k), y[i]);
            }
            device.run(new LinearLaunches(device.kernels())
                    .linear(List.of(parts), x.device(), perRow, CudaAdapters.NONE, device.rows(rows, 4)));
            for (int i = 0; i < outputs.length; i++) {
                final int n = outputs[i];
                REFERENCE.linear(WeightType.BF16, w[i].host(), 0, n, k, x.host(), k, y[i].host(), n, rows * perRow, 0);
                device.assertSame("matrix " + i, y[i]);
            }
        }
    }

    @Test
    void shouldGiveARowTheSameBitsAloneAndAmongOthers() {
        try (DeviceUnderTest device = new DeviceUnderTest(4)) {
            final LinearLaunches launches = new LinearLaunches(device.kernels());
            final int n = 11;
            final int k = 104;
            final int rows = 17;
            for (final WeightType type : WeightType.values()) {
                final Buffer x = device.gaussians((long) rows * k);
                final Buffer w = device.weights(type, (long) n * k);
                final Buffer together = device.floats((long) rows * n);
                final Buffer alone = device.floats((long) rows * n);
                final CudaMatrix matrix = DeviceUnderTest.matrix(type, w, n, k);
                device.run(launches.linear(
                        List.of(part(matrix, together)), x.device(), 1, CudaAdapters.NONE, device.rows(rows, 64)));
                for (int row = 0; row < rows; row++) {
                    final Part part = new Part(matrix, alone.device((long) row * n), CudaAdapters.Beside.NONE);
                    device.run(launches.linear(
                            List.of(part), x.device((long) row * k), 1, CudaAdapters.NONE, device.rows(1, 1)));
                }
                device.assertSame(
                        "rows of " + type, device.download(together), device.download(alone), (long) rows * n);
            }
        }
    }

    @Test
    void shouldLeaveRowsAloneThatThePassDoesNotHave() {
        try (DeviceUnderTest device = new DeviceUnderTest(5)) {
            final int n = 9;
            final int k = 16;
            final Buffer x = device.gaussians(20L * k);
            final Buffer w = device.weights(WeightType.F32, (long) n * k);
            for (final int rows : new int[] {0, 3}) {
                final Buffer y = device.floats(20L * n);
                device.run(new LinearLaunches(device.kernels())
                        .linear(
                                List.of(part(DeviceUnderTest.matrix(WeightType.F32, w, n, k), y)),
                                x.device(),
                                1,
                                CudaAdapters.NONE,
                                device.rows(rows, 20)));
                REFERENCE.linear(WeightType.F32, w.host(), 0, n, k, x.host(), k, y.host(), n, rows, 0);
                device.assertSame(rows + " rows of 20", y);
            }
        }
    }

    @Test
    void shouldGateAsTheReferenceDoes() {
        try (DeviceUnderTest device = new DeviceUnderTest(6)) {
            for (final WeightType type : WeightType.values()) {
                for (final int k : new int[] {40, 33}) {
                    for (final int rows : ROWS) {
                        swiglu(device, type, k, rows, 2 + (k + rows) % 9);
                    }
                }
            }
        }
    }

    @Test
    void shouldGateEveryKindOfNumber() {
        try (DeviceUnderTest device = new DeviceUnderTest(11)) {
            final float[] edges = {
                0f, -0f, Float.MIN_VALUE, -Float.MIN_VALUE, Float.MIN_NORMAL, 88.8f, -88.8f, 104f, -104f, 3e38f, -3e38f
            };
            final int rows = 1500;
            final Buffer x = device.floats(rows);
            for (int i = 0; i < rows; i++) {
                final float random = Float.intBitsToFloat(device.random().nextInt());
                OffHeap.putFloat(x.host(i), i < edges.length ? edges[i] : Float.isFinite(random) ? random : 1f);
            }
            device.upload(x);
            final Buffer w = device.values(1f, 1f);
            final Buffer gateUp = device.floats(2L * rows);
            final Buffer y = device.floats(rows);
            device.run(new LinearLaunches(device.kernels())
                    .linearSwiglu(
                            part(DeviceUnderTest.matrix(WeightType.F32, w, 2, 1), y),
                            x.device(),
                            CudaAdapters.NONE,
                            device.rows(rows, rows)));
            REFERENCE.linear(WeightType.F32, w.host(), 0, 2, 1, x.host(), 1, gateUp.host(), 2, rows, 0);
            REFERENCE.swiglu(gateUp.host(), y.host(), 0, rows, false, 1f);
            device.assertSame("silu(x) x", y);
        }
    }

    private static void swiglu(
            final DeviceUnderTest device, final WeightType type, final int k, final int rows, final int hidden) {
        final Buffer x = device.gaussians((long) rows * k, 3f);
        final Buffer w = device.weights(type, 2L * hidden * k);
        final Buffer gateUp = device.floats(2L * rows * hidden);
        final Buffer y = device.floats((long) rows * hidden);
        device.run(new LinearLaunches(device.kernels())
                .linearSwiglu(
                        part(DeviceUnderTest.matrix(type, w, 2 * hidden, k), y),
                        x.device(),
                        CudaAdapters.NONE,
                        device.rows(rows, 24)));
        REFERENCE.linear(type, w.host(), 0, 2 * hidden, k, x.host(), k, gateUp.host(), 2 * hidden, rows, 0);
        for (int row = 0; row < rows; row++) {
            REFERENCE.swiglu(gateUp.host(2L * row * hidden), y.host((long) row * hidden), 0, hidden, false, 1f);
        }
        device.assertSame("swiglu " + type + " [" + 2 * hidden + ", " + k + "], " + rows + " rows", y);
    }

    @Test
    void shouldEndBlocksInOneLaunchOrTwo() {
        try (DeviceUnderTest device = new DeviceUnderTest(7)) {
            for (final WeightType type : WeightType.values()) {
                for (final int taps : new int[] {4, 1}) {
                    endBlock(device, type, 13, 48, taps, true, 1, 1, 1);
                    endBlock(device, type, 37, 33, taps, false, 1, 1);
                    endBlock(device, type, 37, 48, taps, false, 2, 11, 1, 5);
                }
            }
        }
    }

    /** The end of a block over segments of so many rows; fused where each has one. */
    private static void endBlock(
            final DeviceUnderTest device,
            final WeightType type,
            final int d,
            final int k,
            final int taps,
            final boolean scaled,
            final int... rowsOfSegment) {
        final BlockEnd end = new BlockEnd(device, d, taps, rowsOfSegment);
        final int rows = end.rows();
        final Buffer x = device.gaussians((long) rows * k);
        final Buffer w = device.weights(type, (long) d * k);
        final Buffer h = device.floats((long) rows * d);
        final LinearLaunches launches = new LinearLaunches(device.kernels());
        final Part part = part(DeviceUnderTest.matrix(type, w, d, k), h);
        final CudaRows count = device.rows(rows, 24);
        final CudaResidual residual = end.residual();
        device.run(launches.linearConv(part, x.device(), scaled, 0.37f, residual, CudaAdapters.NONE, count));
        if (!residual.fused()) {
            device.run(new RowLaunches(device.kernels()).residualConv(h.device(), residual, d, end.segments()));
        }
        REFERENCE.linear(type, w.host(), 0, d, k, x.host(), k, h.host(), d, rows, 0);
        if (scaled) {
            REFERENCE.scale(h.host(), 0.37f, 0, rows * d);
        }
        end.expect(h.host());
        end.assertSame("block of " + type + " [" + d + ", " + k + "], " + taps + " taps, " + rows + " rows");
    }

    @Test
    void shouldAddWhatAdaptersHave() {
        try (DeviceUnderTest device = new DeviceUnderTest(8)) {
            for (final int rank : new int[] {4, 16, 40}) {
                adapted(device, WeightType.BF16, 40, rank);
                adapted(device, WeightType.F32, 21, rank);
            }
        }
    }

    private static void adapted(final DeviceUnderTest device, final WeightType type, final int k, final int rank) {
        final int rows = 9;
        final int n = 10;
        final AdapterBench bench = new AdapterBench(device, 2, rank);
        bench.add(1, 0, 1, n, k, rank - 1);
        bench.add(2, 1, 1, n, k, rank);
        final int[] ofRow = {0, 1, 2, 1, 0, 2, 2, 1, 1};
        final CudaAdapters adapters = bench.table(ofRow);
        final Buffer x = device.gaussians((long) rows * k);
        final CudaRows count = device.rows(rows, 12);
        for (int module = 0; module < 2; module++) {
            final Buffer w = device.weights(type, (long) n * k);
            final Buffer y = device.floats((long) rows * n);
            final Buffer t = device.floats((long) rows * rank);
            final Part part = new Part(
                    DeviceUnderTest.matrix(type, w, n, k), y.device(), new CudaAdapters.Beside(module, t.device()));
            device.run(
                    new RowLaunches(device.kernels())
                            .adapterDown(x.device(), k, module, RowLaunches.Choice.NONE, t.device(), adapters, count),
                    new LinearLaunches(device.kernels()).linear(List.of(part), x.device(), 1, adapters, count));
            REFERENCE.linear(type, w.host(), 0, n, k, x.host(), k, y.host(), n, rows, 0);
            for (int row = 0; row < rows; row++) {
                bench.expect(ofRow[row], module, 0, x.host((long) row * k), y.host((long) row * n));
            }
            device.assertSame("module " + module + " of rank " + rank + " beside " + type, y);
        }
    }

    @Test
    void shouldRunInAGraphWithTheCountOfEachLaunch() {
        try (DeviceUnderTest device = new DeviceUnderTest(9)) {
            final int n = 6;
            final int k = 32;
            final Buffer x = device.gaussians(8L * k);
            final Buffer w = device.weights(WeightType.BF16, (long) n * k);
            final Buffer y = device.floats(8L * n);
            final Buffer count = device.ints(0);
            final CudaLaunch launch = new LinearLaunches(device.kernels())
                    .linear(
                            List.of(part(DeviceUnderTest.matrix(WeightType.BF16, w, n, k), y)),
                            x.device(),
                            1,
                            CudaAdapters.NONE,
                            new CudaRows(count.device(), 8));
            try (var graph = device.stream().capture("linear", () -> launch.launch(device.stream()));
                    var exec = graph.instantiate()) {
                assertEquals(1, graph.kernels());
                for (final int rows : new int[] {2, 5}) {
                    OffHeap.putInt(count.host(), rows);
                    device.upload(count);
                    exec.launch(device.stream());
                    device.stream().synchronize();
                    REFERENCE.linear(WeightType.BF16, w.host(), 0, n, k, x.host(), k, y.host(), n, rows, 0);
                    device.assertSame(rows + " rows of a graph", y);
                }
            }
        }
    }

    @Test
    void shouldRefuseWhatDoesNotFitTogether() {
        try (DeviceUnderTest device = new DeviceUnderTest(10)) {
            final LinearLaunches launches = new LinearLaunches(device.kernels());
            final Buffer memory = device.floats(1024);
            final CudaRows rows = device.rows(1, 1);
            final Part part = part(DeviceUnderTest.matrix(WeightType.F32, memory, 4, 8), memory);
            final Part other = part(DeviceUnderTest.matrix(WeightType.F32, memory, 4, 16), memory);
            final Part odd = part(DeviceUnderTest.matrix(WeightType.F32, memory, 3, 8), memory);
            final long x = memory.device();
            assertMessage(
                    "one number of columns",
                    () -> launches.linear(List.of(part, other), x, 1, CudaAdapters.NONE, rows));
            assertMessage("expected 1 to 4", () -> launches.linear(List.of(), x, 1, CudaAdapters.NONE, rows));
            assertMessage("expected pairs", () -> launches.linearSwiglu(odd, x, CudaAdapters.NONE, rows));
            assertMessage("multiple of 4", () -> launches.linear(List.of(part), x + 2, 1, CudaAdapters.NONE, rows));
            assertMessage("a size is 0", () -> launches.linear(List.of(part), x, 0, CudaAdapters.NONE, rows));
            assertMessage("expected positive sizes", () -> new CudaMatrix(WeightType.F32, x, 0, 8));
            assertMessage("at least 1", () -> new CudaRows(x, 0));
        }
    }

    private static void assertMessage(final String part, final Runnable call) {
        final String message =
                assertThrows(IllegalArgumentException.class, call::run).getMessage();
        assertTrue(message.contains(part), message);
    }
}
