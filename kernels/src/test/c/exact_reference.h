/*
 * The EXACT class in plain loops, one number at a time: what KernelSet's Javadoc and NUMERICS.md say, in the order in
 * which they say it. Nothing is shared with the kernels but the coefficients of the elementary functions.
 */
#ifndef TACTUS_EXACT_REFERENCE_H
#define TACTUS_EXACT_REFERENCE_H

#include "check.h"
#include "elementary_table.h"
#include "tactus.h"

/* ---- elementary functions ---- */

static inline float ref_exp(float x) {
    const float shifted = fmaf(x, TACTUS_LOG2_E, TACTUS_ROUND_MAGIC);
    const float n = shifted - TACTUS_ROUND_MAGIC;
    const float r = fmaf(n, -TACTUS_LN2_LO, fmaf(n, -TACTUS_LN2_HI, x));
    static const float coefficients[] = {TACTUS_EXP_C5, TACTUS_EXP_C4, TACTUS_EXP_C3, TACTUS_EXP_C2, 1, 1};
    float q = TACTUS_EXP_C6;
    for (int i = 0; i < 6; i++) {
        q = fmaf(q, r, coefficients[i]);
    }
    const uint32_t exponent = bits_of(shifted) << 23;
    const uint32_t half = (uint32_t)((int32_t)exponent >> 1) & TACTUS_SIGN_EXPONENT_BITS;
    const float y = (q * from_bits(half + TACTUS_ONE_BITS)) * from_bits(exponent - half + TACTUS_ONE_BITS);
    return x > TACTUS_EXP_OVERFLOW ? INFINITY : x < TACTUS_EXP_UNDERFLOW ? 0 : y;
}

/* log of a positive normal number: all that routing takes. */
static inline float ref_log(float x) {
    const uint32_t exponent = (uint32_t)((int32_t)(bits_of(x) - TACTUS_LOG_SPLIT_BITS) >> 23);
    const float f = from_bits(bits_of(x) - (exponent << 23)) - 1;
    const float n = (float)(int32_t)exponent;
    static const float coefficients[] = {TACTUS_LOG_C9, TACTUS_LOG_C8, TACTUS_LOG_C7, TACTUS_LOG_C6,
                                         TACTUS_LOG_C5, TACTUS_LOG_C4, TACTUS_LOG_C3, TACTUS_LOG_C2};
    float q = TACTUS_LOG_C10;
    for (int i = 0; i < 8; i++) {
        q = fmaf(q, f, coefficients[i]);
    }
    const float y = fmaf(n, TACTUS_LN2_HI, f + fmaf(f * f, q, n * TACTUS_LN2_LO));
    return x < INFINITY ? y : x;
}

static inline float ref_erf(float x) {
    if (fabsf(x) < TACTUS_ERF_SPLIT) {
        static const float small[] = {TACTUS_ERF_S5, TACTUS_ERF_S4, TACTUS_ERF_S3,
                                      TACTUS_ERF_S2, TACTUS_ERF_S1, TACTUS_ERF_S0};
        const float s = x * x;
        float p = TACTUS_ERF_S6;
        for (int i = 0; i < 6; i++) {
            p = fmaf(p, s, small[i]);
        }
        return fmaf(p, x, x);
    }
    static const float large[] = {TACTUS_ERF_L5, TACTUS_ERF_L4, TACTUS_ERF_L3,
                                  TACTUS_ERF_L2, TACTUS_ERF_L1, TACTUS_ERF_L0};
    const float a = fabsf(x) > TACTUS_ERF_LIMIT ? TACTUS_ERF_LIMIT : fabsf(x);
    float g = TACTUS_ERF_L6;
    for (int i = 0; i < 6; i++) {
        g = fmaf(g, a, large[i]);
    }
    return copysignf(1 - ref_exp(g), x);
}

static inline float ref_silu(float g) { return g / (1 + ref_exp(-g)); }

static inline float ref_sigmoid(float z) { return 1 / (1 + ref_exp(-z)); }

/* ---- reductions ---- */

/* v[l] = v[l] + v[l ^ o] for o = 16, 8, 4, 2, 1; the result is v[0]. */
static inline float ref_tree(float v[32]) {
    for (int o = 16; o > 0; o /= 2) {
        float sums[32];
        for (int l = 0; l < 32; l++) {
            sums[l] = v[l] + v[l ^ o];
        }
        memcpy(v, sums, sizeof sums);
    }
    return v[0];
}

/* dot of k elements of x and of w, those of w `step` apart. */
static inline float ref_dot(const float *x, const float *w, int64_t step, int k) {
    float lanes[32] = {0};
    for (int i = 0; i < k; i++) {
        lanes[i % 32] = fmaf(x[i], w[i * step], lanes[i % 32]);
    }
    return ref_tree(lanes);
}

static inline float ref_sum(const float *x, int n) {
    float lanes[32] = {0};
    for (int i = 0; i < n; i++) {
        lanes[i % 32] += x[i];
    }
    return ref_tree(lanes);
}

/* ---- matrices ---- */

static inline int64_t ref_element_bytes(int type) { return type == TACTUS_BF16 ? 2 : 4; }

/* Element i of a matrix at any alignment. */
static inline float ref_weight(int type, const void *w, int64_t i) {
    if (type == TACTUS_BF16) {
        uint16_t half;
        memcpy(&half, (const char *)w + 2 * i, sizeof half);
        return from_bits((uint32_t)half << 16);
    }
    float x;
    memcpy(&x, (const char *)w + 4 * i, sizeof x);
    return x;
}

static inline void ref_widen(int type, const void *source, float *target, int n) {
    for (int i = 0; i < n; i++) {
        target[i] = ref_weight(type, source, i);
    }
}

static inline void ref_linear(int type, const void *w, int n0, int n1, int k, const float *x, int64_t x_stride,
                              float *y, int64_t y_stride, int rows) {
    float *row = malloc((size_t)k * sizeof *row);
    for (int n = n0; n < n1; n++) {
        ref_widen(type, (const char *)w + (int64_t)n * k * ref_element_bytes(type), row, k);
        for (int r = 0; r < rows; r++) {
            y[r * y_stride + n] = ref_dot(x + r * x_stride, row, 1, k);
        }
    }
    free(row);
}

static inline void ref_audio_bag(int type, const void *table, const int32_t *bin, int mels, int bins, int d, float *y,
                                 int d0, int d1) {
    for (int c = d0; c < d1; c++) {
        float sum = 0;
        for (int m = 0; m < mels; m++) {
            sum += ref_weight(type, table, ((int64_t)m * bins + bin[m]) * d + c);
        }
        y[c] = sum;
    }
}

/* ---- rows ---- */

/* One row. */
static inline void ref_rms_norm(const float *x, const float *w, float *y, int d, float eps, float divisor) {
    const float r = 1 / sqrtf(ref_dot(x, x, 1, d) / (float)d + eps);
    for (int i = 0; i < d; i++) {
        y[i] = x[i] * r * w[i] / divisor;
    }
}

/* y may be the residual. */
static inline void ref_short_conv(const float *x, const float *w, float *carry, const float *residual, float *y,
                                  int channels, int kernel, int rows, int c0, int c1) {
    float *inputs = malloc((size_t)(kernel - 1 + rows) * sizeof *inputs);
    for (int c = c0; c < c1; c++) {
        for (int t = 0; t < kernel - 1 + rows; t++) {
            inputs[t] = t < kernel - 1 ? carry[t * channels + c] : x[(t - kernel + 1) * channels + c];
        }
        for (int t = 0; t < rows; t++) {
            float a = 0;
            for (int j = 0; j < kernel; j++) {
                a = fmaf(w[j * channels + c], inputs[t + j], a);
            }
            const float sum = x[t * channels + c] + a;
            y[t * channels + c] = residual ? residual[t * channels + c] + sum : sum;
        }
        for (int j = 0; j < kernel - 1; j++) {
            carry[j * channels + c] = inputs[rows + j];
        }
    }
    free(inputs);
}

static inline void ref_swiglu(const float *gu, float *h, int i0, int i1, int scaled, float scale) {
    for (int i = i0; i < i1; i++) {
        const float product = ref_silu(gu[2 * i]) * gu[2 * i + 1];
        h[i] = scaled ? product * scale : product;
    }
}

static inline float ref_gelu(float x) { return (0.5f * x) * (1 + ref_erf(x * 0.70710678f)); }

/* Every row for itself; u, h, n, a [width] and v [block] stand in rows of their own. */
static inline void ref_flow_row(const struct tactus_flow *head, const float *c, float *x) {
    const int width = (int)head->width, block = (int)head->block;
    float *u = malloc((size_t)(4 * width + block) * 4), *h = u + width, *n = h + width, *a = n + width, *v = a + width;
    ref_linear((int)head->c.type, head->c.data, 0, width, (int)head->hidden, c, 0, u, 0, 1);
    for (int step = 0; step < head->steps; step++) {
        ref_linear((int)head->x.type, head->x.data, 0, width, block, x, 0, h, 0, 1);
        for (int i = 0; i < width; i++) {
            h[i] = (h[i] + head->time[step * width + i]) + u[i];
        }
        for (int layer = 0; layer < head->layer_count; layer++) {
            const struct tactus_flow_layer *l = head->layers + layer;
            ref_rms_norm(h, l->norm, n, width, 1e-6f, 1);
            ref_linear((int)l->a.type, l->a.data, 0, width, width, n, 0, a, 0, 1);
            for (int i = 0; i < width; i++) {
                a[i] = ref_silu(a[i]);
            }
            ref_linear((int)l->b.type, l->b.data, 0, width, width, a, 0, n, 0, 1);
            for (int i = 0; i < width; i++) {
                h[i] = h[i] + n[i];
            }
        }
        ref_rms_norm(h, head->norm, n, width, 1e-6f, 1);
        ref_linear((int)head->out.type, head->out.data, 0, block, width, n, 0, v, 0, 1);
        for (int i = 0; i < block; i++) {
            x[i] = fmaf(1 / (float)head->steps, v[i], x[i]);
        }
    }
    free(u);
}

/* ---- choices ---- */

static inline float ref_log_sigmoid(float z) {
    return z >= 0 ? -ref_log(1 + ref_exp(-z)) : z - ref_log(1 + ref_exp(z));
}

static inline void ref_route(const float *z, const float *bias, int routed, int shared, int chosen, float scale,
                             int32_t *experts, float *p) {
    char *taken = calloc((size_t)routed, 1);
    for (int place = 0; place < chosen; place++) {
        int best = -1;
        for (int e = 0; e < routed; e++) {
            if (!taken[e] && (best < 0 || ref_sigmoid(z[e]) + bias[e] > ref_sigmoid(z[best]) + bias[best])) {
                best = e;
            }
        }
        taken[best] = 1;
        experts[place] = best;
    }
    free(taken);
    for (int s = 0; s < shared; s++) {
        experts[chosen + s] = routed + s;
    }
    float m = -INFINITY;
    for (int i = 0; i < chosen + shared; i++) {
        p[i] = ref_log_sigmoid(z[experts[i]]);
        m = m > p[i] ? m : p[i];
    }
    for (int i = 0; i < chosen + shared; i++) {
        p[i] = ref_exp(p[i] - m);
    }
    const float total = ref_sum(p, chosen + shared);
    for (int i = 0; i < chosen + shared; i++) {
        p[i] = p[i] / total * scale;
    }
}

/* Word 0 of Philox 4x32-10 at (tick, position, 0, 1). */
static inline uint32_t ref_philox(int64_t seed, int32_t tick, int32_t position) {
    uint32_t c[4] = {(uint32_t)tick, (uint32_t)position, 0, 1};
    uint32_t k[2] = {(uint32_t)seed, (uint32_t)((uint64_t)seed >> 32)};
    for (int round = 0; round < 10; round++) {
        const uint64_t a = UINT64_C(0xD2511F53) * c[0], b = UINT64_C(0xCD9E8D57) * c[2];
        const uint32_t mixed[4] = {(uint32_t)(b >> 32) ^ c[1] ^ k[0], (uint32_t)b, (uint32_t)(a >> 32) ^ c[3] ^ k[1],
                                   (uint32_t)a};
        memcpy(c, mixed, sizeof c);
        k[0] += 0x9E3779B9u;
        k[1] += 0xBB67AE85u;
    }
    return c[0];
}

static inline int32_t ref_sample(const float *logits, int vocabulary, const uint64_t *mask,
                                 const struct tactus_sampling *parameters, int64_t seed, int32_t tick,
                                 int32_t position) {
    enum { MOST = 256 };
    int32_t best[MOST];
    const int limit = parameters->temperature == 0 ? 1 : parameters->top_k;
    int count = 0;
    for (int id = 0; id < vocabulary; id++) {
        if (!isfinite(logits[id])) {
            return -1;
        }
        if (!(mask[id / 64] >> (id % 64) & 1) || (count == limit && logits[id] <= logits[best[limit - 1]])) {
            continue;
        }
        int place = count < limit ? count++ : limit - 1;
        for (; place > 0 && logits[id] > logits[best[place - 1]]; place--) {
            best[place] = best[place - 1];
        }
        best[place] = id;
    }
    if (count == 0) {
        return -2;
    }
    if (parameters->temperature == 0) {
        return best[0];
    }
    float sums[MOST], total = 0;
    for (int i = 0; i < count; i++) {
        total += ref_exp((logits[best[i]] - logits[best[0]]) / parameters->temperature);
        sums[i] = total;
    }
    int kept = 1;
    while (kept < count && !(sums[kept - 1] >= parameters->top_p * total)) {
        kept++;
    }
    const float u = ((float)(ref_philox(seed, tick, position) >> 8) + 0.5f) * 0x1p-24f;
    int i = 0;
    while (i < kept - 1 && !(sums[i] > u * sums[kept - 1])) {
        i++;
    }
    return best[i];
}

/* ---- keys, values, attention ---- */

/* The keys of a layer in the page of a split; its values lie behind them. */
static inline float *ref_keys(const struct tactus_attention *shape, const int64_t *pages, int64_t split) {
    const int64_t sinks = shape->sink_pages;
    const int64_t index = split < sinks ? split : sinks + (split - sinks) % shape->ring_pages;
    return (float *)((char *)(intptr_t)pages[index] + shape->layer_offset);
}

/* Where dimension d of the key of kv head g at a slot lies: [kv_heads, 8, head_dim, 32]. */
static inline int64_t ref_key_at(const struct tactus_attention *shape, int64_t g, int64_t d, int64_t slot) {
    return ((g * 8 + slot / 32) * shape->head_dim + d) * 32 + slot % 32;
}

/* Where that of its value lies: [kv_heads, 256, head_dim] behind all keys. */
static inline int64_t ref_value_at(const struct tactus_attention *shape, int64_t g, int64_t d, int64_t slot) {
    return ((shape->kv_heads + g) * 256 + slot) * shape->head_dim + d;
}

static inline void ref_append_kv(const struct tactus_attention *shape, const float *k, const float *v,
                                 const int64_t *pages, int64_t position, int g0, int g1) {
    float *keys = ref_keys(shape, pages, position / 256);
    for (int g = g0; g < g1; g++) {
        for (int d = 0; d < shape->head_dim; d++) {
            keys[ref_key_at(shape, g, d, position % 256)] = k[g * shape->head_dim + d];
            keys[ref_value_at(shape, g, d, position % 256)] = v[g * shape->head_dim + d];
        }
    }
}

static inline int ref_sees(const struct tactus_attention *shape, int64_t position, int64_t key) {
    return key <= position && (position - key < shape->window || key < shape->sinks);
}

/* The weights of a split, its maximum, and whether any key is seen. */
static inline int ref_split(const struct tactus_attention *shape, int64_t g, const struct tactus_query *q,
                            const float *proj, const float *keys, int64_t split, float p[256], float *m) {
    int any = 0;
    *m = -INFINITY;
    for (int64_t slot = 0; slot < 256; slot++) {
        const int64_t distance = q->position - (split * 256 + slot);
        p[slot] = 0;
        if (ref_sees(shape, q->position, split * 256 + slot)) {
            const float dot = ref_dot(q->q, keys + ref_key_at(shape, g, 0, slot), 32, (int)shape->head_dim);
            const float bias =
                distance < shape->extent ? ref_dot(q->r, proj + distance, shape->extent, (int)shape->d_rel) : 0;
            p[slot] = (dot / (float)shape->head_dim + bias) * q->tau;
            *m = any && *m > p[slot] ? *m : p[slot];
            any = 1;
        }
    }
    for (int64_t slot = 0; slot < 256; slot++) {
        if (ref_sees(shape, q->position, split * 256 + slot)) {
            p[slot] = ref_exp(p[slot] - *m);
        }
    }
    return any;
}

/* One query head; out [head_dim]. */
static inline void ref_attend(const struct tactus_attention *shape, int64_t g, const struct tactus_query *q,
                              const float *proj, const int64_t *pages, float *out) {
    float m = 0, l = 0;
    int started = 0;
    for (int64_t split = 0; split <= q->position / 256; split++) {
        if ((split + 1) * 256 <= q->position - shape->window + 1 && split * 256 >= shape->sinks) {
            continue; /* nothing of it is seen */
        }
        const float *keys = ref_keys(shape, pages, split);
        float p[256], split_m;
        if (!ref_split(shape, g, q, proj, keys, split, p, &split_m)) {
            continue;
        }
        const float split_l = ref_sum(p, 256);
        const float most = started && m > split_m ? m : split_m;
        const float a = ref_exp(m - most), b = ref_exp(split_m - most);
        for (int d = 0; d < shape->head_dim; d++) {
            float o = 0;
            for (int slot = 0; slot < 256; slot++) {
                if (ref_sees(shape, q->position, split * 256 + slot)) {
                    o = fmaf(p[slot], keys[ref_value_at(shape, g, d, slot)], o);
                }
            }
            out[d] = started ? fmaf(out[d], a, o * b) : o;
        }
        l = started ? fmaf(l, a, split_l * b) : split_l;
        m = most;
        started = 1;
    }
    for (int d = 0; d < shape->head_dim; d++) {
        out[d] = out[d] / l;
    }
}

/* ---- audio and vision ---- */

static inline void ref_mel_fold(const float *left, const float *right, const float *hann, float *even, float *odd) {
    float x[1600];
    for (int n = 0; n < 1600; n++) {
        x[n] = (n < 800 ? left ? left[n] : 0 : right[n - 800]) * hann[n];
    }
    even[0] = x[0];
    even[800] = x[800];
    for (int n = 1; n < 800; n++) {
        even[n] = x[n] + x[1600 - n];
        odd[n - 1] = x[n] - x[1600 - n];
    }
}

static inline float ref_magnitude(float re, float im) {
    const float p = fmaf(re, re, im * im);
    return sqrtf(p > 1e-10f ? p : 1e-10f);
}

static inline int32_t ref_mel_bin(float mel, const float *thresholds, int count) {
    int32_t below_mel = 0;
    for (int t = 0; t < count; t++) {
        below_mel += thresholds[t] < mel;
    }
    return below_mel;
}

static inline void ref_patch_pixels(const uint8_t *previous, const uint8_t *current, int frame_width, int patch,
                                    int patch_row, int patch_col, const float *table, float *out) {
    for (int i = 0; i < 2 * patch * patch * 3; i++) {
        const int colour = i % 3, x = i / 3 % patch + patch_col * patch, y = i / 3 / patch % patch + patch_row * patch;
        const uint8_t *frame = i / 3 / patch / patch == 0 ? previous : current;
        out[i] = table[256 * colour + frame[(y * frame_width + x) * 3 + colour]];
    }
}

static inline void ref_fold(const float *x, int t, int h, int w, int c, int ft, int fh, int fw, float *y) {
    for (int i = 0; i < t * h * w * c; i++) {
        const int channel = i % c, in_w = i / c % w, in_h = i / c / w % h, in_t = i / c / w / h;
        const int block = (in_t / ft * (h / fh) + in_h / fh) * (w / fw) + in_w / fw;
        const int within = ((in_t % ft * fh + in_h % fh) * fw + in_w % fw) * c + channel;
        y[block * ft * fh * fw * c + within] = x[i];
    }
}

#endif
