/*
 * A vector of VL float32: 8 under AVX2, 16 under AVX-512. With TACTUS_WIDE, 16 under AVX2 too, as two halves: so the
 * code that AVX-512 runs can be tested where there is none.
 *
 * +, -, *, / and comparisons are GCC's own on these types; each rounds once, since contraction is off.
 */
#ifndef TACTUS_VEC_H
#define TACTUS_VEC_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__) || defined(TACTUS_WIDE)
#define VL 16
#else
#define VL 8
#endif

typedef float vf __attribute__((vector_size(4 * VL)));
typedef int32_t vi __attribute__((vector_size(4 * VL)));

#define V_INLINE static inline __attribute__((always_inline))

V_INLINE vf v_load(const float *p) {
    vf v;
    memcpy(&v, p, sizeof v);
    return v;
}

V_INLINE void v_store(float *p, vf v) { memcpy(p, &v, sizeof v); }

V_INLINE vi vi_load(const int32_t *p) {
    vi v;
    memcpy(&v, p, sizeof v);
    return v;
}

V_INLINE void vi_store(int32_t *p, vi v) { memcpy(p, &v, sizeof v); }

V_INLINE vf v_set(float x) { return x - (vf){0}; }

V_INLINE vi vi_set(int32_t x) { return x - (vi){0}; }

V_INLINE vf v_from_bits(vi bits) { return (vf)bits; }

V_INLINE vi v_bits(vf v) { return (vi)v; }

/* Per lane, mask (all ones or zero) ? a : b. */
V_INLINE vf v_select(vi mask, vf a, vf b) { return (vf)((mask & (vi)a) | (~mask & (vi)b)); }

/* a > b ? a : b, the project's max. */
V_INLINE vf v_max(vf a, vf b);

/* The first n lanes, 0 <= n < VL, the others zero; nothing beyond them is read. */
V_INLINE vf v_load_n(const float *p, int n);

/* Writes the first n lanes only, 0 <= n < VL. */
V_INLINE void v_store_n(float *p, vf v, int n);

V_INLINE vf v_fma(vf a, vf b, vf c);
V_INLINE vf v_sqrt(vf a);
/* VL bfloat16, widened. */
V_INLINE vf v_load_bf16(const uint16_t *p);

#if VL == 8

V_INLINE vf v_max(vf a, vf b) { return _mm256_max_ps(a, b); } /* the instruction is a > b ? a : b */

V_INLINE __m256i v_mask_(int n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

V_INLINE vf v_load_n(const float *p, int n) { return _mm256_maskload_ps(p, v_mask_(n)); }

V_INLINE void v_store_n(float *p, vf v, int n) { _mm256_maskstore_ps(p, v_mask_(n), v); }

V_INLINE vf v_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }

V_INLINE vf v_sqrt(vf a) { return _mm256_sqrt_ps(a); }

V_INLINE vf v_load_bf16(const uint16_t *p) {
    return (vf)_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p)), 16);
}

#elif defined(__AVX512F__)

V_INLINE vf v_max(vf a, vf b) { return _mm512_max_ps(a, b); }

V_INLINE vf v_load_n(const float *p, int n) { return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p); }

V_INLINE void v_store_n(float *p, vf v, int n) { _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), v); }

V_INLINE vf v_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }

V_INLINE vf v_sqrt(vf a) { return _mm512_sqrt_ps(a); }

V_INLINE vf v_load_bf16(const uint16_t *p) {
    return (vf)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p)), 16);
}

#else /* 16 lanes as two halves */

typedef union {
    vf whole;
    __m256 half[2];
} v_halves_;

V_INLINE vf v_max(vf a, vf b) {
    v_halves_ x = {a}, y = {b};
    return (v_halves_){.half = {_mm256_max_ps(x.half[0], y.half[0]), _mm256_max_ps(x.half[1], y.half[1])}}.whole;
}

V_INLINE vf v_load_n(const float *p, int n) {
    vf v = {0};
    memcpy(&v, p, (size_t)n * sizeof(float));
    return v;
}

V_INLINE void v_store_n(float *p, vf v, int n) { memcpy(p, &v, (size_t)n * sizeof(float)); }

V_INLINE vf v_fma(vf a, vf b, vf c) {
    v_halves_ x = {a}, y = {b}, z = {c};
    return (v_halves_){.half = {_mm256_fmadd_ps(x.half[0], y.half[0], z.half[0]),
                                _mm256_fmadd_ps(x.half[1], y.half[1], z.half[1])}}
        .whole;
}

V_INLINE vf v_sqrt(vf a) {
    v_halves_ x = {a};
    return (v_halves_){.half = {_mm256_sqrt_ps(x.half[0]), _mm256_sqrt_ps(x.half[1])}}.whole;
}

V_INLINE vf v_load_bf16(const uint16_t *p) {
    v_halves_ x;
    for (int i = 0; i < 2; i++) {
        const __m128i half = _mm_loadu_si128((const __m128i *)(p + 8 * i));
        x.half[i] = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
    }
    return x.whole;
}

#endif

/* The 32 accumulators of an EXACT dot product, accumulator l in lane l % VL of vector l / VL. */
#define DOT_VECTORS (32 / VL)

/*
 * v[l] += v[l ^ o] for o = 16, 8, 4, 2, 1; the result is v[0]. Addition commutes, so only the lower half of each step
 * is computed.
 */
V_INLINE float v_tree_sum(const vf lanes[DOT_VECTORS]) {
#if VL == 8
    const __m256 v8 = (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
#else
    const vf v16 = lanes[0] + lanes[1];
    __m256 low, high;
    memcpy(&low, &v16, sizeof low);
    memcpy(&high, (const char *)&v16 + sizeof low, sizeof high);
    const __m256 v8 = _mm256_add_ps(low, high);
#endif
    __m128 v4 = _mm_add_ps(_mm256_castps256_ps128(v8), _mm256_extractf128_ps(v8, 1));
    v4 = _mm_add_ps(v4, _mm_movehl_ps(v4, v4));
    return _mm_cvtss_f32(_mm_add_ss(v4, _mm_movehdup_ps(v4)));
}

#endif
