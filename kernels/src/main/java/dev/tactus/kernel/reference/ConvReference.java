package dev.tactus.kernel.reference;

import dev.tactus.memory.OffHeap;

/** Causal depthwise convolution with a carry of the last inputs. */
final class ConvReference {
    private ConvReference() {}

    static void shortConv(
            final long x,
            final long w,
            final long carry,
            final long residual,
            final long y,
            final int channels,
            final int kernel,
            final int rows,
            final int c0,
            final int c1) {
        final long rowBytes = (long) channels * Float.BYTES;
        for (int c = c0; c < c1; c++) {
            final long column = (long) c * Float.BYTES;
            for (int t = 0; t < rows; t++) {
                float a = 0f;
                for (int j = 0; j < kernel; j++) {
                    final float input = input(x, carry, rowBytes, kernel, t - kernel + 1 + j, column);
                    a = Math.fma(OffHeap.getFloat(w + j * rowBytes + column), input, a);
                }
                final float sum = OffHeap.getFloat(x + t * rowBytes + column) + a;
                final long at = t * rowBytes + column;
                OffHeap.putFloat(y + at, residual == 0 ? sum : OffHeap.getFloat(residual + at) + sum);
            }
            // rising j reads an older carry only before it is replaced
            for (int j = 0; j < kernel - 1; j++) {
                final float input = input(x, carry, rowBytes, kernel, rows - kernel + 1 + j, column);
                OffHeap.putFloat(carry + j * rowBytes + column, input);
            }
        }
    }

    /** The input of time t, which lies in the carry when t is negative: t = -1 is its last row. */
    private static float input(
            final long x, final long carry, final long rowBytes, final int kernel, final int t, final long column) {
        return t < 0
                ? OffHeap.getFloat(carry + (kernel - 1 + t) * rowBytes + column)
                : OffHeap.getFloat(x + t * rowBytes + column);
    }
}
