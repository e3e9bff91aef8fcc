/*
 * CUDA C++ for a host compiler: what a .cu file includes in place of the CUDA headers when nvcc does not compile it.
 *
 * A kernel becomes an ordinary function that the runtime calls once per CUDA thread, each on a stack of its own, so
 * barriers and warp operations may stand anywhere. The bits are those of nvcc with -fmad=false -ftz=false
 * -prec-div=true -prec-sqrt=true for everything that IEEE 754 defines; the approximate intrinsics (__expf and such) are
 * those of libm.
 *
 * What a kernel must write differently, through one header of its project:
 *   extern "C" __global__ void f(...) {...}   then   SOFTCUDA_KERNEL(f)
 *   extern __shared__ T name[]                       SOFTCUDA_DYNAMIC_SHARED(T, name)
 *   __shared__ T name[8][33]                         SOFTCUDA_SHARED(T, name, [8][33])
 *   cp.async, mma.sync in inline assembly            softcuda::copy_async..., softcuda::mma_m16n8k16_bf16
 */
#ifndef SOFTCUDA_H
#define SOFTCUDA_H

#ifdef __CUDACC__
#error "softcuda.h stands in for the CUDA headers; nvcc has the real ones"
#endif

#include "device/abi.h"
#include "device/vectors.h"
#include "device/arithmetic.h"
#include "device/narrow_floats.h"
#include "device/memory.h"
#include "device/warp.h"
#include "device/tensor.h"

#define __global__
#define __device__
#define __host__
#define __constant__
#define __managed__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __align__(n) alignas(n)
/* A plain __shared__ variable would be one for all blocks and threads of the process, and unpoisoned. */
#define __shared__ SOFTCUDA_needs_SOFTCUDA_SHARED_or_SOFTCUDA_DYNAMIC_SHARED_here

#define threadIdx (softcuda::current_thread->index)
#define blockIdx (softcuda::current_thread->block->index)
#define blockDim (softcuda::current_thread->block->dimensions)
#define gridDim (softcuda::current_thread->block->grid)
inline constexpr int warpSize = softcuda::WARP_LANES;

/*
 * Makes a kernel known by its name. Parameters are those of the function; the driver compares their number and sizes
 * with the compiled code's.
 */
#define SOFTCUDA_KERNEL(kernel)                                                                                        \
    static softcuda::Kernel softcuda_kernel_##kernel{                                                                  \
        #kernel, [](void **parameters) { softcuda::call(&kernel, parameters); }, softcuda::parameter_count(&kernel),   \
        softcuda::parameter_sizes(&kernel), nullptr};                                                                  \
    static const bool softcuda_known_##kernel = softcuda::announce(softcuda_kernel_##kernel);

#endif
