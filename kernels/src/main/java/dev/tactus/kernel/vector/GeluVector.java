package dev.tactus.kernel.vector;

import static dev.tactus.kernel.ElementaryTable.ERF_L0;
import static dev.tactus.kernel.ElementaryTable.ERF_L1;
import static dev.tactus.kernel.ElementaryTable.ERF_L2;
import static dev.tactus.kernel.ElementaryTable.ERF_L3;
import static dev.tactus.kernel.ElementaryTable.ERF_L4;
import static dev.tactus.kernel.ElementaryTable.ERF_L5;
import static dev.tactus.kernel.ElementaryTable.ERF_L6;
import static dev.tactus.kernel.ElementaryTable.ERF_LIMIT;
import static dev.tactus.kernel.ElementaryTable.ERF_S0;
import static dev.tactus.kernel.ElementaryTable.ERF_S1;
import static dev.tactus.kernel.ElementaryTable.ERF_S2;
import static dev.tactus.kernel.ElementaryTable.ERF_S3;
import static dev.tactus.kernel.ElementaryTable.ERF_S4;
import static dev.tactus.kernel.ElementaryTable.ERF_S5;
import static dev.tactus.kernel.ElementaryTable.ERF_S6;
import static dev.tactus.kernel.ElementaryTable.ERF_SPLIT;
import static dev.tactus.kernel.vector.Lanes.LENGTH;
import static dev.tactus.kernel.vector.Lanes.base;
import static dev.tactus.kernel.vector.Lanes.bound;
import static dev.tactus.kernel.vector.Lanes.broadcast;
import static dev.tactus.kernel.vector.Lanes.load;
import static dev.tactus.kernel.vector.Lanes.store;

import dev.tactus.kernel.Elementary;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The exact GELU.
 *
 * <p>C2 cannot inline all of {@link VectorElementary#erf} here, and a vector that crosses a call is boxed. So there are
 * two sweeps, for small and for other arguments. The first leaves the others as they are, and makes the small ones
 * smaller (at most 0.91 times their size), so that the second can tell them apart by the same comparison.
 */
final class GeluVector {
    private static final float HALF = 0.5f;
    private static final float ROOT_HALF = 0.70710678f;

    // as vectors, since a float operand costs the compiler a broadcast each time
    private static final FloatVector HALVES = broadcast(HALF);
    private static final FloatVector ROOT_HALVES = broadcast(ROOT_HALF);
    private static final FloatVector ONES = broadcast(1f);
    private static final FloatVector SPLIT = broadcast(ERF_SPLIT);
    private static final FloatVector LIMIT = broadcast(ERF_LIMIT);
    private static final FloatVector L0 = broadcast(ERF_L0);
    private static final FloatVector L1 = broadcast(ERF_L1);
    private static final FloatVector L2 = broadcast(ERF_L2);
    private static final FloatVector L3 = broadcast(ERF_L3);
    private static final FloatVector L4 = broadcast(ERF_L4);
    private static final FloatVector L5 = broadcast(ERF_L5);
    private static final FloatVector L6 = broadcast(ERF_L6);
    private static final FloatVector S0 = broadcast(ERF_S0);
    private static final FloatVector S1 = broadcast(ERF_S1);
    private static final FloatVector S2 = broadcast(ERF_S2);
    private static final FloatVector S3 = broadcast(ERF_S3);
    private static final FloatVector S4 = broadcast(ERF_S4);
    private static final FloatVector S5 = broadcast(ERF_S5);
    private static final FloatVector S6 = broadcast(ERF_S6);

    private GeluVector() {}

    static void gelu(final long x, final int i0, final int i1) {
        final int whole = i0 + bound(i1 - i0);
        smallOnes(x, i0, whole);
        largeOnes(x, i0, whole);
        for (int i = whole; i < i1; i++) {
            final float v = RowVector.get(x, i);
            RowVector.put(x, i, (HALF * v) * (1f + Elementary.erf(v * ROOT_HALF)));
        }
    }

    private static void smallOnes(final long x, final int i0, final int i1) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        for (int i = i0; i < i1; i += LENGTH) {
            final long at = base(x + (long) i * Float.BYTES);
            final FloatVector v = load(at);
            final FloatVector e = v.mul(ROOT_HALVES);
            final VectorMask<Float> small = e.abs().compare(VectorOperators.LT, SPLIT);
            store(v.blend(v.mul(HALVES).mul(small(e).add(ONES)), small), at);
        }
    }

    private static void largeOnes(final long x, final int i0, final int i1) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        for (int i = i0; i < i1; i += LENGTH) {
            final long at = base(x + (long) i * Float.BYTES);
            final FloatVector v = load(at);
            final FloatVector e = v.mul(ROOT_HALVES);
            final FloatVector a = e.abs();
            final VectorMask<Float> done = a.compare(VectorOperators.LT, SPLIT);
            final FloatVector large = ONES.sub(VectorElementary.exp(exponent(a)));
            final FloatVector signed = large.blend(large.neg(), e.compare(VectorOperators.LT, 0f));
            store(v.mul(HALVES).mul(signed.add(ONES)).blend(v, done), at);
        }
    }

    /** log(1 - erf(a)), from where on a stays at 4. */
    private static FloatVector exponent(final FloatVector a) {
        final FloatVector limited = a.blend(LIMIT, a.compare(VectorOperators.GT, LIMIT));
        return limited.fma(L6, L5)
                .fma(limited, L4)
                .fma(limited, L3)
                .fma(limited, L2)
                .fma(limited, L1)
                .fma(limited, L0);
    }

    /** erf of small arguments. */
    private static FloatVector small(final FloatVector x) {
        final FloatVector s = x.mul(x);
        return s.fma(S6, S5)
                .fma(s, S4)
                .fma(s, S3)
                .fma(s, S2)
                .fma(s, S1)
                .fma(s, S0)
                .fma(x, x);
    }
}
