/*
 * Tests the table TACTUS_TABLE of float32 products: every layout of the operands, at sizes around the edges of tiles
 * and blocks, must give the bits of the arithmetic that gemm.c states, and stay near the product in double. Buffers end
 * where their last element does, so that a sanitizer sees whatever reaches beyond.
 */
#include "tactus.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 192, MAX_WORKERS = 3, RANDOM_SHAPES = 60, GAP = 3, LARGE = 500000 };

struct shape {
    int32_t m, n, k;
};

/* A matrix of which element (i, j) lies at data + i * row + j * col, in a buffer that ends with its last element. */
struct matrix {
    float *memory, *data;
    int64_t row, col, length;
};

static uint64_t state;

static uint32_t random_bits(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33);
}

static int32_t random_below(int32_t bound) { return (int32_t)(random_bits() % (uint32_t)bound); }

static float random_float(void) { return (float)random_bits() / (float)(1u << 30) - 1.0f; }

/*
 * Layouts: 0 rows after each other, 1 columns after each other, 2 neither; the lines of 3 are those of 0 without a gap.
 * The data begins one float after what malloc
 * aligns.
 */
static struct matrix matrix_of(int32_t rows, int32_t cols, int layout) {
    struct matrix x;
    x.row = layout == 0 ? cols + GAP : layout == 1 ? 1 : layout == 2 ? 2 * (int64_t)cols + GAP : cols;
    x.col = layout == 1 ? rows + GAP : layout == 2 ? 2 : 1;
    x.length = (rows - 1) * x.row + (cols - 1) * x.col + 1;
    x.memory = malloc((size_t)(x.length + 1) * sizeof(float));
    x.data = x.memory + 1;
    for (int64_t i = 0; i < x.length; i++) {
        x.data[i] = random_float();
    }
    return x;
}

/* c in the arithmetic of gemm.c; bound[i * n + j] is set to a bound of its distance from the product in double. */
static void expected(const struct shape *s, const struct matrix *a, const struct matrix *b, struct matrix *c,
                     int accumulate, double *product, double *bound) {
    for (int32_t i = 0; i < s->m; i++) {
        for (int32_t j = 0; j < s->n; j++) {
            float *to = c->data + i * c->row + j;
            double sum = accumulate ? *to : 0, size = fabs(sum);
            float total = 0;
            for (int32_t p0 = 0; p0 < s->k; p0 += DEPTH) {
                float block = 0;
                for (int32_t p = p0; p < s->k && p < p0 + DEPTH; p++) {
                    const float x = a->data[i * a->row + p * a->col], y = b->data[p * b->row + j * b->col];
                    block = fmaf(x, y, block);
                    sum += (double)x * y;
                    size += fabs((double)x * y);
                }
                total = p0 > 0 ? total + block : accumulate ? *to + block : block;
            }
            *to = total;
            product[(int64_t)i * s->n + j] = sum;
            bound[(int64_t)i * s->n + j] = size * (DEPTH + s->k / DEPTH + 2) * 0x1p-24;
        }
    }
}

static int near(const struct shape *s, const struct matrix *c, const double *product, const double *bound) {
    for (int32_t i = 0; i < s->m; i++) {
        for (int32_t j = 0; j < s->n; j++) {
            const int64_t e = (int64_t)i * s->n + j;
            if (!(fabs(c->data[i * c->row + j] - product[e]) <= bound[e])) {
                printf("element (%d, %d) is %g, the product in double is %g\n", i, j, c->data[i * c->row + j],
                       product[e]);
                return 0;
            }
        }
    }
    return 1;
}

/* All of c's buffer is compared, so that what lies between its rows must be as it was. */
static int check(const struct tactus_gemm *table, struct shape s, int a_layout, int b_layout, int accumulate,
                 void *const *scratch) {
    struct matrix a = matrix_of(s.m, s.k, a_layout), b = matrix_of(s.k, s.n, b_layout);
    struct matrix c = matrix_of(s.m, s.n, accumulate ? 0 : 3), right = c, got = c;
    const size_t bytes = (size_t)c.length * sizeof(float);
    double *product = malloc((size_t)s.m * s.n * sizeof(double)), *bound = malloc((size_t)s.m * s.n * sizeof(double));
    right.data = malloc(bytes);
    memcpy(right.data, c.data, bytes);
    expected(&s, &a, &b, &right, accumulate, product, bound);
    int good = near(&s, &right, product, bound);
    for (int32_t workers = 1; workers <= MAX_WORKERS; workers++) {
        got.memory = malloc(bytes + sizeof(float));
        got.data = got.memory + 1;
        memcpy(got.data, c.data, bytes);
        for (int32_t worker = workers - 1; worker >= 0; worker--) {
            memset(scratch[worker], 0xff, (size_t)table->gemm_scratch());
            table->gemm(s.m, s.n, s.k, a.data, a.row, a.col, b.data, b.row, b.col, got.data, got.row, accumulate,
                        worker, workers, scratch[worker]);
        }
        if (memcmp(got.data, right.data, bytes) != 0) {
            printf("m %d, n %d, k %d, layouts %d and %d, accumulate %d, workers %d: other bits than those of the "
                   "stated arithmetic\n", s.m, s.n, s.k, a_layout, b_layout, accumulate, workers);
            good = 0;
        }
        free(got.memory);
    }
    free(a.memory);
    free(b.memory);
    free(c.memory);
    free(right.data);
    free(product);
    free(bound);
    return good;
}

/* Returns the number of failures. */
static int gemm_test(const struct tactus_gemm *table, uint64_t seed) {
    static const struct shape SHAPES[] = {
        {1, 1, 1},     {1, 64, 1},    {1, 65, 300},  {2, 97, 193},  {3, 24, 5},    {4, 24, 192},
        {5, 25, 191},  {7, 48, 385},  {8, 49, 16},   {16, 16, 16},  {24, 72, 96},  {24, 100, 577},
        {25, 23, 48},  {33, 31, 49},  {95, 96, 17},  {96, 97, 50},  {97, 95, 200}, {98, 193, 64},
        {130, 130, 3}, {200, 10, 24}, {193, 99, 47}, {300, 1, 50},  {300, 50, 1},  {4, 600, 194},
        {100, 530, 7}, {3, 1000, 10}, {101, 990, 49}, {1000, 3, 10}, {97, 97, 400}, {98, 1000, 20}};
    const int fixed = sizeof SHAPES / sizeof *SHAPES;
    void *scratch[MAX_WORKERS];
    int failures = 0, cases = 0;
    state = seed;
    for (int i = 0; i < MAX_WORKERS; i++) {
        scratch[i] = aligned_alloc(64, (size_t)table->gemm_scratch());
    }
    for (int i = 0; i < fixed + RANDOM_SHAPES; i++) {
        const struct shape any = {1 + random_below(130), 1 + random_below(130), 1 + random_below(420)};
        for (int layouts = 0; layouts < 9; layouts++) {
            const int accumulate = (i + layouts) & 1;
            if (i < fixed) {
                failures += !check(table, SHAPES[i], layouts / 3, layouts % 3, accumulate, scratch);
                cases++;
                if ((int64_t)SHAPES[i].m * SHAPES[i].n * SHAPES[i].k < LARGE) {
                    failures += !check(table, SHAPES[i], layouts / 3, layouts % 3, !accumulate, scratch);
                    cases++;
                }
            } else if (layouts == i % 9 || layouts == 1) {
                failures += !check(table, any, layouts / 3, layouts % 3, accumulate, scratch);
                cases++;
            }
        }
    }
    for (int i = 0; i < MAX_WORKERS; i++) {
        free(scratch[i]);
    }
    printf("gemm: %d cases, seed %llu, %d failures\n", cases, (unsigned long long)seed, failures);
    return failures;
}

int main(int count, char **arguments) {
    extern const struct tactus_gemm TACTUS_TABLE;
    return gemm_test(&TACTUS_TABLE, count > 1 ? strtoull(arguments[1], 0, 10) : 20250729u) != 0;
}
