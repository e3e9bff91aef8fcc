/* The short vectors of CUDA, with its alignments. */
#ifndef SOFTCUDA_VECTORS_H
#define SOFTCUDA_VECTORS_H

#define SOFTCUDA_VECTORS(type, base, align2, align4)                                                                   \
    struct type##1 {                                                                                                   \
        base x;                                                                                                        \
    };                                                                                                                 \
    struct alignas(align2) type##2 {                                                                                   \
        base x, y;                                                                                                     \
    };                                                                                                                 \
    struct type##3 {                                                                                              \
        base x, y, z;                                                                                                  \
    };                                                                                                                 \
    struct alignas(align4) type##4 {                                                                                   \
        base x, y, z, w;                                                                                               \
    };                                                                                                                 \
    static inline type##1 make_##type##1(base x) { return {x}; }                                                       \
    static inline type##2 make_##type##2(base x, base y) { return {x, y}; }                                            \
    static inline type##3 make_##type##3(base x, base y, base z) { return {x, y, z}; }                                 \
    static inline type##4 make_##type##4(base x, base y, base z, base w) { return {x, y, z, w}; }

SOFTCUDA_VECTORS(char, signed char, 2, 4)
SOFTCUDA_VECTORS(uchar, unsigned char, 2, 4)
SOFTCUDA_VECTORS(short, short, 4, 8)
SOFTCUDA_VECTORS(ushort, unsigned short, 4, 8)
SOFTCUDA_VECTORS(int, int, 8, 16)
SOFTCUDA_VECTORS(uint, unsigned, 8, 16)
SOFTCUDA_VECTORS(longlong, long long, 16, 16)
SOFTCUDA_VECTORS(ulonglong, unsigned long long, 16, 16)
SOFTCUDA_VECTORS(float, float, 8, 16)
SOFTCUDA_VECTORS(double, double, 16, 16)
#undef SOFTCUDA_VECTORS

#endif
