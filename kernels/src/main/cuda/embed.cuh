/*
 * What stands at a row: the normed embedding of a token, or a vector that an encoder made.
 *
 *   table [V, d]   audio, vision, speech [sources, d]   y [rows, d]
 *
 * Bytes moved: one row of the table or of an encoder per row, y once. Floor: those over bandwidth, less than a launch.
 */
#ifndef TACTUS_EMBED_CUH
#define TACTUS_EMBED_CUH

#include "norm.cuh"

/* dev.tactus.engine.device.RowKind. */
constexpr int ROW_TOKEN = 0, ROW_AUDIO = 1, ROW_PATCH = 2, ROW_SPEECH = 3;

template <class W>
DEVICE void embed_of(const W *table, const float *norm, float eps, const float *audio, const float *vision,
                     const float *speech, const int32_t *kind, const int32_t *value, float *y, int d,
                     const int32_t *rows) {
    DYNAMIC_SHARED(float, vector);
    const int row = (int)blockIdx.x;
    if (row >= *rows) {
        return;
    }
    const int what = kind[row];
    const int64_t from = (int64_t)value[row] * d;
    float *out = y + (int64_t)row * d;
    if (what != ROW_TOKEN) {
        const float *vectors = what == ROW_AUDIO ? audio : what == ROW_PATCH ? vision : speech;
        for (int i = (int)threadIdx.x; i < d; i += (int)blockDim.x) {
            out[i] = vectors[from + i];
        }
        return;
    }
    for (int i = (int)threadIdx.x; i < d; i += (int)blockDim.x) {
        vector[i] = widened(table[from + i]);
    }
    block_norm(vector, norm, out, d, eps);
}

/* kind and value: per row of the plan. grid (rows), block (256), dynamic shared memory: d floats. */
KERNEL __launch_bounds__(256)
tactus_embed_bf16(const bf16 *table, const float *norm, float eps, const float *audio, const float *vision,
                  const float *speech, const int32_t *kind, const int32_t *value, float *y, int d,
                  const int32_t *rows) {
    embed_of(table, norm, eps, audio, vision, speech, kind, value, y, d, rows);
}
EXPORT_KERNEL(tactus_embed_bf16)

KERNEL __launch_bounds__(256)
tactus_embed_f32(const float *table, const float *norm, float eps, const float *audio, const float *vision,
                 const float *speech, const int32_t *kind, const int32_t *value, float *y, int d, const int32_t *rows) {
    embed_of(table, norm, eps, audio, vision, speech, kind, value, y, d, rows);
}
EXPORT_KERNEL(tactus_embed_f32)

#endif
