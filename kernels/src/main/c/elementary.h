/*
 * The elementary functions of the EXACT class, on vectors (v_) and on one number (f_). Both repeat the steps of
 * dev.tactus.kernel.Elementary, so every lane has its bits (payloads of NaN aside).
 */
#ifndef TACTUS_ELEMENTARY_H
#define TACTUS_ELEMENTARY_H

#include "elementary_table.h"
#include "vec.h"

/* A constant of the table in every lane. */
#define V_CONST(name) v_set(TACTUS_##name)
#define VI_CONST(name) vi_set((int32_t)TACTUS_##name)

/* exp(x - n ln 2), where shifted holds n = round(x / ln 2): in [0.7, 1.42]. */
V_INLINE vf v_exp_reduced(vf x, vf shifted) {
    const vf n = shifted - V_CONST(ROUND_MAGIC);
    const vf r = v_fma(n, v_set(-TACTUS_LN2_LO), v_fma(n, v_set(-TACTUS_LN2_HI), x));
    vf q = v_fma(r, V_CONST(EXP_C6), V_CONST(EXP_C5));
    q = v_fma(q, r, V_CONST(EXP_C4));
    q = v_fma(q, r, V_CONST(EXP_C3));
    q = v_fma(q, r, V_CONST(EXP_C2));
    q = v_fma(q, r, v_set(1.0f));
    return v_fma(q, r, v_set(1.0f));
}

/* Elementary.exp of every lane. */
V_INLINE vf v_exp(vf x) {
    const vf shifted = v_fma(x, V_CONST(LOG2_E), V_CONST(ROUND_MAGIC));
    const vf p = v_exp_reduced(x, shifted);
    /* n << 23; the scale 2^n is split in two halves, as n = 128 and n < -126 have no float32 of their own. */
    const vi exponent = v_bits(shifted) << 23;
    const vi half = (exponent >> 1) & VI_CONST(SIGN_EXPONENT_BITS);
    const vf scale1 = v_from_bits(half + VI_CONST(ONE_BITS));
    const vf scale2 = v_from_bits((exponent - half) + VI_CONST(ONE_BITS));
    const vf y = (p * scale1) * scale2;
    const vf floored = v_select(x < V_CONST(EXP_UNDERFLOW), v_set(0.0f), y);
    return v_select(x > V_CONST(EXP_OVERFLOW), v_set(__builtin_inff()), floored);
}

/* exp of every lane where the result is known to be normal. */
V_INLINE vf v_exp_normal(vf x) {
    const vf shifted = v_fma(x, V_CONST(LOG2_E), V_CONST(ROUND_MAGIC));
    return v_exp_reduced(x, shifted) * v_from_bits((v_bits(shifted) << 23) + VI_CONST(ONE_BITS));
}

/* Elementary.log of every lane. */
V_INLINE vf v_log(vf x) {
    const vi subnormal = x < V_CONST(MIN_NORMAL);
    const vi bits = v_bits(v_select(subnormal, x * V_CONST(LOG_SCALE), x));
    const vi exponent = (bits - VI_CONST(LOG_SPLIT_BITS)) >> 23;
    const vf f = v_from_bits(bits - (exponent << 23)) - v_set(1.0f);
    const vf n = v_from_bits(exponent + VI_CONST(ROUND_MAGIC_BITS)) -
                 v_select(subnormal, V_CONST(LOG_MAGIC_SCALED), V_CONST(ROUND_MAGIC));
    vf q = v_fma(f, V_CONST(LOG_C10), V_CONST(LOG_C9));
    q = v_fma(q, f, V_CONST(LOG_C8));
    q = v_fma(q, f, V_CONST(LOG_C7));
    q = v_fma(q, f, V_CONST(LOG_C6));
    q = v_fma(q, f, V_CONST(LOG_C5));
    q = v_fma(q, f, V_CONST(LOG_C4));
    q = v_fma(q, f, V_CONST(LOG_C3));
    q = v_fma(q, f, V_CONST(LOG_C2));
    const vf y = v_fma(n, V_CONST(LN2_HI), f + v_fma(f * f, q, n * V_CONST(LN2_LO)));
    const vf finite = v_select(x < v_set(__builtin_inff()), y, x);
    const vf positive = v_select(x < v_set(0.0f), v_set(__builtin_nanf("")), finite);
    return v_select(x == v_set(0.0f), v_set(-__builtin_inff()), positive);
}

/* log(1 - erf(a)) for 0.92 <= a <= 4. */
V_INLINE vf v_erf_exponent(vf a) {
    vf g = v_fma(a, V_CONST(ERF_L6), V_CONST(ERF_L5));
    g = v_fma(g, a, V_CONST(ERF_L4));
    g = v_fma(g, a, V_CONST(ERF_L3));
    g = v_fma(g, a, V_CONST(ERF_L2));
    g = v_fma(g, a, V_CONST(ERF_L1));
    return v_fma(g, a, V_CONST(ERF_L0));
}

/* erf(x) for |x| <= 0.92. */
V_INLINE vf v_erf_small(vf x) {
    const vf s = x * x;
    vf p = v_fma(s, V_CONST(ERF_S6), V_CONST(ERF_S5));
    p = v_fma(p, s, V_CONST(ERF_S4));
    p = v_fma(p, s, V_CONST(ERF_S3));
    p = v_fma(p, s, V_CONST(ERF_S2));
    p = v_fma(p, s, V_CONST(ERF_S1));
    p = v_fma(p, s, V_CONST(ERF_S0));
    return v_fma(p, x, x);
}

/* Elementary.erf of every lane. */
V_INLINE vf v_erf(vf x) {
    const vi sign = VI_CONST(SIGN_BIT);
    const vf a = v_from_bits(v_bits(x) & ~sign);
    const vf limited = v_select(a > V_CONST(ERF_LIMIT), V_CONST(ERF_LIMIT), a);
    const vf large = v_set(1.0f) - v_exp_normal(v_erf_exponent(limited));
    const vf with_sign = v_from_bits(v_bits(large) | (v_bits(x) & sign));
    return v_select(a < V_CONST(ERF_SPLIT), v_erf_small(x), with_sign);
}

/* Elementary.sigmoid of every lane. */
V_INLINE vf v_sigmoid(vf x) { return v_set(1.0f) / (v_set(1.0f) + v_exp(-x)); }

/* Elementary.silu of every lane. */
V_INLINE vf v_silu(vf x) { return x / (v_set(1.0f) + v_exp(-x)); }

/* The bits of a float32. */
V_INLINE uint32_t f_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* The float32 of these bits. */
V_INLINE float f_from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Elementary.exp of one number. */
V_INLINE float f_exp(float x) {
    const float shifted = __builtin_fmaf(x, TACTUS_LOG2_E, TACTUS_ROUND_MAGIC);
    const float n = shifted - TACTUS_ROUND_MAGIC;
    const float r = __builtin_fmaf(n, -TACTUS_LN2_LO, __builtin_fmaf(n, -TACTUS_LN2_HI, x));
    float q = __builtin_fmaf(r, TACTUS_EXP_C6, TACTUS_EXP_C5);
    q = __builtin_fmaf(q, r, TACTUS_EXP_C4);
    q = __builtin_fmaf(q, r, TACTUS_EXP_C3);
    q = __builtin_fmaf(q, r, TACTUS_EXP_C2);
    q = __builtin_fmaf(q, r, 1.0f);
    q = __builtin_fmaf(q, r, 1.0f);
    const uint32_t exponent = f_bits(shifted) << 23;
    const uint32_t half = (uint32_t)((int32_t)exponent >> 1) & TACTUS_SIGN_EXPONENT_BITS;
    const float y = (q * f_from_bits(half + TACTUS_ONE_BITS)) * f_from_bits((exponent - half) + TACTUS_ONE_BITS);
    const float floored = x < TACTUS_EXP_UNDERFLOW ? 0.0f : y;
    return x > TACTUS_EXP_OVERFLOW ? __builtin_inff() : floored;
}

#endif
