/* Weights of the FAST classes, made from float32 or bfloat16 when a model is loaded. */
#include "quantize.h"

#define EXPORT __attribute__((visibility("default")))

/* One row, [cols], into int8 data of `stride` bytes; returns the sum of its elements and writes its scale. */
Q_INLINE int32_t quantize_row(int32_t kind, const char *row, int64_t cols, int8_t *data, int64_t stride,
                              float *scale) {
    const float s = quantize_scale(kind, row, cols);
    const int64_t blocks = blocks_of(cols, INT8_BLOCK);
    int32_t sum = 0;
    for (int64_t b = 0; b < blocks; b++) {
        sum += quantize_block(kind, row, b, cols, s, data + b * INT8_BLOCK);
    }
    memset(data + blocks * INT8_BLOCK, 0, (size_t)(stride - blocks * INT8_BLOCK));
    *scale = s;
    return sum;
}

EXPORT void tactus_quantize_rows(int32_t kind, const void *w, int64_t r0, int64_t r1, int64_t cols, int8_t *data,
                                 int64_t stride, float *scale, int32_t *sum) {
    for (int64_t r = r0; r < r1; r++) {
        const char *row = (const char *)w + r * cols * source_bytes(kind);
        sum[r] = kind == TACTUS_F32 ? quantize_row(TACTUS_F32, row, cols, data + r * stride, stride, scale + r)
                                    : quantize_row(TACTUS_BF16, row, cols, data + r * stride, stride, scale + r);
    }
}

EXPORT void tactus_round_rows(int32_t kind, const void *w, int64_t r0, int64_t r1, int64_t cols, uint16_t *data,
                              int64_t stride) {
    const int64_t blocks = blocks_of(cols, BF16_BLOCK);
    for (int64_t r = r0; r < r1; r++) {
        const char *row = (const char *)w + r * cols * source_bytes(kind);
        char *target = (char *)data + r * stride;
        for (int64_t b = 0; b < blocks; b++) {
            round_block(kind, row, b, cols, target + b * FAST_BLOCK);
        }
        memset(target + blocks * FAST_BLOCK, 0, (size_t)(stride - blocks * FAST_BLOCK));
    }
}
