package dev.tactus.engine.tuning;

import dev.tactus.memory.OffHeap;
import java.util.Arrays;

/**
 * Products in plain Java, for machines without the C kernels, with the order of additions of
 * {@link dev.tactus.kernel.c.FloatGemm}: blocks of 192 summed products, one chain of fma each, added in rising order.
 * Equal to the bit.
 */
final class JavaProducts implements Products {
    private static final int BLOCK = 192;
    private static final int COLUMNS = 64;

    /** An operand: element (i, p) lies {@code i · row + p · col} floats behind the address. */
    private record Operand(long address, long row, long col) {
        private float at(final int i, final int p) {
            return OffHeap.getFloat(address + (i * row + p * col) * Float.BYTES);
        }
    }

    @Override
    public long scratchBytes() {
        return Float.BYTES;
    }

    @Override
    public void forward(final Shape s, final long x, final long w, final long y, final Share share) {
        product(
                new Shape(s.rows(), s.outputs(), s.inputs()),
                new Operand(x, s.inputs(), 1),
                new Operand(w, 1, s.inputs()),
                y,
                false,
                share);
    }

    @Override
    public void inputGradient(final Shape s, final long dy, final long w, final long dx, final Share share) {
        product(
                new Shape(s.rows(), s.inputs(), s.outputs()),
                new Operand(dy, s.outputs(), 1),
                new Operand(w, s.inputs(), 1),
                dx,
                false,
                share);
    }

    @Override
    public void weightGradient(final Shape s, final long dy, final long x, final long dw, final Share share) {
        product(
                new Shape(s.outputs(), s.inputs(), s.rows()),
                new Operand(dy, 1, s.outputs()),
                new Operand(x, s.inputs(), 1),
                dw,
                true,
                share);
    }

    /** c [m, n] (+)= a [m, k] · b [k, n], where the shape is (m, n, k). Workers share rows of c. */
    private static void product(
            final Shape shape, final Operand a, final Operand b, final long c, final boolean adds, final Share share) {
        final int m = shape.rows();
        final int n = shape.outputs();
        final int k = shape.inputs();
        final int first = (int) ((long) m * share.worker() / share.workers());
        final int last = (int) ((long) m * (share.worker() + 1) / share.workers());
        final float[] panel = new float[BLOCK * COLUMNS];
        final float[] sums = new float[COLUMNS];
        for (int j0 = 0; j0 < n; j0 += COLUMNS) {
            final int columns = Math.min(COLUMNS, n - j0);
            for (int p0 = 0; p0 < k; p0 += BLOCK) {
                final int depth = Math.min(BLOCK, k - p0);
                pack(b, p0, depth, j0, columns, panel);
                for (int i = first; i < last; i++) {
                    chain(a, i, p0, depth, panel, sums);
                    store(c + ((long) i * n + j0) * Float.BYTES, columns, sums, adds || p0 > 0);
                }
            }
        }
    }

    private static void pack(
            final Operand b, final int p0, final int depth, final int j0, final int columns, final float[] panel) {
        for (int p = 0; p < depth; p++) {
            for (int j = 0; j < columns; j++) {
                panel[p * COLUMNS + j] = b.at(p0 + p, j0 + j);
            }
        }
    }

    private static void chain(
            final Operand a, final int i, final int p0, final int depth, final float[] panel, final float[] sums) {
        Arrays.fill(sums, 0f);
        for (int p = 0; p < depth; p++) {
            final float factor = a.at(i, p0 + p);
            final int row = p * COLUMNS;
            for (int j = 0; j < COLUMNS; j++) {
                sums[j] = Math.fma(factor, panel[row + j], sums[j]);
            }
        }
    }

    private static void store(final long target, final int columns, final float[] sums, final boolean add) {
        for (int j = 0; j < columns; j++) {
            final long at = target + (long) j * Float.BYTES;
            OffHeap.putFloat(at, add ? OffHeap.getFloat(at) + sums[j] : sums[j]);
        }
    }
}
