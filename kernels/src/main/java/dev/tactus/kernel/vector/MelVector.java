package dev.tactus.kernel.vector;

import static dev.tactus.kernel.vector.Lanes.LENGTH;
import static dev.tactus.kernel.vector.Lanes.bound;
import static dev.tactus.kernel.vector.Lanes.load;
import static dev.tactus.kernel.vector.Lanes.store;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** Magnitudes of the spectrum. */
final class MelVector {
    private static final float FLOOR = 1e-10f;

    private MelVector() {}

    static void melMagnitude(final long re, final long im, final long mag, final int n) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        final FloatVector floor = Lanes.broadcast(FLOOR);
        for (int i = 0; i < bound(n); i += LENGTH) {
            final long offset = (long) i * Float.BYTES;
            final FloatVector real = load(re + offset);
            final FloatVector imaginary = load(im + offset);
            final FloatVector power = real.fma(real, imaginary.mul(imaginary));
            final FloatVector kept = floor.blend(power, power.compare(VectorOperators.GT, floor));
            store(kept.lanewise(VectorOperators.SQRT), mag + offset);
        }
        for (int i = bound(n); i < n; i++) {
            final float real = RowVector.get(re, i);
            final float imaginary = RowVector.get(im, i);
            final float power = Math.fma(real, real, imaginary * imaginary);
            RowVector.put(mag, i, (float) Math.sqrt(power > FLOOR ? power : FLOOR));
        }
    }
}
