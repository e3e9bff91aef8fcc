/*
 * What all CPU kernels share: shapes, matrices, and the tables through which an instruction set is chosen.
 *
 * Kernels know raw pointers and sizes and check nothing: the Java classes that call them do, once, when they bind.
 * Float32 buffers are 4-byte aligned and row-major. Nothing here allocates, starts threads or keeps state.
 */
#ifndef TACTUS_H
#define TACTUS_H

#include <stdint.h>

/* What the elements of a matrix are and how a product with it is computed. */
enum tactus_kind {
    TACTUS_F32 = 0,       /* EXACT */
    TACTUS_BF16 = 1,      /* EXACT, weights widened exactly */
    TACTUS_FAST_BF16 = 2, /* weights and activations bfloat16 */
    TACTUS_FAST_INT8 = 3  /* weights and activations int8, a scale per row of each */
};

/* Instruction sets, each including those before it. The numbers are those of dev.tactus.kernel.c.Isa. */
enum tactus_isa {
    TACTUS_ISA_AVX2 = 0,        /* AVX2, FMA, F16C */
    TACTUS_ISA_AVX512 = 1,      /* + F, BW, DQ, VL */
    TACTUS_ISA_AVX512_VNNI = 2, /* + VNNI */
    TACTUS_ISA_AVX512_BF16 = 3, /* + BF16 */
    TACTUS_ISA_AMX = 4          /* + AMX-TILE, AMX-BF16, AMX-INT8 */
};

enum {
    TACTUS_PAGE_SHIFT = 8,
    TACTUS_PAGE_POSITIONS = 256, /* positions of a KV page, and of an attention split */
    TACTUS_KEY_TILE = 32,       /* positions of a tile of keys in a KV page */
    TACTUS_FAST_ROWS = 64        /* most rows of one packing of activations */
};

/* A weight matrix, row r of which begins at data + r * stride. Fields of 8 bytes: Java writes it as int64s. */
struct tactus_matrix {
    int64_t kind;
    const char *data;
    int64_t stride;       /* bytes */
    const float *scale;   /* TACTUS_FAST_INT8: per row */
    const int32_t *sum;   /* TACTUS_FAST_INT8: per row, the sum of its int8 elements */
    int64_t rows;
    int64_t cols;
};

/* dev.tactus.kernel.AttentionShape. */
struct tactus_attention {
    int64_t heads, kv_heads, head_dim, d_rel, extent, window, sinks, sink_pages, ring_pages, layer_offset;
};

/* One query head of one row. */
struct tactus_query {
    const float *q; /* [head_dim] */
    const float *r; /* [d_rel] */
    float *out;     /* [head_dim] */
    int64_t position;
    float tau;
};

struct tactus_sampling {
    float temperature, top_p;
    int32_t top_k;
};

/* A matrix of a flow head, in place at any alignment. */
struct tactus_flow_matrix {
    const char *data;
    int64_t type; /* TACTUS_F32 or TACTUS_BF16 */
};

/* A residual layer of a flow head. */
struct tactus_flow_layer {
    const float *norm;              /* [width] */
    struct tactus_flow_matrix a, b; /* [width, width] */
};

struct tactus_barrier;

/* A worker of a crew that makes blocks together. */
struct tactus_flow_share {
    uint32_t index, count;
    struct tactus_barrier *barrier; /* theirs alone */
    void *shared, *scratch;         /* as flow's: one of all, and one of this worker, which may be the same for one */
};

/* A flow head. Fields of 8 bytes: dev.tactus.kernel.FlowHead writes it as int64s. */
struct tactus_flow {
    int64_t hidden, block, width, layer_count, steps;
    const float *time;           /* [steps, width]: what the time embeddings become */
    struct tactus_flow_matrix x; /* [width, block] */
    struct tactus_flow_matrix c; /* [width, hidden] */
    struct tactus_flow_matrix out; /* [block, width] */
    const float *norm;           /* [width] */
    const struct tactus_flow_layer *layers;
};

/* The EXACT class. The contract of each function is that of the method of the same name in KernelSet. */
struct tactus_exact {
    void (*linear)(int32_t type, const void *w, int32_t n0, int32_t n1, int32_t k, const float *x, int64_t x_stride,
                   float *y, int64_t y_stride, int32_t rows, void *scratch);
    int64_t (*linear_scratch)(int32_t max_k);
    /* y[r, n] += scale * dot(b[n], t[r]) for n in [n0, n1), b float32 [n1, k]; scratch: linear_scratch(k). */
    void (*low_rank)(const float *b, int32_t k, const float *t, int64_t t_stride, int32_t rows, int32_t n0, int32_t n1,
                     float scale, float *y, int64_t y_stride, void *scratch);
    /* Queries that share a session and kv head, whose positions differ by less than a ring's slack. */
    void (*attend)(const struct tactus_attention *shape, int32_t kv_head, const struct tactus_query *queries,
                   int32_t count, const float *proj, const int64_t *pages, void *scratch);
    int64_t (*attend_scratch)(int32_t max_head_dim);
    void (*append_kv)(const struct tactus_attention *shape, const float *k, const float *v, const int64_t *pages,
                      int64_t position, int32_t g0, int32_t g1);
    void (*rms_norm)(const float *x, const float *w, float *y, int32_t d, float eps, float divisor, int32_t r0,
                     int32_t r1);
    void (*short_conv)(const float *x, const float *w, float *carry, const float *residual, float *y,
                       int32_t channels, int32_t kernel, int32_t rows, int32_t c0, int32_t c1);
    void (*widen)(int32_t type, const void *source, float *target, int32_t n);
    void (*audio_bag)(int32_t type, const void *table, const int32_t *bin, int32_t mels, int32_t bins, int32_t d,
                      float *y, int32_t d0, int32_t d1);
    void (*swiglu)(const float *gu, float *h, int32_t i0, int32_t i1, int32_t scaled, float scale);
    void (*gelu)(float *x, int64_t i0, int64_t i1);
    void (*silu)(float *x, int32_t i0, int32_t i1);
    void (*scale)(float *x, float factor, int32_t i0, int32_t i1);
    void (*fma_row)(float p, const float *y, float *out, int32_t i0, int32_t i1);
    void (*add_row)(const float *y, float *out, int32_t i0, int32_t i1);
    void (*route)(const float *z, const float *bias, int32_t routed, int32_t shared, int32_t chosen, float scale,
                  int32_t *experts, float *p);
    void (*mel_fold)(const float *left, const float *right, const float *hann, float *even, float *odd);
    void (*mel_magnitude)(const float *re, const float *im, float *mag, int32_t n);
    void (*mel_bin)(const float *mel, const float *thresholds, int32_t threshold_count, int32_t *bin, int32_t mels);
    void (*patch_pixels)(const uint8_t *previous, const uint8_t *current, int32_t frame_width, int32_t patch,
                         int32_t patch_row, int32_t patch_col, const float *table, float *out);
    void (*fold)(const float *x, int32_t t, int32_t h, int32_t w, int32_t c, int32_t ft, int32_t fh, int32_t fw,
                 float *y);
    int32_t (*sample)(const float *logits, int32_t vocabulary, const uint64_t *mask,
                      const struct tactus_sampling *parameters, int64_t seed, int32_t tick, int32_t position,
                      void *scratch);
    int64_t (*sample_scratch)(void);
    /* dev.tactus.kernel.vocoder.Vocoder.block, with its tables. */
    void (*vocoder_block)(const void *tables, void *state, const float *log_mel, float *out, void *scratch);
    /* Scratch: FlowShape.rowBytes, and behind it linear_scratch of the longest inner dimension. */
    void (*flow)(const struct tactus_flow *head, const float *c, float *x, int32_t rows, void *scratch);
    /* The same by all workers of a crew, each of which calls; up to FlowShape.ROWS rows. */
    void (*flow_together)(const struct tactus_flow *head, const float *c, float *x, int32_t rows,
                          const struct tactus_flow_share *share);
};

/*
 * Products of a FAST class: activations are packed once, then multiplied with any number of matrices. An element of
 * the result has one arithmetic for every row count, range and neighbour.
 */
struct tactus_fast {
    /* Bytes of the packing of up to TACTUS_FAST_ROWS rows, a multiple of 64. */
    int64_t (*packed_bytes)(int32_t k);
    /* Packs rows of x, 1 <= rows <= TACTUS_FAST_ROWS; packed is 64-byte aligned. */
    void (*pack)(const float *x, int64_t x_stride, int32_t rows, int32_t k, void *packed);
    /* y[r * y_stride + n] = product of row r and matrix row first + n, for n in [n0, n1). */
    void (*multiply)(const struct tactus_matrix *m, int64_t first, int32_t n0, int32_t n1, const void *packed,
                     int32_t rows, float *y, int64_t y_stride);
};

/*
 * Float32 products for training; the order of additions is fixed by the shape alone. c[i, j] (+)= sum over p of
 * a[i, p] * b[p, j], with element (i, p) of a at a + i * a_row + p * a_col, likewise b; c is [m, n], c_stride apart.
 */
struct tactus_gemm {
    void (*gemm)(int32_t m, int32_t n, int32_t k, const float *a, int64_t a_row, int64_t a_col, const float *b,
                 int64_t b_row, int64_t b_col, float *c, int64_t c_stride, int32_t accumulate, int32_t worker,
                 int32_t workers, void *scratch);
    int64_t (*gemm_scratch)(void);
};

extern const struct tactus_exact tactus_exact_avx2, tactus_exact_avx512;
extern const struct tactus_fast tactus_bf16_avx2, tactus_bf16_avx512, tactus_bf16_avx512bf16, tactus_bf16_amx;
extern const struct tactus_fast tactus_int8_avx2, tactus_int8_avx512, tactus_int8_vnni, tactus_int8_amx;
extern const struct tactus_gemm tactus_gemm_avx2, tactus_gemm_avx512;

#endif
