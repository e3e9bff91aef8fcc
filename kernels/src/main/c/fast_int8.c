/*
 * FAST_INT8: products of int8, summed in int32, which is exact; y = ((float)sum * row scale) * weight scale. So every
 * instruction set has the same bits.
 *
 * k <= 66,000: the largest sum is that of VNNI, where activations are 0 .. 255: 255 * 127 * 66,000 < 2^31.
 */
#include "fast_isa.h"

/* Packed activations begin with the scale of each row. */
enum { FAST_HEADER = TACTUS_FAST_ROWS * 4 };

/* The scale of a packed row. */
Q_INLINE float row_scale(const char *packed, int r) {
    float scale;
    memcpy(&scale, packed + r * 4, sizeof scale);
    return scale;
}

#ifdef __AMX_INT8__

#define TILE_DP _tile_dpbssd
typedef int32_t tile_t;

/* The scales of 8 outputs. */
struct tile_outputs {
    __m256 scale;
};

/* Those from matrix row `row` on, of which `count` are in the range: only their scales exist. */
Q_INLINE struct tile_outputs tile_outputs(const struct tactus_matrix *m, int64_t row, int count) {
    return (struct tile_outputs){_mm256_maskload_ps(m->scale + row, fast_mask_8(count))};
}

/* 8 outputs of row r; the tile's int32 come as the bits of float32. */
Q_INLINE __m256 tile_finish(__m256 sums, const struct tile_outputs *outputs, const char *packed, int r) {
    const __m256 product = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_castps_si256(sums)),
                                         _mm256_set1_ps(row_scale(packed, r)));
    return _mm256_mul_ps(product, outputs->scale);
}

#include "fast_amx.h"

#else

/* The scales of 4 outputs, and what is to be subtracted from their sums. */
struct dot_outputs {
    __m128 scale;
    __m128i excess;
};

#if defined(__AVX512VNNI__)

typedef __m512i dot_v;
enum { DOT_ROWS = 4, DOT_STEP = 64, DOT_PARTS = 1 };

Q_INLINE dot_v dot_weight(const char *w, int part) {
    (void)part;
    return _mm512_loadu_si512(w);
}

/* The instruction takes activations without sign: they are packed plus 128. */
Q_INLINE dot_v dot_activation(const char *x, int part) {
    (void)part;
    return _mm512_xor_si512(_mm512_loadu_si512(x), _mm512_set1_epi8((char)0x80));
}

Q_INLINE dot_v dot_mac(dot_v acc, dot_v x, dot_v w) { return _mm512_dpbusd_epi32(acc, x, w); }

#elif defined(__AVX512F__)

typedef __m512i dot_v;
enum { DOT_ROWS = 4, DOT_STEP = 32, DOT_PARTS = 1 };

Q_INLINE dot_v dot_weight(const char *w, int part) {
    (void)part;
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)w));
}

/* Activations are packed as the inner loop would read them were they weights. */
Q_INLINE dot_v dot_activation(const char *x, int part) { return dot_weight(x, part); }

/* A pair of products of int16 is at most 2 * 127 * 127. */
Q_INLINE dot_v dot_mac(dot_v acc, dot_v x, dot_v w) { return _mm512_add_epi32(acc, _mm512_madd_epi16(x, w)); }

#else

typedef __m256i dot_v;
enum { DOT_ROWS = 3, DOT_STEP = 16, DOT_PARTS = 1 };

Q_INLINE dot_v dot_weight(const char *w, int part) {
    (void)part;
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)w));
}

/* Activations are packed as the inner loop would read them were they weights. */
Q_INLINE dot_v dot_activation(const char *x, int part) { return dot_weight(x, part); }

/* A pair of products of int16 is at most 2 * 127 * 127. */
Q_INLINE dot_v dot_mac(dot_v acc, dot_v x, dot_v w) { return _mm256_add_epi32(acc, _mm256_madd_epi16(x, w)); }

#endif

#if defined(__AVX512F__)

/* An empty accumulator. */
Q_INLINE dot_v dot_zero(void) { return _mm512_setzero_si512(); }

Q_INLINE dot_v dot_load(const char *p) { return _mm512_loadu_si512(p); }

Q_INLINE void dot_save(char *p, dot_v v) { _mm512_storeu_si512(p, v); }

/* The sums of 4 accumulators. */
Q_INLINE __m128i dot_totals(const dot_v acc[4]) {
    return sums_epi32(halves_epi32(acc[0]), halves_epi32(acc[1]), halves_epi32(acc[2]), halves_epi32(acc[3]));
}

#else

/* An empty accumulator. */
Q_INLINE dot_v dot_zero(void) { return _mm256_setzero_si256(); }

Q_INLINE dot_v dot_load(const char *p) { return _mm256_loadu_si256((const __m256i *)p); }

Q_INLINE void dot_save(char *p, dot_v v) { _mm256_storeu_si256((__m256i *)p, v); }

/* The sums of 4 accumulators. */
Q_INLINE __m128i dot_totals(const dot_v acc[4]) { return sums_epi32(acc[0], acc[1], acc[2], acc[3]); }

#endif

/* Those from matrix row `row` on, of which `count` are in the range: only their scales and sums exist. */
Q_INLINE struct dot_outputs dot_outputs(const struct tactus_matrix *m, int64_t row, int count) {
    const __m128i mask = fast_mask(count);
    struct dot_outputs outputs = {_mm_maskload_ps(m->scale + row, mask), _mm_setzero_si128()};
#ifdef __AVX512VNNI__
    outputs.excess = _mm_slli_epi32(_mm_maskload_epi32(m->sum + row, mask), 7);
#endif
    return outputs;
}

/* 4 outputs of row r from their accumulators. */
Q_INLINE __m128 dot_finish(const dot_v acc[4], const struct dot_outputs *outputs, const char *packed, int r) {
    const __m128i sums = _mm_sub_epi32(dot_totals(acc), outputs->excess);
    const __m128 product = _mm_mul_ps(_mm_cvtepi32_ps(sums), _mm_set1_ps(row_scale(packed, r)));
    return _mm_mul_ps(product, outputs->scale);
}

#include "fast_dot.h"

#endif

/* tactus_fast.packed_bytes. */
static int64_t packed_bytes(int32_t k) { return fast_bytes(blocks_of(k, INT8_BLOCK)); }

/* tactus_fast.pack: rows are quantised and put in place a block at a time. */
static void pack(const float *x, int64_t x_stride, int32_t rows, int32_t k, void *packed) {
    const int64_t blocks = blocks_of(k, INT8_BLOCK);
    for (int r = 0; r < rows; r++) {
        const char *row = (const char *)(x + r * x_stride);
        const float scale = quantize_scale(TACTUS_F32, row, k);
        memcpy((char *)packed + r * 4, &scale, sizeof scale);
        for (int64_t b = 0; b < blocks; b++) {
            int8_t block[INT8_BLOCK];
            quantize_block(TACTUS_F32, row, b, k, scale, block);
            fast_place(packed, rows, r, blocks, b, (const char *)block);
        }
    }
}

/* tactus_fast.multiply. */
static void multiply(const struct tactus_matrix *m, int64_t first, int32_t n0, int32_t n1, const void *packed,
                     int32_t rows, float *y, int64_t y_stride) {
    fast_multiply(m, first, n0, n1, packed, rows, blocks_of(m->cols, INT8_BLOCK), y, y_stride);
}

const struct tactus_fast TACTUS_TABLE = {packed_bytes, pack, multiply};
