package dev.tactus.kernel.reference;

import dev.tactus.kernel.ExactMath;
import dev.tactus.kernel.WeightType;
import dev.tactus.memory.OffHeap;

/** Matrix times rows: one {@link ExactMath} dot per output. */
final class LinearReference {
    private LinearReference() {}

    static void linear(
            final WeightType type,
            final long w,
            final int n0,
            final int n1,
            final int k,
            final long x,
            final int xStride,
            final long y,
            final int yStride,
            final int rows) {
        final long wRowBytes = (long) k * type.bytes();
        for (int r = 0; r < rows; r++) {
            final long xRow = x + (long) r * xStride * Float.BYTES;
            final long yRow = y + (long) r * yStride * Float.BYTES;
            for (int n = n0; n < n1; n++) {
                OffHeap.putFloat(yRow + (long) n * Float.BYTES, dot(type, xRow, w + n * wRowBytes, k));
            }
        }
    }

    private static float dot(final WeightType type, final long x, final long w, final int k) {
        return type == WeightType.BF16 ? ExactMath.dotBfloat16(x, w, k) : ExactMath.dot(x, w, k);
    }
}
