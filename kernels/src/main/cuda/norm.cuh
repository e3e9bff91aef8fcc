/*
 * Root-mean-square norms of vectors of d: y = ((x r) w) / divisor, r = 1 / sqrt(dot(x, x) / d + eps).
 *
 *   tactus_rms_norm  per_row vectors a row; then gelu, or gathered rows (the ends of the model and of speech)
 *
 * A block has a vector in shared memory, from where its first warp takes the dot, whose 32 lanes are its accumulators.
 * Bytes moved: x and y once. Floor: those over bandwidth; for one row, d / 32 dependent fmas of 4 clocks each: 0.15 us
 * at d = 2048, less than a launch.
 */
#ifndef TACTUS_NORM_CUH
#define TACTUS_NORM_CUH

#include "exact.cuh"

/* 1 / rms of d floats in shared memory. The block calls, after a barrier behind the writes; all threads get it. */
DEVICE float block_reciprocal_rms(const float *x, int d, float eps) {
    SHARED(float, reciprocal);
    if (threadIdx.x < WARP) {
        const float r = 1.0f / sqrt_rn(warp_dot(x, x, d) / (float)d + eps);
        if (threadIdx.x == 0) {
            reciprocal = r;
        }
    }
    __syncthreads();
    return reciprocal;
}

/* Norms d floats in shared memory into y. The block calls. */
DEVICE void block_norm(const float *x, const float *w, float *y, int d, float eps) {
    __syncthreads();
    const float r = block_reciprocal_rms(x, d, eps);
    for (int i = (int)threadIdx.x; i < d; i += (int)blockDim.x) {
        y[i] = (x[i] * r) * w[i];
    }
}

/*
 * place: NULL, or per row where its vector goes, negative for nowhere; per_row is 1 then. gelu: what becomes of y.
 * grid (vectors), block: any number of warps, dynamic shared memory: d floats.
 */
KERNEL __launch_bounds__(256)
tactus_rms_norm(const float *x, const float *w, float *y, int d, int per_row, float eps, float divisor, int gelu,
                const int32_t *place, const int32_t *rows) {
    DYNAMIC_SHARED(float, vector);
    const int64_t from = blockIdx.x;
    if (from >= (int64_t)*rows * per_row) {
        return;
    }
    const int64_t to = place == NULL ? from : place[from];
    if (to < 0) {
        return;
    }
    for (int i = (int)threadIdx.x; i < d; i += (int)blockDim.x) {
        vector[i] = x[from * d + i];
    }
    __syncthreads();
    const float r = block_reciprocal_rms(vector, d, eps);
    for (int i = (int)threadIdx.x; i < d; i += (int)blockDim.x) {
        const float normed = (vector[i] * r) * w[i];
        const float divided = divisor == 1.0f ? normed : normed / divisor;
        y[to * d + i] = gelu ? exact_gelu(divided) : divided;
    }
}
EXPORT_KERNEL(tactus_rms_norm)

#endif
