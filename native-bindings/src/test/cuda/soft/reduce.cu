/*
 * For the mutation test: out[b] = sum over warps of sums over lanes, in a rotated order. Of its barriers only the one
 * that says so can be spared. One block of 128 threads.
 */
#include "softcuda.h"

extern "C" __global__ void reduce_rotated(float *out, const float *in) {
    SOFTCUDA_SHARED(float, values, [128]);
    SOFTCUDA_SHARED(float, parts, [4]);
    const unsigned t = threadIdx.x;
    values[t] = in[t];
    __syncthreads(); // NEEDED
    const float sum = softcuda::warp_sum(values[(t + 37) % 128]);
    if (t % 32 == 0) {
        parts[t / 32] = sum;
    }
    __syncthreads(); // NEEDED
    const float total = parts[0] + parts[1] + parts[2] + parts[3];
    __syncthreads(); // SPARE: the barrier before has parted the reads of values from what follows
    values[t] = total;
    __syncwarp(); // NEEDED
    out[t] = values[t ^ 1];
}
SOFTCUDA_KERNEL(reduce_rotated)
