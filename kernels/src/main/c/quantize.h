/*
 * Rounding to bfloat16 and quantising to int8, one row at a time: the same arithmetic for weights, at load, and for
 * activations, at every product.
 *
 * bfloat16: to nearest, ties to even, by integer operations; a NaN stays one.
 * int8: scale = max|x| / 127, q = rint(x / scale), ties to even, clamped to [-127, 127]. A row whose scale is zero is
 * all zeros. A row with a NaN or infinity is all zeros with scale NaN, so that every product with it is NaN.
 */
#ifndef TACTUS_QUANTIZE_H
#define TACTUS_QUANTIZE_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "tactus.h"

#define Q_INLINE static inline __attribute__((always_inline))

/* A row is converted in blocks of 64 bytes: 64 int8 or 32 bfloat16. */
enum { FAST_BLOCK = 64, INT8_BLOCK = 64, BF16_BLOCK = 32 };

/* Blocks of `size` elements that hold n. */
Q_INLINE int64_t blocks_of(int64_t n, int64_t size) { return (n + size - 1) / size; }

/*
 * Rows [r0, r1) of w, [rows, cols] of kind TACTUS_F32 or TACTUS_BF16 at any alignment, become rows of int8: row r goes
 * to data + r * stride and is filled with zeros up to stride, a multiple of 64 and at least cols. scale[r] is its scale
 * and sum[r] the sum of its int8 elements, which fits since cols <= 66,000.
 */
void tactus_quantize_rows(int32_t kind, const void *w, int64_t r0, int64_t r1, int64_t cols, int8_t *data,
                          int64_t stride, float *scale, int32_t *sum);

/* The same to bfloat16; stride, in bytes, is a multiple of 64 and at least 2 * cols. */
void tactus_round_rows(int32_t kind, const void *w, int64_t r0, int64_t r1, int64_t cols, uint16_t *data,
                       int64_t stride);

/* Bytes of an element of a source row. */
Q_INLINE int64_t source_bytes(int32_t kind) { return kind == TACTUS_F32 ? 4 : 2; }

/* 8 elements of a source row, as float32. */
Q_INLINE __m256 source_load(int32_t kind, const char *p) {
    if (kind == TACTUS_F32) {
        return _mm256_loadu_ps((const float *)p);
    }
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p)), 16));
}

/*
 * Where `size` elements of a source row of n can be read from its element `from`: in the row itself, or, where fewer
 * are left, in `tail`, filled up with zeros.
 */
Q_INLINE const char *source_block(int32_t kind, const char *row, int64_t from, int64_t n, int64_t size, char *tail) {
    const char *p = row + from * source_bytes(kind);
    if (n - from >= size) {
        return p;
    }
    memset(tail, 0, (size_t)(size * source_bytes(kind)));
    memcpy(tail, p, (size_t)((n - from) * source_bytes(kind)));
    return tail;
}

/*
 * max|x| / 127 of a row of n, or NaN where an element is no finite number. The maximum is one of the bits of |x| as
 * integers, whose order is that of the numbers, with infinity and the NaNs above all.
 */
Q_INLINE float quantize_scale(int32_t kind, const char *row, int64_t n) {
    const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
    char tail[8 * 4];
    __m256i top = _mm256_setzero_si256();
    for (int64_t i = 0; i < n; i += 8) {
        const __m256 x = source_load(kind, source_block(kind, row, i, n, 8, tail));
        top = _mm256_max_epi32(top, _mm256_and_si256(_mm256_castps_si256(x), magnitude));
    }
    int32_t lanes[8], bits = 0;
    _mm256_storeu_si256((__m256i *)lanes, top);
    for (int l = 0; l < 8; l++) {
        bits = lanes[l] > bits ? lanes[l] : bits;
    }
    float maximum;
    memcpy(&maximum, &bits, sizeof maximum);
    return bits < 0x7f800000 ? maximum / 127.0f : __builtin_nanf("");
}

/* 8 elements over scale, rounded and clamped, as int32; scale is a positive number. */
Q_INLINE __m256i quantize_8(__m256 x, __m256 scale) {
    const __m256 limit = _mm256_set1_ps(127.0f);
    const __m256 q = _mm256_min_ps(_mm256_max_ps(_mm256_div_ps(x, scale), _mm256_sub_ps(_mm256_setzero_ps(), limit)),
                                   limit);
    return _mm256_cvtps_epi32(_mm256_round_ps(q, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

/* Block `block` of a row of n as 64 int8, zeros beyond the row; returns their sum. */
Q_INLINE int32_t quantize_block(int32_t kind, const char *row, int64_t block, int64_t n, float scale, int8_t *q) {
    if (!(scale > 0)) { /* zero or NaN */
        memset(q, 0, INT8_BLOCK);
        return 0;
    }
    char tail[INT8_BLOCK * 4];
    const char *p = source_block(kind, row, block * INT8_BLOCK, n, INT8_BLOCK, tail);
    const __m256 scales = _mm256_set1_ps(scale);
    /* The packs below work on halves of 16 bytes: this puts their groups of 4 in order. */
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i sums = _mm256_setzero_si256();
    for (int i = 0; i < INT8_BLOCK; i += 32) {
        __m256i v[4];
        for (int j = 0; j < 4; j++) {
            v[j] = quantize_8(source_load(kind, p + (i + 8 * j) * source_bytes(kind)), scales);
            sums = _mm256_add_epi32(sums, v[j]);
        }
        const __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(v[0], v[1]), _mm256_packs_epi32(v[2], v[3]));
        _mm256_storeu_si256((__m256i *)(q + i), _mm256_permutevar8x32_epi32(bytes, order));
    }
    int32_t lanes[8], sum = 0;
    _mm256_storeu_si256((__m256i *)lanes, sums);
    for (int l = 0; l < 8; l++) {
        sum += lanes[l];
    }
    return sum;
}

/* 8 float32 to bfloat16, in the low halves of int32. */
Q_INLINE __m256i round_8(__m256 x) {
    const __m256i bits = _mm256_castps_si256(x);
    const __m256i high = _mm256_srli_epi32(bits, 16);
    const __m256i odd = _mm256_and_si256(high, _mm256_set1_epi32(1));
    const __m256i half = _mm256_add_epi32(_mm256_set1_epi32(0x7fff), odd);
    const __m256i rounded = _mm256_srli_epi32(_mm256_add_epi32(bits, half), 16);
    const __m256i quiet = _mm256_or_si256(high, _mm256_set1_epi32(0x40)); /* a NaN whose payload was all low bits */
    return _mm256_blendv_epi8(rounded, quiet, _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q)));
}

/* Block `block` of a row of n as 32 bfloat16, zeros beyond the row. */
Q_INLINE void round_block(int32_t kind, const char *row, int64_t block, int64_t n, char *target) {
    char tail[BF16_BLOCK * 4];
    const char *p = source_block(kind, row, block * BF16_BLOCK, n, BF16_BLOCK, tail);
    for (int i = 0; i < BF16_BLOCK; i += 16) {
        const __m256i low = round_8(source_load(kind, p + i * source_bytes(kind)));
        const __m256i high = round_8(source_load(kind, p + (i + 8) * source_bytes(kind)));
        const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, high), 0xd8);
        _mm256_storeu_si256((__m256i *)(target + 2 * i), packed);
    }
}

#endif
