package dev.tactus.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.kernel.c.FastLinear;
import dev.tactus.kernel.c.Isa;
import dev.tactus.kernel.c.Region;
import dev.tactus.kernel.c.WeightMatrix;
import dev.tactus.memory.OffHeap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Products of the FAST classes against plain loops over the rounded or quantised operands. */
@ParameterizedClass
@EnumSource(Isa.class)
class FastLinearTest {
    private static final List<NumericClass> FAST = List.of(NumericClass.FAST_BF16, NumericClass.FAST_INT8);

    private final Isa isa;

    FastLinearTest(final Isa isa) {
        CLibrary.kernels(isa);
        this.isa = isa;
    }

    /** Rows times a matrix, packed and prepared for a class. */
    private final class Case implements AutoCloseable {
        private final GuardedMemory memory;
        private final NumericClass numerics;
        private final int n;
        private final int k;
        private final int xStride;
        private final long x;
        private final long w;
        private final WeightMatrix matrix;
        private final FastLinear product;

        private Case(final NumericClass numerics, final int rows, final int n, final int k) {
            memory = new GuardedMemory(1000L * rows + 10L * n + k);
            this.numerics = numerics;
            this.n = n;
            this.k = k;
            xStride = k + 3;
            x = memory.gaussians((rows - 1) * xStride + k, 3f);
            w = memory.weights(WeightType.BF16, n * k);
            final long bytes = WeightMatrix.preparedBytes(numerics, n, k);
            final long target = memory.bytes(bytes);
            OffHeap.zero(target, bytes);
            matrix = WeightMatrix.prepare(numerics, WeightType.BF16, w, n, k, target);
            final long packedBytes = FastLinear.packedBytes(isa, numerics, k);
            product = new FastLinear(isa, numerics, new Region(memory.bytes(packedBytes), packedBytes));
        }

        private Region x(final int row, final int rows) {
            return new Region(x + 4L * row * xStride, 4L * ((rows - 1L) * xStride + k));
        }

        /** Outputs [n0, n1) of rows [row, row + rows), n apart; the others stay as they are. */
        private void multiply(final int row, final int rows, final int n0, final int n1, final Region y) {
            product.pack(x(row, rows), xStride, rows, k);
            product.multiply(matrix, n0, n1, y, n);
        }

        private Region outputs(final int rows) {
            return new Region(memory.floats(rows * n), 4L * rows * n);
        }

        private float element(final int row, final int p) {
            return GuardedMemory.get(x, (long) row * xStride + p);
        }

        private float w(final int row, final int p) {
            return GuardedMemory.weight(WeightType.BF16, w, (long) row * k + p);
        }

        private String name() {
            return numerics.label() + " on " + isa.label() + ", n = " + n + ", k = " + k;
        }

        @Override
        public void close() {
            memory.close();
        }
    }

    /** The int8 elements and the scale of a row, as NUMERICS.md defines them. */
    private static float quantise(final float[] row, final int[] q) {
        float most = 0;
        for (final float v : row) {
            most = Math.max(most, Math.abs(v));
        }
        final float scale = most / 127f;
        for (int p = 0; p < row.length; p++) {
            q[p] = (int) Math.rint(row[p] / scale);
        }
        return scale;
    }

    private static float rounded(final float v) {
        final int bits = Float.floatToRawIntBits(v);
        return Float.intBitsToFloat(bits + 0x7fff + (bits >>> 16 & 1) & 0xffff0000);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "1, 37, 65", "3, 16, 64", "5, 21, 200", "16, 33, 129", "64, 19, 384", "33, 50, 1025"})
    void shouldEqualPlainLoopToTheBitForInt8(final int rows, final int n, final int k) {
        try (Case c = new Case(NumericClass.FAST_INT8, rows, n, k)) {
            final Region y = c.outputs(rows);
            c.multiply(0, rows, 0, n, y);
            final long expected = c.memory.floats(rows * n);
            final int[] qw = new int[k];
            final int[] qx = new int[k];
            final float[] line = new float[k];
            for (int j = 0; j < n; j++) {
                for (int p = 0; p < k; p++) {
                    line[p] = c.w(j, p);
                }
                final float sw = quantise(line, qw);
                for (int r = 0; r < rows; r++) {
                    for (int p = 0; p < k; p++) {
                        line[p] = c.element(r, p);
                    }
                    final float sx = quantise(line, qx);
                    int sum = 0;
                    for (int p = 0; p < k; p++) {
                        sum += qx[p] * qw[p];
                    }
                    OffHeap.putFloat(expected + 4L * (r * n + j), (float) sum * sx * sw);
                }
            }
            c.memory.assertSameBits(c.name(), expected, y.address(), rows * n);
            c.memory.assertGuards(c.name());
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "1, 37, 65", "3, 16, 64", "5, 21, 200", "16, 33, 129", "64, 19, 384", "33, 50, 1025"})
    void shouldBeNearProductOfRoundedOperandsForBfloat16(final int rows, final int n, final int k) {
        try (Case c = new Case(NumericClass.FAST_BF16, rows, n, k)) {
            final Region y = c.outputs(rows);
            c.multiply(0, rows, 0, n, y);
            for (int r = 0; r < rows; r++) {
                for (int j = 0; j < n; j++) {
                    double sum = 0;
                    double size = 0;
                    for (int p = 0; p < k; p++) {
                        // the product of two bfloat16 is exact in float64
                        final double term = (double) rounded(c.element(r, p)) * c.w(j, p);
                        sum += term;
                        size += Math.abs(term);
                    }
                    final float actual = GuardedMemory.get(y.address(), (long) r * n + j);
                    final double error = Math.abs(actual - sum);
                    final String where = c.name() + ", row " + r + ", output " + j + ", error " + error;
                    assertTrue(error <= (k + 1) * 0x1p-24 * size, where);
                }
            }
            c.memory.assertGuards(c.name());
        }
    }

    @ParameterizedTest
    @CsvSource({"40, 129", "37, 384", "20, 70"})
    void shouldKeepBitsOfRowAmongNeighboursAndInParts(final int n, final int k) {
        for (final NumericClass numerics : FAST) {
            try (Case c = new Case(numerics, FastLinear.MAX_ROWS, n, k)) {
                final Region together = c.outputs(FastLinear.MAX_ROWS);
                c.multiply(0, FastLinear.MAX_ROWS, 0, n, together);
                for (int row = 0; row < FastLinear.MAX_ROWS; row++) {
                    final Region alone = c.outputs(1);
                    final int cut = row % n;
                    c.multiply(row, 1, 0, cut, alone);
                    c.multiply(row, 1, cut, n, alone);
                    final long expected = together.address() + 4L * row * n;
                    c.memory.assertSameBits(c.name() + ", row " + row, expected, alone.address(), n);
                }
                c.memory.assertGuards(c.name());
            }
        }
    }

    @Test
    void shouldRefuseWhatDoesNotFit() {
        for (final NumericClass numerics : FAST) {
            try (Case c = new Case(numerics, 4, 9, 70)) {
                final Region y = c.outputs(4);
                assertThrows(IllegalStateException.class, () -> c.product.multiply(c.matrix, 0, 9, y, 9));
                c.multiply(0, 4, 0, 9, y);

                refused("0 rows", () -> c.product.pack(c.x(0, 4), c.xStride, 0, 70));
                refused("65 rows", () -> c.product.pack(c.x(0, 4), c.xStride, 65, 70));
                refused("x has", () -> c.product.pack(new Region(c.x, 4), c.xStride, 4, 70));
                refused("elements apart", () -> c.product.pack(c.x(0, 4), 69, 4, 70));
                refused("packing has", () -> c.product.pack(c.x(0, 4), 140, 1, 140));
                refused("outputs [0, 10) of 9", () -> c.product.multiply(c.matrix, 0, 10, y, 10));
                refused("outputs [-1, 9)", () -> c.product.multiply(c.matrix, -1, 9, y, 9));
                refused("y has", () -> c.product.multiply(c.matrix, 0, 9, new Region(y.address(), 143), 9));
                final WeightMatrix exact = WeightMatrix.exact(WeightType.BF16, c.w, 9, 70);
                refused("not prepared", () -> c.product.multiply(exact, 0, 9, y, 9));
                final WeightMatrix longer = WeightMatrix.prepared(numerics, 4, 80, c.matrix.data());
                refused("80 columns", () -> c.product.multiply(longer, 0, 4, y, 9));
                c.memory.assertGuards("refused products");
            }
        }
    }

    @Test
    void shouldRefuseRowsThatNoFastClassTakes() {
        refused("EXACT", () -> FastLinear.packedBytes(isa, NumericClass.EXACT, 64));
        refused("0 elements", () -> FastLinear.packedBytes(isa, NumericClass.FAST_BF16, 0));
        final int tooLong = NumericClass.MAX_INT8_COLUMNS + 1;
        refused(tooLong + " elements", () -> FastLinear.packedBytes(isa, NumericClass.FAST_INT8, tooLong));
        assertEquals(0, FastLinear.packedBytes(isa, NumericClass.FAST_INT8, 64) % 64);
    }

    private static void refused(final String expected, final Runnable call) {
        final String message =
                assertThrows(IllegalArgumentException.class, call::run).getMessage();
        assertTrue(message.contains(expected), message);
        assertFalse(message.contains("\n"), message);
    }
}
