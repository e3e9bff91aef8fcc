package dev.tactus.kernel.vector;

import static dev.tactus.kernel.vector.Lanes.LENGTH;
import static dev.tactus.kernel.vector.Lanes.bound;
import static dev.tactus.kernel.vector.Lanes.load;
import static dev.tactus.kernel.vector.Lanes.store;
import static dev.tactus.kernel.vector.Lanes.zero;

import dev.tactus.memory.OffHeap;
import jdk.incubator.vector.FloatVector;

/** Causal depthwise convolution, a vector holding neighbouring channels. */
final class ConvVector {
    private ConvVector() {}

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
        final int whole = c0 + bound(c1 - c0);
        for (int t = 0; t < rows; t++) {
            vectors(x, w, carry, residual, y, rowBytes, kernel, t, c0, whole);
            for (int c = whole; c < c1; c++) {
                one(x, w, carry, residual, y, rowBytes, kernel, t, (long) c * Float.BYTES);
            }
        }
        // rising j reads an older carry only before it is replaced
        final long first = (long) c0 * Float.BYTES;
        for (int j = 0; j < kernel - 1; j++) {
            final long source = input(x, carry, rowBytes, kernel, rows - kernel + 1 + j);
            OffHeap.copy(source + first, carry + j * rowBytes + first, (long) (c1 - c0) * Float.BYTES);
        }
    }

    private static void vectors(
            final long x,
            final long w,
            final long carry,
            final long residual,
            final long y,
            final long rowBytes,
            final int kernel,
            final int t,
            final int c0,
            final int c1) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        for (int c = c0; c < c1; c += LENGTH) {
            final long column = (long) c * Float.BYTES;
            FloatVector a = zero();
            for (int j = 0; j < kernel; j++) {
                final long input = input(x, carry, rowBytes, kernel, t - kernel + 1 + j);
                a = load(w + j * rowBytes + column).fma(load(input + column), a);
            }
            final long at = t * rowBytes + column;
            final FloatVector sum = load(x + at).add(a);
            store(residual == 0 ? sum : load(residual + at).add(sum), y + at);
        }
    }

    private static void one(
            final long x,
            final long w,
            final long carry,
            final long residual,
            final long y,
            final long rowBytes,
            final int kernel,
            final int t,
            final long column) {
        float a = 0f;
        for (int j = 0; j < kernel; j++) {
            final long input = input(x, carry, rowBytes, kernel, t - kernel + 1 + j);
            a = Math.fma(OffHeap.getFloat(w + j * rowBytes + column), OffHeap.getFloat(input + column), a);
        }
        final long at = t * rowBytes + column;
        final float sum = OffHeap.getFloat(x + at) + a;
        OffHeap.putFloat(y + at, residual == 0 ? sum : OffHeap.getFloat(residual + at) + sum);
    }

    /** The input row of time t, which lies in the carry when t is negative: t = -1 is its last row. */
    private static long input(final long x, final long carry, final long rowBytes, final int kernel, final int t) {
        return t < 0 ? carry + (kernel - 1 + t) * rowBytes : x + t * rowBytes;
    }
}
