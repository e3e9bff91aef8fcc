/*
 * EXACT products: y[r, n] = dot(x[r], w[n]) with the 32 accumulators of NUMERICS.md.
 *
 * Accumulator l belongs to elements l, l + 32, …; which register holds it is free. Two vectors of 16-bit weights come
 * out of one load as its even and its odd elements (a shift and a mask), so the accumulators stand like this:
 *
 *   bfloat16   half 0: even lanes, half 1: odd lanes; group g: lanes [2 * VL * g, 2 * VL * (g + 1))
 *   float32    half h of group g: lanes [2 * VL * g + VL * h, … + VL)
 *
 * A tile of R rows and N outputs runs over all of k once per (half, group), with R * N accumulators in registers. Rows
 * are packed in that order beforehand, once for all outputs; weights are read in place.
 */
#ifndef TACTUS_LINEAR_H
#define TACTUS_LINEAR_H

#if VL == 8
#define GROUPS_ 2
/*
 * 8 accumulators. 12 would fit, and reach as much in long loops; but k = 384 is a dozen steps, and the smaller loop
 * leaves the processor room to begin the next one while this one ends (39 against 37 GMAC/s, and 30 against 17 where
 * two rows are all there are).
 */
enum { TILE_ROWS = 2, TILE_OUTS = 4 };
#else
#define GROUPS_ 1
enum { TILE_ROWS = 4, TILE_OUTS = 4 };
#endif

enum {
    DOT_LANES = 32,
    PAIR = 2 * VL,          /* elements of a step: a vector for each half */
    GROUPS = GROUPS_,
    LINEAR_MAX_ROWS = 256,  /* of a block; a multiple of TILE_ROWS */
    LINEAR_BLOCK_BYTES = 160 * 1024, /* packed rows of a block: they and the weights of a tile stay in L2 */
    STREAM_OUTS = 3,        /* outputs of a single row that are computed together, where weight rows are long */
    STREAM_LONG = 4096      /* bytes of a long row */
};

/* Makes the compiler hold a value in a register. */
#if VL == 8 || defined(__AVX512F__)
#define KEEP(v) __asm__("" : "+v"(v))
#else
#define KEEP(v) (void)0
#endif

V_INLINE int64_t element_bytes(int32_t type) { return type == TACTUS_BF16 ? 2 : 4; }

/* The upper halves of VL words. */
V_INLINE vi upper(vi words) { return words & vi_set((int32_t)0xffff0000u); }

/* The vector of one half at element i of a row of weights. */
V_INLINE vf load_half(int32_t type, const int half, const char *row, int64_t i) {
    if (type == TACTUS_F32) {
        return v_load((const float *)(row + 4 * (i + half * VL)));
    }
    vi pairs;
    memcpy(&pairs, row + 2 * i, sizeof pairs);
    return v_from_bits(half == 0 ? pairs << 16 : upper(pairs));
}

/* The same where only the first n < PAIR elements exist. */
V_INLINE vf load_half_n(int32_t type, const int half, const char *row, int64_t i, int n) {
    char part[PAIR * sizeof(float)] = {0};
    memcpy(part, row + i * element_bytes(type), (size_t)(n * element_bytes(type)));
    return load_half(type, half, part, 0);
}

/* How the lanes of a half at element i of float32 rows are picked: those that meet weights of this type. */
V_INLINE vf load_row(int32_t type, const int half, const float *x) {
    if (type == TACTUS_F32) {
        return v_load(x + half * VL);
    }
#if VL == 8
    const __m256 low = _mm256_loadu_ps(x), high = _mm256_loadu_ps(x + 8);
    const __m256 mixed = half == 0 ? _mm256_shuffle_ps(low, high, 0x88) : _mm256_shuffle_ps(low, high, 0xdd);
    return (vf)_mm256_permute4x64_pd((__m256d)mixed, 0xd8);
#else
    vf v;
    for (int l = 0; l < VL; l++) {
        v[l] = x[2 * l + half];
    }
    return v;
#endif
}

V_INLINE vf load_row_n(int32_t type, const int half, const float *x, int n) {
    float part[PAIR] = {0};
    memcpy(part, x, (size_t)n * sizeof(float));
    return load_row(type, half, part);
}

/* All ones in the lanes of a half that the first n elements of a step reach. */
V_INLINE vi lanes_of(int32_t type, const int half, int n) {
    vi element;
    for (int l = 0; l < VL; l++) {
        element[l] = type == TACTUS_F32 ? half * VL + l : 2 * l + half;
    }
    return element < vi_set(n);
}

/* Whole steps of a group, and the elements of a last one that is shorter. */
V_INLINE int64_t whole_steps(int32_t k, int group) {
    return k / DOT_LANES + ((k & (DOT_LANES - 1)) >= PAIR * (group + 1));
}

V_INLINE int last_step(int32_t k, int group) {
    const int left = (k & (DOT_LANES - 1)) - PAIR * group;
    return left > 0 && left < PAIR ? left : 0;
}

/* Elements of a packed row. */
V_INLINE int64_t packed_length(int32_t k) { return (k + PAIR - 1) & ~(PAIR - 1); }

/* Four vectors' sums over lanes v[l] + v[l ^ o], o = VL / 2 … 1. */
V_INLINE __m128 sum_four(const vf v[4]) {
    __m128 half[4];
    for (int i = 0; i < 4; i++) {
#if VL == 8
        const __m256 v8 = v[i];
#else
        __m256 part[2];
        memcpy(part, &v[i], sizeof part);
        const __m256 v8 = _mm256_add_ps(part[0], part[1]);
#endif
        half[i] = _mm_add_ps(_mm256_castps256_ps128(v8), _mm256_extractf128_ps(v8, 1));
    }
    const __m128 ab = _mm_add_ps(_mm_unpacklo_ps(half[0], half[1]), _mm_unpackhi_ps(half[0], half[1]));
    const __m128 cd = _mm_add_ps(_mm_unpacklo_ps(half[2], half[3]), _mm_unpackhi_ps(half[2], half[3]));
    return _mm_add_ps(_mm_movelh_ps(ab, cd), _mm_movehl_ps(cd, ab));
}

/*
 * The end of the tree for four outputs, from the sums over groups (l ^ 16 with 8 lanes). Halves of float32 are
 * neighbouring lanes and meet first; those of bfloat16 are even and odd lanes and meet last.
 */
V_INLINE __m128 sum_halves(int32_t type, const vf even[4], const vf odd[4]) {
    if (type == TACTUS_F32) {
        vf both[4];
        for (int i = 0; i < 4; i++) {
            both[i] = even[i] + odd[i];
        }
        return sum_four(both);
    }
    return _mm_add_ps(sum_four(even), sum_four(odd));
}

V_INLINE void store_outputs(float *y, __m128 v, int outs) {
    if (outs == 4) {
        _mm_storeu_ps(y, v);
    } else {
        float part[4];
        _mm_storeu_ps(part, v);
        memcpy(y, part, (size_t)outs * sizeof(float));
    }
}

/* Packs R rows side by side: for each half and group, for each step, a vector of every row. */
V_INLINE void pack_tile(int32_t type, int R, const float *x, int64_t x_stride, int32_t k, float *packed) {
    for (int half = 0; half < 2; half++) {
        for (int g = 0; g < GROUPS; g++) {
            const int64_t steps = whole_steps(k, g);
            const float *from = x + g * PAIR;
            for (int64_t s = 0; s < steps; s++, from += DOT_LANES) {
                for (int r = 0; r < R; r++, packed += VL) {
                    v_store(packed, load_row(type, half, from + r * x_stride));
                }
            }
            const int last = last_step(k, g);
            if (last > 0) {
                for (int r = 0; r < R; r++, packed += VL) {
                    v_store(packed, load_row_n(type, half, from + r * x_stride, last));
                }
            }
        }
    }
}

/* One step of a tile: R rows times N outputs. The weight is kept in a register, where the compiler would reload it. */
#define TILE_STEP(acc, x, WEIGHTS)                                                                                     \
    do {                                                                                                               \
        vf row_[TILE_ROWS + 1];                                                                                        \
        for (int r = 0; r < R; r++) {                                                                                  \
            row_[r] = v_load((x) + r * VL);                                                                            \
        }                                                                                                              \
        for (int n = 0; n < N; n++) {                                                                                  \
            vf weights_ = WEIGHTS;                                                                                     \
            KEEP(weights_);                                                                                            \
            for (int r = 0; r < R; r++) {                                                                              \
                (acc)[r][n] = v_fma(row_[r], weights_, (acc)[r][n]);                                                   \
            }                                                                                                          \
        }                                                                                                              \
    } while (0)

/* The accumulators of one half and group over all of k; returns where the packed rows go on. */
V_INLINE const float *accumulate(int32_t type, const int even_k, const int R, const int N, const int half, const int g,
                                 const char *w, int64_t w_stride, int32_t k, const float *x,
                                 vf acc[TILE_ROWS + 1][TILE_OUTS]) {
    for (int r = 0; r < R; r++) {
        for (int n = 0; n < N; n++) {
            acc[r][n] = (vf){0};
        }
    }
    const float *const end = x + whole_steps(k, g) * R * VL;
    const char *at = w + g * PAIR * element_bytes(type);
    for (; x != end; x += R * VL, at += DOT_LANES * element_bytes(type)) {
        TILE_STEP(acc, x, load_half(type, half, at + n * w_stride, 0));
    }
    const int last = even_k ? 0 : last_step(k, g);
    if (last > 0) {
        vf whole[TILE_ROWS + 1][TILE_OUTS];
        for (int r = 0; r < R; r++) {
            for (int n = 0; n < N; n++) {
                whole[r][n] = acc[r][n];
            }
        }
        TILE_STEP(acc, x, load_half_n(type, half, at + n * w_stride, 0, last));
        for (int r = 0; r < R; r++) {
            for (int n = 0; n < N; n++) {
                acc[r][n] = v_select(lanes_of(type, half, last), acc[r][n], whole[r][n]);
            }
        }
        x += R * VL;
    }
    return x;
}

/* The accumulators of one half, summed over its groups: l ^ 16 where a vector has 8 lanes. */
V_INLINE const float *accumulate_half(int32_t type, const int even_k, const int R, const int N, const int half,
                                      const char *w, int64_t w_stride, int32_t k, const float *x,
                                      vf sums[TILE_ROWS + 1][TILE_OUTS]) {
    x = accumulate(type, even_k, R, N, half, 0, w, w_stride, k, x, sums);
#if GROUPS_ == 2
    vf acc[TILE_ROWS + 1][TILE_OUTS];
    x = accumulate(type, even_k, R, N, half, 1, w, w_stride, k, x, acc);
    for (int r = 0; r < R; r++) {
        for (int n = 0; n < N; n++) {
            sums[r][n] = sums[r][n] + acc[r][n];
        }
    }
#endif
    return x;
}

/* A tile's dot products from packed rows; w_stride in bytes. */
V_INLINE void tile(int32_t type, const int even_k, const int R, const int N, const char *w, int64_t w_stride, int32_t k,
                   const float *x, float *y, int64_t y_stride) {
    vf even[TILE_ROWS + 1][TILE_OUTS], odd[TILE_ROWS + 1][TILE_OUTS];
    x = accumulate_half(type, even_k, R, N, 0, w, w_stride, k, x, even);
    accumulate_half(type, even_k, R, N, 1, w, w_stride, k, x, odd);
    for (int r = 0; r < R; r++) {
        for (int n = N; n < TILE_OUTS; n++) {
            even[r][n] = (vf){0};
            odd[r][n] = (vf){0};
        }
        store_outputs(y + r * y_stride, sum_halves(type, even[r], odd[r]), N);
    }
}

/* Rows of the next tile: TILE_ROWS, or one more rather than a lone last row, which would idle most of the pipeline. */
V_INLINE int tile_rows(int rows_left) {
    return rows_left <= TILE_ROWS + 1 ? rows_left : TILE_ROWS;
}

/* Packs a block of rows tile by tile. */
V_INLINE void pack_rows(int32_t type, const float *x, int64_t x_stride, int32_t rows, int32_t k, float *packed) {
    for (int32_t r = 0, count; r < rows; r += count, packed += count * packed_length(k)) {
        count = tile_rows(rows - r);
        pack_tile(type, count, x + r * x_stride, x_stride, k, packed);
    }
}

/* N outputs of a block of packed rows, while the weights of the next outputs come nearer. */
V_INLINE void column(int32_t type, const int even_k, const int N, const char *w, int64_t w_stride, int32_t k,
                     const float *x, float *y, int64_t y_stride, int32_t rows) {
    const char *next = w + N * w_stride;
    const int64_t share = N * w_stride * TILE_ROWS / rows + 1;
    for (int32_t r = 0, count; r < rows; r += count, x += count * packed_length(k), y += count * y_stride) {
        for (int64_t b = 0; b < share; b += 64) {
            __builtin_prefetch(next + b);
        }
        next += share;
        count = tile_rows(rows - r);
        switch (count) {
        case 1:
            tile(type, even_k, 1, N, w, w_stride, k, x, y, y_stride);
            break;
        case 2:
            tile(type, even_k, 2, N, w, w_stride, k, x, y, y_stride);
            break;
        case 3:
            tile(type, even_k, 3, N, w, w_stride, k, x, y, y_stride);
            break;
#if VL == 16
        case 4:
            tile(type, even_k, 4, N, w, w_stride, k, x, y, y_stride);
            break;
        case 5:
            tile(type, even_k, 5, N, w, w_stride, k, x, y, y_stride);
            break;
#endif
        }
    }
}

typedef void column_of_rows(const char *w, int64_t w_stride, int32_t k, const float *x, float *y, int64_t y_stride,
                            int32_t rows);

/* even: k is a multiple of 32, which spares a tile the registers of its last step. */
#define COLUMN(name, TYPE, EVEN, N)                                                                                    \
    static __attribute__((noinline)) void name(const char *w, int64_t w_stride, int32_t k, const float *x, float *y,   \
                                               int64_t y_stride, int32_t rows) {                                       \
        column(TYPE, EVEN, N, w, w_stride, k, x, y, y_stride, rows);                                                   \
    }

COLUMN(column_bf16, TACTUS_BF16, 0, TILE_OUTS)
COLUMN(column_bf16_even, TACTUS_BF16, 1, TILE_OUTS)
COLUMN(column_bf16_one, TACTUS_BF16, 0, 1)
COLUMN(column_f32, TACTUS_F32, 0, TILE_OUTS)
COLUMN(column_f32_even, TACTUS_F32, 1, TILE_OUTS)
COLUMN(column_f32_one, TACTUS_F32, 0, 1)

/* All outputs of a block of packed rows. */
V_INLINE void linear_block(int32_t type, const char *w, int64_t w_stride, int32_t outs, int32_t k, const float *x,
                           float *y, int64_t y_stride, int32_t rows) {
    const int even = k % DOT_LANES == 0;
    column_of_rows *const four = type == TACTUS_BF16 ? even ? column_bf16_even : column_bf16
                                                     : even ? column_f32_even : column_f32;
    column_of_rows *const one = type == TACTUS_BF16 ? column_bf16_one : column_f32_one;
    int32_t n = 0;
    for (; n + TILE_OUTS <= outs; n += TILE_OUTS) {
        four(w + n * w_stride, w_stride, k, x, y + n, y_stride, rows);
    }
    for (; n < outs; n++) {
        one(w + n * w_stride, w_stride, k, x, y + n, y_stride, rows);
    }
}

/* One packed row: all accumulators of N outputs at once, weights read front to back. */
V_INLINE void stream_tile(int32_t type, const int N, const char *w, int64_t w_stride, int32_t k, const float *x,
                          float *y) {
    vf acc[STREAM_OUTS][GROUPS][2] = {0};
    const float *half[2][GROUPS];
    for (int h = 0; h < 2; h++) {
        for (int g = 0; g < GROUPS; g++) {
            half[h][g] = x;
            x += (whole_steps(k, g) + (last_step(k, g) > 0)) * VL;
        }
    }
    const int64_t whole = k / DOT_LANES;
    const int64_t step_bytes = DOT_LANES * element_bytes(type);
    const char *at = w;
    for (int64_t s = 0; s < whole; s++, at += step_bytes) {
        for (int n = 0; n < N; n++) {
            for (int g = 0; g < GROUPS; g++) {
                for (int h = 0; h < 2; h++) {
                    const vf weights = load_half(type, h, at + n * w_stride, g * PAIR);
                    acc[n][g][h] = v_fma(v_load(half[h][g] + s * VL), weights, acc[n][g][h]);
                }
            }
        }
    }
    for (int g = 0; g < GROUPS && k > whole * DOT_LANES + g * PAIR; g++) {
        const int left = (int)(k - whole * DOT_LANES) - g * PAIR;
        const int count = left < PAIR ? left : PAIR;
        for (int n = 0; n < N; n++) {
            for (int h = 0; h < 2; h++) {
                const vf weights = count == PAIR ? load_half(type, h, at + n * w_stride, g * PAIR)
                                                 : load_half_n(type, h, at + n * w_stride, g * PAIR, count);
                const vf sum = v_fma(v_load(half[h][g] + whole * VL), weights, acc[n][g][h]);
                acc[n][g][h] = v_select(lanes_of(type, h, count), sum, acc[n][g][h]);
            }
        }
    }
    vf sums[2][4] = {0};
    for (int h = 0; h < 2; h++) {
        for (int n = 0; n < N; n++) {
            sums[h][n] = GROUPS == 2 ? acc[n][0][h] + acc[n][GROUPS - 1][h] : acc[n][0][h];
        }
    }
    store_outputs(y, sum_halves(type, sums[0], sums[1]), N);
}

/*
 * All outputs of one packed row. Short rows of weights are taken one by one, in the order of memory: the processor then
 * fetches ahead by itself, better than prefetches would, which compete with loads for the few misses that a first-level
 * cache can have open (0.81 of the read bandwidth against 0.57 at k = 384). Long rows are streams of their own.
 */
V_INLINE void stream(int32_t type, const char *w, int64_t w_stride, int32_t outs, int32_t k, const float *x, float *y) {
    int32_t n = 0;
    for (; w_stride >= STREAM_LONG && n + STREAM_OUTS <= outs; n += STREAM_OUTS) {
        stream_tile(type, STREAM_OUTS, w + n * w_stride, w_stride, k, x, y + n);
    }
    for (; n < outs; n++) {
        stream_tile(type, 1, w + n * w_stride, w_stride, k, x, y + n);
    }
}

/* Rows of a block: their packing fits beside a tile of weights in L2. */
V_INLINE int32_t block_rows(int32_t k) {
    const int64_t fitting = LINEAR_BLOCK_BYTES / ((int64_t)sizeof(float) * packed_length(k)) / TILE_ROWS * TILE_ROWS;
    return fitting < 4 * TILE_ROWS ? 4 * TILE_ROWS : fitting > LINEAR_MAX_ROWS ? LINEAR_MAX_ROWS : (int32_t)fitting;
}

static int64_t linear_scratch(int32_t max_k) {
    return LINEAR_BLOCK_BYTES + 4 * TILE_ROWS * packed_length(max_k) * (int64_t)sizeof(float);
}

V_INLINE void linear_of(int32_t type, const char *w, int32_t outs, int32_t k, const float *x, int64_t x_stride,
                        float *y, int64_t y_stride, int32_t rows, float *packed) {
    const int64_t w_stride = k * element_bytes(type);
    if (rows == 1) {
        pack_tile(type, 1, x, 0, k, packed);
        stream(type, w, w_stride, outs, k, packed, y);
        return;
    }
    for (int32_t r = 0, count; r < rows; r += count) {
        count = rows - r < block_rows(k) ? rows - r : block_rows(k);
        pack_rows(type, x + r * x_stride, x_stride, count, k, packed);
        linear_block(type, w, w_stride, outs, k, packed, y + r * y_stride, y_stride, count);
    }
}

static void linear(int32_t type, const void *w, int32_t n0, int32_t n1, int32_t k, const float *x, int64_t x_stride,
                   float *y, int64_t y_stride, int32_t rows, void *scratch) {
    const char *first = (const char *)w + n0 * k * element_bytes(type);
    if (type == TACTUS_BF16) {
        linear_of(TACTUS_BF16, first, n1 - n0, k, x, x_stride, y + n0, y_stride, rows, scratch);
    } else {
        linear_of(TACTUS_F32, first, n1 - n0, k, x, x_stride, y + n0, y_stride, rows, scratch);
    }
}

#endif
