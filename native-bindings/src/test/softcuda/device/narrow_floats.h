/* bfloat16 and half: storage and conversion, with the names of cuda_bf16.h and cuda_fp16.h. */
#ifndef SOFTCUDA_NARROW_FLOATS_H
#define SOFTCUDA_NARROW_FLOATS_H

#include "arithmetic.h"
#include "vectors.h"

struct __nv_bfloat16 {
    uint16_t bits;
};
struct alignas(4) __nv_bfloat162 {
    __nv_bfloat16 x, y;
};
struct __half {
    uint16_t bits;
};
struct alignas(4) __half2 {
    __half x, y;
};
using nv_bfloat16 = __nv_bfloat16;
using nv_bfloat162 = __nv_bfloat162;
using half = __half;
using half2 = __half2;

/* ---- bfloat16 ---- */

SOFTCUDA_INLINE float __bfloat162float(__nv_bfloat16 a) {
    return std::bit_cast<float>(static_cast<uint32_t>(a.bits) << 16);
}

/* To nearest, ties to even; every NaN becomes 0x7fff, as on the device. */
SOFTCUDA_INLINE __nv_bfloat16 __float2bfloat16_rn(float a) {
    const uint32_t bits = std::bit_cast<uint32_t>(a);
    if ((bits & 0x7fffffffu) > 0x7f800000u) {
        return {0x7fff};
    }
    return {static_cast<uint16_t>((bits + 0x7fffu + (bits >> 16 & 1)) >> 16)};
}
SOFTCUDA_INLINE __nv_bfloat16 __float2bfloat16(float a) { return __float2bfloat16_rn(a); }
SOFTCUDA_INLINE __nv_bfloat16 __ushort_as_bfloat16(unsigned short bits) { return {bits}; }
SOFTCUDA_INLINE unsigned short __bfloat16_as_ushort(__nv_bfloat16 a) { return a.bits; }
SOFTCUDA_INLINE __nv_bfloat162 __halves2bfloat162(__nv_bfloat16 low, __nv_bfloat16 high) { return {low, high}; }
SOFTCUDA_INLINE __nv_bfloat162 __floats2bfloat162_rn(float low, float high) {
    return {__float2bfloat16_rn(low), __float2bfloat16_rn(high)};
}
SOFTCUDA_INLINE __nv_bfloat162 __float22bfloat162_rn(float2 a) { return __floats2bfloat162_rn(a.x, a.y); }
SOFTCUDA_INLINE float2 __bfloat1622float2(__nv_bfloat162 a) { return {__bfloat162float(a.x), __bfloat162float(a.y)}; }
SOFTCUDA_INLINE float __low2float(__nv_bfloat162 a) { return __bfloat162float(a.x); }
SOFTCUDA_INLINE float __high2float(__nv_bfloat162 a) { return __bfloat162float(a.y); }

/* ---- half ---- */

SOFTCUDA_INLINE float __half2float(__half a) {
    const uint32_t sign = static_cast<uint32_t>(a.bits & 0x8000u) << 16;
    const uint32_t exponent = a.bits >> 10 & 31;
    const uint32_t fraction = a.bits & 0x3ffu;
    if (exponent == 0) { /* zero or subnormal: the fraction counts 2^-24 */
        return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(static_cast<float>(fraction) * 0x1p-24f));
    }
    const uint32_t widened = exponent == 31 ? 255 : exponent + 112;
    return std::bit_cast<float>(sign | widened << 23 | fraction << 13);
}

/* To nearest, ties to even; every NaN becomes 0x7fff, as on the device. */
SOFTCUDA_INLINE __half __float2half_rn(float a) {
    const uint32_t bits = std::bit_cast<uint32_t>(a);
    const uint16_t sign = static_cast<uint16_t>(bits >> 16 & 0x8000u);
    const uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) {
        return {0x7fff};
    }
    if (magnitude >= 0x477ff000u) { /* 65520 and above round to infinity */
        return {static_cast<uint16_t>(sign | 0x7c00u)};
    }
    if (magnitude < 0x38800000u) { /* below 2^-14: a multiple of 2^-24, which adding 0.5 rounds to */
        const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
        return {static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(shifted) - 0x3f000000u))};
    }
    const uint32_t rounded = magnitude + 0xfffu + (magnitude >> 13 & 1);
    return {static_cast<uint16_t>(sign | ((rounded >> 13) - (112u << 10)))};
}
SOFTCUDA_INLINE __half __float2half(float a) { return __float2half_rn(a); }
SOFTCUDA_INLINE __half __ushort_as_half(unsigned short bits) { return {bits}; }
SOFTCUDA_INLINE unsigned short __half_as_ushort(__half a) { return a.bits; }
SOFTCUDA_INLINE __half2 __floats2half2_rn(float low, float high) {
    return {__float2half_rn(low), __float2half_rn(high)};
}
SOFTCUDA_INLINE float2 __half22float2(__half2 a) { return {__half2float(a.x), __half2float(a.y)}; }
SOFTCUDA_INLINE float __low2float(__half2 a) { return __half2float(a.x); }
SOFTCUDA_INLINE float __high2float(__half2 a) { return __half2float(a.y); }

#endif
