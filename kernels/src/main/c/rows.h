/* Ops over rows of activations: norms, the short convolution, activations, embeddings, and the append of keys. */
#ifndef TACTUS_ROWS_H
#define TACTUS_ROWS_H

#include "elementary.h"
#include "tactus.h"
#include "vec.h"

/* n floats, 1 <= n <= VL, the other lanes zero. With n constant it is a plain load. */
V_INLINE vf row_load(const float *p, int n) { return n == VL ? v_load(p) : v_load_n(p, n); }

/* Writes n lanes, 1 <= n <= VL. */
V_INLINE void row_store(float *p, vf v, int n) {
    if (n == VL) {
        v_store(p, v);
    } else {
        v_store_n(p, v, n);
    }
}

/* n elements of a matrix row at any alignment, 1 <= n <= VL, widened; the other lanes are zero. */
V_INLINE vf row_load_weights(int32_t type, const char *p, int n) {
    if (type == TACTUS_F32) {
        return row_load((const float *)p, n);
    }
    if (n == VL) {
        return v_load_bf16((const uint16_t *)p);
    }
    uint16_t padded[VL] = {0};
    memcpy(padded, p, (size_t)n * sizeof(uint16_t));
    return v_load_bf16(padded);
}

/*
 * Adds the squares of n <= 32 floats to their lanes. Lanes beyond them get fma(0, 0, a), which is a: squares leave no
 * -0 in a lane.
 */
V_INLINE void add_squares(const float *x, int n, vf lanes[DOT_VECTORS]) {
    for (int v = 0; v < DOT_VECTORS && v * VL < n; v++) {
        const vf part = row_load(x + v * VL, n - v * VL < VL ? n - v * VL : VL);
        lanes[v] = v_fma(part, part, lanes[v]);
    }
}

/* dot(x, x) of d floats. */
V_INLINE float square_sum(const float *x, int32_t d) {
    vf lanes[DOT_VECTORS] = {{0}};
    int32_t i = 0;
    for (; i + 32 <= d; i += 32) {
        add_squares(x + i, 32, lanes);
    }
    add_squares(x + i, d - i, lanes);
    return v_tree_sum(lanes);
}

/* n lanes of y = ((x r) w) / divisor; dividing by 1 changes nothing and is left out. */
V_INLINE void normalise(const float *x, const float *w, float *y, vf r, vf divisor, int divides, int n) {
    const vf normed = (row_load(x, n) * r) * row_load(w, n);
    row_store(y, divides ? normed / divisor : normed, n);
}

/* One row of rms_norm. */
V_INLINE void rms_norm_row(const float *x, const float *w, float *y, int32_t d, float eps, float divisor,
                           int divides) {
    const vf r = v_set(1.0f / __builtin_sqrtf(square_sum(x, d) / (float)d + eps));
    const vf divisors = v_set(divisor);
    int32_t i = 0;
    for (; i + VL <= d; i += VL) {
        normalise(x + i, w + i, y + i, r, divisors, divides, VL);
    }
    if (i < d) {
        normalise(x + i, w + i, y + i, r, divisors, divides, d - i);
    }
}

/* KernelSet.rmsNorm: rows [r0, r1) of x and y [rows, d]; y may be x. */
static void rms_norm(const float *x, const float *w, float *y, int32_t d, float eps, float divisor, int32_t r0,
                     int32_t r1) {
    for (int64_t row = r0; row < r1; row++) {
        if (divisor == 1.0f) {
            rms_norm_row(x + row * d, w, y + row * d, d, eps, divisor, 0);
        } else {
            rms_norm_row(x + row * d, w, y + row * d, d, eps, divisor, 1);
        }
    }
}

/* n lanes of residual + (x + a), or of x + a without a residual. */
V_INLINE void short_conv_store(vf x, vf a, const float *residual, float *y, int n) {
    const vf sum = x + a;
    row_store(y, residual ? row_load(residual, n) + sum : sum, n);
}

/*
 * n neighbouring channels of a convolution of 4 taps: weights and the last three inputs stay in registers from row to
 * row. Pointers are those of the first channel, rows are channels floats apart.
 */
V_INLINE void short_conv_4(const float *x, const float *w, float *carry, const float *residual, float *y,
                           int64_t channels, int32_t rows, int n) {
    const vf zero = {0};
    const vf w0 = row_load(w, n), w1 = row_load(w + channels, n);
    const vf w2 = row_load(w + 2 * channels, n), w3 = row_load(w + 3 * channels, n);
    vf x0 = row_load(carry, n), x1 = row_load(carry + channels, n), x2 = row_load(carry + 2 * channels, n);
    for (int32_t t = 0; t < rows; t++) {
        const int64_t at = t * channels;
        const vf x3 = row_load(x + at, n);
        const vf a = v_fma(w3, x3, v_fma(w2, x2, v_fma(w1, x1, v_fma(w0, x0, zero))));
        short_conv_store(x3, a, residual ? residual + at : residual, y + at, n);
        x0 = x1;
        x1 = x2;
        x2 = x3;
    }
    row_store(carry, x0, n);
    row_store(carry + channels, x1, n);
    row_store(carry + 2 * channels, x2, n);
}

/* The input row of time t, which lies in the carry when t is negative: t = -1 is its last row. */
V_INLINE const float *short_conv_input(const float *x, const float *carry, int64_t channels, int32_t kernel,
                                       int32_t t) {
    return t < 0 ? carry + (kernel - 1 + t) * channels : x + t * channels;
}

/* n neighbouring channels of a convolution of any number of taps. */
V_INLINE void short_conv_any(const float *x, const float *w, float *carry, const float *residual, float *y,
                             int64_t channels, int32_t kernel, int32_t rows, int n) {
    for (int32_t t = 0; t < rows; t++) {
        vf a = {0};
        for (int32_t j = 0; j < kernel; j++) {
            const float *input = short_conv_input(x, carry, channels, kernel, t - kernel + 1 + j);
            a = v_fma(row_load(w + j * channels, n), row_load(input, n), a);
        }
        const int64_t at = t * channels;
        short_conv_store(row_load(x + at, n), a, residual ? residual + at : residual, y + at, n);
    }
    /* Rising j reads an older carry only before it is replaced. */
    for (int32_t j = 0; j < kernel - 1; j++) {
        const float *input = short_conv_input(x, carry, channels, kernel, rows - kernel + 1 + j);
        row_store(carry + j * channels, row_load(input, n), n);
    }
}

/* n channels from c on. */
V_INLINE void short_conv_channels(const float *x, const float *w, float *carry, const float *residual, float *y,
                                  int64_t channels, int32_t kernel, int32_t rows, int32_t c, int n) {
    const float *r = residual ? residual + c : residual;
    if (kernel == 4) {
        short_conv_4(x + c, w + c, carry + c, r, y + c, channels, rows, n);
    } else {
        short_conv_any(x + c, w + c, carry + c, r, y + c, channels, kernel, rows, n);
    }
}

/* KernelSet.shortConv: channels [c0, c1) of [rows, channels]; w [kernel, channels]; carry [kernel - 1, channels]. */
static void short_conv(const float *x, const float *w, float *carry, const float *residual, float *y,
                       int32_t channels, int32_t kernel, int32_t rows, int32_t c0, int32_t c1) {
    int32_t c = c0;
    for (; c + VL <= c1; c += VL) {
        short_conv_channels(x, w, carry, residual, y, channels, kernel, rows, c, VL);
    }
    if (c < c1) {
        short_conv_channels(x, w, carry, residual, y, channels, kernel, rows, c, c1 - c);
    }
}

/* KernelSet.widen: n elements of a matrix row at any alignment. */
static void widen(int32_t type, const void *source, float *target, int32_t n) {
    if (type == TACTUS_F32) {
        memcpy(target, source, (size_t)n * sizeof(float));
        return;
    }
    const char *p = source;
    int32_t i = 0;
    for (; i + VL <= n; i += VL) {
        v_store(target + i, row_load_weights(TACTUS_BF16, p + 2 * (int64_t)i, VL));
    }
    if (i < n) {
        row_store(target + i, row_load_weights(TACTUS_BF16, p + 2 * (int64_t)i, n - i), n - i);
    }
}

/*
 * Columns [c, c + (vectors - 1) VL + n) of audio_bag, the last vector having n of them: one accumulator per vector,
 * so that the additions of a column, which are in order, wait for each other and for nothing else.
 */
V_INLINE void audio_bag_columns(int32_t type, const char *table, const int32_t *bin, int32_t mels, int32_t bins,
                                int32_t d, float *y, int32_t c, int vectors, int n) {
    const int64_t bytes = type == TACTUS_F32 ? 4 : 2;
    vf sum[8] = {{0}};
    for (int32_t m = 0; m < mels; m++) {
        const char *row = table + (((int64_t)m * bins + bin[m]) * d + c) * bytes;
        for (int v = 0; v < vectors; v++) {
            sum[v] += row_load_weights(type, row + v * VL * bytes, v == vectors - 1 ? n : VL);
        }
    }
    for (int v = 0; v < vectors; v++) {
        row_store(y + c + v * VL, sum[v], v == vectors - 1 ? n : VL);
    }
}

/* audio_bag for one type of weights. */
V_INLINE void audio_bag_of(int32_t type, const char *table, const int32_t *bin, int32_t mels, int32_t bins, int32_t d,
                           float *y, int32_t d0, int32_t d1) {
    int32_t c = d0;
    for (; c + 8 * VL <= d1; c += 8 * VL) {
        audio_bag_columns(type, table, bin, mels, bins, d, y, c, 8, VL);
    }
    for (; c + 2 * VL <= d1; c += 2 * VL) {
        audio_bag_columns(type, table, bin, mels, bins, d, y, c, 2, VL);
    }
    for (; c + VL <= d1; c += VL) {
        audio_bag_columns(type, table, bin, mels, bins, d, y, c, 1, VL);
    }
    if (c < d1) {
        audio_bag_columns(type, table, bin, mels, bins, d, y, c, 1, d1 - c);
    }
}

/* KernelSet.audioBag: columns [d0, d1) of the sum of rows m * bins + bin[m] of table [mels * bins, d]. */
static void audio_bag(int32_t type, const void *table, const int32_t *bin, int32_t mels, int32_t bins, int32_t d,
                      float *y, int32_t d0, int32_t d1) {
    if (type == TACTUS_F32) {
        audio_bag_of(TACTUS_F32, table, bin, mels, bins, d, y, d0, d1);
    } else {
        audio_bag_of(TACTUS_BF16, table, bin, mels, bins, d, y, d0, d1);
    }
}

/* Splits 2 VL interleaved floats into those at even and those at odd indexes. */
V_INLINE void deinterleave(const float *p, vf *even, vf *odd) {
    const vf low = v_load(p), high = v_load(p + VL);
#if VL == 8
    /* Within 128-bit halves first, then the quarters into order. */
    const __m256d e = _mm256_castps_pd(_mm256_shuffle_ps(low, high, _MM_SHUFFLE(2, 0, 2, 0)));
    const __m256d o = _mm256_castps_pd(_mm256_shuffle_ps(low, high, _MM_SHUFFLE(3, 1, 3, 1)));
    *even = _mm256_castpd_ps(_mm256_permute4x64_pd(e, _MM_SHUFFLE(3, 1, 2, 0)));
    *odd = _mm256_castpd_ps(_mm256_permute4x64_pd(o, _MM_SHUFFLE(3, 1, 2, 0)));
#else
    const vi evens = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30};
    *even = __builtin_shuffle(low, high, evens);
    *odd = __builtin_shuffle(low, high, evens + 1);
#endif
}

/* silu(g) u, times scale when scaled, for VL interleaved pairs (g, u). */
V_INLINE vf gate(const float *gu, int32_t scaled, vf scale) {
    vf g, u;
    deinterleave(gu, &g, &u);
    const vf product = v_silu(g) * u;
    return scaled ? product * scale : product;
}

/* KernelSet.swiglu: h[i] of indexes [i0, i1) from the pair gu[2 i], gu[2 i + 1]. */
static void swiglu(const float *gu, float *h, int32_t i0, int32_t i1, int32_t scaled, float scale) {
    const vf scales = v_set(scale);
    int32_t i = i0;
    for (; i + VL <= i1; i += VL) {
        v_store(h + i, gate(gu + 2 * (int64_t)i, scaled, scales));
    }
    if (i < i1) {
        float padded[2 * VL] = {0};
        memcpy(padded, gu + 2 * (int64_t)i, 2 * (size_t)(i1 - i) * sizeof(float));
        v_store_n(h + i, gate(padded, scaled, scales), i1 - i);
    }
}

/* KernelSet.gelu of every lane. */
V_INLINE vf gelu_lanes(vf x) { return (v_set(0.5f) * x) * (v_set(1.0f) + v_erf(x * v_set(0.70710678f))); }

/* KernelSet.gelu: elements [i0, i1) in place. */
static void gelu(float *x, int64_t i0, int64_t i1) {
    int64_t i = i0;
    for (; i + VL <= i1; i += VL) {
        v_store(x + i, gelu_lanes(v_load(x + i)));
    }
    if (i < i1) {
        v_store_n(x + i, gelu_lanes(v_load_n(x + i, (int)(i1 - i))), (int)(i1 - i));
    }
}

/* KernelSet.silu: elements [i0, i1) in place. */
static void silu(float *x, int32_t i0, int32_t i1) {
    int32_t i = i0;
    for (; i + VL <= i1; i += VL) {
        v_store(x + i, v_silu(v_load(x + i)));
    }
    if (i < i1) {
        v_store_n(x + i, v_silu(v_load_n(x + i, i1 - i)), i1 - i);
    }
}

/* KernelSet.scale: elements [i0, i1) in place. */
static void scale(float *x, float factor, int32_t i0, int32_t i1) {
    const vf factors = v_set(factor);
    int32_t i = i0;
    for (; i + VL <= i1; i += VL) {
        v_store(x + i, v_load(x + i) * factors);
    }
    if (i < i1) {
        v_store_n(x + i, v_load_n(x + i, i1 - i) * factors, i1 - i);
    }
}

/* KernelSet.fmaRow: out = fma(p, y, out) for elements [i0, i1). */
static void fma_row(float p, const float *y, float *out, int32_t i0, int32_t i1) {
    const vf ps = v_set(p);
    int32_t i = i0;
    for (; i + VL <= i1; i += VL) {
        v_store(out + i, v_fma(ps, v_load(y + i), v_load(out + i)));
    }
    if (i < i1) {
        v_store_n(out + i, v_fma(ps, v_load_n(y + i, i1 - i), v_load_n(out + i, i1 - i)), i1 - i);
    }
}

/* KernelSet.addRow: out = out + y for elements [i0, i1). */
static void add_row(const float *y, float *out, int32_t i0, int32_t i1) {
    int32_t i = i0;
    for (; i + VL <= i1; i += VL) {
        v_store(out + i, v_load(out + i) + v_load(y + i));
    }
    if (i < i1) {
        v_store_n(out + i, v_load_n(out + i, i1 - i) + v_load_n(y + i, i1 - i), i1 - i);
    }
}

/* The page of a position: sinks first, then the ring. */
V_INLINE char *append_page(const struct tactus_attention *shape, const int64_t *pages, int64_t position) {
    const int64_t absolute = position >> TACTUS_PAGE_SHIFT;
    const int64_t sinks = shape->sink_pages;
    const int64_t index = absolute < sinks ? absolute : sinks + (absolute - sinks) % shape->ring_pages;
    return (char *)(intptr_t)pages[index];
}

/*
 * KernelSet.appendKv: kv heads [g0, g1) of k and v [kv_heads, head_dim]. Keys lie [kv_heads, 256 / 32, head_dim, 32] in
 * a page, so every float of a key goes to another cache line; values lie [kv_heads, 256, head_dim] behind them.
 */
static void append_kv(const struct tactus_attention *shape, const float *k, const float *v, const int64_t *pages,
                      int64_t position, int32_t g0, int32_t g1) {
    const int64_t d = shape->head_dim;
    const int64_t slot = position & (TACTUS_PAGE_POSITIONS - 1);
    const int64_t in_tile = slot % TACTUS_KEY_TILE;
    float *keys = (float *)(append_page(shape, pages, position) + shape->layer_offset);
    float *values = keys + shape->kv_heads * d * TACTUS_PAGE_POSITIONS;
    for (int64_t g = g0; g < g1; g++) {
        float *key = keys + (g * TACTUS_PAGE_POSITIONS + slot - in_tile) * d + in_tile;
        for (int64_t i = 0; i < d; i++) {
            key[i * TACTUS_KEY_TILE] = k[g * d + i];
        }
        memcpy(values + (g * TACTUS_PAGE_POSITIONS + slot) * d, v + g * d, (size_t)d * sizeof(float));
    }
}

#endif
