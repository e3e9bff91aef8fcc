/*
 * Kernels with a planted fault each, which softcuda must find. One block of 64 threads unless said otherwise.
 */
#include "softcuda.h"

/* Reads what another thread writes, without a barrier between. */
extern "C" __global__ void fault_race(float *out) {
    SOFTCUDA_SHARED(float, shared, [64]);
    shared[threadIdx.x] = static_cast<float>(threadIdx.x);
    out[threadIdx.x] = shared[63 - threadIdx.x];
}
SOFTCUDA_KERNEL(fault_race)

/* The same with the barrier. */
extern "C" __global__ void fault_race_mended(float *out) {
    SOFTCUDA_SHARED(float, shared, [64]);
    shared[threadIdx.x] = static_cast<float>(threadIdx.x);
    __syncthreads();
    out[threadIdx.x] = shared[63 - threadIdx.x];
}
SOFTCUDA_KERNEL(fault_race_mended)

/* The halves of the block wait at two barriers. */
extern "C" __global__ void fault_divergent(float *out) {
    if (threadIdx.x < 32) {
        __syncthreads();
    } else {
        __syncthreads();
    }
    out[threadIdx.x] = 1.0f;
}
SOFTCUDA_KERNEL(fault_divergent)

/* A thread returns before a barrier of the others. */
extern "C" __global__ void fault_early_return(float *out) {
    if (threadIdx.x == 5) {
        return;
    }
    __syncthreads();
    out[threadIdx.x] = 1.0f;
}
SOFTCUDA_KERNEL(fault_early_return)

/* The lanes of a warp meet in two operations. */
extern "C" __global__ void fault_lanes(float *out) {
    float value = out[threadIdx.x];
    if (threadIdx.x % 32 < 16) {
        value = __shfl_xor_sync(~0u, value, 1);
    } else {
        __syncwarp();
    }
    out[threadIdx.x] = value;
}
SOFTCUDA_KERNEL(fault_lanes)

/* A lane that the mask names never comes. */
extern "C" __global__ void fault_missing_lane(float *out) {
    if (threadIdx.x != 7) {
        out[threadIdx.x] = __shfl_down_sync(~0u, 1.0f, 1);
    }
}
SOFTCUDA_KERNEL(fault_missing_lane)

/* One thread writes a float at an index. */
extern "C" __global__ void fault_store(float *out, long long index) {
    if (threadIdx.x == 0) {
        out[index] = 1.0f;
    }
}
SOFTCUDA_KERNEL(fault_store)

/* Writes shared memory at an index; there are 64 floats. */
extern "C" __global__ void fault_shared_store(float *out, int index) {
    SOFTCUDA_SHARED(float, shared, [64]);
    shared[threadIdx.x] = 1.0f;
    if (threadIdx.x == 0) {
        shared[index] = 2.0f;
    }
    __syncthreads();
    out[threadIdx.x] = shared[threadIdx.x];
}
SOFTCUDA_KERNEL(fault_shared_store)

/* The last element of shared memory is read and was never written. */
extern "C" __global__ void fault_unwritten_shared(float *out) {
    SOFTCUDA_SHARED(float, shared, [64]);
    SOFTCUDA_DYNAMIC_SHARED(float, dynamic);
    if (threadIdx.x < 63) {
        shared[threadIdx.x] = 1.0f;
        dynamic[threadIdx.x] = 1.0f;
    }
    __syncthreads();
    out[threadIdx.x] = shared[threadIdx.x] * dynamic[threadIdx.x];
}
SOFTCUDA_KERNEL(fault_unwritten_shared)

/* Reads what an asynchronous copy brings, with or without having waited for it. */
extern "C" __global__ void fault_copy_async(float *out, const float *in, int waits) {
    SOFTCUDA_SHARED(float, shared, [64]);
    softcuda::copy_async(&shared[threadIdx.x], &in[threadIdx.x], 4);
    softcuda::copy_async_commit();
    if (waits) {
        softcuda::copy_async_wait(0);
    }
    out[threadIdx.x] = shared[threadIdx.x];
}
SOFTCUDA_KERNEL(fault_copy_async)

extern "C" __global__ void fault_divide(int *out, int divisor) {
    out[threadIdx.x] = static_cast<int>(threadIdx.x) / divisor;
}
SOFTCUDA_KERNEL(fault_divide)

extern "C" __global__ void fault_trap(int *out) {
    if (out[threadIdx.x] != static_cast<int>(threadIdx.x)) {
        __trap();
    }
}
SOFTCUDA_KERNEL(fault_trap)

/* Two parameters of different sizes, for images that say otherwise. */
extern "C" __global__ void fault_parameters(float *out, int count) {
    if (static_cast<int>(threadIdx.x) < count) {
        out[threadIdx.x] = 1.0f;
    }
}
SOFTCUDA_KERNEL(fault_parameters)
