/*
 * What the C tests share: a check that ends the test, reproducible numbers, and buffers of exact size, which the
 * address sanitizer guards at both ends.
 */
#ifndef TACTUS_CHECK_H
#define TACTUS_CHECK_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the test unless the condition holds; a NaN in it fails. */
#define CHECK(condition, ...)                       \
    do {                                            \
        if (!(condition)) {                         \
            fprintf(stderr, "%s: ", __func__);      \
            fprintf(stderr, __VA_ARGS__);           \
            fprintf(stderr, " (%s)\n", #condition); \
            exit(1);                                \
        }                                           \
    } while (0)

enum { MAX_BUFFERS = 4096 };

/* Of the numbers below; a test sets it to its seed. */
static uint64_t state;
/* What the test at work has allocated. */
static void *buffers[MAX_BUFFERS];
static int buffer_count;

/* SplitMix64. */
static inline uint64_t next_bits(void) {
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* A number in [0, n). */
static inline int below(int n) { return (int)(next_bits() % (uint64_t)n); }

/* A number of either sign, whose size differs by element. */
static inline float number(void) {
    const float unit = (float)((double)(next_bits() >> 11) * 0x1p-53 * 2 - 1);
    return ldexpf(unit, below(6) - 3);
}

static inline uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline void *keep(void *buffer) {
    CHECK(buffer && buffer_count < MAX_BUFFERS, "no memory, or more than %d buffers", MAX_BUFFERS);
    buffers[buffer_count++] = buffer;
    return buffer;
}

/* A buffer of exactly n bytes, all ones: floats in it are NaN until they are written. */
static inline void *make_bytes(int64_t n) {
    return memset(keep(malloc((size_t)(n > 0 ? n : 1))), 0xff, (size_t)n);
}

/* Scratch of exactly n bytes, aligned as callers align it. */
static inline void *make_scratch(int64_t n) {
    void *buffer = NULL;
    CHECK(posix_memalign(&buffer, 64, (size_t)n) == 0, "no memory");
    return memset(keep(buffer), 0xff, (size_t)n);
}

static inline float *make_floats(int64_t n) { return make_bytes(n * 4); }

/* n random numbers. */
static inline float *make_numbers(int64_t n) {
    float *x = make_floats(n);
    for (int64_t i = 0; i < n; i++) {
        x[i] = number();
    }
    return x;
}

static inline void *copy_of(const void *source, int64_t bytes) {
    return memcpy(make_bytes(bytes), source, (size_t)bytes);
}

/* Frees all buffers. */
static inline void free_buffers(void) {
    while (buffer_count > 0) {
        free(buffers[--buffer_count]);
    }
}

/*
 * The address at which an array would begin whose element `first` (of 4 bytes) is the first of a buffer: so a range of
 * outputs can have a buffer of its own.
 */
static inline void *before(const void *buffer, int64_t first) {
    return (void *)((uintptr_t)buffer - (uintptr_t)(first * 4));
}

/* Ends the test unless n words are equal. */
static inline void check_same(const char *what, uint64_t seed, const void *expected, const void *actual, int64_t n) {
    if (memcmp(expected, actual, (size_t)n * 4) == 0) {
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        float want, got;
        memcpy(&want, (const char *)expected + 4 * i, sizeof want);
        memcpy(&got, (const char *)actual + 4 * i, sizeof got);
        CHECK(bits_of(want) == bits_of(got), "%s, seed %lu: element %ld of %ld is %a (%08x), not %a (%08x)", what,
              (unsigned long)seed, (long)i, (long)n, (double)got, bits_of(got), (double)want, bits_of(want));
    }
}

#endif
