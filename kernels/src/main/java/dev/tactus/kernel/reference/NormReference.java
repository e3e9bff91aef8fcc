package dev.tactus.kernel.reference;

import dev.tactus.kernel.ExactMath;
import dev.tactus.memory.OffHeap;

/** Root-mean-square norm. */
final class NormReference {
    private NormReference() {}

    static void rmsNorm(
            final long x,
            final long w,
            final long y,
            final int d,
            final float eps,
            final float divisor,
            final int r0,
            final int r1) {
        for (int row = r0; row < r1; row++) {
            final long offset = (long) row * d * Float.BYTES;
            final float r = reciprocalRms(x + offset, d, eps);
            for (int i = 0; i < d; i++) {
                final long at = offset + (long) i * Float.BYTES;
                final float normed = OffHeap.getFloat(x + at) * r * OffHeap.getFloat(w + (long) i * Float.BYTES);
                OffHeap.putFloat(y + at, normed / divisor);
            }
        }
    }

    private static float reciprocalRms(final long x, final int d, final float eps) {
        // the double root of a float, rounded to float, is the correctly rounded float root
        return 1f / (float) Math.sqrt(ExactMath.dot(x, x, d) / d + eps);
    }
}
