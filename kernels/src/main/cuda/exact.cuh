/*
 * The arithmetic of the EXACT class on the device: the reductions of dev.tactus.kernel.ExactMath, where a lane of a sum
 * is a lane of a warp, and the functions of dev.tactus.kernel.Elementary, step for step. Both are compiled without
 * contraction: an fma stands where one is written and nowhere else.
 */
#ifndef TACTUS_EXACT_CUH
#define TACTUS_EXACT_CUH

#include "portable.h"
#include "../c/elementary_table.h"

constexpr int WARP = 32;

/* How a matrix is stored: dev.tactus.kernel.WeightType. */
constexpr int TACTUS_F32 = 0, TACTUS_BF16 = 1;

/* A bfloat16 as it lies in memory. */
struct bf16 {
    uint16_t bits;
};

DEVICE float widened(float x) { return x; }

DEVICE float widened(bf16 x) { return uint_as_float((uint32_t)x.bits << 16); }

DEVICE int lane_of_thread() { return (int)(threadIdx.x % WARP); }

/* ---- reductions ---- */

/* v[l] = v[l] + v[l ^ o] for o = 16, 8, 4, 2, 1. Addition commutes, so every lane ends with the bits of lane 0. */
DEVICE float warp_sum(float v) { return warp_tree(v); }

/*
 * The same tree where a group of P neighbouring threads holds the 32 accumulators of a sum, thread t of it those from
 * t * V to t * V + V - 1. Several groups of a warp call together; each thread gets its group's sum.
 */
template <int P> DEVICE float group_sum(float (&v)[WARP / P]) {
    constexpr int V = WARP / P;
    UNROLL
    for (int o = P / 2; o > 0; o /= 2) {
        float other[V];
        shuffle_xor(v, other, o);
        UNROLL
        for (int i = 0; i < V; i++) {
            v[i] = v[i] + other[i];
        }
    }
    UNROLL
    for (int o = V / 2; o > 0; o /= 2) {
        UNROLL
        for (int i = 0; i < o; i++) {
            v[i] = v[i] + v[i + o];
        }
    }
    return v[0];
}

/* This lane's accumulator of dot(x, w). */
template <class W> DEVICE float lane_dot(const float *x, const W *w, int k) {
    float a = 0.0f;
    UNROLL_BY(8)
    for (int i = lane_of_thread(); i < k; i += WARP) {
        a = fma_rn(x[i], widened(w[i]), a);
    }
    return a;
}

/* dot(x, w) by a warp; every lane gets it. */
template <class W> DEVICE float warp_dot(const float *x, const W *w, int k) { return warp_sum(lane_dot(x, w, k)); }

/* ---- elementary functions ---- */

/* exp(x - n ln 2), where shifted holds n = round(x / ln 2). */
DEVICE float exact_exp_reduced(float x, float shifted) {
    const float n = shifted - TACTUS_ROUND_MAGIC;
    const float r = fma_rn(n, -TACTUS_LN2_LO, fma_rn(n, -TACTUS_LN2_HI, x));
    float q = fma_rn(r, TACTUS_EXP_C6, TACTUS_EXP_C5);
    q = fma_rn(q, r, TACTUS_EXP_C4);
    q = fma_rn(q, r, TACTUS_EXP_C3);
    q = fma_rn(q, r, TACTUS_EXP_C2);
    q = fma_rn(q, r, 1.0f);
    return fma_rn(q, r, 1.0f);
}

/* Elementary.exp. */
DEVICE float exact_exp(float x) {
    const float shifted = fma_rn(x, TACTUS_LOG2_E, TACTUS_ROUND_MAGIC);
    const float p = exact_exp_reduced(x, shifted);
    const uint32_t exponent = float_as_uint(shifted) << 23;
    const uint32_t half = (uint32_t)((int32_t)exponent >> 1) & TACTUS_SIGN_EXPONENT_BITS;
    const float y = (p * uint_as_float(half + TACTUS_ONE_BITS)) * uint_as_float((exponent - half) + TACTUS_ONE_BITS);
    const float floored = x < TACTUS_EXP_UNDERFLOW ? 0.0f : y;
    return x > TACTUS_EXP_OVERFLOW ? uint_as_float(0x7f800000u) : floored;
}

/* exp where the result is known to be normal. */
DEVICE float exact_exp_normal(float x) {
    const float shifted = fma_rn(x, TACTUS_LOG2_E, TACTUS_ROUND_MAGIC);
    return exact_exp_reduced(x, shifted) * uint_as_float((float_as_uint(shifted) << 23) + TACTUS_ONE_BITS);
}

/* Elementary.log. */
DEVICE float exact_log(float x) {
    const bool subnormal = x < TACTUS_MIN_NORMAL;
    const uint32_t bits = float_as_uint(subnormal ? x * TACTUS_LOG_SCALE : x);
    const int32_t exponent = (int32_t)(bits - TACTUS_LOG_SPLIT_BITS) >> 23;
    const float f = uint_as_float(bits - ((uint32_t)exponent << 23)) - 1.0f;
    const float n = uint_as_float((uint32_t)exponent + TACTUS_ROUND_MAGIC_BITS) -
                    (subnormal ? TACTUS_LOG_MAGIC_SCALED : TACTUS_ROUND_MAGIC);
    float q = fma_rn(f, TACTUS_LOG_C10, TACTUS_LOG_C9);
    q = fma_rn(q, f, TACTUS_LOG_C8);
    q = fma_rn(q, f, TACTUS_LOG_C7);
    q = fma_rn(q, f, TACTUS_LOG_C6);
    q = fma_rn(q, f, TACTUS_LOG_C5);
    q = fma_rn(q, f, TACTUS_LOG_C4);
    q = fma_rn(q, f, TACTUS_LOG_C3);
    q = fma_rn(q, f, TACTUS_LOG_C2);
    const float y = fma_rn(n, TACTUS_LN2_HI, f + fma_rn(f * f, q, n * TACTUS_LN2_LO));
    const float finite = x < uint_as_float(0x7f800000u) ? y : x;
    const float positive = x < 0.0f ? uint_as_float(0x7fc00000u) : finite;
    return x == 0.0f ? uint_as_float(0xff800000u) : positive;
}

/* log(1 - erf(a)) for 0.92 <= a <= 4. */
DEVICE float exact_erf_exponent(float a) {
    float g = fma_rn(a, TACTUS_ERF_L6, TACTUS_ERF_L5);
    g = fma_rn(g, a, TACTUS_ERF_L4);
    g = fma_rn(g, a, TACTUS_ERF_L3);
    g = fma_rn(g, a, TACTUS_ERF_L2);
    g = fma_rn(g, a, TACTUS_ERF_L1);
    return fma_rn(g, a, TACTUS_ERF_L0);
}

/* erf(x) for |x| <= 0.92. */
DEVICE float exact_erf_small(float x) {
    const float s = x * x;
    float p = fma_rn(s, TACTUS_ERF_S6, TACTUS_ERF_S5);
    p = fma_rn(p, s, TACTUS_ERF_S4);
    p = fma_rn(p, s, TACTUS_ERF_S3);
    p = fma_rn(p, s, TACTUS_ERF_S2);
    p = fma_rn(p, s, TACTUS_ERF_S1);
    p = fma_rn(p, s, TACTUS_ERF_S0);
    return fma_rn(p, x, x);
}

/* Elementary.erf. */
DEVICE float exact_erf(float x) {
    const float a = uint_as_float(float_as_uint(x) & ~TACTUS_SIGN_BIT);
    const float limited = a > TACTUS_ERF_LIMIT ? TACTUS_ERF_LIMIT : a;
    const float large = 1.0f - exact_exp_normal(exact_erf_exponent(limited));
    const float with_sign = uint_as_float(float_as_uint(large) | (float_as_uint(x) & TACTUS_SIGN_BIT));
    return a < TACTUS_ERF_SPLIT ? exact_erf_small(x) : with_sign;
}

/* sin(r + tail) for |r| <= 0.83, |tail| <= half a unit in the last place of r. */
DEVICE float exact_sin_reduced(float r, float tail) {
    const float s = r * r;
    float q = fma_rn(s, TACTUS_SIN_S9, TACTUS_SIN_S7);
    q = fma_rn(q, s, TACTUS_SIN_S5);
    q = fma_rn(q, s, TACTUS_SIN_S3);
    return r + fma_rn(s * r, q, tail);
}

/* cos(r + tail) for the same range: 1 - s/2 and what its rounding lost, then the rest. */
DEVICE float exact_cos_reduced(float r, float tail) {
    const float s = r * r;
    const float h = 0.5f * s;
    const float w = 1.0f - h;
    float q = fma_rn(s, TACTUS_COS_C8, TACTUS_COS_C6);
    q = fma_rn(q, s, TACTUS_COS_C4);
    const float rest = fma_rn(s * s, q, -(r * tail));
    return w + (((1.0f - w) - h) + rest);
}

/* sin(x + phase pi / 2). */
DEVICE float exact_quarter_turns(float x, uint32_t phase) {
    const float shifted = fma_rn(x, TACTUS_TWO_OVER_PI, TACTUS_ROUND_MAGIC);
    const float n = shifted - TACTUS_ROUND_MAGIC;
    const float r1 = fma_rn(n, -TACTUS_HALF_PI_HI, x);
    /* r1 - n mid as the exact sum high + low, by the product's error and Knuth's two-sum. */
    const float product = n * -TACTUS_HALF_PI_MID;
    const float product_error = fma_rn(n, -TACTUS_HALF_PI_MID, -product);
    const float high = r1 + product;
    const float back = high - r1;
    const float sum_error = (r1 - (high - back)) + (product - back);
    const float low = fma_rn(n, -TACTUS_HALF_PI_LO, sum_error + product_error);
    const float r = high + low;
    const float tail = (high - r) + low;
    const uint32_t turns = float_as_uint(shifted) + phase;
    const float y = (turns & 1u) == 0u ? exact_sin_reduced(r, tail) : exact_cos_reduced(r, tail);
    return (turns & 2u) == 0u ? y : -y;
}

/* Elementary.sin. */
DEVICE float exact_sin(float x) {
    const float a = uint_as_float(float_as_uint(x) & ~TACTUS_SIGN_BIT);
    const float kept = a < TACTUS_SIN_TINY ? x : exact_quarter_turns(x, 0u);
    return a <= TACTUS_SIN_COS_LIMIT ? kept : uint_as_float(0x7fc00000u);
}

/* Elementary.cos. */
DEVICE float exact_cos(float x) {
    const float a = uint_as_float(float_as_uint(x) & ~TACTUS_SIGN_BIT);
    return a <= TACTUS_SIN_COS_LIMIT ? exact_quarter_turns(x, 1u) : uint_as_float(0x7fc00000u);
}

/* Elementary.sigmoid. */
DEVICE float exact_sigmoid(float x) { return 1.0f / (1.0f + exact_exp(-x)); }

/* Elementary.silu. */
DEVICE float exact_silu(float x) { return x / (1.0f + exact_exp(-x)); }

/* KernelSet.gelu. */
DEVICE float exact_gelu(float x) { return (0.5f * x) * (1.0f + exact_erf(x * 0.70710678f)); }

/* a > b ? a : b, the project's max. */
DEVICE float exact_max(float a, float b) { return a > b ? a : b; }

#endif
