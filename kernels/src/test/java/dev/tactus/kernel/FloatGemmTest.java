package dev.tactus.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.kernel.c.FloatGemm;
import dev.tactus.kernel.c.Isa;
import dev.tactus.kernel.c.Region;
import dev.tactus.memory.OffHeap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The three products of a linear layer against plain loops: near the product in float64, and equal to the bit to the
 * order of additions that {@link FloatGemm} promises, for any number of workers.
 */
@ParameterizedClass
@EnumSource(Isa.class)
class FloatGemmTest {
    private static final int MAX_WORKERS = 3;

    private final FloatGemm gemm;

    FloatGemmTest(final Isa isa) {
        CLibrary.kernels(isa);
        gemm = new FloatGemm(isa);
    }

    static Stream<FloatGemm.Shape> shapes() {
        return Stream.of(
                new FloatGemm.Shape(1, 1, 1),
                new FloatGemm.Shape(1, 65, 193),
                new FloatGemm.Shape(3, 7, 5),
                new FloatGemm.Shape(17, 51, 33),
                new FloatGemm.Shape(24, 115, 384),
                new FloatGemm.Shape(97, 49, 101),
                new FloatGemm.Shape(193, 25, 13),
                new FloatGemm.Shape(401, 9, 250));
    }

    /** The three products: what they are called, and the sizes of c [m, n], summed over k. */
    private enum Product {
        FORWARD,
        INPUT_GRADIENT,
        WEIGHT_GRADIENT;

        private int m(final FloatGemm.Shape s) {
            return this == WEIGHT_GRADIENT ? s.outputs() : s.rows();
        }

        private int n(final FloatGemm.Shape s) {
            return this == FORWARD ? s.outputs() : s.inputs();
        }

        private int k(final FloatGemm.Shape s) {
            return this == FORWARD ? s.inputs() : this == INPUT_GRADIENT ? s.outputs() : s.rows();
        }

        /** Element (i, p) of the left operand, and (p, j) of the right one. */
        private long left(final FloatGemm.Shape s, final int i, final int p) {
            return this == WEIGHT_GRADIENT ? (long) p * s.outputs() + i : (long) i * k(s) + p;
        }

        private long right(final FloatGemm.Shape s, final int p, final int j) {
            return this == FORWARD ? (long) j * s.inputs() + p : (long) p * s.inputs() + j;
        }
    }

    private void run(
            final Product product,
            final FloatGemm.Shape shape,
            final Region a,
            final Region b,
            final Region c,
            final FloatGemm.Worker worker) {
        switch (product) {
            case FORWARD -> gemm.forward(shape, a, b, c, worker);
            case INPUT_GRADIENT -> gemm.inputGradient(shape, a, b, c, worker);
            default -> gemm.weightGradient(shape, a, b, c, worker);
        }
    }

    /** c as FloatGemm says it is computed; every element is near the product in float64. */
    private static void expect(
            final Product product,
            final FloatGemm.Shape s,
            final long a,
            final long b,
            final long before,
            final long c) {
        final boolean adds = product == Product.WEIGHT_GRADIENT;
        final int n = product.n(s);
        final int k = product.k(s);
        for (int i = 0; i < product.m(s); i++) {
            for (int j = 0; j < n; j++) {
                final float start = GuardedMemory.get(before, (long) i * n + j);
                float total = start;
                double sum = adds ? start : 0;
                double size = Math.abs(sum);
                for (int p0 = 0; p0 < k; p0 += FloatGemm.BLOCK) {
                    float block = 0;
                    for (int p = p0; p < Math.min(k, p0 + FloatGemm.BLOCK); p++) {
                        final float x = GuardedMemory.get(a, product.left(s, i, p));
                        final float y = GuardedMemory.get(b, product.right(s, p, j));
                        block = Math.fma(x, y, block);
                        sum += (double) x * y;
                        size += Math.abs((double) x * y);
                    }
                    total = p0 > 0 || adds ? total + block : block;
                }
                final double error = Math.abs(total - sum);
                assertTrue(error <= (k + 1) * 0x1p-24 * size, () -> product + " " + s + ": error " + error);
                OffHeap.putFloat(c + 4 * ((long) i * n + j), total);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void shouldEqualPlainLoopsForAnyNumberOfWorkers(final FloatGemm.Shape s) {
        for (final Product product : Product.values()) {
            try (GuardedMemory memory = new GuardedMemory(31L * s.rows() + s.outputs())) {
                final int m = product.m(s);
                final int n = product.n(s);
                final int k = product.k(s);
                final Region a = new Region(memory.gaussians(m * k), 4L * m * k);
                final Region b = new Region(memory.gaussians(k * n), 4L * k * n);
                final long before = memory.gaussians(m * n);
                final long expected = memory.floats(m * n);
                expect(product, s, a.address(), b.address(), before, expected);
                for (int workers = 1; workers <= MAX_WORKERS; workers++) {
                    final Region c = new Region(memory.copyOf(before, 4L * m * n), 4L * m * n);
                    final Region scratch = new Region(memory.bytes(gemm.scratchBytes()), gemm.scratchBytes());
                    for (int w = workers - 1; w >= 0; w--) {
                        run(product, s, a, b, c, new FloatGemm.Worker(w, workers, scratch));
                    }
                    memory.assertSameBits(product + " " + s + " by " + workers, expected, c.address(), m * n);
                }
                memory.assertGuards(product + " " + s);
            }
        }
    }

    @Test
    void shouldRefuseWhatDoesNotFit() {
        try (GuardedMemory memory = new GuardedMemory(1)) {
            final FloatGemm.Shape shape = new FloatGemm.Shape(3, 5, 7);
            final Region x = new Region(memory.floats(21), 84);
            final Region w = new Region(memory.floats(35), 140);
            final Region y = new Region(memory.floats(15), 60);
            final Region scratch = new Region(memory.bytes(gemm.scratchBytes()), gemm.scratchBytes());
            final FloatGemm.Worker worker = new FloatGemm.Worker(0, 1, scratch);
            gemm.forward(shape, x, w, y, worker);

            refused("x has 80 bytes", () -> gemm.forward(shape, new Region(x.address(), 80), w, y, worker));
            refused("w has 139 bytes", () -> gemm.forward(shape, x, new Region(w.address(), 139), y, worker));
            refused("there is no y", () -> gemm.forward(shape, x, w, Region.NONE, worker));
            refused("dy has 59 bytes", () -> gemm.inputGradient(shape, new Region(y.address(), 59), w, x, worker));
            refused("dx has 60 bytes", () -> gemm.inputGradient(shape, y, w, y, worker));
            refused("dw has 84 bytes", () -> gemm.weightGradient(shape, y, x, x, worker));
            refused("y is not aligned", () -> gemm.forward(shape, x, w, new Region(y.address() + 1, 60), worker));
            final Region small = new Region(scratch.address(), scratch.bytes() - 1);
            refused("scratch has", () -> gemm.forward(shape, x, w, y, new FloatGemm.Worker(0, 1, small)));
            final Region crooked = new Region(scratch.address() + 4, scratch.bytes());
            refused("scratch is not aligned", () -> gemm.forward(shape, x, w, y, new FloatGemm.Worker(0, 1, crooked)));
            memory.assertGuards("refused products");
        }
    }

    @Test
    void shouldRefuseSizesAndWorkersThatMakeNoSense() {
        refused("0 rows", () -> new FloatGemm.Shape(0, 1, 1));
        refused("-1 outputs", () -> new FloatGemm.Shape(1, -1, 1));
        refused("0 inputs", () -> new FloatGemm.Shape(1, 1, 0));
        refused("worker 2 of 2", () -> new FloatGemm.Worker(2, 2, Region.NONE));
        refused("worker 0 of 0", () -> new FloatGemm.Worker(0, 0, Region.NONE));
        assertEquals(0, new FloatGemm.Worker(0, 2, Region.NONE).index());
    }

    private static void refused(final String expected, final Runnable call) {
        final String message =
                assertThrows(IllegalArgumentException.class, call::run).getMessage();
        assertTrue(message.contains(expected), message);
        assertFalse(message.contains("\n"), message);
    }
}
