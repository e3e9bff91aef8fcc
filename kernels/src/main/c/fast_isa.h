/* What the units of the FAST classes share: sums of accumulators, stores of part of a vector, tile configuration. */
#ifndef TACTUS_FAST_ISA_H
#define TACTUS_FAST_ISA_H

#include "quantize.h"

/* All ones in the first `count` lanes. */
Q_INLINE __m128i fast_mask(int count) {
    return _mm_cmpgt_epi32(_mm_set1_epi32(count), _mm_setr_epi32(0, 1, 2, 3));
}

Q_INLINE __m256i fast_mask_8(int count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/* The sums of 4 vectors of 8 float32, each ((v0 + v2) + (v1 + v3)) + ((v4 + v6) + (v5 + v7)). */
Q_INLINE __m128 sums_ps(__m256 a, __m256 b, __m256 c, __m256 d) {
    const __m256 ab = _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
    const __m256 cd = _mm256_add_ps(_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
    const __m256 low = _mm256_shuffle_ps(ab, cd, 0x44), high = _mm256_shuffle_ps(ab, cd, 0xee);
    const __m256 sum = _mm256_add_ps(low, high);
    return _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
}

/* The sums of 4 vectors of 8 int32. */
Q_INLINE __m128i sums_epi32(__m256i a, __m256i b, __m256i c, __m256i d) {
    const __m256i ab = _mm256_add_epi32(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
    const __m256i cd = _mm256_add_epi32(_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
    const __m256i sum = _mm256_add_epi32(_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd));
    return _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
}

#ifdef __AVX512F__

/* The halves of 16 lanes added. */
Q_INLINE __m256 halves_ps(__m512 v) {
    return _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
}

Q_INLINE __m256i halves_epi32(__m512i v) {
    return _mm256_add_epi32(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
}

#endif

#if defined(__AMX_TILE__) && !defined(TACTUS_SOFT_AMX)

/*
 * Inline assembly with the configuration as an operand: the intrinsic of GCC 12 takes a bare address, and the stores
 * into the configuration are then lost as dead.
 */
#define TILE_CONFIGURE(config) __asm__ volatile("ldtilecfg %0" : : "m"(config) : "memory")

#endif

#endif
