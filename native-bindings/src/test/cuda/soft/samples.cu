/* Kernels without fault: what softcuda.h offers, one matter each. One block of 64 threads unless said otherwise. */
#include "softcuda.h"

/* out[0..5][64]: shuffles of in[thread]; all lanes take part. */
extern "C" __global__ void sample_shuffles(int *out, const int *in) {
    const int value = in[threadIdx.x];
    int *mine = out + threadIdx.x;
    mine[0 * 64] = __shfl_sync(~0u, value, 3);
    mine[1 * 64] = __shfl_xor_sync(~0u, value, 5);
    mine[2 * 64] = __shfl_up_sync(~0u, value, 2u);
    mine[3 * 64] = __shfl_down_sync(~0u, value, 2u, 8);
    const unsigned half = threadIdx.x % 32 < 16 ? 0x0000ffffu : 0xffff0000u;
    mine[4 * 64] = __shfl_xor_sync(half, value, 15);
    mine[5 * 64] = static_cast<int>(__reduce_add_sync(~0u, static_cast<unsigned>(value)));
}
SOFTCUDA_KERNEL(sample_shuffles)

/* out[0..2][64]: ballot, any and all of in[thread] being odd. */
extern "C" __global__ void sample_votes(int *out, const int *in) {
    const int odd = in[threadIdx.x] & 1;
    out[threadIdx.x] = static_cast<int>(__ballot_sync(~0u, odd));
    out[64 + threadIdx.x] = __any_sync(~0u, odd);
    out[128 + threadIdx.x] = __all_sync(~0u, odd);
}
SOFTCUDA_KERNEL(sample_votes)

/* Sum of the warp by shuffles and by one meeting: the same bits. */
extern "C" __global__ void sample_warp_sum(float *by_shuffles, float *together, const float *in) {
    float sum = in[threadIdx.x];
    for (int offset = 16; offset > 0; offset /= 2) {
        sum = sum + __shfl_xor_sync(~0u, sum, offset);
    }
    by_shuffles[threadIdx.x] = sum;
    together[threadIdx.x] = softcuda::warp_sum(in[threadIdx.x]);
}
SOFTCUDA_KERNEL(sample_warp_sum)

/* Any grid: counts, least and greatest thread number of the grid, and a sum of floats. */
extern "C" __global__ void sample_atomics(int *counters, float *sum) {
    const int number = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    atomicAdd(&counters[0], 1);
    atomicMax(&counters[1], number);
    atomicMin(&counters[2], number);
    atomicCAS(&counters[3], 0, number + 1);
    atomicAdd(sum, 0.5f);
}
SOFTCUDA_KERNEL(sample_atomics)

/* Any grid and block, also of three dimensions: every thread writes its place at its own number. */
extern "C" __global__ void sample_places(int *out) {
    const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    const unsigned threads = blockDim.x * blockDim.y * blockDim.z;
    out[block * threads + thread] = static_cast<int>(block * 1000 + thread);
}
SOFTCUDA_KERNEL(sample_places)

/* Conversions of the n numbers: to and from half and bfloat16. Any grid. */
extern "C" __global__ void sample_conversions(int *to_half, int *to_bfloat, float *from_half, float *from_bfloat,
                                              const float *in, const int *bits, int n) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < n) {
        to_half[i] = __half_as_ushort(__float2half_rn(in[i]));
        to_bfloat[i] = __bfloat16_as_ushort(__float2bfloat16_rn(in[i]));
        from_half[i] = __half2float(__ushort_as_half(static_cast<unsigned short>(bits[i])));
        from_bfloat[i] = __bfloat162float(__ushort_as_bfloat16(static_cast<unsigned short>(bits[i])));
    }
}
SOFTCUDA_KERNEL(sample_conversions)

/* d[16][8] = a[16][16] b[8][16]^T of bfloat16, with the fragments that the PTX manual draws; one warp. */
extern "C" __global__ void sample_tensor(float *d, const unsigned *a, const unsigned *b) {
    const unsigned group = threadIdx.x / 4, pair = threadIdx.x % 4;
    const uint32_t mine_a[4] = {a[group * 8 + pair], a[(group + 8) * 8 + pair], a[group * 8 + pair + 4],
                                a[(group + 8) * 8 + pair + 4]};
    const uint32_t mine_b[2] = {b[group * 8 + pair], b[group * 8 + pair + 4]};
    float mine_d[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    softcuda::mma_m16n8k16_bf16(mine_d, mine_a, mine_b);
    d[group * 8 + pair * 2] = mine_d[0];
    d[group * 8 + pair * 2 + 1] = mine_d[1];
    d[(group + 8) * 8 + pair * 2] = mine_d[2];
    d[(group + 8) * 8 + pair * 2 + 1] = mine_d[3];
}
SOFTCUDA_KERNEL(sample_tensor)

/* Any grid: block b sums its 256 threads' numbers through shared memory, with as many barriers as a tree has levels. */
extern "C" __global__ void sample_tree(float *out, const float *in) {
    SOFTCUDA_DYNAMIC_SHARED(float, shared);
    shared[threadIdx.x] = in[blockIdx.x * blockDim.x + threadIdx.x];
    for (unsigned width = blockDim.x / 2; width > 0; width /= 2) {
        __syncthreads();
        if (threadIdx.x < width) {
            shared[threadIdx.x] = shared[threadIdx.x] + shared[threadIdx.x + width];
        }
    }
    if (threadIdx.x == 0) {
        out[blockIdx.x] = shared[0];
    }
}
SOFTCUDA_KERNEL(sample_tree)

/* y[row] = dot of a row of w [rows, k] with x, a warp per row, 8 rows a block of 256: what speed is measured with. */
extern "C" __global__ void sample_product(float *y, const __nv_bfloat16 *w, const float *x, int rows, int k) {
    const int row = static_cast<int>(blockIdx.x * 8 + threadIdx.x / 32), lane = static_cast<int>(threadIdx.x % 32);
    if (row >= rows) {
        return;
    }
    float sum = 0.0f;
    for (int i = lane; i < k; i += 32) {
        sum = __fmaf_rn(__bfloat162float(w[static_cast<long>(row) * k + i]), x[i], sum);
    }
    sum = softcuda::warp_sum(sum);
    if (lane == 0) {
        y[row] = sum;
    }
}
SOFTCUDA_KERNEL(sample_product)

/* *word += 1; one thread. */
extern "C" __global__ void sample_count(int *word) { *word = *word + 1; }
SOFTCUDA_KERNEL(sample_count)
