/*
 * What a LoRA adapter adds to a product: y[r, n] = y[r, n] + (scale * dot(b[n], t[r])), with the dot of NUMERICS.md.
 *
 * Ranks are small: with k <= 16 each of a dot's 32 accumulators gets one product at most. So outputs stand side by side
 * in a vector, an accumulator is a register, and the tree that joins them is additions of whole vectors. Weights are
 * turned on their side once for all rows of a session; for one row or two that costs more than it saves, and the
 * accumulators stand side by side instead. The accumulators without a product are +0: adding them changes nothing but
 * the sum of products that are all -0, which underflow makes, so +0 is added once. Longer dots are those of linear.h.
 */
#ifndef TACTUS_LOW_RANK_H
#define TACTUS_LOW_RANK_H

enum {
    LOW_RANK_SHORT = 16, /* longest dot that is not linear.h's: longer ones overflow the registers */
    LOW_RANK_FEW = 2, /* rows for which weights are not turned */
    LOW_RANK_ROWS = 16,
    LOW_RANK_OUTS = 64 /* of long dots, in one piece */
};

/* Elements [i, i + VL) of k, zeros behind the last. */
V_INLINE vf low_rank_part(const float *p, int32_t k, int32_t i) {
    return k - i >= VL ? v_load(p + i) : k > i ? v_load_n(p + i, k - i) : v_set(0);
}

/* One dot down to VL sums over lanes that are VL, 2 * VL … apart. */
V_INLINE vf low_rank_sums(const int width, const float *b, int32_t k, const float *t) {
    vf v[2];
    const int vectors = width > VL ? 2 : 1;
    for (int i = 0; i < vectors; i++) {
        v[i] = v_fma(low_rank_part(t, k, i * VL), low_rank_part(b, k, i * VL), v_set(0));
    }
    return vectors == 2 ? v[0] + v[1] : v[0];
}

/* The same as low_rank, four outputs at a time, for k <= width and width 8 or 16. */
V_INLINE void low_rank_few(const int width, const float *b, int32_t k, const float *t, int64_t t_stride, int32_t rows,
                           int32_t n0, int32_t n1, float scale, float *y, int64_t y_stride) {
    for (int32_t n = n0; n < n1; n += 4) {
        const int count = n1 - n < 4 ? n1 - n : 4;
        for (int32_t r = 0; r < rows; r++) {
            vf v[4];
            for (int i = 0; i < 4; i++) {
                v[i] = low_rank_sums(width, b + (int64_t)(n + (i < count ? i : 0)) * k, k, t + r * t_stride);
            }
            const __m128 sum = _mm_mul_ps(_mm_set1_ps(scale), _mm_add_ps(sum_four(v), _mm_setzero_ps()));
            float *out = y + r * y_stride + n;
            if (count == 4) {
                _mm_storeu_ps(out, _mm_add_ps(_mm_loadu_ps(out), sum));
                continue;
            }
            for (int i = 0; i < count; i++) {
                out[i] = out[i] + sum[i];
            }
        }
    }
}

/* Element j of rows of b, k apart; zeros behind `count` rows. */
V_INLINE vf low_rank_column(const float *b, int32_t k, int32_t j, int32_t count) {
    float column[VL] = {0};
    for (int l = 0; l < count; l++) {
        column[l] = b[(int64_t)l * k + j];
    }
    return v_load(column);
}

/* VL dots: the tree over `width` accumulators, of which there are k. */
V_INLINE vf low_rank_dots(const int width, const vf *columns, const float *t, int32_t k) {
    vf v[LOW_RANK_SHORT];
    for (int j = 0; j < width; j++) {
        v[j] = j < k ? v_fma(v_set(t[j]), columns[j], v_set(0)) : v_set(0);
    }
    for (int o = width / 2; o > 0; o /= 2) {
        for (int l = 0; l < o; l++) {
            v[l] = v[l] + v[l + o];
        }
    }
    return v[0] + v_set(0);
}

/* The same as low_rank, for k <= width and width 8 or 16. */
V_INLINE void low_rank_short(const int width, const float *b, int32_t k, const float *t, int64_t t_stride,
                             int32_t rows, int32_t n0, int32_t n1, float scale, float *y, int64_t y_stride) {
    if (rows <= LOW_RANK_FEW) {
        low_rank_few(width, b, k, t, t_stride, rows, n0, n1, scale, y, y_stride);
        return;
    }
    for (int32_t n = n0; n < n1; n += VL) {
        const int32_t count = n1 - n < VL ? n1 - n : VL;
        vf columns[LOW_RANK_SHORT];
        for (int32_t j = 0; j < k; j++) {
            columns[j] = low_rank_column(b + (int64_t)n * k, k, j, count);
        }
        for (int32_t r = 0; r < rows; r++) {
            float *out = y + r * y_stride + n;
            const vf sum = v_set(scale) * low_rank_dots(width, columns, t + r * t_stride, k);
            if (count == VL) {
                v_store(out, v_load(out) + sum);
            } else {
                v_store_n(out, v_load_n(out, count) + sum, count);
            }
        }
    }
}

/* Dots of any length. */
V_INLINE void low_rank_long(const float *b, int32_t k, const float *t, int64_t t_stride, int32_t rows, int32_t n0,
                            int32_t n1, float scale, float *y, int64_t y_stride, void *scratch) {
    float u[LOW_RANK_ROWS * LOW_RANK_OUTS];
    for (int32_t r = 0; r < rows; r += LOW_RANK_ROWS) {
        const int32_t count = rows - r < LOW_RANK_ROWS ? rows - r : LOW_RANK_ROWS;
        for (int32_t n = n0; n < n1; n += LOW_RANK_OUTS) {
            const int32_t outs = n1 - n < LOW_RANK_OUTS ? n1 - n : LOW_RANK_OUTS;
            linear(TACTUS_F32, b + (int64_t)n * k, 0, outs, k, t + r * t_stride, t_stride, u, outs, count, scratch);
            for (int32_t i = 0; i < count; i++) {
                float *out = y + (r + i) * y_stride + n;
                for (int32_t l = 0; l < outs; l++) {
                    out[l] = out[l] + scale * u[i * outs + l];
                }
            }
        }
    }
}

/* Adds to outputs [n0, n1) of rows of y; b is [n1, k], rows of t are t_stride apart. */
static void low_rank(const float *b, int32_t k, const float *t, int64_t t_stride, int32_t rows, int32_t n0, int32_t n1,
                     float scale, float *y, int64_t y_stride, void *scratch) {
    if (k == 8) { /* the usual one, with nothing to ask */
        low_rank_short(8, b, 8, t, t_stride, rows, n0, n1, scale, y, y_stride);
    } else if (k == 16) {
        low_rank_short(16, b, 16, t, t_stride, rows, n0, n1, scale, y, y_stride);
    } else if (k < 8) {
        low_rank_short(8, b, k, t, t_stride, rows, n0, n1, scale, y, y_stride);
    } else if (k <= LOW_RANK_SHORT) {
        low_rank_short(16, b, k, t, t_stride, rows, n0, n1, scale, y, y_stride);
    } else {
        low_rank_long(b, k, t, t_stride, rows, n0, n1, scale, y, y_stride, scratch);
    }
}

#endif
