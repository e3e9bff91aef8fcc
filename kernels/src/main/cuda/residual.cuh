/*
 * The end of a block: h [rows, d] convolved along each session's rows with the session's carry, added to the residual
 * stream x [rows, d].
 *
 *   a = +0; for j rising a = fma(conv[j, c], h[t - K + 1 + j, c], a);   x = x + (h + a)
 *
 * Inputs before the first row lie in the carry [K - 1, d], oldest first, which then holds the last ones.
 * Bytes moved: h once, x twice, the carry twice; floor: those over bandwidth, which at d = 2048 is less than a launch.
 * So a pass in which every session has one row does it at the end of the product that makes h.
 */
#ifndef TACTUS_RESIDUAL_CUH
#define TACTUS_RESIDUAL_CUH

#include "exact.cuh"

/*
 * x: the residual stream [rows, d]. state: address of a session's state per entry of the plan; carry: bytes from there.
 * entry: per segment. fused: every segment of the pass is one row, so that segments and rows have the same numbers.
 */
struct Residual {
    float *x;
    const float *conv;
    const int64_t *state;
    const int32_t *entry;
    int64_t carry;
    int32_t kernel;
    int32_t fused;
};

/* The carry of a segment. */
DEVICE float *carry_of(const int64_t *state, const int32_t *entry, int64_t segment, int64_t offset) {
    return reinterpret_cast<float *>(state[entry[segment]] + offset);
}

constexpr int USUAL_TAPS = 4; /* read all at once, not one after the other */

/* Adds h convolved to a place of the residual stream, in a segment of one row. All begin at the place's channel. */
DEVICE void residual_of_channel(float *x, float *carry, const float *conv, int64_t d, int kernel, float h) {
    const float before = *x;
    float a = 0.0f;
    if (kernel == USUAL_TAPS) {
        const float first = carry[0], second = carry[d], third = carry[2 * d];
        a = fma_rn(conv[0], first, a);
        a = fma_rn(conv[d], second, a);
        a = fma_rn(conv[2 * d], third, a);
        a = fma_rn(conv[3 * d], h, a);
        carry[0] = second;
        carry[d] = third;
        carry[2 * d] = h;
    } else {
        UNROLL_BY(1)
        for (int j = 0; j < kernel; j++) {
            const float input = j == kernel - 1 ? h : carry[j * d];
            a = fma_rn(conv[j * d], input, a);
            if (j > 0) {
                carry[(j - 1) * d] = input;
            }
        }
    }
    *x = before + (h + a);
}

/* Channel c of a segment of one row. */
DEVICE void residual_of_row(const Residual &residual, int64_t row, int c, int d, float h) {
    float *carry = carry_of(residual.state, residual.entry, row, residual.carry) + c;
    residual_of_channel(residual.x + row * d + c, carry, residual.conv + c, d, residual.kernel, h);
}

/* What channel c had at row t of a segment, which lies in the carry where t is negative. Both begin at channel c. */
DEVICE float conv_input(const float *x, const float *carry, int64_t channels, int kernel, int t) {
    return t < 0 ? carry[(kernel - 1 + t) * channels] : x[t * channels];
}

/* x[t] + a of a causal convolution of one channel. */
DEVICE float conv_output(const float *x, const float *w, const float *carry, int64_t channels, int kernel, int t) {
    const float now = x[t * channels];
    float a = 0.0f;
    if (kernel == USUAL_TAPS) {
        const float first = conv_input(x, carry, channels, kernel, t - 3);
        const float second = conv_input(x, carry, channels, kernel, t - 2);
        const float third = conv_input(x, carry, channels, kernel, t - 1);
        a = fma_rn(w[0], first, a);
        a = fma_rn(w[channels], second, a);
        a = fma_rn(w[2 * channels], third, a);
        a = fma_rn(w[3 * channels], now, a);
    } else {
        UNROLL_BY(1)
        for (int j = 0; j < kernel; j++) {
            a = fma_rn(w[j * channels], conv_input(x, carry, channels, kernel, t - kernel + 1 + j), a);
        }
    }
    return now + a;
}

/* The last inputs of one channel. Rising j reads an older one only before it is replaced. */
DEVICE void conv_keep(const float *x, float *carry, int64_t channels, int kernel, int rows) {
    UNROLL_BY(1)
    for (int j = 0; j < kernel - 1; j++) {
        carry[j * channels] = conv_input(x, carry, channels, kernel, rows - kernel + 1 + j);
    }
}

/* grid (d / 32, segments), block (256): a lane is a channel, warps take rows in turn. */
KERNEL __launch_bounds__(256)
tactus_residual_conv(const float *h, Residual residual, int d, const int32_t *first_row, const int32_t *rows_of_segment,
                     const int32_t *segments) {
    const int segment = (int)blockIdx.y;
    if (segment >= *segments) {
        return;
    }
    const int c = (int)blockIdx.x * WARP + lane_of_thread();
    const int warp = (int)(threadIdx.x / WARP), warps = (int)(blockDim.x / WARP);
    const int rows = rows_of_segment[segment];
    const int64_t first = (int64_t)first_row[segment] * d + c;
    float *carry = carry_of(residual.state, residual.entry, segment, residual.carry) + c;
    for (int t = warp; t < rows && c < d; t += warps) {
        float *x = residual.x + first + (int64_t)t * d;
        *x = *x + conv_output(h + first, residual.conv + c, carry, d, residual.kernel, t);
    }
    __syncthreads();
    if (warp == 0 && c < d) {
        conv_keep(h + first, carry, d, residual.kernel, rows);
    }
}
EXPORT_KERNEL(tactus_residual_conv)

#endif
