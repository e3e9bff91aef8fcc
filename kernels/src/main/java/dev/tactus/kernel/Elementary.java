package dev.tactus.kernel;

import static dev.tactus.kernel.ElementaryTable.*;

/**
 * The elementary functions of the EXACT class, one float32 at a time.
 *
 * <p>Only IEEE float32 add, subtract, multiply, fma, compare, select and integer bit operations are used (and one
 * division in {@link #sigmoid} and {@link #silu}), in a fixed order and without data-dependent branches, so a vector, C
 * or CUDA version that repeats the steps returns the same bits. Nothing is flushed to zero. NaN gives NaN, with no
 * promise on its payload. Errors below are in units in the last place of the float32 result against a double precision
 * reference, the worst over all 2³² inputs as {@link ElementarySweep} found it.
 *
 * <p>All methods are pure and may be called by any thread.
 */
public final class Elementary {
    private Elementary() {}

    /**
     * e to the power {@code x}; +0 below about -103.97, subnormal where the result is, +∞ above 88.722839.
     *
     * <p>Worst error 0.892 ulp, at -0x1.765026p2.
     */
    public static float exp(final float x) {
        final float shifted = Math.fma(x, LOG2_E, ROUND_MAGIC);
        final float p = expReduced(x, shifted);
        // n << 23; the scale 2^n is split in two halves, as n = 128 and n < -126 have no float32 of their own.
        final int exponent = Float.floatToRawIntBits(shifted) << 23;
        final int half = (exponent >> 1) & SIGN_EXPONENT_BITS;
        final float y =
                (p * Float.intBitsToFloat(half + ONE_BITS)) * Float.intBitsToFloat((exponent - half) + ONE_BITS);
        final float floored = x < EXP_UNDERFLOW ? 0f : y;
        return x > EXP_OVERFLOW ? Float.POSITIVE_INFINITY : floored;
    }

    /**
     * Natural logarithm; -∞ for ±0, NaN below zero, +∞ for +∞; subnormal arguments are as exact as others.
     *
     * <p>Worst error 0.874 ulp, at 0x1.55640ap-1.
     */
    public static float log(final float x) {
        final boolean subnormal = x < MIN_NORMAL;
        final int bits = Float.floatToRawIntBits(subnormal ? x * LOG_SCALE : x);
        final int exponent = (bits - LOG_SPLIT_BITS) >> 23;
        final float f = Float.intBitsToFloat(bits - (exponent << 23)) - 1f;
        final float n =
                Float.intBitsToFloat(exponent + ROUND_MAGIC_BITS) - (subnormal ? LOG_MAGIC_SCALED : ROUND_MAGIC);
        float q = Math.fma(f, LOG_C10, LOG_C9);
        q = Math.fma(q, f, LOG_C8);
        q = Math.fma(q, f, LOG_C7);
        q = Math.fma(q, f, LOG_C6);
        q = Math.fma(q, f, LOG_C5);
        q = Math.fma(q, f, LOG_C4);
        q = Math.fma(q, f, LOG_C3);
        q = Math.fma(q, f, LOG_C2);
        final float y = Math.fma(n, LN2_HI, f + Math.fma(f * f, q, n * LN2_LO));
        final float finite = x < Float.POSITIVE_INFINITY ? y : x;
        final float positive = x < 0f ? Float.NaN : finite;
        return x == 0f ? Float.NEGATIVE_INFINITY : positive;
    }

    /**
     * The error function 2/√π · ∫₀ˣ exp(-t²) dt; odd, ±0 for ±0, ±1 from about ±3.92 on.
     *
     * <p>Worst error 1.085 ulp, at 0x1.1093d6p0.
     */
    public static float erf(final float x) {
        final float a = Math.abs(x);
        final float limited = a > ERF_LIMIT ? ERF_LIMIT : a;
        final float large = 1f - expNegative(erfExponent(limited));
        final float signed =
                Float.intBitsToFloat(Float.floatToRawIntBits(large) | (Float.floatToRawIntBits(x) & SIGN_BIT));
        return a < ERF_SPLIT ? erfSmall(x) : signed;
    }

    /**
     * Sine of {@code x} radians for |x| ≤ {@link ElementaryTable#SIN_COS_LIMIT} (2²⁰ = 1,048,576); NaN outside and for
     * infinities. ±0 for ±0.
     *
     * <p>Worst error 0.857 ulp, at 0x1.dc3ddap19.
     */
    public static float sin(final float x) {
        final float y = quarterTurns(x, 0);
        final float kept = Math.abs(x) < SIN_TINY ? x : y;
        return Math.abs(x) <= SIN_COS_LIMIT ? kept : Float.NaN;
    }

    /**
     * Cosine of {@code x} radians for |x| ≤ {@link ElementaryTable#SIN_COS_LIMIT} (2²⁰ = 1,048,576); NaN outside and
     * for infinities.
     *
     * <p>Worst error 0.867 ulp, at 0x1.ebb022p19.
     */
    public static float cos(final float x) {
        final float y = quarterTurns(x, 1);
        return Math.abs(x) <= SIN_COS_LIMIT ? y : Float.NaN;
    }

    /**
     * The logistic function {@code 1 / (1 + exp(-x))}, each operation rounded once. It is +0 below -88.722839, where
     * exp overflows (the true value is subnormal there).
     *
     * <p>Worst error 2.481 ulp, at -0x1.0a2bd8p4.
     */
    public static float sigmoid(final float x) {
        return 1f / (1f + exp(-x));
    }

    /**
     * {@code x / (1 + exp(-x))}, each operation rounded once. It is -0 below -88.722839, where exp overflows, and NaN
     * for -∞.
     *
     * <p>Worst error 2.394 ulp, at -0x1.0af4e2p4.
     */
    public static float silu(final float x) {
        return x / (1f + exp(-x));
    }

    /** exp(x - n·ln 2) where {@code shifted} holds n = round(x / ln 2): in [0.7, 1.42]. */
    private static float expReduced(final float x, final float shifted) {
        final float n = shifted - ROUND_MAGIC;
        // The first step is exact: the difference is a multiple of 2^-25 below 0.36.
        final float r = Math.fma(n, -LN2_LO, Math.fma(n, -LN2_HI, x));
        float q = Math.fma(r, EXP_C6, EXP_C5);
        q = Math.fma(q, r, EXP_C4);
        q = Math.fma(q, r, EXP_C3);
        q = Math.fma(q, r, EXP_C2);
        q = Math.fma(q, r, 1f);
        return Math.fma(q, r, 1f);
    }

    /** exp where the result is known to be normal. */
    private static float expNegative(final float x) {
        final float shifted = Math.fma(x, LOG2_E, ROUND_MAGIC);
        final int scale = (Float.floatToRawIntBits(shifted) << 23) + ONE_BITS;
        return expReduced(x, shifted) * Float.intBitsToFloat(scale);
    }

    /** log(1 - erf(a)) for 0.92 ≤ a ≤ 4. */
    private static float erfExponent(final float a) {
        float g = Math.fma(a, ERF_L6, ERF_L5);
        g = Math.fma(g, a, ERF_L4);
        g = Math.fma(g, a, ERF_L3);
        g = Math.fma(g, a, ERF_L2);
        g = Math.fma(g, a, ERF_L1);
        return Math.fma(g, a, ERF_L0);
    }

    /** erf(x) for |x| ≤ 0.92. */
    private static float erfSmall(final float x) {
        final float s = x * x;
        float p = Math.fma(s, ERF_S6, ERF_S5);
        p = Math.fma(p, s, ERF_S4);
        p = Math.fma(p, s, ERF_S3);
        p = Math.fma(p, s, ERF_S2);
        p = Math.fma(p, s, ERF_S1);
        p = Math.fma(p, s, ERF_S0);
        return Math.fma(p, x, x);
    }

    /** sin(x + phase·π/2). */
    private static float quarterTurns(final float x, final int phase) {
        final float shifted = Math.fma(x, TWO_OVER_PI, ROUND_MAGIC);
        final float n = shifted - ROUND_MAGIC;
        final float r1 = Math.fma(n, -HALF_PI_HI, x); // exact: a multiple of 2^-24 below 1
        // r1 - n·mid as the exact sum high + low, by the product's error and Knuth's two-sum.
        final float product = n * -HALF_PI_MID;
        final float productError = Math.fma(n, -HALF_PI_MID, -product);
        final float high = r1 + product;
        final float back = high - r1;
        final float sumError = (r1 - (high - back)) + (product - back);
        final float low = Math.fma(n, -HALF_PI_LO, sumError + productError);
        final float r = high + low;
        final float tail = (high - r) + low;

        final int turns = Float.floatToRawIntBits(shifted) + phase;
        final float y = (turns & 1) == 0 ? sinReduced(r, tail) : cosReduced(r, tail);
        return (turns & 2) == 0 ? y : -y;
    }

    /** sin(r + tail) for |r| ≤ 0.83, |tail| ≤ half a unit in the last place of r. */
    private static float sinReduced(final float r, final float tail) {
        final float s = r * r;
        float q = Math.fma(s, SIN_S9, SIN_S7);
        q = Math.fma(q, s, SIN_S5);
        q = Math.fma(q, s, SIN_S3);
        return r + Math.fma(s * r, q, tail);
    }

    /** cos(r + tail) for the same range: 1 - s/2 and what its rounding lost, then the rest. */
    private static float cosReduced(final float r, final float tail) {
        final float s = r * r;
        final float h = 0.5f * s;
        final float w = 1f - h;
        float q = Math.fma(s, COS_C8, COS_C6);
        q = Math.fma(q, s, COS_C4);
        final float rest = Math.fma(s * s, q, -(r * tail));
        return w + (((1f - w) - h) + rest);
    }
}
