/* Arithmetic intrinsics: the rounded ones are IEEE operations, the approximate ones are libm's. */
#ifndef SOFTCUDA_ARITHMETIC_H
#define SOFTCUDA_ARITHMETIC_H

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#define SOFTCUDA_INLINE static inline __attribute__((always_inline))

/* ---- rounded to nearest ---- */

SOFTCUDA_INLINE float __fmaf_rn(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
SOFTCUDA_INLINE float __fadd_rn(float a, float b) { return a + b; }
SOFTCUDA_INLINE float __fsub_rn(float a, float b) { return a - b; }
SOFTCUDA_INLINE float __fmul_rn(float a, float b) { return a * b; }
SOFTCUDA_INLINE float __fdiv_rn(float a, float b) { return a / b; }
SOFTCUDA_INLINE float __frcp_rn(float a) { return 1.0f / a; }
SOFTCUDA_INLINE float __fsqrt_rn(float a) { return __builtin_sqrtf(a); }
SOFTCUDA_INLINE double __fma_rn(double a, double b, double c) { return __builtin_fma(a, b, c); }
SOFTCUDA_INLINE double __dadd_rn(double a, double b) { return a + b; }
SOFTCUDA_INLINE double __dsub_rn(double a, double b) { return a - b; }
SOFTCUDA_INLINE double __dmul_rn(double a, double b) { return a * b; }
SOFTCUDA_INLINE double __ddiv_rn(double a, double b) { return a / b; }
SOFTCUDA_INLINE double __dsqrt_rn(double a) { return __builtin_sqrt(a); }

/* ---- approximate; libm has some of these names for itself ---- */

#define __expf expf
#define __logf logf
#define __log2f log2f
#define __sinf sinf
#define __cosf cosf
#define __powf powf
SOFTCUDA_INLINE float __fdividef(float a, float b) { return a / b; }
SOFTCUDA_INLINE float rsqrtf(float a) { return 1.0f / __builtin_sqrtf(a); }

/* ---- least and greatest; fminf and fmaxf are those of <cmath>, which drop a NaN as CUDA's do ---- */

#define SOFTCUDA_MIN_MAX(type)                                                                                         \
    SOFTCUDA_INLINE type min(type a, type b) { return b < a ? b : a; }                                                 \
    SOFTCUDA_INLINE type max(type a, type b) { return a < b ? b : a; }
SOFTCUDA_MIN_MAX(int)
SOFTCUDA_MIN_MAX(unsigned)
SOFTCUDA_MIN_MAX(long)
SOFTCUDA_MIN_MAX(unsigned long)
SOFTCUDA_MIN_MAX(long long)
SOFTCUDA_MIN_MAX(unsigned long long)
#undef SOFTCUDA_MIN_MAX
SOFTCUDA_INLINE float min(float a, float b) { return fminf(a, b); }
SOFTCUDA_INLINE float max(float a, float b) { return fmaxf(a, b); }
SOFTCUDA_INLINE double min(double a, double b) { return fmin(a, b); }
SOFTCUDA_INLINE double max(double a, double b) { return fmax(a, b); }

/* ---- bits ---- */

SOFTCUDA_INLINE int __float_as_int(float a) { return std::bit_cast<int>(a); }
SOFTCUDA_INLINE unsigned __float_as_uint(float a) { return std::bit_cast<unsigned>(a); }
SOFTCUDA_INLINE float __int_as_float(int a) { return std::bit_cast<float>(a); }
SOFTCUDA_INLINE float __uint_as_float(unsigned a) { return std::bit_cast<float>(a); }
SOFTCUDA_INLINE long long __double_as_longlong(double a) { return std::bit_cast<long long>(a); }
SOFTCUDA_INLINE double __longlong_as_double(long long a) { return std::bit_cast<double>(a); }
SOFTCUDA_INLINE int __popc(unsigned a) { return __builtin_popcount(a); }
SOFTCUDA_INLINE int __popcll(unsigned long long a) { return __builtin_popcountll(a); }
SOFTCUDA_INLINE int __clz(unsigned a) { return a == 0 ? 32 : __builtin_clz(a); }
SOFTCUDA_INLINE int __clzll(unsigned long long a) { return a == 0 ? 64 : __builtin_clzll(a); }
SOFTCUDA_INLINE int __ffs(unsigned a) { return __builtin_ffs(static_cast<int>(a)); }
SOFTCUDA_INLINE int __ffsll(unsigned long long a) { return __builtin_ffsll(static_cast<long long>(a)); }
SOFTCUDA_INLINE unsigned __umulhi(unsigned a, unsigned b) {
    return static_cast<unsigned>(static_cast<uint64_t>(a) * b >> 32);
}
SOFTCUDA_INLINE int __mulhi(int a, int b) { return static_cast<int>(static_cast<int64_t>(a) * b >> 32); }
SOFTCUDA_INLINE unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return static_cast<unsigned long long>(static_cast<unsigned __int128>(a) * b >> 64);
}
SOFTCUDA_INLINE unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
    return static_cast<unsigned>(((static_cast<uint64_t>(high) << 32 | low) << (shift & 31)) >> 32);
}
SOFTCUDA_INLINE unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
    return static_cast<unsigned>((static_cast<uint64_t>(high) << 32 | low) >> (shift & 31));
}
SOFTCUDA_INLINE unsigned __brev(unsigned a) {
    unsigned reversed = 0;
    for (int bit = 0; bit < 32; bit++) {
        reversed |= (a >> bit & 1) << (31 - bit);
    }
    return reversed;
}
/* Four bytes of the eight of (b, a), chosen by the low four digits of the selector; a digit's top bit repeats signs. */
SOFTCUDA_INLINE unsigned __byte_perm(unsigned a, unsigned b, unsigned selector) {
    const uint64_t bytes = static_cast<uint64_t>(b) << 32 | a;
    unsigned result = 0;
    for (int i = 0; i < 4; i++) {
        const unsigned digit = selector >> 4 * i & 15;
        unsigned byte = static_cast<unsigned>(bytes >> 8 * (digit & 7)) & 255;
        if (digit & 8) {
            byte = byte & 128 ? 255 : 0;
        }
        result |= byte << 8 * i;
    }
    return result;
}
/* c + the dot product of four signed bytes each. */
SOFTCUDA_INLINE int __dp4a(int a, int b, int c) {
    for (int i = 0; i < 4; i++) {
        c += static_cast<int8_t>(a >> 8 * i) * static_cast<int8_t>(b >> 8 * i);
    }
    return c;
}

/* ---- conversions; out of range and NaN as CUDA has them ---- */

template <class Integer> SOFTCUDA_INLINE Integer softcuda_saturate(double rounded) {
    if (rounded != rounded) {
        return 0;
    }
    constexpr int bits = 8 * sizeof(Integer);
    constexpr Integer least = std::is_signed_v<Integer> ? Integer(1ull << (bits - 1)) : 0;
    constexpr Integer greatest = static_cast<Integer>(~least);
    if (rounded <= static_cast<double>(least)) {
        return least;
    }
    return rounded >= static_cast<double>(greatest) ? greatest : static_cast<Integer>(rounded);
}
SOFTCUDA_INLINE int __float2int_rn(float a) { return softcuda_saturate<int>(__builtin_rint(a)); }
SOFTCUDA_INLINE int __float2int_rz(float a) { return softcuda_saturate<int>(__builtin_trunc(a)); }
SOFTCUDA_INLINE int __float2int_rd(float a) { return softcuda_saturate<int>(__builtin_floor(a)); }
SOFTCUDA_INLINE int __float2int_ru(float a) { return softcuda_saturate<int>(__builtin_ceil(a)); }
SOFTCUDA_INLINE unsigned __float2uint_rn(float a) { return softcuda_saturate<unsigned>(__builtin_rint(a)); }
SOFTCUDA_INLINE unsigned __float2uint_rz(float a) { return softcuda_saturate<unsigned>(__builtin_trunc(a)); }
SOFTCUDA_INLINE float __int2float_rn(int a) { return static_cast<float>(a); }
SOFTCUDA_INLINE float __uint2float_rn(unsigned a) { return static_cast<float>(a); }
SOFTCUDA_INLINE float __ll2float_rn(long long a) { return static_cast<float>(a); }
SOFTCUDA_INLINE float __ull2float_rn(unsigned long long a) { return static_cast<float>(a); }
SOFTCUDA_INLINE float __double2float_rn(double a) { return static_cast<float>(a); }
SOFTCUDA_INLINE double __int2double_rn(int a) { return a; }

#endif
