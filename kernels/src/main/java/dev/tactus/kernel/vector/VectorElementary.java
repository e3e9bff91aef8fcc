package dev.tactus.kernel.vector;

import dev.tactus.kernel.Elementary;
import dev.tactus.kernel.ElementaryTable;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link Elementary} on whole vectors, equal to it bit for bit in every lane (payloads of NaN aside).
 *
 * <p>Each method repeats the scalar steps, computing both sides of a choice and blending. Arguments are of
 * {@link FloatVector#SPECIES_PREFERRED}; any other species ends in a ClassCastException. The coefficients are constant
 * vectors and not broadcasts of the argument's species: C2 stops inlining, and the Vector API starts to box, once a
 * compiled method has grown to 18,000 nodes, and broadcasts made erf cross that line.
 *
 * <p>All methods are pure and may be called by any thread. Compiled by C2 and inlined they allocate nothing; for the
 * same limit a compiled loop should hold at most two calls (two exp were measured to fit, four to box).
 */
public final class VectorElementary {
    private VectorElementary() {}

    /** {@link Elementary#exp} of every lane. */
    public static FloatVector exp(final FloatVector x) {
        final FloatVector shifted = x.fma(Exp.LOG2_E, Shared.ROUND_MAGIC);
        final IntVector exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
        final IntVector half = exponent.lanewise(VectorOperators.ASHR, 1).and(Exp.SIGN_EXPONENT_BITS);
        final FloatVector scale1 = half.add(Exp.ONE_BITS).reinterpretAsFloats();
        final FloatVector scale2 = exponent.sub(half).add(Exp.ONE_BITS).reinterpretAsFloats();
        final FloatVector y = expReduced(x, shifted).mul(scale1).mul(scale2);
        return y.blend(Shared.ZERO, x.compare(VectorOperators.LT, Exp.UNDERFLOW))
                .blend(Shared.INFINITY, x.compare(VectorOperators.GT, Exp.OVERFLOW));
    }

    /** {@link Elementary#log} of every lane. */
    public static FloatVector log(final FloatVector x) {
        final VectorMask<Float> subnormal = x.compare(VectorOperators.LT, Log.MIN_NORMAL);
        final IntVector bits = x.blend(x.mul(Log.SCALE), subnormal).reinterpretAsInts();
        final IntVector exponent = bits.sub(Log.SPLIT_BITS).lanewise(VectorOperators.ASHR, 23);
        final FloatVector f = bits.sub(exponent.lanewise(VectorOperators.LSHL, 23))
                .reinterpretAsFloats()
                .sub(Shared.ONE);
        final FloatVector magic = Shared.ROUND_MAGIC.blend(Log.MAGIC_SCALED, subnormal);
        final FloatVector n =
                exponent.add(Log.ROUND_MAGIC_BITS).reinterpretAsFloats().sub(magic);
        final FloatVector tail = f.mul(f).fma(logSeries(f), n.mul(Log.LN2_LO));
        final FloatVector y = n.fma(Log.LN2_HI, f.add(tail));
        return x.blend(y, x.compare(VectorOperators.LT, Shared.INFINITY))
                .blend(Log.NAN, x.compare(VectorOperators.LT, Shared.ZERO))
                .blend(Log.MINUS_INFINITY, x.compare(VectorOperators.EQ, Shared.ZERO));
    }

    /** {@link Elementary#erf} of every lane. */
    public static FloatVector erf(final FloatVector x) {
        final IntVector sign = x.reinterpretAsInts().and(Erf.SIGN_BIT);
        final FloatVector a = x.abs();
        final FloatVector limited = a.blend(Erf.LIMIT, a.compare(VectorOperators.GT, Erf.LIMIT));
        final FloatVector large = Shared.ONE.sub(expNegative(erfExponent(limited)));
        return large.reinterpretAsInts()
                .or(sign)
                .reinterpretAsFloats()
                .blend(erfSmall(x), a.compare(VectorOperators.LT, Erf.SPLIT));
    }

    private static FloatVector expReduced(final FloatVector x, final FloatVector shifted) {
        final FloatVector n = shifted.sub(Shared.ROUND_MAGIC);
        final FloatVector r = n.fma(Exp.MINUS_LN2_LO, n.fma(Exp.MINUS_LN2_HI, x));
        return r.fma(Exp.C6, Exp.C5)
                .fma(r, Exp.C4)
                .fma(r, Exp.C3)
                .fma(r, Exp.C2)
                .fma(r, Shared.ONE)
                .fma(r, Shared.ONE);
    }

    private static FloatVector expNegative(final FloatVector x) {
        final FloatVector shifted = x.fma(Exp.LOG2_E, Shared.ROUND_MAGIC);
        final IntVector exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
        return expReduced(x, shifted).mul(exponent.add(Exp.ONE_BITS).reinterpretAsFloats());
    }

    private static FloatVector logSeries(final FloatVector f) {
        return f.fma(Log.C10, Log.C9)
                .fma(f, Log.C8)
                .fma(f, Log.C7)
                .fma(f, Log.C6)
                .fma(f, Log.C5)
                .fma(f, Log.C4)
                .fma(f, Log.C3)
                .fma(f, Log.C2);
    }

    private static FloatVector erfExponent(final FloatVector a) {
        return a.fma(Erf.L6, Erf.L5)
                .fma(a, Erf.L4)
                .fma(a, Erf.L3)
                .fma(a, Erf.L2)
                .fma(a, Erf.L1)
                .fma(a, Erf.L0);
    }

    private static FloatVector erfSmall(final FloatVector x) {
        final FloatVector s = x.mul(x);
        return s.fma(Erf.S6, Erf.S5)
                .fma(s, Erf.S4)
                .fma(s, Erf.S3)
                .fma(s, Erf.S2)
                .fma(s, Erf.S1)
                .fma(s, Erf.S0)
                .fma(x, x);
    }

    private static FloatVector all(final float value) {
        return FloatVector.broadcast(FloatVector.SPECIES_PREFERRED, value);
    }

    private static IntVector allBits(final int bits) {
        return all(0f).reinterpretAsInts().broadcast(bits);
    }

    /** Constants of more than one function. */
    private static final class Shared {
        static final FloatVector ZERO = all(0f);
        static final FloatVector ONE = all(1f);
        static final FloatVector INFINITY = all(Float.POSITIVE_INFINITY);
        static final FloatVector ROUND_MAGIC = all(ElementaryTable.ROUND_MAGIC);
    }

    /** Constants of exp. */
    private static final class Exp {
        static final FloatVector LOG2_E = all(ElementaryTable.LOG2_E);
        static final FloatVector MINUS_LN2_HI = all(-ElementaryTable.LN2_HI);
        static final FloatVector MINUS_LN2_LO = all(-ElementaryTable.LN2_LO);
        static final FloatVector C2 = all(ElementaryTable.EXP_C2);
        static final FloatVector C3 = all(ElementaryTable.EXP_C3);
        static final FloatVector C4 = all(ElementaryTable.EXP_C4);
        static final FloatVector C5 = all(ElementaryTable.EXP_C5);
        static final FloatVector C6 = all(ElementaryTable.EXP_C6);
        static final FloatVector UNDERFLOW = all(ElementaryTable.EXP_UNDERFLOW);
        static final FloatVector OVERFLOW = all(ElementaryTable.EXP_OVERFLOW);
        static final IntVector ONE_BITS = allBits(ElementaryTable.ONE_BITS);
        static final IntVector SIGN_EXPONENT_BITS = allBits(ElementaryTable.SIGN_EXPONENT_BITS);
    }

    /** Constants of log. */
    private static final class Log {
        static final FloatVector MIN_NORMAL = all(ElementaryTable.MIN_NORMAL);
        static final FloatVector SCALE = all(ElementaryTable.LOG_SCALE);
        static final FloatVector MAGIC_SCALED = all(ElementaryTable.LOG_MAGIC_SCALED);
        static final FloatVector NAN = all(Float.NaN);
        static final FloatVector MINUS_INFINITY = all(Float.NEGATIVE_INFINITY);
        static final FloatVector LN2_HI = all(ElementaryTable.LN2_HI);
        static final FloatVector LN2_LO = all(ElementaryTable.LN2_LO);
        static final FloatVector C2 = all(ElementaryTable.LOG_C2);
        static final FloatVector C3 = all(ElementaryTable.LOG_C3);
        static final FloatVector C4 = all(ElementaryTable.LOG_C4);
        static final FloatVector C5 = all(ElementaryTable.LOG_C5);
        static final FloatVector C6 = all(ElementaryTable.LOG_C6);
        static final FloatVector C7 = all(ElementaryTable.LOG_C7);
        static final FloatVector C8 = all(ElementaryTable.LOG_C8);
        static final FloatVector C9 = all(ElementaryTable.LOG_C9);
        static final FloatVector C10 = all(ElementaryTable.LOG_C10);
        static final IntVector SPLIT_BITS = allBits(ElementaryTable.LOG_SPLIT_BITS);
        static final IntVector ROUND_MAGIC_BITS = allBits(ElementaryTable.ROUND_MAGIC_BITS);
    }

    /** Constants of erf. */
    private static final class Erf {
        static final FloatVector SPLIT = all(ElementaryTable.ERF_SPLIT);
        static final FloatVector LIMIT = all(ElementaryTable.ERF_LIMIT);
        static final FloatVector S0 = all(ElementaryTable.ERF_S0);
        static final FloatVector S1 = all(ElementaryTable.ERF_S1);
        static final FloatVector S2 = all(ElementaryTable.ERF_S2);
        static final FloatVector S3 = all(ElementaryTable.ERF_S3);
        static final FloatVector S4 = all(ElementaryTable.ERF_S4);
        static final FloatVector S5 = all(ElementaryTable.ERF_S5);
        static final FloatVector S6 = all(ElementaryTable.ERF_S6);
        static final FloatVector L0 = all(ElementaryTable.ERF_L0);
        static final FloatVector L1 = all(ElementaryTable.ERF_L1);
        static final FloatVector L2 = all(ElementaryTable.ERF_L2);
        static final FloatVector L3 = all(ElementaryTable.ERF_L3);
        static final FloatVector L4 = all(ElementaryTable.ERF_L4);
        static final FloatVector L5 = all(ElementaryTable.ERF_L5);
        static final FloatVector L6 = all(ElementaryTable.ERF_L6);
        static final IntVector SIGN_BIT = allBits(ElementaryTable.SIGN_BIT);
    }
}
