package dev.tactus.kernel.vector;

import static dev.tactus.kernel.vector.Lanes.LENGTH;
import static dev.tactus.kernel.vector.Lanes.base;
import static dev.tactus.kernel.vector.Lanes.bound;
import static dev.tactus.kernel.vector.Lanes.load;
import static dev.tactus.kernel.vector.Lanes.store;

import dev.tactus.kernel.ExactMath;

/** Root-mean-square norm: the one sum of a row is scalar, what follows is not. */
final class NormVector {
    private NormVector() {}

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
            final float r = 1f / (float) Math.sqrt(ExactMath.dot(x + offset, x + offset, d) / d + eps);
            if (divisor == 1f) {
                normalise(x + offset, w, y + offset, d, r);
            } else {
                normaliseAndDivide(x + offset, w, y + offset, d, r, divisor);
            }
        }
    }

    private static void normalise(final long x, final long w, final long y, final int d, final float r) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        for (int i = 0; i < bound(d); i += LENGTH) {
            final long offset = (long) i * Float.BYTES;
            store(load(base(x + offset)).mul(r).mul(load(base(w + offset))), base(y + offset));
        }
        for (int i = bound(d); i < d; i++) {
            RowVector.put(y, i, RowVector.get(x, i) * r * RowVector.get(w, i));
        }
    }

    private static void normaliseAndDivide(
            final long x, final long w, final long y, final int d, final float r, final float divisor) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        for (int i = 0; i < bound(d); i += LENGTH) {
            final long offset = (long) i * Float.BYTES;
            store(load(base(x + offset)).mul(r).mul(load(base(w + offset))).div(divisor), base(y + offset));
        }
        for (int i = bound(d); i < d; i++) {
            RowVector.put(y, i, RowVector.get(x, i) * r * RowVector.get(w, i) / divisor);
        }
    }
}
