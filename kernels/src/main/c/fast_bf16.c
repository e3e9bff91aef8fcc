/*
 * FAST_BF16: products of bfloat16, summed in float32. The order of the sum is that of the instruction set's own unit,
 * so results differ from one instruction set to another, by rounding.
 */
#include "fast_isa.h"

/* Packed activations are nothing but themselves. */
enum { FAST_HEADER = 0 };

#ifdef __AMX_BF16__

#define TILE_DP _tile_dpbf16ps
typedef float tile_t;

struct tile_outputs {
    char none;
};

/* A product needs nothing more of its matrix. */
Q_INLINE struct tile_outputs tile_outputs(const struct tactus_matrix *m, int64_t row, int count) {
    (void)m;
    (void)row;
    (void)count;
    return (struct tile_outputs){0};
}

/* 8 outputs of row r: as the tile holds them. */
Q_INLINE __m256 tile_finish(__m256 sums, const struct tile_outputs *outputs, const char *packed, int r) {
    (void)outputs;
    (void)packed;
    (void)r;
    return sums;
}

#include "fast_amx.h"

#else

struct dot_outputs {
    char none;
};

/* A product needs nothing more of its matrix. */
Q_INLINE struct dot_outputs dot_outputs(const struct tactus_matrix *m, int64_t row, int count) {
    (void)m;
    (void)row;
    (void)count;
    return (struct dot_outputs){0};
}

#if defined(__AVX512F__)

typedef __m512 dot_v;
enum { DOT_ROWS = 4, DOT_STEP = 64 };

Q_INLINE dot_v dot_zero(void) { return _mm512_setzero_ps(); }

Q_INLINE dot_v dot_load(const char *p) { return _mm512_loadu_ps((const float *)p); }

Q_INLINE void dot_save(char *p, dot_v v) { _mm512_storeu_ps((float *)p, v); }

/* 4 outputs of a row: the sums of their accumulators, in a fixed tree. */
Q_INLINE __m128 dot_finish(const dot_v acc[4], const struct dot_outputs *outputs, const char *packed, int r) {
    (void)outputs;
    (void)packed;
    (void)r;
    return sums_ps(halves_ps(acc[0]), halves_ps(acc[1]), halves_ps(acc[2]), halves_ps(acc[3]));
}

#else

typedef __m256 dot_v;
enum { DOT_ROWS = 3, DOT_STEP = 32 };

Q_INLINE dot_v dot_zero(void) { return _mm256_setzero_ps(); }

Q_INLINE dot_v dot_load(const char *p) { return _mm256_loadu_ps((const float *)p); }

Q_INLINE void dot_save(char *p, dot_v v) { _mm256_storeu_ps((float *)p, v); }

/* 4 outputs of a row: the sums of their accumulators, in a fixed tree. */
Q_INLINE __m128 dot_finish(const dot_v acc[4], const struct dot_outputs *outputs, const char *packed, int r) {
    (void)outputs;
    (void)packed;
    (void)r;
    return sums_ps(acc[0], acc[1], acc[2], acc[3]);
}

#endif

#if defined(__AVX512BF16__)

enum { DOT_PARTS = 1 };

/* Pairs of bfloat16, of which the instruction adds the second product to its lane, then the first. */
Q_INLINE dot_v dot_weight(const char *w, int part) {
    (void)part;
    return dot_load(w);
}

Q_INLINE dot_v dot_mac(dot_v acc, dot_v x, dot_v w) { return _mm512_dpbf16_ps(acc, (__m512bh)x, (__m512bh)w); }

#elif defined(__AVX512F__)

enum { DOT_PARTS = 2 };

/* The even elements of 32, then the odd ones: one operation each, no crossing of lanes. */
Q_INLINE dot_v dot_weight(const char *w, int part) {
    const __m512i pairs = _mm512_loadu_si512(w);
    return _mm512_castsi512_ps(part == 0 ? _mm512_slli_epi32(pairs, 16)
                                         : _mm512_and_si512(pairs, _mm512_set1_epi32((int32_t)0xffff0000)));
}

Q_INLINE dot_v dot_mac(dot_v acc, dot_v x, dot_v w) { return _mm512_fmadd_ps(x, w, acc); }

#else

enum { DOT_PARTS = 2 };

/* The even elements of 16, then the odd ones: one operation each, no crossing of lanes. */
Q_INLINE dot_v dot_weight(const char *w, int part) {
    const __m256i pairs = _mm256_loadu_si256((const __m256i *)w);
    return _mm256_castsi256_ps(part == 0 ? _mm256_slli_epi32(pairs, 16)
                                         : _mm256_and_si256(pairs, _mm256_set1_epi32((int32_t)0xffff0000)));
}

Q_INLINE dot_v dot_mac(dot_v acc, dot_v x, dot_v w) { return _mm256_fmadd_ps(x, w, acc); }

#endif

/* Activations are packed as the inner loop would read them were they weights. */
Q_INLINE dot_v dot_activation(const char *x, int part) { return dot_weight(x, part); }

#include "fast_dot.h"

#endif

/* tactus_fast.packed_bytes. */
static int64_t packed_bytes(int32_t k) { return fast_bytes(blocks_of(k, BF16_BLOCK)); }

/* tactus_fast.pack: rows are rounded and put in place a block at a time. */
static void pack(const float *x, int64_t x_stride, int32_t rows, int32_t k, void *packed) {
    const int64_t blocks = blocks_of(k, BF16_BLOCK);
    for (int r = 0; r < rows; r++) {
        const char *row = (const char *)(x + r * x_stride);
        for (int64_t b = 0; b < blocks; b++) {
            char block[FAST_BLOCK];
            round_block(TACTUS_F32, row, b, k, block);
            fast_place(packed, rows, r, blocks, b, block);
        }
    }
}

/* tactus_fast.multiply. */
static void multiply(const struct tactus_matrix *m, int64_t first, int32_t n0, int32_t n1, const void *packed,
                     int32_t rows, float *y, int64_t y_stride) {
    fast_multiply(m, first, n0, n1, packed, rows, blocks_of(m->cols, BF16_BLOCK), y, y_stride);
}

const struct tactus_fast TACTUS_TABLE = {packed_bytes, pack, multiply};
