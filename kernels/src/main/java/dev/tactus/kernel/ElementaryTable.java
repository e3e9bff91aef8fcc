package dev.tactus.kernel;

import java.util.List;

/**
 * The one table of constants behind {@link Elementary} and its vector and native twins.
 *
 * <p>Every value is a float32 written in hexadecimal, so that Java, C and CUDA read the same bits. The polynomials are
 * minimax fits made for this project: each coefficient was rounded to float32 in turn, lowest power first, and the rest
 * fitted again to what the rounding left over. C and CUDA headers are rendered by {@link #toCHeader()}, never by hand.
 */
public final class ElementaryTable {
    /** 1.5 · 2²³: added to a number below 2²² it leaves the nearest integer in the low bits of the significand. */
    public static final float ROUND_MAGIC = 0x1.8p23f;

    /** Bits of {@link #ROUND_MAGIC}. */
    public static final int ROUND_MAGIC_BITS = 0x4b400000;

    /** Bits of 1, also the exponent bias in place. */
    public static final int ONE_BITS = 0x3f800000;

    /** Sign and exponent bits. */
    public static final int SIGN_EXPONENT_BITS = 0xff800000;

    /** The sign bit. */
    public static final int SIGN_BIT = 0x80000000;

    /** 1 / ln 2. */
    public static final float LOG2_E = 0x1.715476p0f;

    /** ln 2, first 24 bits. */
    public static final float LN2_HI = 0x1.62e43p-1f;

    /** ln 2, next 24 bits. */
    public static final float LN2_LO = -0x1.05c61p-29f;

    /** Above this exp is infinite (it already is from 88.722839 on). */
    public static final float EXP_OVERFLOW = 89f;

    /** Below this exp is +0 (it already rounds to +0 from -103.97208 down). */
    public static final float EXP_UNDERFLOW = -104f;

    /** exp(r) = 1 + r + r²·(C2 + C3·r + …) for |r| ≤ 0.3467, relative error 2⁻²⁸·²: coefficient of r². */
    public static final float EXP_C2 = 0x1.fffffcp-2f;

    /** exp: coefficient of r³. */
    public static final float EXP_C3 = 0x1.55548cp-3f;

    /** exp: coefficient of r⁴. */
    public static final float EXP_C4 = 0x1.555858p-5f;

    /** exp: coefficient of r⁵. */
    public static final float EXP_C5 = 0x1.123dep-7f;

    /** exp: coefficient of r⁶. */
    public static final float EXP_C6 = 0x1.6ac71p-10f;

    /** Bits of 2/3: log reduces its argument to [2/3, 4/3). */
    public static final int LOG_SPLIT_BITS = 0x3f2aaaab;

    /** 2⁻¹²⁶, the smallest normal number. */
    public static final float MIN_NORMAL = 0x1p-126f;

    /** 2²³, which makes a subnormal normal. */
    public static final float LOG_SCALE = 0x1p23f;

    /** {@link #ROUND_MAGIC} + 23: takes back {@link #LOG_SCALE} when the exponent becomes a float. */
    public static final float LOG_MAGIC_SCALED = 0x1.80002ep23f;

    /** log(1 + f) = f + f²·(C2 + C3·f + …) for |f| ≤ 1/3, relative error 2⁻²⁷·³: coefficient of f². */
    public static final float LOG_C2 = -0x1.0p-1f;

    /** log: coefficient of f³. */
    public static final float LOG_C3 = 0x1.5554fap-2f;

    /** log: coefficient of f⁴. */
    public static final float LOG_C4 = -0x1.ffff94p-3f;

    /** log: coefficient of f⁵. */
    public static final float LOG_C5 = 0x1.99d58cp-3f;

    /** log: coefficient of f⁶. */
    public static final float LOG_C6 = -0x1.557e26p-3f;

    /** log: coefficient of f⁷. */
    public static final float LOG_C7 = 0x1.1e81e8p-3f;

    /** log: coefficient of f⁸. */
    public static final float LOG_C8 = -0x1.f6bbfp-4f;

    /** log: coefficient of f⁹. */
    public static final float LOG_C9 = 0x1.20035cp-3f;

    /** log: coefficient of f¹⁰. */
    public static final float LOG_C10 = -0x1.ff1b86p-4f;

    /** erf changes from its small to its large form here. */
    public static final float ERF_SPLIT = 0.92f;

    /** erf rounds to 1 from here on (it does from about 3.92 on). */
    public static final float ERF_LIMIT = 4f;

    /** erf(x) = x + x·(S0 + S1·x² + …) for |x| ≤ 0.92, relative error 2⁻³⁰: coefficient of x⁰. */
    public static final float ERF_S0 = 0x1.06eba8p-3f;

    /** Small erf: coefficient of x². */
    public static final float ERF_S1 = -0x1.812740p-2f;

    /** Small erf: coefficient of x⁴. */
    public static final float ERF_S2 = 0x1.ce2d64p-4f;

    /** Small erf: coefficient of x⁶. */
    public static final float ERF_S3 = -0x1.b80118p-6f;

    /** Small erf: coefficient of x⁸. */
    public static final float ERF_S4 = 0x1.5449e4p-8f;

    /** Small erf: coefficient of x¹⁰. */
    public static final float ERF_S5 = -0x1.a606c2p-11f;

    /** Small erf: coefficient of x¹². */
    public static final float ERF_S6 = 0x1.4f562ep-14f;

    /** erf(a) = 1 - exp(L0 + L1·a + …) for 0.92 ≤ a ≤ 4, relative error 2⁻²⁸·⁸: coefficient of a⁰. */
    public static final float ERF_L0 = -0x1.9729c6p-13f;

    /** Large erf: coefficient of a. */
    public static final float ERF_L1 = -0x1.20afc4p0f;

    /** Large erf: coefficient of a². */
    public static final float ERF_L2 = -0x1.463b56p-1f;

    /** Large erf: coefficient of a³. */
    public static final float ERF_L3 = -0x1.a9be48p-4f;

    /** Large erf: coefficient of a⁴. */
    public static final float ERF_L4 = 0x1.6c3e5ap-6f;

    /** Large erf: coefficient of a⁵. */
    public static final float ERF_L5 = -0x1.8f0a4cp-9f;

    /** Large erf: coefficient of a⁶. */
    public static final float ERF_L6 = 0x1.9b2d4cp-13f;

    /**
     * sin and cos are defined up to this magnitude: there the quarter turns are below 2²⁰ and the reduction is sound.
     */
    public static final float SIN_COS_LIMIT = 0x1p20f;

    /** Below this sin(x) rounds to x; it keeps the sign of -0. */
    public static final float SIN_TINY = 0x1p-12f;

    /** 2 / π. */
    public static final float TWO_OVER_PI = 0x1.45f306p-1f;

    /** π / 2, first 24 bits. */
    public static final float HALF_PI_HI = 0x1.921fb6p0f;

    /** π / 2, next 24 bits. */
    public static final float HALF_PI_MID = -0x1.777a5cp-25f;

    /** π / 2, last 24 bits. */
    public static final float HALF_PI_LO = -0x1.ee59dap-50f;

    /** sin(r) = r + r³·(S3 + S5·r² + …) for |r| ≤ 0.83, relative error 2⁻³²: coefficient of r³. */
    public static final float SIN_S3 = -0x1.555556p-3f;

    /** sin: coefficient of r⁵. */
    public static final float SIN_S5 = 0x1.111168p-7f;

    /** sin: coefficient of r⁷. */
    public static final float SIN_S7 = -0x1.a049dp-13f;

    /** sin: coefficient of r⁹. */
    public static final float SIN_S9 = 0x1.779984p-19f;

    /** cos(r) = 1 - r²/2 + r⁴·(C4 + C6·r² + …) for |r| ≤ 0.83, relative error 2⁻³²: coefficient of r⁴. */
    public static final float COS_C4 = 0x1.555546p-5f;

    /** cos: coefficient of r⁶. */
    public static final float COS_C6 = -0x1.6c09cp-10f;

    /** cos: coefficient of r⁸. */
    public static final float COS_C8 = 0x1.993bcep-16f;

    /** 2π, by which a uniform number becomes an angle. */
    public static final float TWO_PI = 0x1.921fb6p2f;

    private static final List<Constant> CONSTANTS = List.of(
            Constant.ofFloat("ROUND_MAGIC", ROUND_MAGIC),
            Constant.ofBits("ROUND_MAGIC_BITS", ROUND_MAGIC_BITS),
            Constant.ofBits("ONE_BITS", ONE_BITS),
            Constant.ofBits("SIGN_EXPONENT_BITS", SIGN_EXPONENT_BITS),
            Constant.ofBits("SIGN_BIT", SIGN_BIT),
            Constant.ofFloat("LOG2_E", LOG2_E),
            Constant.ofFloat("LN2_HI", LN2_HI),
            Constant.ofFloat("LN2_LO", LN2_LO),
            Constant.ofFloat("EXP_OVERFLOW", EXP_OVERFLOW),
            Constant.ofFloat("EXP_UNDERFLOW", EXP_UNDERFLOW),
            Constant.ofFloat("EXP_C2", EXP_C2),
            Constant.ofFloat("EXP_C3", EXP_C3),
            Constant.ofFloat("EXP_C4", EXP_C4),
            Constant.ofFloat("EXP_C5", EXP_C5),
            Constant.ofFloat("EXP_C6", EXP_C6),
            Constant.ofBits("LOG_SPLIT_BITS", LOG_SPLIT_BITS),
            Constant.ofFloat("MIN_NORMAL", MIN_NORMAL),
            Constant.ofFloat("LOG_SCALE", LOG_SCALE),
            Constant.ofFloat("LOG_MAGIC_SCALED", LOG_MAGIC_SCALED),
            Constant.ofFloat("LOG_C2", LOG_C2),
            Constant.ofFloat("LOG_C3", LOG_C3),
            Constant.ofFloat("LOG_C4", LOG_C4),
            Constant.ofFloat("LOG_C5", LOG_C5),
            Constant.ofFloat("LOG_C6", LOG_C6),
            Constant.ofFloat("LOG_C7", LOG_C7),
            Constant.ofFloat("LOG_C8", LOG_C8),
            Constant.ofFloat("LOG_C9", LOG_C9),
            Constant.ofFloat("LOG_C10", LOG_C10),
            Constant.ofFloat("ERF_SPLIT", ERF_SPLIT),
            Constant.ofFloat("ERF_LIMIT", ERF_LIMIT),
            Constant.ofFloat("ERF_S0", ERF_S0),
            Constant.ofFloat("ERF_S1", ERF_S1),
            Constant.ofFloat("ERF_S2", ERF_S2),
            Constant.ofFloat("ERF_S3", ERF_S3),
            Constant.ofFloat("ERF_S4", ERF_S4),
            Constant.ofFloat("ERF_S5", ERF_S5),
            Constant.ofFloat("ERF_S6", ERF_S6),
            Constant.ofFloat("ERF_L0", ERF_L0),
            Constant.ofFloat("ERF_L1", ERF_L1),
            Constant.ofFloat("ERF_L2", ERF_L2),
            Constant.ofFloat("ERF_L3", ERF_L3),
            Constant.ofFloat("ERF_L4", ERF_L4),
            Constant.ofFloat("ERF_L5", ERF_L5),
            Constant.ofFloat("ERF_L6", ERF_L6),
            Constant.ofFloat("SIN_COS_LIMIT", SIN_COS_LIMIT),
            Constant.ofFloat("SIN_TINY", SIN_TINY),
            Constant.ofFloat("TWO_OVER_PI", TWO_OVER_PI),
            Constant.ofFloat("HALF_PI_HI", HALF_PI_HI),
            Constant.ofFloat("HALF_PI_MID", HALF_PI_MID),
            Constant.ofFloat("HALF_PI_LO", HALF_PI_LO),
            Constant.ofFloat("SIN_S3", SIN_S3),
            Constant.ofFloat("SIN_S5", SIN_S5),
            Constant.ofFloat("SIN_S7", SIN_S7),
            Constant.ofFloat("SIN_S9", SIN_S9),
            Constant.ofFloat("COS_C4", COS_C4),
            Constant.ofFloat("COS_C6", COS_C6),
            Constant.ofFloat("COS_C8", COS_C8),
            Constant.ofFloat("TWO_PI", TWO_PI));

    private ElementaryTable() {}

    /**
     * The table as a C header: one {@code #define TACTUS_NAME value} per constant, floats as hexadecimal literals with
     * their bits in a comment, bit patterns as {@code 0x…u}. It compiles as C99 and later, C++17 and CUDA.
     */
    public static String toCHeader() {
        final StringBuilder header = new StringBuilder(4096);
        header.append("/* Rendered from ElementaryTable.java; change that file, not this one. */\n");
        header.append("#ifndef TACTUS_ELEMENTARY_TABLE_H\n#define TACTUS_ELEMENTARY_TABLE_H\n\n");
        for (final Constant constant : CONSTANTS) {
            header.append(constant.toCLine()).append('\n');
        }
        return header.append("\n#endif\n").toString();
    }

    /** One named constant; {@code bits} are those of a float32 when {@code real}, else a pattern of their own. */
    private record Constant(String name, int bits, boolean real) {
        static Constant ofFloat(final String name, final float value) {
            return new Constant(name, Float.floatToRawIntBits(value), true);
        }

        static Constant ofBits(final String name, final int bits) {
            return new Constant(name, bits, false);
        }

        String toCLine() {
            final String pattern = String.format("0x%08x", bits);
            final String literal = Float.toHexString(Float.intBitsToFloat(bits));
            final String value = real ? "(" + literal + "f) /* " + pattern + " */" : "(" + pattern + "u)";
            return "#define TACTUS_" + name + " " + value;
        }
    }
}
