/*
 * Tests a table of a FAST class against plain loops over the same rounded or quantised operands: its results, that a
 * row's bits depend neither on its neighbours nor on the range, and, in buffers of exact size under the sanitizers,
 * that it reads and writes nothing else. From kernels/src:
 *
 *   S="gcc -std=gnu11 -fsanitize=address,undefined -fno-sanitize-recover=all -g -O1 -Wall -Wextra -Werror -Wno-psabi
 *      -ffp-contract=off -fno-math-errno -mavx2 -mfma -mf16c -Imain/c test/c/fast_test.c main/c/quantize.c"
 *   T() { $S -DTACTUS_TEST_KIND=$1 -DTACTUS_TABLE=$2 -DTACTUS_TABLE_UNDER_TEST=$2 -o fast_test "${@:3}" -lm &&
 *         ./fast_test; }
 *   I="TACTUS_FAST_INT8"; B="TACTUS_FAST_BF16"; X="-include test/c/soft_isa.h"
 *   T $I tactus_int8_avx2 main/c/fast_int8.c
 *   T $B tactus_bf16_avx2 main/c/fast_bf16.c
 *   T $I tactus_int8_avx512 $X -DTACTUS_SOFT_AVX512 main/c/fast_int8.c
 *   T $B tactus_bf16_avx512 $X -DTACTUS_SOFT_AVX512 main/c/fast_bf16.c
 *   T $I tactus_int8_vnni $X -DTACTUS_SOFT_VNNI main/c/fast_int8.c
 *   T $B tactus_bf16_avx512bf16 $X -DTACTUS_SOFT_BF16 main/c/fast_bf16.c
 *   T $I tactus_int8_amx $X -DTACTUS_SOFT_AMX main/c/fast_int8.c
 *   T $B tactus_bf16_amx $X -DTACTUS_SOFT_AMX main/c/fast_bf16.c
 *
 * Where the instruction set exists, leave out the header and give its -m flags instead.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quantize.h"

#define STRING_(x) #x
#define STRING(x) STRING_(x)

extern const struct tactus_fast TACTUS_TABLE_UNDER_TEST;

static const int32_t kind = TACTUS_TEST_KIND;
static uint64_t state;
static double worst; /* error of bfloat16 over its tolerance */

/* Ends the test unless the condition holds; a NaN in it fails. */
#define CHECK(condition, ...)                                     \
    do {                                                          \
        if (!(condition)) {                                       \
            fprintf(stderr, "%s: ", STRING(TACTUS_TABLE_UNDER_TEST)); \
            fprintf(stderr, __VA_ARGS__);                         \
            fprintf(stderr, " (%s)\n", #condition);               \
            exit(1);                                              \
        }                                                         \
    } while (0)

/* SplitMix64. */
static uint64_t next(void) {
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int below(int n) { return (int)(next() % (uint64_t)n); }

/* A number of either sign, whose size differs by element. */
static float number(void) {
    const float unit = (float)((double)(next() >> 11) * 0x1p-53 * 2 - 1);
    return ldexpf(unit, below(6) - 3);
}

static float from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static float widen(uint16_t bits) { return from_bits((uint32_t)bits << 16); }

/* A number; some are halfway between two bfloat16, few the largest, or a NaN that only its low bits show to be one. */
static float special_number(void) {
    switch (below(300)) {
        case 0:
            return from_bits(0x7f800001);
        case 1:
            return 0x1.fffffep127f;
        default:
            return below(8) == 0 ? from_bits((bits_of(number()) & 0xffff0000) | 0x8000) : number();
    }
}

/* To bfloat16 by the definition: the nearer neighbour, the even one on a tie. */
static uint16_t round_bf16(float x) {
    const uint32_t bits = bits_of(x);
    uint16_t high = (uint16_t)(bits >> 16);
    if (isnan(x)) {
        return high | 0x40;
    }
    const uint32_t rest = bits & 0xffff;
    return high + (rest > 0x8000 || (rest == 0x8000 && (high & 1)));
}

/* Quantises n elements by the definition and returns their scale. */
static float quantize(const float *x, int64_t n, int8_t *q) {
    float largest = 0;
    memset(q, 0, (size_t)n);
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(x[i])) {
            return NAN;
        }
        largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
    }
    const float scale = largest / 127.0f;
    for (int64_t i = 0; scale > 0 && i < n; i++) {
        const float rounded = rintf(x[i] / scale);
        q[i] = (int8_t)(rounded > 127 ? 127 : rounded < -127 ? -127 : rounded);
    }
    return scale;
}

/* A matrix in buffers of exact size, and the float32 that it was made from. */
struct weights {
    struct tactus_matrix m;
    float *source;
    char *data;
    float *scale;
    int32_t *sum;
};

/* Random weights, [rows, cols], with `extra` bytes more than needed between rows. */
static struct weights make_weights(int64_t rows, int64_t cols, int64_t extra) {
    const int64_t element = kind == TACTUS_FAST_INT8 ? 1 : 2;
    const int64_t stride = (cols * element + 63) / 64 * 64 + extra;
    struct weights w = {.source = malloc((size_t)(rows * cols * 4))};
    for (int64_t i = 0; i < rows * cols; i++) {
        w.source[i] = number();
    }
    w.data = malloc((size_t)((rows + 16) * stride));
    w.scale = malloc((size_t)(rows * 4));
    w.sum = malloc((size_t)(rows * 4));
    memset(w.data, 0x7f, (size_t)((rows + 16) * stride)); /* beyond the rows: NaN, or 127 */
    if (kind == TACTUS_FAST_INT8) {
        const int64_t half = rows / 2;
        tactus_quantize_rows(TACTUS_F32, w.source, 0, half, cols, (int8_t *)w.data, stride, w.scale, w.sum);
        tactus_quantize_rows(TACTUS_F32, w.source, half, rows, cols, (int8_t *)w.data, stride, w.scale, w.sum);
    } else {
        tactus_round_rows(TACTUS_F32, w.source, 0, rows, cols, (uint16_t *)w.data, stride);
    }
    w.m = (struct tactus_matrix){kind, w.data, stride, w.scale, w.sum, rows, cols};
    return w;
}

static void free_weights(struct weights *w) {
    free(w->source);
    free(w->data);
    free(w->scale);
    free(w->sum);
}

/* The product of a row of activations and a matrix row by a plain loop; for bfloat16, with its tolerance. */
static double expected(const struct weights *w, int64_t row, const float *x, double *tolerance) {
    const int64_t k = w->m.cols;
    if (kind == TACTUS_FAST_INT8) {
        int8_t *q = malloc((size_t)k);
        const float scale = quantize(x, k, q);
        int32_t sum = 0;
        for (int64_t i = 0; i < k; i++) {
            sum += q[i] * (int8_t)w->data[row * w->m.stride + i];
        }
        free(q);
        return (float)((float)((float)sum * scale) * w->scale[row]);
    }
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < k; i++) {
        uint16_t bits;
        memcpy(&bits, w->data + row * w->m.stride + 2 * i, sizeof bits);
        const double product = (double)widen(round_bf16(x[i])) * widen(bits);
        sum += product;
        squares += product * product;
    }
    *tolerance = 1e-6 * sqrt(squares) * (1 + sqrt((double)k) / 16) + 1e-30;
    return sum;
}

/* One product of `rows` rows with outputs [n0, n1) from row `first` of the matrix on, in buffers of exact size. */
static float *product(const struct weights *w, int64_t first, int n0, int n1, const float *x, int64_t x_stride,
                      int rows) {
    const struct tactus_fast *t = &TACTUS_TABLE_UNDER_TEST;
    const int32_t k = (int32_t)w->m.cols;
    const int64_t bytes = t->packed_bytes(k);
    CHECK(bytes % 64 == 0, "packing of %ld bytes", (long)bytes);
    float *exact = malloc((size_t)(((rows - 1) * x_stride + k) * 4));
    memcpy(exact, x, (size_t)(((rows - 1) * x_stride + k) * 4));
    char *packed = aligned_alloc(64, (size_t)bytes);
    memset(packed, 0xff, (size_t)bytes);
    t->pack(exact, x_stride, rows, k, packed);
    free(exact);
    /* y begins at column n0 of its first row, and ends at column n1 of its last. */
    const int64_t y_stride = n1 + 3;
    float *y = malloc((size_t)(((rows - 1) * y_stride + n1 - n0) * 4));
    memset(y, 0xa5, (size_t)(((rows - 1) * y_stride + n1 - n0) * 4));
    t->multiply(&w->m, first, n0, n1, packed, rows, (float *)((uintptr_t)y - (uintptr_t)n0 * 4), y_stride);
    free(packed);
    float *result = malloc((size_t)(rows * (n1 - n0) * 4));
    for (int r = 0; r < rows; r++) {
        memcpy(result + r * (n1 - n0), y + r * y_stride, (size_t)(n1 - n0) * 4);
        for (int64_t i = n1 - n0; r + 1 < rows && i < y_stride; i++) {
            CHECK(bits_of(y[r * y_stride + i]) == 0xa5a5a5a5, "row %d written at %ld beyond its range", r, (long)i);
        }
    }
    free(y);
    return result;
}

/* A product of random shape against the loop, and each of its rows alone against the same bits. */
static void should_match_loop_alone_and_among_others(uint64_t seed, int rows, int k, int outputs) {
    state = seed;
    const int first = below(5), n0 = below(outputs), n1 = n0 + 1 + below(outputs - n0);
    struct weights w = make_weights(first + outputs, k, 64 * below(2));
    const int64_t x_stride = k + below(4);
    float *x = malloc((size_t)(rows * x_stride * 4));
    for (int64_t i = 0; i < rows * x_stride; i++) {
        x[i] = number();
    }
    float *y = product(&w, first, n0, n1, x, x_stride, rows);
    for (int r = 0; r < rows; r++) {
        float *alone = product(&w, first, n0, n1, x + r * x_stride, x_stride, 1);
        for (int n = n0; n < n1; n++) {
            const float got = y[r * (n1 - n0) + n - n0];
            double tolerance = 0;
            const double want = expected(&w, first + n, x + r * x_stride, &tolerance);
            CHECK(fabs(got - want) <= tolerance, "seed %lu, %d rows, k %d, [%d, %d): row %d output %d is %a, not %a",
                  (unsigned long)seed, rows, k, n0, n1, r, n, (double)got, want);
            worst = tolerance > 0 && fabs(got - want) / tolerance > worst ? fabs(got - want) / tolerance : worst;
            CHECK(bits_of(alone[n - n0]) == bits_of(got), "seed %lu, %d rows, k %d: row %d output %d differs alone",
                  (unsigned long)seed, rows, k, r, n);
        }
        free(alone);
    }
    const int n = n0 + below(n1 - n0);
    float *one = product(&w, first, n, n + 1, x, x_stride, rows);
    for (int r = 0; r < rows; r++) {
        CHECK(bits_of(one[r]) == bits_of(y[r * (n1 - n0) + n - n0]), "seed %lu: output %d differs alone",
              (unsigned long)seed, n);
    }
    free(one);
    free(y);
    free(x);
    free_weights(&w);
}

/* A NaN or infinity in one row makes that row's results NaN (or infinite: bfloat16), and no other's. */
static void should_keep_bad_rows_to_themselves(void) {
    enum { ROWS = 7, K = 77, N = 21 };
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    state = 99;
    struct weights w = make_weights(N, K, 0);
    float x[ROWS * K];
    for (int i = 0; i < ROWS * K; i++) {
        x[i] = number();
    }
    float *clean = product(&w, 0, 0, N, x, K, ROWS);
    for (int b = 0; b < 3; b++) {
        const float saved = x[3 * K + 5];
        x[3 * K + 5] = bad[b];
        float *y = product(&w, 0, 0, N, x, K, ROWS);
        x[3 * K + 5] = saved;
        for (int r = 0; r < ROWS; r++) {
            for (int n = 0; n < N; n++) {
                const float got = y[r * N + n];
                const int right = r != 3                      ? bits_of(got) == bits_of(clean[r * N + n])
                                  : kind == TACTUS_FAST_INT8 ? isnan(got)
                                                             : !isfinite(got);
                CHECK(right, "row %d output %d is %a", r, n, (double)got);
            }
        }
        free(y);
    }
    free(clean);
    free_weights(&w);
}

/* Rows of zeros, of numbers too small for a scale, of the largest numbers, of quotients halfway between integers. */
static void should_quantize_extremes(void) {
    enum { ROWS = 6, K = 130, N = 9 };
    state = 7;
    struct weights w = make_weights(N, K, 0);
    float x[ROWS * K] = {0};
    for (int i = 0; i < K; i++) {
        x[K + i] = 0x1p-149f * (float)(i % 3 - 1);
        x[2 * K + i] = 0x1p-149f * (float)(below(400) - 200);
        x[3 * K + i] = below(2) ? 0x1.fffffep127f : -0x1.fffffep127f;
        x[4 * K + i] = (i == 0 ? 127.0f : (float)(below(254) - 127) + 0.5f) * 0.25f;
        x[5 * K + i] = -0.0f;
    }
    float *y = product(&w, 0, 0, N, x, K, ROWS);
    for (int r = 0; r < ROWS; r++) {
        for (int n = 0; n < N; n++) {
            double tolerance = 0;
            const float want = (float)expected(&w, n, x + r * K, &tolerance), got = y[r * N + n];
            CHECK(kind == TACTUS_FAST_BF16 || bits_of(want) == bits_of(got), "row %d output %d is %a, not %a", r, n,
                  (double)got, (double)want);
            CHECK(r == 3 || isfinite(got), "row %d output %d is %a", r, n, (double)got);
        }
    }
    free(y);
    free_weights(&w);
}

/* Weights from float32 and bfloat16 at any alignment, against the definition, with their padding and sums. */
static void should_make_weights(uint64_t seed) {
    state = seed;
    const int64_t rows = 1 + below(6), cols = 1 + below(200), stride = (cols * 2 + 63) / 64 * 64 + 64;
    for (int source = TACTUS_F32; source <= TACTUS_BF16; source++) {
        const int64_t element = source == TACTUS_F32 ? 4 : 2;
        char *raw = malloc((size_t)(rows * cols * element + 1));
        float *values = malloc((size_t)(rows * cols * 4));
        for (int64_t i = 0; i < rows * cols; i++) {
            const float x = special_number();
            const uint16_t half = round_bf16(x);
            values[i] = source == TACTUS_F32 ? x : widen(half);
            memcpy(raw + 1 + i * element, source == TACTUS_F32 ? (const void *)&x : (const void *)&half,
                   (size_t)element);
        }
        int8_t *data = malloc((size_t)(rows * stride)), *q = malloc((size_t)cols);
        uint16_t *rounded = malloc((size_t)(rows * stride));
        float *scale = malloc((size_t)(rows * 4));
        int32_t *sum = malloc((size_t)(rows * 4));
        tactus_quantize_rows(source, raw + 1, 0, rows, cols, data, stride, scale, sum);
        tactus_round_rows(source, raw + 1, 0, rows, cols, rounded, stride);
        for (int64_t r = 0; r < rows; r++) {
            const float want = quantize(values + r * cols, cols, q);
            int32_t total = 0;
            CHECK(isnan(want) ? isnan(scale[r]) : bits_of(want) == bits_of(scale[r]), "seed %lu scale",
                  (unsigned long)seed);
            for (int64_t i = 0; i < stride; i++) {
                CHECK(data[r * stride + i] == (i < cols ? q[i] : 0), "seed %lu int8 row %ld element %ld",
                      (unsigned long)seed, (long)r, (long)i);
                total += data[r * stride + i];
            }
            CHECK(sum[r] == total, "seed %lu sum", (unsigned long)seed);
            for (int64_t i = 0; i < stride / 2; i++) {
                const uint16_t bits = i < cols ? round_bf16(values[r * cols + i]) : 0;
                CHECK(rounded[r * stride / 2 + i] == bits, "seed %lu bfloat16 row %ld element %ld",
                      (unsigned long)seed, (long)r, (long)i);
            }
        }
        free(raw);
        free(values);
        free(data);
        free(q);
        free(rounded);
        free(scale);
        free(sum);
    }
}

/* The largest k: every product of the largest size, so that sums are as large as they can be. */
static void should_hold_the_largest_sums(void) {
    enum { K = 66000, ROWS = 2, N = 2 };
    float *x = malloc(ROWS * K * sizeof(float));
    struct weights w = make_weights(N, K, 0);
    for (int i = 0; i < N * K; i++) {
        w.source[i] = 1;
    }
    tactus_quantize_rows(TACTUS_F32, w.source, 0, N, K, (int8_t *)w.data, w.m.stride, w.scale, w.sum);
    for (int i = 0; i < ROWS * K; i++) {
        x[i] = i < K ? 1 : -1;
    }
    float *y = product(&w, 0, 0, N, x, K, ROWS);
    for (int r = 0; r < ROWS; r++) {
        for (int n = 0; n < N; n++) {
            const float want = (float)((float)(127 * 127 * K * (1 - 2 * r)) * (1.0f / 127)) * (1.0f / 127);
            CHECK(bits_of(y[r * N + n]) == bits_of(want), "largest sum is %a", (double)y[r * N + n]);
        }
    }
    free(y);
    free(x);
    free_weights(&w);
}

int main(void) {
    for (int rows = 1; rows <= TACTUS_FAST_ROWS; rows++) {
        state = 1000 + (uint64_t)rows;
        should_match_loop_alone_and_among_others((uint64_t)rows, rows, 1 + below(200), 1 + below(90));
    }
    static const int shapes[][3] = {{1, 1, 1},   {1, 64, 16},  {3, 63, 5},   {4, 65, 129}, {16, 64, 64}, {17, 128, 65},
                                    {33, 31, 70}, {48, 32, 80}, {64, 33, 131}, {2, 1000, 40}, {5, 4100, 17}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        for (uint64_t seed = 0; seed < 3; seed++) {
            should_match_loop_alone_and_among_others(100 * i + seed, shapes[i][0], shapes[i][1], shapes[i][2]);
        }
    }
    should_keep_bad_rows_to_themselves();
    should_quantize_extremes();
    for (uint64_t seed = 0; seed < 60; seed++) {
        should_make_weights(seed);
    }
    if (kind == TACTUS_FAST_INT8) {
        should_hold_the_largest_sums();
    }
    printf("%s: passed, largest error %.3f of the tolerance\n", STRING(TACTUS_TABLE_UNDER_TEST), worst);
    return 0;
}
