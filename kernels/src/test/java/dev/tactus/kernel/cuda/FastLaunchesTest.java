package dev.tactus.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.kernel.Elementary;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.WeightType;
import dev.tactus.kernel.cuda.DeviceUnderTest.Buffer;
import dev.tactus.kernel.cuda.LinearLaunches.Part;
import dev.tactus.memory.OffHeap;
import java.util.List;
import org.junit.jupiter.api.Test;

/** FAST_BF16 products are near those of rounded factors in double, and a row's bits are its own. */
class FastLaunchesTest {
    /** Sums of float32: units in the last place times the terms, with room. */
    private static final double TOLERANCE = 1e-6;

    private static final int[] ROWS = {1, 2, 7, 17, 41};
    private static final int[] COLUMNS = {8, 40, 64, 200, 33, 7};

    @Test
    void shouldBeNearTheProductOfRoundedFactors() {
        try (DeviceUnderTest device = new DeviceUnderTest(1)) {
            for (final int k : COLUMNS) {
                for (final int rows : ROWS) {
                    linear(device, k, rows, 1 + (k + rows) % 37);
                }
            }
        }
    }

    private static void linear(final DeviceUnderTest device, final int k, final int rows, final int n) {
        final Buffer x = device.gaussians((long) rows * k);
        final Buffer w = device.weights(WeightType.BF16, (long) n * k);
        final Buffer y = device.floats((long) rows * n);
        device.run(launches(device)
                .linear(List.of(part(w, n, k, y)), x.device(), 1, CudaAdapters.NONE, device.rows(rows, 48)));
        final long actual = device.download(y);
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < n; i++) {
                assertNear(
                        dot(x, (long) row * k, w, (long) i * k, k),
                        OffHeap.getFloat(actual + ((long) row * n + i) * Float.BYTES),
                        k,
                        "[" + n + ", " + k + "], row " + row + " of " + rows + ", output " + i);
            }
        }
    }

    private static LinearLaunches launches(final DeviceUnderTest device) {
        return new LinearLaunches(device.kernels(), NumericClass.FAST_BF16);
    }

    private static Part part(final Buffer w, final int n, final int k, final Buffer y) {
        return new Part(DeviceUnderTest.matrix(WeightType.BF16, w, n, k), y.device(), CudaAdapters.Beside.NONE);
    }

    /** The product of a row of x, rounded to bfloat16, and a row of w. */
    private static double dot(final Buffer x, final long xFirst, final Buffer w, final long wFirst, final int k) {
        double sum = 0;
        for (int i = 0; i < k; i++) {
            final double weight = OffHeap.getBfloat16(w.host() + (wFirst + i) * Short.BYTES);
            sum += rounded(x.get(xFirst + i)) * weight;
        }
        return sum;
    }

    /** To the nearest bfloat16, ties to even. */
    private static double rounded(final float value) {
        final int bits = Float.floatToRawIntBits(value);
        return Float.intBitsToFloat(bits + 0x7FFF + (bits >> 16 & 1) & 0xFFFF0000);
    }

    /** Written so that NaN fails. */
    private static void assertNear(final double expected, final float actual, final int k, final String what) {
        assertTrue(
                Math.abs(expected - actual) <= TOLERANCE * k + TOLERANCE * Math.abs(expected),
                () -> what + ": expected " + expected + ", got " + actual);
    }

    @Test
    void shouldGiveARowTheSameBitsAloneAndAmongOthers() {
        try (DeviceUnderTest device = new DeviceUnderTest(2)) {
            final int n = 21;
            final int k = 168;
            final int rows = 67;
            final Buffer x = device.gaussians((long) rows * k);
            final Buffer w = device.weights(WeightType.BF16, (long) n * k);
            final Buffer alone = device.floats((long) rows * n);
            final LinearLaunches launches = launches(device);
            for (int row = 0; row < rows; row++) {
                final Part part = new Part(
                        DeviceUnderTest.matrix(WeightType.BF16, w, n, k),
                        alone.device((long) row * n),
                        CudaAdapters.Beside.NONE);
                device.run(launches.linear(
                        List.of(part), x.device((long) row * k), 1, CudaAdapters.NONE, device.rows(1, 1)));
            }
            final long expected = device.download(alone);
            for (final int count : new int[] {3, 8, 9, 32, 33, 67}) {
                final Buffer together = device.floats((long) rows * n);
                device.run(launches.linear(
                        List.of(part(w, n, k, together)), x.device(), 1, CudaAdapters.NONE, device.rows(count, 96)));
                device.assertSame(count + " rows", expected, device.download(together), (long) count * n);
            }
        }
    }

    @Test
    void shouldTakeFourMatricesInOneLaunch() {
        try (DeviceUnderTest device = new DeviceUnderTest(3)) {
            final int k = 32;
            final int rows = 5;
            final int[] outputs = {17, 16, 1, 40};
            final Buffer x = device.gaussians((long) rows * k);
            final Buffer[] w = new Buffer[outputs.length];
            final Buffer[] y = new Buffer[outputs.length];
            final Part[] parts = new Part[outputs.length];
            for (int i = 0; i < outputs.length; i++) {
                w[i] = device.weights(WeightType.BF16, (long) outputs[i] * k);
                y[i] = device.floats((long) rows * outputs[i]);
                parts[i] = part(w[i], outputs[i], k, y[i]);
            }
            device.run(
                    launches(device).linear(List.of(parts), x.device(), 1, CudaAdapters.NONE, device.rows(rows, rows)));
            for (int i = 0; i < outputs.length; i++) {
                final Buffer lone = device.floats((long) rows * outputs[i]);
                device.run(launches(device)
                        .linear(
                                List.of(part(w[i], outputs[i], k, lone)),
                                x.device(),
                                1,
                                CudaAdapters.NONE,
                                device.rows(rows, rows)));
                device.assertSame(
                        "matrix " + i, device.download(lone), device.download(y[i]), (long) rows * outputs[i]);
            }
        }
    }

    @Test
    void shouldGateWhatTheProductGives() {
        try (DeviceUnderTest device = new DeviceUnderTest(4)) {
            final int hidden = 19;
            final int k = 72;
            for (final int rows : new int[] {1, 11}) {
                final Buffer x = device.gaussians((long) rows * k);
                final Buffer w = device.weights(WeightType.BF16, 2L * hidden * k);
                final Buffer gateUp = device.floats(2L * rows * hidden);
                final Buffer y = device.floats((long) rows * hidden);
                final CudaRows count = device.rows(rows, 16);
                device.run(
                        launches(device)
                                .linear(
                                        List.of(part(w, 2 * hidden, k, gateUp)),
                                        x.device(),
                                        1,
                                        CudaAdapters.NONE,
                                        count),
                        launches(device).linearSwiglu(part(w, 2 * hidden, k, y), x.device(), CudaAdapters.NONE, count));
                final long gates = device.download(gateUp);
                for (int i = 0; i < rows * hidden; i++) {
                    final float gate = OffHeap.getFloat(gates + 2L * i * Float.BYTES);
                    final float up = OffHeap.getFloat(gates + (2L * i + 1) * Float.BYTES);
                    OffHeap.putFloat(y.host(i), Elementary.silu(gate) * up);
                }
                device.assertSame("swiglu of " + rows + " rows", y);
            }
        }
    }

    @Test
    void shouldEndBlocksInOneLaunchOrTwo() {
        try (DeviceUnderTest device = new DeviceUnderTest(5)) {
            endBlock(device, 1, 1, 1);
            endBlock(device, 2, 9, 1, 30);
        }
    }

    private static void endBlock(final DeviceUnderTest device, final int... rowsOfSegment) {
        final int d = 37;
        final int k = 48;
        final BlockEnd end = new BlockEnd(device, d, 4, rowsOfSegment);
        final int rows = end.rows();
        final Buffer x = device.gaussians((long) rows * k);
        final Buffer w = device.weights(WeightType.BF16, (long) d * k);
        final Buffer h = device.floats((long) rows * d);
        final Buffer product = device.floats((long) rows * d);
        final CudaRows count = device.rows(rows, 48);
        final CudaResidual residual = end.residual();
        device.run(
                launches(device).linear(List.of(part(w, d, k, product)), x.device(), 1, CudaAdapters.NONE, count),
                launches(device)
                        .linearConv(part(w, d, k, h), x.device(), true, 0.5f, residual, CudaAdapters.NONE, count));
        if (!residual.fused()) {
            device.run(new RowLaunches(device.kernels()).residualConv(h.device(), residual, d, end.segments()));
        }
        final long scaled = device.download(product);
        for (int i = 0; i < rows * d; i++) {
            final long at = scaled + (long) i * Float.BYTES;
            OffHeap.putFloat(at, OffHeap.getFloat(at) * 0.5f);
        }
        end.expect(scaled);
        end.assertSame("block of " + rows + " rows");
    }

    @Test
    void shouldAddWhatAdaptersHave() {
        try (DeviceUnderTest device = new DeviceUnderTest(6)) {
            final int rows = 11;
            final int n = 20;
            final int k = 24;
            final int rank = 8;
            final AdapterBench bench = new AdapterBench(device, 1, rank);
            bench.add(1, 0, 1, n, k, rank);
            bench.add(2, 0, 1, n, k, rank - 3);
            final int[] ofRow = {0, 1, 2, 1, 0, 2, 2, 1, 1, 0, 2};
            final CudaAdapters adapters = bench.table(ofRow);
            final CudaRows count = device.rows(rows, 12);
            final Buffer x = device.gaussians((long) rows * k);
            final Buffer w = device.weights(WeightType.BF16, (long) n * k);
            final Buffer base = device.floats((long) rows * n);
            final Buffer y = device.floats((long) rows * n);
            final Buffer t = device.floats((long) rows * rank);
            final Part adapted = new Part(
                    DeviceUnderTest.matrix(WeightType.BF16, w, n, k),
                    y.device(),
                    new CudaAdapters.Beside(0, t.device()));
            device.run(
                    launches(device).linear(List.of(part(w, n, k, base)), x.device(), 1, CudaAdapters.NONE, count),
                    new RowLaunches(device.kernels())
                            .adapterDown(x.device(), k, 0, RowLaunches.Choice.NONE, t.device(), adapters, count),
                    launches(device).linear(List.of(adapted), x.device(), 1, adapters, count));
            final long expected = device.download(base);
            for (int row = 0; row < rows; row++) {
                bench.expect(ofRow[row], 0, 0, x.host((long) row * k), expected + (long) row * n * Float.BYTES);
            }
            device.assertSame("adapted rows", expected, device.download(y), (long) rows * n);
        }
    }

    @Test
    void shouldRunExpertsAsProductsOfOneRow() {
        try (DeviceUnderTest device = new DeviceUnderTest(7)) {
            for (final int d : new int[] {24, 21}) {
                experts(device, d, 16, 1, 1);
                experts(device, d, 9, 4);
            }
        }
    }

    /** One routed of three experts and one shared; products of one matrix each are the oracle. */
    private static void experts(
            final DeviceUnderTest device, final int d, final int hidden, final int... rowsOfSegment) {
        final BlockEnd end = new BlockEnd(device, d, 4, rowsOfSegment);
        final int rows = end.rows();
        final Buffer[] up = {
            device.weights(WeightType.BF16, 3L * 2 * hidden * d), device.weights(WeightType.BF16, 2L * hidden * d)
        };
        final Buffer[] down = {
            device.weights(WeightType.BF16, 3L * d * hidden), device.weights(WeightType.BF16, (long) d * hidden)
        };
        final int[] numbers = new int[2 * rows];
        for (int row = 0; row < rows; row++) {
            numbers[2 * row] = (row + 1) % 3;
            numbers[2 * row + 1] = 3;
        }
        final Buffer experts = device.ints(numbers);
        final Buffer weights = device.gaussians(2L * rows);
        final Buffer x = device.gaussians((long) rows * d);
        final Buffer y = device.floats(2L * rows * hidden);
        final Buffer h = device.floats((long) rows * d);
        final CudaRows count = device.rows(rows, 6);
        final ExpertLaunches launches = new ExpertLaunches(device.kernels(), NumericClass.FAST_BF16);
        final CudaResidual residual = end.residual();
        device.run(
                launches.up(
                        group(up, 2 * hidden, d, experts, weights), x.device(), y.device(), CudaAdapters.NONE, count),
                launches.downConv(
                        group(down, d, hidden, experts, weights),
                        y.device(),
                        h.device(),
                        residual,
                        CudaAdapters.NONE,
                        count));
        if (!residual.fused()) {
            device.run(new RowLaunches(device.kernels()).residualConv(h.device(), residual, d, end.segments()));
        }
        for (int slot = 0; slot < 2 * rows; slot++) {
            expectSlot(device, slot, d, hidden, up, down, experts, weights, x, y, h);
        }
        end.expect(h.host());
        device.assertSame("hidden of experts, d " + d, y);
        end.assertSame("experts, d " + d);
    }

    private static ExpertLaunches.Group group(
            final Buffer[] w, final int n, final int k, final Buffer experts, final Buffer weights) {
        return new ExpertLaunches.Group(
                DeviceUnderTest.matrix(WeightType.BF16, w[0], n, k),
                3,
                DeviceUnderTest.matrix(WeightType.BF16, w[1], n, k),
                experts.device(),
                weights.device(),
                2,
                CudaAdapters.Beside.NONE,
                -1);
    }

    private static void expectSlot(
            final DeviceUnderTest device,
            final int slot,
            final int d,
            final int hidden,
            final Buffer[] up,
            final Buffer[] down,
            final Buffer experts,
            final Buffer weights,
            final Buffer x,
            final Buffer y,
            final Buffer h) {
        final int chosen = OffHeap.getInt(experts.host(slot));
        final boolean shared = chosen == 3;
        final int group = shared ? 1 : 0;
        final int expert = shared ? 0 : chosen;
        final long in = x.device((long) (slot / 2) * d);
        final long gateUp = lone(device, up[group], expert, 2 * hidden, d, in);
        for (int i = 0; i < hidden; i++) {
            final float gate = OffHeap.getFloat(gateUp + 2L * i * Float.BYTES);
            final float product = Elementary.silu(gate) * OffHeap.getFloat(gateUp + (2L * i + 1) * Float.BYTES);
            OffHeap.putFloat(y.host((long) slot * hidden + i), shared ? product * weights.get(slot) : product);
        }
        final long out = lone(device, down[group], expert, d, hidden, y.device((long) slot * hidden));
        for (int i = 0; i < d; i++) {
            final long at = h.host((long) (slot / 2) * d + i);
            final float before = slot % 2 == 0 ? 0f : OffHeap.getFloat(at);
            final float value = OffHeap.getFloat(out + (long) i * Float.BYTES);
            OffHeap.putFloat(at, shared ? before + value : Math.fma(weights.get(slot), value, before));
        }
    }

    /** One row times one expert's matrix, on the host. */
    private static long lone(
            final DeviceUnderTest device, final Buffer w, final int expert, final int n, final int k, final long x) {
        final Buffer y = device.floats(n);
        final CudaMatrix matrix =
                new CudaMatrix(WeightType.BF16, w.device() + (long) expert * n * k * Short.BYTES, n, k);
        device.run(launches(device)
                .linear(
                        List.of(new Part(matrix, y.device(), CudaAdapters.Beside.NONE)),
                        x,
                        1,
                        CudaAdapters.NONE,
                        device.rows(1, 1)));
        return device.download(y);
    }

    @Test
    void shouldRefuseMatricesThatWereNotRounded() {
        try (DeviceUnderTest device = new DeviceUnderTest(8)) {
            final Buffer memory = device.floats(64);
            final CudaRows rows = device.rows(1, 1);
            final Part part = new Part(
                    DeviceUnderTest.matrix(WeightType.F32, memory, 4, 8), memory.device(), CudaAdapters.Beside.NONE);
            assertMessage(
                    "round it when it is loaded",
                    () -> launches(device).linear(List.of(part), memory.device(), 1, CudaAdapters.NONE, rows));
            assertMessage("use EXACT or FAST_BF16", () -> new LinearLaunches(device.kernels(), NumericClass.FAST_INT8));
        }
    }

    private static void assertMessage(final String part, final Runnable call) {
        final String message =
                assertThrows(IllegalArgumentException.class, call::run).getMessage();
        assertTrue(message.contains(part), message);
    }
}
