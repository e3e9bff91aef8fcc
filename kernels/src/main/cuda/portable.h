/*
 * What the kernels need of a compiler, once for nvcc and once for a host compiler, which makes a software device of
 * them (softcuda.h of the tests). Nothing else in this folder asks which one it is.
 */
#ifndef TACTUS_PORTABLE_H
#define TACTUS_PORTABLE_H

#ifdef __CUDACC__

#include <stdint.h>

#define DEVICE static __device__ __forceinline__
#define DEVICE_METHOD __device__ __forceinline__
#define KERNEL extern "C" __global__ void

/* Names a kernel for the software device. */
#define EXPORT_KERNEL(name)

#define UNROLL _Pragma("unroll")
#define UNROLL_BY(n) TACTUS_PRAGMA(unroll n)
#define TACTUS_PRAGMA(text) _Pragma(#text)

/* A variable of the block: SHARED(float, name), SHARED(float, name, [8][33]). */
#define SHARED(type, name, ...) __shared__ type name __VA_ARGS__

/* A block's dynamic shared memory, 16-byte aligned. One symbol serves every type. */
extern __shared__ float4 tactus_dynamic_shared[];
#define DYNAMIC_SHARED(type, name) type *const name = reinterpret_cast<type *>(tactus_dynamic_shared)

DEVICE float fma_rn(float a, float b, float c) { return __fmaf_rn(a, b, c); }
DEVICE float sqrt_rn(float a) { return __fsqrt_rn(a); }
DEVICE uint32_t float_as_uint(float a) { return __float_as_uint(a); }
DEVICE float uint_as_float(uint32_t a) { return __uint_as_float(a); }

/* 16 or 8 bytes of weights: read once, so they need not stay in the first cache. */
DEVICE uint4 load_once(const uint4 *p) {
    uint4 v;
    asm("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
        : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
        : "l"(p));
    return v;
}

DEVICE uint2 load_once(const uint2 *p) {
    uint2 v;
    asm("ld.global.nc.L1::no_allocate.v2.u32 {%0, %1}, [%2];" : "=r"(v.x), "=r"(v.y) : "l"(p));
    return v;
}

/* v[l] = v[l] + v[l ^ o] for o = 16, 8, 4, 2, 1, over the whole warp. */
DEVICE float warp_tree(float v) {
    UNROLL
    for (int o = 16; o > 0; o /= 2) {
        v = v + __shfl_xor_sync(0xffffffffu, v, o);
    }
    return v;
}

/* other = the values of lane ^ mask. The whole warp calls. */
template <int N> DEVICE void shuffle_xor(const float (&v)[N], float (&other)[N], int mask) {
    UNROLL
    for (int i = 0; i < N; i++) {
        other[i] = __shfl_xor_sync(0xffffffffu, v[i], mask);
    }
}

/* The value of a lane. The whole warp calls. */
DEVICE int shuffle_from(int v, int lane) { return __shfl_sync(0xffffffffu, v, lane); }

/* Two floats rounded to bfloat16, the first in the low half. */
DEVICE uint32_t rounded_pair(float low, float high) {
    uint32_t pair;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
    return pair;
}

/* d += a b: a tile of 16 x 16 by one of 16 x 8, bfloat16, sums float32. The whole warp calls. */
DEVICE void multiply_tiles(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

#else

#include <stdint.h>

#include "softcuda.h"

#define DEVICE SOFTCUDA_INLINE
#define DEVICE_METHOD inline __attribute__((always_inline))
#define KERNEL extern "C" __global__ void
#define EXPORT_KERNEL(name) SOFTCUDA_KERNEL(name)
#define UNROLL
#define UNROLL_BY(n)
#define SHARED(type, name, ...) SOFTCUDA_SHARED(type, name, __VA_ARGS__)
#define DYNAMIC_SHARED(type, name) SOFTCUDA_DYNAMIC_SHARED(type, name)

DEVICE float fma_rn(float a, float b, float c) { return __fmaf_rn(a, b, c); }
DEVICE float sqrt_rn(float a) { return __fsqrt_rn(a); }
DEVICE uint32_t float_as_uint(float a) { return __float_as_uint(a); }
DEVICE float uint_as_float(uint32_t a) { return __uint_as_float(a); }
DEVICE uint4 load_once(const uint4 *p) { return *p; }
DEVICE uint2 load_once(const uint2 *p) { return *p; }
DEVICE float warp_tree(float v) { return softcuda::warp_sum(v); }
template <int N> DEVICE void shuffle_xor(const float (&v)[N], float (&other)[N], int mask) {
    softcuda::shuffle_xor_array(v, other, (unsigned)mask);
}
DEVICE int shuffle_from(int v, int lane) { return __shfl_sync(0xffffffffu, v, lane); }
DEVICE uint32_t rounded_half(float v) {
    const uint32_t bits = __float_as_uint(v);
    return v != v ? 0x7fffu : (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
}
DEVICE uint32_t rounded_pair(float low, float high) { return rounded_half(low) | rounded_half(high) << 16; }
DEVICE void multiply_tiles(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    softcuda::mma_m16n8k16_bf16(d, a, b);
}

#endif
#endif
