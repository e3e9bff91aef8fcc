package dev.tactus.kernel;

import static dev.tactus.kernel.GuardedMemory.get;
import static dev.tactus.kernel.GuardedMemory.weight;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.memory.OffHeap;
import org.junit.jupiter.api.Test;

/**
 * What every implementation must do: equal the reference bit for bit at odd sizes, not care how work is cut, write
 * nothing but its output, and be near a naive double computation.
 */
abstract class KernelConformanceTest {
    static final KernelSet REFERENCE = new ReferenceKernels();
    private static final int[] ROWS = {1, 2, 3, 16, 17, 35};
    private static final int[] OUTS = {1, 2, 3, 4, 5, 17, 70};
    private static final int[] INNER = {1, 7, 31, 32, 33, 64, 95, 160};

    private final GuardedMemory.Edge edge;

    /** Where buffers stand. */
    KernelConformanceTest(final GuardedMemory.Edge edge) {
        this.edge = edge;
    }

    /** The implementation under test. */
    abstract KernelSet kernels();

    long scratch(final GuardedMemory memory) {
        return memory.bytes(kernels().scratchBytes(2048, 256));
    }

    static void assertNear(final double expected, final float actual, final double tolerance, final String what) {
        assertTrue(Math.abs(expected - actual) <= tolerance, what + ": expected " + expected + ", got " + actual);
    }

    @Test
    void shouldEqualReferenceLinearAtOddSizes() {
        long seed = 1;
        for (final WeightType type : WeightType.values()) {
            for (final int k : INNER) {
                for (final int rows : ROWS) {
                    for (final int n : OUTS) {
                        linearAgainstReference(seed++, type, k, rows, n);
                    }
                }
            }
        }
    }

    private void linearAgainstReference(
            final long seed, final WeightType type, final int k, final int rows, final int n) {
        try (GuardedMemory memory = new GuardedMemory(seed, edge)) {
            final int n0 = n > 2 ? 1 : 0;
            final int yStride = n + 3;
            final int xStride = k + 5;
            final long x = memory.gaussians(rows * xStride);
            final long w = memory.weights(type, n * k);
            final long expected = memory.floats(rows * yStride);
            final long actual = memory.floats(rows * yStride);
            REFERENCE.linear(type, w, n0, n, k, x, xStride, expected, yStride, rows, scratch(memory));
            kernels().linear(type, w, n0, n, k, x, xStride, actual, yStride, rows, scratch(memory));
            final String what = "linear " + type + " k=" + k + " rows=" + rows + " n=" + n;
            memory.assertSameBits(what, expected, actual, rows * yStride);
            memory.assertGuards(what);
        }
    }

    @Test
    void shouldGiveARowTheSameBitsAloneAndAmongOthers() {
        for (final WeightType type : WeightType.values()) {
            for (final int k : new int[] {96, 75}) {
                try (GuardedMemory memory = new GuardedMemory(7 + k, edge)) {
                    final int n = 21;
                    final int rows = 64;
                    final long x = memory.gaussians(rows * k);
                    final long w = memory.weights(type, n * k);
                    final long all = memory.floats(rows * n);
                    final long alone = memory.floats(n);
                    final long scratch = scratch(memory);
                    kernels().linear(type, w, 0, n, k, x, k, all, n, rows, scratch);
                    for (int r = 0; r < rows; r++) {
                        kernels().linear(type, w, 0, n, k, x + 4L * r * k, k, alone, n, 1, scratch);
                        memory.assertSameBits(type + " row " + r, all + 4L * r * n, alone, n);
                    }
                }
            }
        }
    }

    @Test
    void shouldNotCareWhereARangeOfOutputsIsCut() {
        for (final WeightType type : WeightType.values()) {
            try (GuardedMemory memory = new GuardedMemory(11, edge)) {
                final int n = 37;
                final int k = 100;
                final int rows = 5;
                final long x = memory.gaussians(rows * k);
                final long w = memory.weights(type, n * k);
                final long whole = memory.floats(rows * n);
                final long cut = memory.floats(rows * n);
                final long scratch = scratch(memory);
                kernels().linear(type, w, 0, n, k, x, k, whole, n, rows, scratch);
                for (int at = 0; at <= n; at++) {
                    kernels().linear(type, w, 0, at, k, x, k, cut, n, rows, scratch);
                    kernels().linear(type, w, at, n, k, x, k, cut, n, rows, scratch);
                    memory.assertSameBits(type + " cut at " + at, whole, cut, rows * n);
                }
            }
        }
    }

    @Test
    void shouldKeepNegativeZeroLanes() {
        // every product underflows to -0, so lanes and result are -0 if and only if nothing +0 was added to them
        for (final WeightType type : WeightType.values()) {
            for (final int k : new int[] {32, 33, 47, 64, 90}) {
                try (GuardedMemory memory = new GuardedMemory(k, edge)) {
                    final int n = 3;
                    final long x = memory.floats(3 * k);
                    final long w = memory.bytes((long) n * k * type.bytes());
                    for (int i = 0; i < 3 * k; i++) {
                        OffHeap.putFloat(x + 4L * i, -0x1p-100f);
                        if (type == WeightType.BF16) {
                            OffHeap.putShort(w + 2L * i, (short) (Float.floatToRawIntBits(0x1p-100f) >>> 16));
                        } else {
                            OffHeap.putFloat(w + 4L * i, 0x1p-100f);
                        }
                    }
                    final long y = memory.floats(3 * n);
                    kernels().linear(type, w, 0, n, k, x, k, y, n, 3, scratch(memory));
                    for (int i = 0; i < 3 * n; i++) {
                        assertEquals(Integer.MIN_VALUE, OffHeap.getInt(y + 4L * i), type + " k=" + k + " output " + i);
                    }
                }
            }
        }
    }

    @Test
    void shouldBeNearADoubleDot() {
        for (final WeightType type : WeightType.values()) {
            try (GuardedMemory memory = new GuardedMemory(5, edge)) {
                final int k = 1000;
                final int n = 9;
                final int rows = 3;
                final long x = memory.gaussians(rows * k);
                final long w = memory.weights(type, n * k);
                final long y = memory.floats(rows * n);
                kernels().linear(type, w, 0, n, k, x, k, y, n, rows, scratch(memory));
                for (int r = 0; r < rows; r++) {
                    for (int o = 0; o < n; o++) {
                        double sum = 0;
                        for (int i = 0; i < k; i++) {
                            sum += (double) get(x, r * k + i) * weight(type, w, (long) o * k + i);
                        }
                        assertNear(sum, get(y, r * n + o), 1e-4, type + " row " + r + " output " + o);
                    }
                }
            }
        }
    }

    @Test
    void shouldNormalise() {
        for (final int d : new int[] {1, 5, 8, 31, 64, 77, 384}) {
            for (final float divisor : new float[] {1f, 3f}) {
                try (GuardedMemory memory = new GuardedMemory(d, edge)) {
                    final int rows = 4;
                    final long x = memory.gaussians(rows * d);
                    final long w = memory.gaussians(d);
                    final long expected = memory.floats(rows * d);
                    final long actual = memory.floats(rows * d);
                    REFERENCE.rmsNorm(x, w, expected, d, 1e-6f, divisor, 1, rows);
                    kernels().rmsNorm(x, w, actual, d, 1e-6f, divisor, 1, rows);
                    memory.assertSameBits("rmsNorm d=" + d, expected, actual, rows * d);
                    memory.assertGuards("rmsNorm d=" + d);
                    double squares = 0;
                    for (int i = 0; i < d; i++) {
                        squares += (double) get(x, d + i) * get(x, d + i);
                    }
                    final double r = 1 / Math.sqrt(squares / d + 1e-6);
                    for (int i = 0; i < d; i++) {
                        final double y = get(x, d + i) * r * get(w, i) / divisor;
                        assertNear(y, get(actual, d + i), 1e-5, "rmsNorm d=" + d);
                    }
                    kernels().rmsNorm(x, w, x, d, 1e-6f, divisor, 1, rows);
                    memory.assertSameBits("in place", expected + 4L * d, x + 4L * d, (rows - 1) * d);
                }
            }
        }
    }

    @Test
    void shouldConvolveAndCarry() {
        long seed = 1;
        for (final int kernel : new int[] {1, 2, 4, 5}) {
            for (final int rows : new int[] {1, 2, 3, 7}) {
                for (final boolean residual : new boolean[] {false, true}) {
                    convolution(seed++, kernel, rows, 29, residual);
                }
            }
        }
    }

    private void convolution(
            final long seed, final int kernel, final int rows, final int channels, final boolean residual) {
        try (GuardedMemory memory = new GuardedMemory(seed, edge)) {
            final int carried = (kernel - 1) * channels;
            final long x = memory.gaussians(rows * channels);
            final long w = memory.gaussians(kernel * channels);
            final long carry = memory.gaussians(carried);
            final long carryExpected = memory.copyOf(carry, 4L * carried);
            final long carryRows = memory.copyOf(carry, 4L * carried);
            final long before = memory.copyOf(carry, 4L * carried);
            final long res = memory.gaussians(rows * channels);
            final long r = residual ? res : 0;
            final long expected = memory.floats(rows * channels);
            final long actual = memory.floats(rows * channels);
            final long oneByOne = memory.floats(rows * channels);
            REFERENCE.shortConv(x, w, carryExpected, r, expected, channels, kernel, rows, 3, channels);
            kernels().shortConv(x, w, carry, r, actual, channels, kernel, rows, 3, 11);
            kernels().shortConv(x, w, carry, r, actual, channels, kernel, rows, 11, channels);
            memory.assertSameBits("conv", expected, actual, rows * channels);
            memory.assertSameBits("carry", carryExpected, carry, carried);
            for (int t = 0; t < rows; t++) {
                final long at = 4L * t * channels;
                kernels()
                        .shortConv(
                                x + at,
                                w,
                                carryRows,
                                residual ? res + at : 0,
                                oneByOne + at,
                                channels,
                                kernel,
                                1,
                                3,
                                channels);
            }
            memory.assertSameBits("row by row", expected, oneByOne, rows * channels);
            memory.assertSameBits("carry row by row", carryExpected, carryRows, carried);
            memory.assertGuards("conv");
            for (int t = 0; t < rows; t++) {
                for (int c = 3; c < channels; c++) {
                    double y = get(x, t * channels + c) + (residual ? get(res, t * channels + c) : 0);
                    for (int j = 0; j < kernel; j++) {
                        final int from = t - kernel + 1 + j;
                        y += (double) get(w, j * channels + c)
                                * (from < 0
                                        ? get(before, (long) (kernel - 1 + from) * channels + c)
                                        : get(x, (long) from * channels + c));
                    }
                    assertNear(y, get(actual, t * channels + c), 1e-5, "conv t=" + t + " c=" + c);
                }
            }
        }
    }

    @Test
    void shouldGateAndActivate() {
        final int n = 83;
        try (GuardedMemory memory = new GuardedMemory(3, edge)) {
            final long gu = memory.gaussians(2 * n, 5f);
            for (final boolean scaled : new boolean[] {false, true}) {
                final long expected = memory.floats(n);
                final long actual = memory.floats(n);
                REFERENCE.swiglu(gu, expected, 1, n, scaled, 0.3f);
                kernels().swiglu(gu, actual, 1, 20, scaled, 0.3f);
                kernels().swiglu(gu, actual, 20, n, scaled, 0.3f);
                memory.assertSameBits("swiglu", expected, actual, n);
                for (int i = 1; i < n; i++) {
                    final double g = get(gu, 2 * i);
                    final double y = g / (1 + Math.exp(-g)) * get(gu, 2 * i + 1) * (scaled ? 0.3 : 1);
                    assertNear(y, get(actual, i), 1e-4, "swiglu " + i);
                }
            }
            final long x = memory.gaussians(n, 2f);
            final long y = memory.copyOf(x, 4L * n);
            REFERENCE.gelu(x, 2, n);
            kernels().gelu(y, 2, 13);
            kernels().gelu(y, 13, n);
            memory.assertSameBits("gelu", x, y, n);
            final int many = 20_000;
            final long wide = memory.gaussians(many, 3f);
            OffHeap.putFloat(wide, -0f);
            OffHeap.putFloat(wide + 4, 1e-40f);
            OffHeap.putFloat(wide + 8, -1e30f);
            final long before = memory.copyOf(wide, 4L * many);
            final long expected = memory.copyOf(wide, 4L * many);
            REFERENCE.gelu(expected, 0, many);
            kernels().gelu(wide, 0, many);
            memory.assertSameBits("gelu of many", expected, wide, many);
            assertNear(0.5 * get(before, 9) * (1 + erf(get(before, 9) / Math.sqrt(2))), get(wide, 9), 1e-5, "gelu");
            memory.assertGuards("activations");
        }
    }

    /** By its Maclaurin series. */
    private static double erf(final double x) {
        double term = x;
        double sum = x;
        for (int n = 1; n < 200; n++) {
            term *= -x * x / n;
            sum += term / (2 * n + 1);
        }
        return 2 / Math.sqrt(Math.PI) * sum;
    }

    @Test
    void shouldScaleAddAndMultiplyRows() {
        final int n = 45;
        try (GuardedMemory memory = new GuardedMemory(4, edge)) {
            final long y = memory.gaussians(n);
            final long a = memory.gaussians(n);
            final long b = memory.copyOf(a, 4L * n);
            final long before = memory.copyOf(a, 4L * n);
            REFERENCE.scale(a, 1.7f, 1, n);
            REFERENCE.fmaRow(0.3f, y, a, 2, n - 1);
            REFERENCE.addRow(y, a, 3, n);
            kernels().scale(b, 1.7f, 1, n);
            kernels().fmaRow(0.3f, y, b, 2, n - 1);
            kernels().addRow(y, b, 3, n);
            memory.assertSameBits("rows", a, b, n);
            memory.assertGuards("rows");
            for (int i = 3; i < n - 1; i++) {
                assertNear(get(before, i) * 1.7 + 1.3 * get(y, i), get(b, i), 1e-5, "rows " + i);
            }
            assertEquals(get(before, 0), get(b, 0));
        }
    }

    @Test
    void shouldWidenAndBag() {
        for (final WeightType type : WeightType.values()) {
            try (GuardedMemory memory = new GuardedMemory(9, edge)) {
                final int d = 43;
                final int mels = 11;
                final int bins = 4;
                final long table = memory.weights(type, mels * bins * d);
                final long wide = memory.floats(d);
                kernels().widen(type, table + (long) d * type.bytes(), wide, d);
                for (int i = 0; i < d; i++) {
                    assertEquals(weight(type, table, d + i), get(wide, i), "widened element " + i);
                }
                final long bin = memory.ints(mels);
                for (int m = 0; m < mels; m++) {
                    OffHeap.putInt(bin + 4L * m, memory.random().nextInt(bins));
                }
                final long expected = memory.floats(d);
                final long actual = memory.floats(d);
                REFERENCE.audioBag(type, table, bin, mels, bins, d, expected, 2, d);
                kernels().audioBag(type, table, bin, mels, bins, d, actual, 2, 15);
                kernels().audioBag(type, table, bin, mels, bins, d, actual, 15, d);
                memory.assertSameBits("bag", expected, actual, d);
                memory.assertGuards("bag");
                for (int c = 2; c < d; c++) {
                    double sum = 0;
                    for (int m = 0; m < mels; m++) {
                        sum += weight(type, table, (long) (m * bins + OffHeap.getInt(bin + 4L * m)) * d + c);
                    }
                    assertNear(sum, get(actual, c), 1e-5, "bag column " + c);
                }
            }
        }
    }

    @Test
    void shouldFoldMeasureAndBinASpectrum() {
        try (GuardedMemory memory = new GuardedMemory(21, edge)) {
            final long left = memory.gaussians(800);
            final long right = memory.gaussians(800);
            final long hann = memory.gaussians(1600);
            for (final boolean silent : new boolean[] {false, true}) {
                final long even = memory.floats(801);
                final long odd = memory.floats(799);
                final long even2 = memory.floats(801);
                final long odd2 = memory.floats(799);
                REFERENCE.melFold(silent ? 0 : left, right, hann, even, odd);
                kernels().melFold(silent ? 0 : left, right, hann, even2, odd2);
                memory.assertSameBits("even", even, even2, 801);
                memory.assertSameBits("odd", odd, odd2, 799);
                final float x5 = silent ? 0f : get(left, 5) * get(hann, 5);
                assertEquals(x5 + get(right, 795) * get(hann, 1595), get(even2, 5));
                assertEquals(x5 - get(right, 795) * get(hann, 1595), get(odd2, 4));
                assertEquals(get(right, 0) * get(hann, 800), get(even2, 800));
            }
            final int n = 801;
            final long re = memory.gaussians(n, 1e-5f);
            final long im = memory.gaussians(n, 1e-5f);
            final long expected = memory.floats(n);
            final long actual = memory.floats(n);
            REFERENCE.melMagnitude(re, im, expected, n);
            kernels().melMagnitude(re, im, actual, n);
            memory.assertSameBits("magnitude", expected, actual, n);
            final long thresholds = memory.ints(5);
            for (int t = 0; t < 5; t++) {
                OffHeap.putFloat(thresholds + 4L * t, t);
            }
            final long mel = memory.ints(4);
            final float[] mels = {-1f, 2f, 2.5f, 100f};
            for (int m = 0; m < 4; m++) {
                OffHeap.putFloat(mel + 4L * m, mels[m]);
            }
            final long bin = memory.ints(4);
            kernels().melBin(mel, thresholds, 5, bin, 4);
            final int[] bins = {0, 2, 3, 5};
            for (int m = 0; m < 4; m++) {
                assertEquals(bins[m], OffHeap.getInt(bin + 4L * m), "bin of " + mels[m]);
            }
            memory.assertGuards("mel");
        }
    }

    @Test
    void shouldCutPatchesAndFoldThem() {
        try (GuardedMemory memory = new GuardedMemory(31, edge)) {
            final int patch = 4;
            final int width = 12;
            final long previous = memory.gaussians(8 * width * 3 / 4);
            final long current = memory.gaussians(8 * width * 3 / 4);
            final long table = memory.gaussians(3 * 256);
            final long out = memory.floats(2 * patch * patch * 3);
            kernels().patchPixels(previous, current, width, patch, 1, 2, table, out);
            for (int i = 0; i < 2 * patch * patch * 3; i++) {
                final int colour = i % 3;
                final int column = i / 3 % patch + 2 * patch;
                final int row = i / 3 / patch % patch + patch;
                final long frame = i / 3 / patch / patch == 0 ? previous : current;
                final int value = OffHeap.getByte(frame + ((long) row * width + column) * 3 + colour) & 0xFF;
                assertEquals(get(table, colour * 256L + value), get(out, i), "pixel " + i);
            }
            final long y = memory.floats(2 * patch * patch * 3);
            kernels().fold(out, 2, patch, patch, 3, 2, 2, 4, y);
            int at = 0;
            for (int block = 0; block < 2; block++) {
                for (int i = 0; i < 2 * 2 * 4 * 3; i++) {
                    final int t = i / 24;
                    final int h = i / 12 % 2 + 2 * block;
                    final int w = i / 3 % 4;
                    assertEquals(get(out, ((t * patch + h) * patch + w) * 3 + i % 3), get(y, at++), "folded " + at);
                }
            }
            memory.assertGuards("vision");
        }
    }
}
