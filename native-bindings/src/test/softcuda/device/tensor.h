/* The tensor core instruction that kernels use, on the fragments of the PTX manual. */
#ifndef SOFTCUDA_TENSOR_H
#define SOFTCUDA_TENSOR_H

#include "narrow_floats.h"
#include "warp.h"

namespace softcuda {

/* What a lane brings to and takes from an m16n8k16 product. */
struct TensorFragment {
    uint32_t a[4];
    uint32_t b[2];
    float d[4];
};

inline float low_bfloat16(uint32_t pair) { return std::bit_cast<float>(pair << 16); }
inline float high_bfloat16(uint32_t pair) { return std::bit_cast<float>(pair & 0xffff0000u); }

/*
 * Lane 4 g + t holds of A rows g and g + 8, columns 2t, 2t + 1 and these + 8; of B the same k of column g; of D rows g
 * and g + 8, columns 2t and 2t + 1. One fma per k, k rising; the device's order and rounding inside a step is its own.
 */
inline void multiply_m16n8k16(Thread *lanes, uint32_t) {
    float a[16][16], b[16][8], d[16][8];
    for (unsigned lane = 0; lane < WARP_LANES; lane++) {
        const TensorFragment &fragment = *static_cast<const TensorFragment *>(lanes[lane].input);
        const unsigned group = lane / 4, pair = lane % 4 * 2;
        for (unsigned i = 0; i < 4; i++) {
            const unsigned row = group + i % 2 * 8, column = pair + i / 2 * 8;
            a[row][column] = low_bfloat16(fragment.a[i]);
            a[row][column + 1] = high_bfloat16(fragment.a[i]);
            d[group + i / 2 * 8][pair + i % 2] = fragment.d[i];
        }
        for (unsigned i = 0; i < 2; i++) {
            b[pair + i * 8][group] = low_bfloat16(fragment.b[i]);
            b[pair + i * 8 + 1][group] = high_bfloat16(fragment.b[i]);
        }
    }
    for (unsigned row = 0; row < 16; row++) {
        for (unsigned k = 0; k < 16; k++) {
            for (unsigned column = 0; column < 8; column++) {
                d[row][column] = __builtin_fmaf(a[row][k], b[k][column], d[row][column]);
            }
        }
    }
    for (unsigned lane = 0; lane < WARP_LANES; lane++) {
        float *result = static_cast<float *>(lanes[lane].output);
        for (unsigned i = 0; i < 4; i++) {
            result[i] = d[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2];
        }
    }
}

/*
 * d += a b: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 with c = d. A full warp calls it.
 */
inline void mma_m16n8k16_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2],
                              Site here = Site::here()) {
    const TensorFragment fragment{{a[0], a[1], a[2], a[3]}, {b[0], b[1]}, {d[0], d[1], d[2], d[3]}};
    together(~0u, multiply_m16n8k16, 0, &fragment, d, here);
}

} // namespace softcuda

#endif
