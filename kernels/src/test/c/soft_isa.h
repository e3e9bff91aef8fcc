/*
 * Instructions of AVX-512 and AMX in plain C, after the pseudo code of Intel's manuals, so that the units of the FAST
 * classes for those instruction sets can be tested where there is only AVX2. Exactly the intrinsics that fast_*.c and
 * fast_*.h use are here; any other does not compile without its instruction set.
 *
 * Force it in ahead of a unit and name the instruction set, each including those before it:
 *   gcc -mavx2 -mfma -mf16c -include soft_isa.h -DTACTUS_SOFT_AVX512 | -DTACTUS_SOFT_VNNI | -DTACTUS_SOFT_BF16 |
 *       -DTACTUS_SOFT_AMX ...
 */
#ifndef TACTUS_SOFT_ISA_H
#define TACTUS_SOFT_ISA_H

#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef TACTUS_SOFT_AMX
#define TACTUS_SOFT_BF16
#endif
#ifdef TACTUS_SOFT_BF16
#define TACTUS_SOFT_VNNI
#endif

#define __AVX512F__ 1
#define __AVX512BW__ 1
#define __AVX512DQ__ 1
#define __AVX512VL__ 1

#define SOFT static inline __attribute__((unused))

/* A vector of 512 bits by its elements. */
union soft_512 {
    __m512i i;
    __m512 f;
    __m256i half_i[2];
    __m256 half_f[2];
    int32_t s32[16];
    uint32_t u32[16];
    int16_t s16[32];
    uint16_t u16[32];
    int8_t s8[64];
    uint8_t u8[64];
    float f32[16];
};

SOFT __m512i soft_load_i(const void *p) {
    union soft_512 v;
    memcpy(&v, p, sizeof v);
    return v.i;
}

SOFT __m512 soft_load_f(const void *p) {
    union soft_512 v;
    memcpy(&v, p, sizeof v);
    return v.f;
}

SOFT void soft_store_i(void *p, __m512i v) { memcpy(p, &v, sizeof v); }

SOFT void soft_store_f(void *p, __m512 v) { memcpy(p, &v, sizeof v); }

SOFT __m512i soft_set1_32(int32_t x) {
    union soft_512 v;
    for (int i = 0; i < 16; i++) {
        v.s32[i] = x;
    }
    return v.i;
}

SOFT __m512i soft_set1_8(char x) {
    union soft_512 v;
    memset(&v, x, sizeof v);
    return v.i;
}

SOFT __m512i soft_add_32(__m512i a, __m512i b) {
    union soft_512 x = {.i = a}, y = {.i = b};
    for (int i = 0; i < 16; i++) {
        x.u32[i] += y.u32[i];
    }
    return x.i;
}

SOFT __m512i soft_and(__m512i a, __m512i b) {
    union soft_512 x = {.i = a}, y = {.i = b};
    for (int i = 0; i < 16; i++) {
        x.u32[i] &= y.u32[i];
    }
    return x.i;
}

SOFT __m512i soft_xor(__m512i a, __m512i b) {
    union soft_512 x = {.i = a}, y = {.i = b};
    for (int i = 0; i < 16; i++) {
        x.u32[i] ^= y.u32[i];
    }
    return x.i;
}

SOFT __m512i soft_shift_left_32(__m512i a, unsigned count) {
    union soft_512 x = {.i = a};
    for (int i = 0; i < 16; i++) {
        x.u32[i] <<= count;
    }
    return x.i;
}

/* VPMOVSXBW. */
SOFT __m512i soft_widen_8_16(__m256i a) {
    union soft_512 v;
    int8_t bytes[32];
    memcpy(bytes, &a, sizeof bytes);
    for (int i = 0; i < 32; i++) {
        v.s16[i] = bytes[i];
    }
    return v.i;
}

/* VPMADDWD. */
SOFT __m512i soft_madd_16(__m512i a, __m512i b) {
    const union soft_512 x = {.i = a}, y = {.i = b};
    union soft_512 v;
    for (int i = 0; i < 16; i++) {
        v.s32[i] = x.s16[2 * i] * y.s16[2 * i] + x.s16[2 * i + 1] * y.s16[2 * i + 1];
    }
    return v.i;
}

/* VPDPBUSD: bytes of a without sign, of b with sign; no saturation. */
SOFT __m512i soft_dpbusd(__m512i sum, __m512i a, __m512i b) {
    const union soft_512 x = {.i = a}, y = {.i = b};
    union soft_512 v = {.i = sum};
    for (int i = 0; i < 16; i++) {
        for (int j = 4 * i; j < 4 * i + 4; j++) {
            v.u32[i] += (uint32_t)((int32_t)x.u8[j] * (int32_t)y.s8[j]);
        }
    }
    return v.i;
}

/* VFMADD. */
SOFT __m512 soft_fma(__m512 a, __m512 b, __m512 c) {
    const union soft_512 x = {.f = a}, y = {.f = b};
    union soft_512 v = {.f = c};
    for (int i = 0; i < 16; i++) {
        v.f32[i] = fmaf(x.f32[i], y.f32[i], v.f32[i]);
    }
    return v.f;
}

/* A denormal is zero, on the way in and on the way out. */
SOFT float soft_flush(float x) { return fpclassify(x) == FP_SUBNORMAL ? copysignf(0.0f, x) : x; }

SOFT float soft_widen_bf16(uint16_t bits) {
    const uint32_t wide = (uint32_t)bits << 16;
    float f;
    memcpy(&f, &wide, sizeof f);
    return soft_flush(f);
}

SOFT float soft_fma_bf16(uint16_t a, uint16_t b, float c) {
    return soft_flush(fmaf(soft_widen_bf16(a), soft_widen_bf16(b), soft_flush(c)));
}

/* VDPBF16PS: the odd elements first. */
SOFT __m512 soft_dpbf16(__m512 sum, __m512 a, __m512 b) {
    const union soft_512 x = {.f = a}, y = {.f = b};
    union soft_512 v = {.f = sum};
    for (int i = 0; i < 16; i++) {
        v.f32[i] = soft_fma_bf16(x.u16[2 * i + 1], y.u16[2 * i + 1], v.f32[i]);
        v.f32[i] = soft_fma_bf16(x.u16[2 * i], y.u16[2 * i], v.f32[i]);
    }
    return v.f;
}

SOFT __m256i soft_half_i(__m512i a, int half) { return ((union soft_512){.i = a}).half_i[half]; }

SOFT __m256 soft_half_f(__m512 a, int half) { return ((union soft_512){.f = a}).half_f[half]; }

#define _mm512_loadu_si512(p) soft_load_i(p)
#define _mm512_loadu_ps(p) soft_load_f(p)
#define _mm512_storeu_si512(p, v) soft_store_i(p, v)
#define _mm512_storeu_ps(p, v) soft_store_f(p, v)
#define _mm512_setzero_si512() soft_set1_32(0)
#define _mm512_setzero_ps() ((__m512)soft_set1_32(0))
#define _mm512_set1_epi32(x) soft_set1_32(x)
#define _mm512_set1_epi8(x) soft_set1_8(x)
#define _mm512_add_epi32(a, b) soft_add_32(a, b)
#define _mm512_and_si512(a, b) soft_and(a, b)
#define _mm512_xor_si512(a, b) soft_xor(a, b)
#define _mm512_slli_epi32(a, n) soft_shift_left_32(a, n)
#define _mm512_cvtepi8_epi16(a) soft_widen_8_16(a)
#define _mm512_madd_epi16(a, b) soft_madd_16(a, b)
#define _mm512_fmadd_ps(a, b, c) soft_fma(a, b, c)
#define _mm512_castsi512_ps(a) ((__m512)(a))
#define _mm512_castsi512_si256(a) soft_half_i(a, 0)
#define _mm512_extracti64x4_epi64(a, half) soft_half_i(a, half)
#define _mm512_castps512_ps256(a) soft_half_f(a, 0)
#define _mm512_extractf32x8_ps(a, half) soft_half_f(a, half)

#ifdef TACTUS_SOFT_VNNI
#define __AVX512VNNI__ 1
#define _mm512_dpbusd_epi32(sum, a, b) soft_dpbusd(sum, a, b)
#endif

#ifdef TACTUS_SOFT_BF16
#define __AVX512BF16__ 1
#define _mm512_dpbf16_ps(sum, a, b) soft_dpbf16(sum, (__m512)(a), (__m512)(b))
#endif

#ifdef TACTUS_SOFT_AMX

#define __AMX_TILE__ 1
#define __AMX_BF16__ 1
#define __AMX_INT8__ 1

/* The tiles of one thread. Their shapes are checked where the hardware would fault. */
struct soft_tiles {
    uint8_t palette, rows[8];
    uint16_t row_bytes[8];
    union {
        uint8_t u8[16][64];
        int8_t s8[16][64];
        uint16_t u16[16][32];
        int32_t s32[16][16];
        float f32[16][16];
    } tile[8];
};

static _Thread_local struct soft_tiles soft_tiles __attribute__((unused));

SOFT void soft_check(int condition) {
    if (!condition) {
        abort();
    }
}

/* LDTILECFG: 64 bytes. That the tiles have been released before is no demand of the hardware's but ours. */
SOFT void soft_configure(const void *config) {
    const uint8_t *bytes = config;
    soft_check(soft_tiles.palette == 0);
    memset(&soft_tiles, 0, sizeof soft_tiles);
    soft_tiles.palette = bytes[0];
    soft_check(bytes[0] == 1 && bytes[1] == 0);
    for (int i = 2; i < 16; i++) {
        soft_check(bytes[i] == 0);
    }
    for (int t = 0; t < 16; t++) {
        uint16_t row_bytes;
        memcpy(&row_bytes, bytes + 16 + 2 * t, sizeof row_bytes);
        const uint8_t rows = bytes[48 + t];
        soft_check(row_bytes <= 64 && rows <= 16 && (row_bytes == 0) == (rows == 0) && (t < 8 || rows == 0));
        if (t < 8) {
            soft_tiles.row_bytes[t] = row_bytes;
            soft_tiles.rows[t] = rows;
        }
    }
}

SOFT void soft_release(void) { memset(&soft_tiles, 0, sizeof soft_tiles); }

SOFT void soft_zero(int t) {
    soft_check(soft_tiles.palette == 1 && soft_tiles.rows[t] > 0);
    memset(&soft_tiles.tile[t], 0, sizeof soft_tiles.tile[t]);
}

SOFT void soft_load(int t, const void *base, int64_t stride) {
    soft_zero(t);
    for (int i = 0; i < soft_tiles.rows[t]; i++) {
        memcpy(soft_tiles.tile[t].u8[i], (const char *)base + i * stride, soft_tiles.row_bytes[t]);
    }
}

SOFT void soft_store(int t, void *base, int64_t stride) {
    soft_check(soft_tiles.palette == 1 && soft_tiles.rows[t] > 0);
    for (int i = 0; i < soft_tiles.rows[t]; i++) {
        memcpy((char *)base + i * stride, soft_tiles.tile[t].u8[i], soft_tiles.row_bytes[t]);
    }
}

/* C, [m, n], A, [m, k], B, [k, n], all different. */
SOFT void soft_check_product(int c, int a, int b) {
    const struct soft_tiles *s = &soft_tiles;
    soft_check(s->palette == 1 && c != a && c != b && a != b);
    soft_check(s->rows[c] > 0 && s->rows[a] > 0 && s->rows[b] > 0);
    soft_check(s->rows[c] == s->rows[a] && s->row_bytes[c] == s->row_bytes[b] && s->row_bytes[a] == 4 * s->rows[b]);
}

/* TDPBF16PS: the even and the odd products of a pair of tiles are summed apart, and both added to C at the end. */
SOFT void soft_tdpbf16ps(int c, int a, int b) {
    struct soft_tiles *s = &soft_tiles;
    soft_check_product(c, a, b);
    for (int m = 0; m < s->rows[c]; m++) {
        float sums[32] = {0};
        for (int k = 0; k < s->row_bytes[a] / 4; k++) {
            for (int n = 0; n < s->row_bytes[c] / 4; n++) {
                for (int i = 0; i < 2; i++) {
                    sums[2 * n + i] =
                        soft_fma_bf16(s->tile[a].u16[m][2 * k + i], s->tile[b].u16[k][2 * n + i], sums[2 * n + i]);
                }
            }
        }
        for (int n = 0; n < s->row_bytes[c] / 4; n++) {
            const float pair = soft_flush(sums[2 * n] + sums[2 * n + 1]);
            s->tile[c].f32[m][n] = soft_flush(soft_flush(s->tile[c].f32[m][n]) + pair);
        }
    }
}

/* TDPBSSD. */
SOFT void soft_tdpbssd(int c, int a, int b) {
    struct soft_tiles *s = &soft_tiles;
    soft_check_product(c, a, b);
    for (int m = 0; m < s->rows[c]; m++) {
        for (int k = 0; k < s->row_bytes[a] / 4; k++) {
            for (int n = 0; n < s->row_bytes[c] / 4; n++) {
                for (int i = 0; i < 4; i++) {
                    s->tile[c].s32[m][n] += s->tile[a].s8[m][4 * k + i] * s->tile[b].s8[k][4 * n + i];
                }
            }
        }
    }
}

#undef _tile_loadd
#undef _tile_stored
#undef _tile_zero
#undef _tile_dpbf16ps
#undef _tile_dpbssd
#define TILE_CONFIGURE(config) soft_configure(&(config))
#define _tile_release() soft_release()
#define _tile_zero(t) soft_zero(t)
#define _tile_loadd(t, base, stride) soft_load(t, base, stride)
#define _tile_stored(t, base, stride) soft_store(t, base, stride)
#define _tile_dpbf16ps(c, a, b) soft_tdpbf16ps(c, a, b)
#define _tile_dpbssd(c, a, b) soft_tdpbssd(c, a, b)

#endif

#endif
