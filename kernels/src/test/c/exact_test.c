/*
 * Tests a table of the EXACT class, TACTUS_TABLE_UNDER_TEST, against exact_reference.h: every op at odd sizes, bit for
 * bit, each row alone as among others. Every buffer has exactly the size that the op may touch, so that the address
 * sanitizer sees the first byte too far (except in a masked load or store, of which it knows nothing: there
 * -DTACTUS_WIDE, which has none, and the guard pages of the Java tests watch). run.sh compiles and runs it.
 */
#include "exact_reference.h"

extern const struct tactus_exact TACTUS_TABLE_UNDER_TEST;

static const struct tactus_exact *const ops = &TACTUS_TABLE_UNDER_TEST;

/* [first, last) within [0, n), not empty. */
struct range {
    int first, last;
};

static struct range make_range(int n) {
    const int first = below(3) == 0 ? 0 : below(n);
    return (struct range){first, below(3) == 0 ? n : first + 1 + below(n - first)};
}

/* n random elements of a matrix, at an address that no type likes. */
static char *make_matrix(int type, int64_t n) {
    char *w = (char *)make_bytes(n * ref_element_bytes(type) + 1) + 1;
    for (int64_t i = 0; i < n; i++) {
        const uint32_t bits = bits_of(number());
        const uint16_t half = (uint16_t)(bits >> 16);
        memcpy(w + i * ref_element_bytes(type), type == TACTUS_BF16 ? (const void *)&half : (const void *)&bits,
               (size_t)ref_element_bytes(type));
    }
    return w;
}

/* ---- products ---- */

/* y begins at column n0 of its first row and ends at column n1 of its last; what lies between must stay as it was. */
static void should_multiply(uint64_t seed, int type, int rows, int k, int outputs) {
    state = seed;
    const struct range n = make_range(outputs);
    const int64_t x_stride = k + below(4), y_stride = n.last + below(4);
    const int64_t row_bytes = k * ref_element_bytes(type), y_length = (rows - 1) * y_stride + n.last - n.first;
    const char *w = make_matrix(type, (int64_t)(n.last - n.first) * k);
    w = (const char *)((uintptr_t)w - (uintptr_t)(n.first * row_bytes));
    const float *x = make_numbers((rows - 1) * x_stride + k);
    float *want = make_floats(y_length), *got = make_floats(y_length), *alone = make_floats(n.last - n.first);
    void *scratch = make_scratch(ops->linear_scratch(k));
    ref_linear(type, w, n.first, n.last, k, x, x_stride, before(want, n.first), y_stride, rows);
    ops->linear(type, w, n.first, n.last, k, x, x_stride, before(got, n.first), y_stride, rows, scratch);
    check_same("linear", seed, want, got, y_length);
    for (int r = 0; r < rows; r++) {
        const float *row = copy_of(x + r * x_stride, k * 4);
        ops->linear(type, w, n.first, n.last, k, row, k, before(alone, n.first), n.last, 1, scratch);
        check_same("linear, a row alone", seed, want + r * y_stride, alone, n.last - n.first);
    }
    free_buffers();
}

/* Lanes that no element reaches, or that hold -0, must not have +0 added: every product here underflows to -0. */
static void should_keep_negative_zero(int type, int rows, int k) {
    enum { N = 9 };
    const float weight = 0x1p-100f;
    const uint16_t half = (uint16_t)(bits_of(weight) >> 16);
    char *w = make_bytes(N * k * ref_element_bytes(type));
    float *x = make_floats(rows * k), *y = make_floats(rows * N);
    for (int i = 0; i < N * k; i++) {
        memcpy(w + i * ref_element_bytes(type), type == TACTUS_BF16 ? (const void *)&half : (const void *)&weight,
               (size_t)ref_element_bytes(type));
    }
    for (int i = 0; i < rows * k; i++) {
        x[i] = -0x1p-100f;
    }
    ops->linear(type, w, 0, N, k, x, k, y, N, rows, make_scratch(ops->linear_scratch(k)));
    for (int i = 0; i < rows * N; i++) {
        CHECK(bits_of(y[i]) == (k < 32 ? 0 : 0x80000000u), "type %d, %d rows, k %d: output %d is %a", type, rows, k, i,
              (double)y[i]);
    }
    free_buffers();
}

/* y += scale * dot, one multiplication and one addition; what lies between rows must stay as it was. */
static void should_add_low_rank(uint64_t seed, int rows, int k, int outputs, float tiny) {
    state = seed;
    const struct range n = make_range(outputs);
    const int64_t t_stride = k + below(4), y_stride = n.last + below(4);
    const int64_t y_length = (rows - 1) * y_stride + n.last - n.first;
    float *b = make_numbers((int64_t)(n.last - n.first) * k), *t = make_numbers((rows - 1) * t_stride + k);
    for (int64_t i = 0; tiny > 0 && i < (int64_t)(n.last - n.first) * k; i++) {
        b[i] = tiny;
    }
    for (int64_t i = 0; tiny > 0 && i < (rows - 1) * t_stride + k; i++) {
        t[i] = -tiny;
    }
    float *want = make_numbers(y_length), *u = make_floats(n.last - n.first);
    for (int64_t i = 0; tiny > 0 && i < y_length; i++) {
        want[i] = -0.0f;
    }
    float *got = copy_of(want, y_length * 4);
    for (int r = 0; r < rows; r++) {
        ref_linear(TACTUS_F32, b, 0, n.last - n.first, k, t + r * t_stride, t_stride, u, 0, 1);
        for (int i = 0; i < n.last - n.first; i++) {
            const float scaled = 0.37f * u[i];
            want[r * y_stride + i] = want[r * y_stride + i] + scaled;
        }
    }
    ops->low_rank((const float *)((uintptr_t)b - (uintptr_t)n.first * (uintptr_t)k * 4), k, t, t_stride, rows, n.first,
                  n.last, 0.37f, before(got, n.first), y_stride, make_scratch(ops->linear_scratch(k)));
    check_same("low rank", seed, want, got, y_length);
    free_buffers();
}

static void test_low_rank(void) {
    uint64_t seed = 1;
    for (int k = 1; k <= 40; k++) {
        for (int rows = 1; rows <= 3; rows++) {
            should_add_low_rank(seed, rows, k, 1 + (int)(seed % 37), 0);
            should_add_low_rank(seed++, rows, k, 9, 0x1p-100f);
        }
    }
    should_add_low_rank(seed++, 40, 8, 200, 0);
    should_add_low_rank(seed++, 40, 130, 200, 0);
    should_add_low_rank(seed++, 17, 33, 65, 0);
}

static void test_linear(void) {
    static const int depths[] = {1, 7, 16, 17, 31, 32, 33, 47, 48, 64, 75, 96, 129};
    static const int shapes[][3] = {{300, 33, 5}, {40, 4100, 6}, {17, 640, 9}, {1, 2000, 7}, {64, 96, 3}};
    uint64_t seed = 1;
    for (int type = TACTUS_F32; type <= TACTUS_BF16; type++) {
        for (int rows = 1; rows <= 11; rows++) {
            for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++) {
                should_multiply(seed, type, rows, depths[i], 1 + (int)(seed % 14));
                seed++;
            }
        }
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
            should_multiply(seed++, type, shapes[i][0], shapes[i][1], shapes[i][2]);
        }
        for (int rows = 1; rows <= 5; rows++) {
            for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++) {
                should_keep_negative_zero(type, rows, depths[i]);
            }
        }
    }
}

/* ---- attention ---- */

enum { MAX_QUERIES = 20, MAX_PAGES = 12 };

/* A page table in a buffer of its own, of pages in buffers of their own. */
static const int64_t *make_pages(const struct tactus_attention *shape) {
    const int64_t count = shape->sink_pages + shape->ring_pages;
    int64_t *pages = make_bytes(count * 8);
    CHECK(count <= MAX_PAGES, "%ld pages", (long)count);
    for (int64_t i = 0; i < count; i++) {
        pages[i] = (int64_t)(intptr_t)make_bytes(shape->layer_offset + 2 * shape->kv_heads * shape->head_dim * 256 * 4);
    }
    return pages;
}

/* Appends the key and value of a position by the op, to pages by plain loops as well, head by head at times. */
static void append(const struct tactus_attention *shape, int64_t position, const int64_t *pages, const int64_t *want) {
    const int heads = (int)shape->kv_heads, cut = below(heads + 1);
    float *k = malloc((size_t)(shape->kv_heads * shape->head_dim) * 4);
    float *v = malloc((size_t)(shape->kv_heads * shape->head_dim) * 4);
    for (int i = 0; i < heads * (int)shape->head_dim; i++) {
        k[i] = number();
        v[i] = number();
    }
    ref_append_kv(shape, k, v, want, position, 0, heads);
    ops->append_kv(shape, k, v, pages, position, 0, cut);
    ops->append_kv(shape, k, v, pages, position, cut, heads);
    free(k);
    free(v);
}

/* What a query sees and no more: the rest of the pages stays NaN, or holds what the ring held before. */
static void fill(const struct tactus_attention *shape, int64_t lowest, int64_t highest, const int64_t *pages) {
    const int64_t *want = make_pages(shape);
    const int64_t window = lowest - shape->window + 1;
    for (int64_t position = 0; position < shape->sinks && position <= highest; position++) {
        append(shape, position, pages, want);
    }
    for (int64_t position = window < 0 ? 0 : window; position <= highest; position++) {
        append(shape, position, pages, want);
    }
    for (int64_t i = 0; i < shape->sink_pages + shape->ring_pages; i++) {
        check_same("append_kv", 0, (void *)(intptr_t)want[i], (void *)(intptr_t)pages[i],
                   shape->layer_offset / 4 + 2 * shape->kv_heads * shape->head_dim * 256);
    }
}

/* Queries of up to `rows` rows from a position on; heads_per_row of them for each. */
static void should_attend(uint64_t seed, struct tactus_attention shape, int64_t position, int rows,
                          int heads_per_row) {
    state = seed;
    const int count = rows * heads_per_row, kv_head = below((int)shape.kv_heads), d = (int)shape.head_dim;
    const int64_t *pages = make_pages(&shape);
    const float *proj = make_numbers(shape.d_rel * shape.extent);
    void *scratch = make_scratch(ops->attend_scratch(d));
    struct tactus_query queries[MAX_QUERIES];
    float *want[MAX_QUERIES];
    CHECK(count <= MAX_QUERIES, "%d queries", count);
    fill(&shape, position, position + rows - 1, pages);
    for (int i = 0; i < count; i++) {
        queries[i] = (struct tactus_query){make_numbers(d), make_numbers(shape.d_rel), make_floats(d),
                                           position + i / heads_per_row, i % 3 == 0 ? 1 : 1.25f};
        want[i] = make_floats(d);
        ref_attend(&shape, kv_head, &queries[i], proj, pages, want[i]);
    }
    ops->attend(&shape, kv_head, queries, count, proj, pages, scratch);
    for (int i = 0; i < count; i++) {
        check_same("attend", seed, want[i], queries[i].out, d);
        memset(queries[i].out, 0xff, (size_t)d * 4);
        ops->attend(&shape, kv_head, &queries[i], 1, proj, pages, scratch);
        check_same("attend, a query alone", seed, want[i], queries[i].out, d);
    }
    free_buffers();
}

/* The shape with as many pages as its window and a few rows want. */
static struct tactus_attention attention_of(int kv_heads, int head_dim, int d_rel, int extent, int window, int sinks) {
    return (struct tactus_attention){kv_heads * 2, kv_heads, head_dim, d_rel, extent, window, sinks,
                                     (sinks + 255) / 256, (window + 260) / 256 + 1, 64};
}

static void test_attend(void) {
    static const int64_t positions[] = {0,   1,   30,  31,  32,   100,  254,
                                        255, 256, 300, 600, 1022, 1024, (INT64_C(1) << 31) + 77};
    static const int windows[] = {1, 2, 31, 33, 70, 255, 256, 257};
    static const int sinks[] = {0, 1, 16, 40, 256, 300};
    static const int dims[] = {1, 5, 8, 12, 16, 24, 32, 40, 64, 96, 100, 128, 160};
    static const int rels[] = {1, 4, 5, 8, 16, 32, 33};
    uint64_t seed = 1;
    for (size_t i = 0; i < sizeof positions / sizeof positions[0]; i++) {
        for (int s = 0; s < 6; s++) {
            const struct tactus_attention shape =
                attention_of(1, 16, 4, 40 + (int)(seed % 60), windows[seed % 8], sinks[s]);
            should_attend(seed, shape, positions[i], 1 + (int)(seed % 3), 1 + (int)(seed % 5));
            seed++;
        }
        should_attend(seed++, attention_of(2, 64, 16, 512, 600, 16), positions[i], 2, 3);
    }
    for (size_t i = 0; i < sizeof dims / sizeof dims[0]; i++) {
        for (size_t j = 0; j < sizeof rels / sizeof rels[0]; j++) {
            should_attend(seed, attention_of(2, dims[i], rels[j], 37, 90, 3), 270 + (int)(seed % 200), 2, 2);
            seed++;
        }
    }
    should_attend(seed, attention_of(1, 32, 16, 64, 500, 4), 777, 1, 20);
}

/* ---- rows ---- */

static void should_normalise(uint64_t seed, int rows, int d, float divisor, int in_place) {
    state = seed;
    const struct range r = make_range(rows);
    const int64_t n = (int64_t)(r.last - r.first) * d, skipped = (int64_t)r.first * d;
    const float *x = make_numbers(n), *w = make_numbers(d);
    float *want = make_floats(n), *got = in_place ? copy_of(x, n * 4) : make_floats(n);
    for (int i = 0; i < r.last - r.first; i++) {
        ref_rms_norm(x + i * d, w, want + i * d, d, 1e-6f, divisor);
    }
    ops->rms_norm(before(in_place ? got : x, skipped), w, before(got, skipped), d, 1e-6f, divisor, r.first, r.last);
    check_same("rms_norm", seed, want, got, n);
    free_buffers();
}

/* residual 0: none, 1: a buffer of its own, 2: the output. */
static void should_convolve(uint64_t seed, int kernel, int rows, int channels, int residual) {
    state = seed;
    const struct range c = make_range(channels);
    const int64_t skipped = c.first, n = (rows - 1) * (int64_t)channels + c.last - c.first;
    const int64_t taps = (kernel - 1) * (int64_t)channels + c.last - c.first;
    const int64_t carried = kernel == 1 ? 0 : taps - channels;
    const float *x = make_numbers(n), *w = make_numbers(taps);
    const float *added = make_numbers(n), *old_carry = make_numbers(carried);
    float *carry[3], *y[3];
    for (int i = 0; i < 3; i++) {
        carry[i] = copy_of(old_carry, carried * 4);
        y[i] = residual == 2 ? copy_of(added, n * 4) : make_floats(n);
    }
    const float *from[3] = {added, added, added};
    for (int i = 0; i < 3; i++) {
        from[i] = residual == 2 ? y[i] : added;
    }
#define CONVOLVE(op, i, t, count)                                                                               \
    op(before(x + (t) * channels, skipped), before(w, skipped), before(carry[i], skipped),                      \
       residual ? before(from[i] + (t) * channels, skipped) : NULL, before(y[i] + (t) * channels, skipped), channels, \
       kernel, count, c.first, c.last)
    CONVOLVE(ref_short_conv, 0, 0, rows);
    CONVOLVE(ops->short_conv, 1, 0, rows);
    for (int t = 0; t < rows; t++) {
        CONVOLVE(ops->short_conv, 2, t, 1);
    }
    check_same("short_conv", seed, y[0], y[1], n);
    check_same("short_conv, the carry", seed, carry[0], carry[1], carried);
    check_same("short_conv, a row at a time", seed, y[0], y[2], n);
    check_same("short_conv, the carry, a row at a time", seed, carry[0], carry[2], carried);
    free_buffers();
}

static void should_widen_and_bag(uint64_t seed, int type, int mels, int bins, int d) {
    state = seed;
    const struct range c = make_range(d);
    const char *table = make_matrix(type, (int64_t)mels * bins * d);
    int32_t *bin = make_bytes(mels * 4);
    for (int m = 0; m < mels; m++) {
        bin[m] = m == mels - 1 ? bins - 1 : below(bins);
    }
    float *want = make_floats(c.last - c.first), *got = make_floats(c.last - c.first);
    ref_audio_bag(type, table, bin, mels, bins, d, before(want, c.first), c.first, c.last);
    ops->audio_bag(type, table, bin, mels, bins, d, before(got, c.first), c.first, c.last);
    check_same("audio_bag", seed, want, got, c.last - c.first);
    float *wide = make_floats(d), *widened = make_floats(d);
    const char *last = table + (int64_t)(mels * bins - 1) * d * ref_element_bytes(type);
    ref_widen(type, last, wide, d);
    ops->widen(type, last, widened, d);
    check_same("widen", seed, wide, widened, d);
    free_buffers();
}

static void should_gate(uint64_t seed, int n, int scaled) {
    state = seed;
    const struct range i = make_range(n);
    const int64_t count = i.last - i.first;
    float *gu = make_numbers(2 * count), *want = make_floats(count), *got = make_floats(count);
    for (int64_t at = 0; at < 2 * count; at++) {
        gu[at] *= 9;
    }
    ref_swiglu(before(gu, 2 * i.first), before(want, i.first), i.first, i.last, scaled, 0.3f);
    ops->swiglu(before(gu, 2 * i.first), before(got, i.first), i.first, i.last, scaled, 0.3f);
    check_same("swiglu", seed, want, got, count);
    free_buffers();
}

/* gelu, scale, fma_row and add_row after each other. */
static void should_work_on_rows(uint64_t seed, int n) {
    state = seed;
    const struct range i = make_range(n);
    const int64_t count = i.last - i.first;
    const float *y = make_numbers(count);
    float *want = make_numbers(count), *got = copy_of(want, count * 4);
    for (int64_t at = 0; at < count; at++) {
        want[at] = ref_gelu(want[at]);
    }
    ops->gelu(before(got, i.first), i.first, i.last);
    check_same("gelu", seed, want, got, count);
    for (int at = 0; at < count; at++) {
        want[at] = ref_silu(want[at]);
    }
    ops->silu(before(got, i.first), i.first, i.last);
    check_same("silu", seed, want, got, count);
    for (int64_t at = 0; at < count; at++) {
        const float scaled = want[at] * 1.7f;
        want[at] = fmaf(0.3f, y[at], scaled) + y[at];
    }
    ops->scale(before(got, i.first), 1.7f, i.first, i.last);
    ops->fma_row(0.3f, before(y, i.first), before(got, i.first), i.first, i.last);
    ops->add_row(before(y, i.first), before(got, i.first), i.first, i.last);
    check_same("scale, fma_row, add_row", seed, want, got, count);
    free_buffers();
}

static void test_rows(void) {
    uint64_t seed = 1;
    for (int d = 1; d <= 100; d++, seed++) {
        should_normalise(seed, 5, d == 100 ? 1152 : d, d % 2 ? 1 : 3, d % 3 == 0);
        should_widen_and_bag(seed, d % 2, 1 + d % 11, 1 + d % 5, d == 100 ? 384 : d);
        should_gate(seed, d, d % 2);
        should_work_on_rows(seed, d);
    }
    for (int kernel = 1; kernel <= 6; kernel++) {
        for (int rows = 1; rows <= 7; rows++) {
            for (int residual = 0; residual < 3; residual++, seed++) {
                should_convolve(seed, kernel, rows, 1 + (int)(seed % 40), residual);
            }
        }
    }
}

/* ---- choices ---- */

static void should_route(uint64_t seed, int routed, int shared, int chosen) {
    state = seed;
    float *z = make_numbers(routed + shared), *bias = make_numbers(routed);
    for (int e = 0; e < routed + shared; e++) {
        z[e] = seed % 4 == 0 ? (float)below(3) : z[e] * 4; /* every fourth has many equals */
    }
    for (int e = 0; e < routed; e++) {
        bias[e] = seed % 4 == 0 ? 0 : bias[e];
    }
    const int n = chosen + shared;
    int32_t *want = make_bytes(n * 4), *got = make_bytes(n * 4);
    float *want_p = make_floats(n), *got_p = make_floats(n);
    ref_route(z, bias, routed, shared, chosen, 2.5f, want, want_p);
    ops->route(z, bias, routed, shared, chosen, 2.5f, got, got_p);
    check_same("route, experts", seed, want, got, n);
    check_same("route, weights", seed, want_p, got_p, n);
    free_buffers();
}

/* Random sets of allowed ids, of which one in `sparse` is in the mask. */
static void should_draw(uint64_t seed, int vocabulary, int top_k, int sparse) {
    state = seed;
    float *logits = make_numbers(vocabulary);
    const int words = (vocabulary + 63) / 64;
    uint64_t *mask = memset(make_bytes(words * 8), 0, (size_t)words * 8);
    for (int id = 0; id < vocabulary; id++) {
        logits[id] = seed % 4 == 1 ? (float)below(5) : seed % 4 == 2 ? (float)id * 0.01f : logits[id];
        mask[id / 64] |= (uint64_t)(below(sparse) == 0) << (id % 64);
    }
    void *scratch = make_scratch(ops->sample_scratch());
    for (int32_t tick = 0; tick < 8; tick++) {
        const struct tactus_sampling parameters = {tick == 0 ? 0 : 0.3f * (float)tick, tick % 2 ? 0.8f : 1, top_k};
        const int32_t want = ref_sample(logits, vocabulary, mask, &parameters, (int64_t)seed << 30, tick, 3);
        const int32_t got = ops->sample(logits, vocabulary, mask, &parameters, (int64_t)seed << 30, tick, 3, scratch);
        CHECK(want == got, "seed %lu, %d ids, top-k %d, tick %d: %d drawn, not %d", (unsigned long)seed, vocabulary,
              top_k, tick, got, want);
    }
    logits[below(vocabulary)] = seed % 2 ? NAN : -INFINITY;
    const struct tactus_sampling greedy = {0, 1, 1};
    CHECK(ops->sample(logits, vocabulary, mask, &greedy, 1, 2, 3, scratch) == -1, "seed %lu", (unsigned long)seed);
    free_buffers();
}

static void test_choices(void) {
    static const int vocabularies[] = {1, 7, 63, 64, 65, 127, 300, 1001, 3000};
    static const int top_ks[] = {1, 2, 40, 255, 256};
    uint64_t seed = 1;
    for (int routed = 1; routed <= 70; routed++, seed++) {
        should_route(seed, routed, (int)(seed % 4), 1 + below(routed < 40 ? routed : 40));
    }
    for (size_t i = 0; i < sizeof vocabularies / sizeof vocabularies[0]; i++) {
        for (size_t j = 0; j < sizeof top_ks / sizeof top_ks[0]; j++) {
            for (int sparse = 1; sparse <= 40; sparse += 13) {
                should_draw(seed++, vocabularies[i], top_ks[j], sparse);
            }
        }
    }
}

/* ---- audio and vision ---- */

static void should_fold_a_window(uint64_t seed, int silent) {
    state = seed;
    const float *left = silent ? NULL : make_numbers(800), *right = make_numbers(800), *hann = make_numbers(1600);
    float *want[2] = {make_floats(801), make_floats(799)}, *got[2] = {make_floats(801), make_floats(799)};
    ref_mel_fold(left, right, hann, want[0], want[1]);
    ops->mel_fold(left, right, hann, got[0], got[1]);
    check_same("mel_fold, even", seed, want[0], got[0], 801);
    check_same("mel_fold, odd", seed, want[1], got[1], 799);
    free_buffers();
}

static void should_measure_and_bin(uint64_t seed, int n, int thresholds) {
    state = seed;
    float *re = make_numbers(n), *im = make_numbers(n), *limits = make_numbers(thresholds);
    float *want = make_floats(n), *got = make_floats(n);
    int32_t *want_bin = make_bytes(n * 4), *got_bin = make_bytes(n * 4);
    for (int i = 0; i < n; i++) {
        re[i] *= seed % 2 ? 1e-5f : 1;
        im[i] *= seed % 2 ? 1e-5f : 1;
        want[i] = ref_magnitude(re[i], im[i]);
    }
    ops->mel_magnitude(re, im, got, n);
    check_same("mel_magnitude", seed, want, got, n);
    for (int t = 0; t < thresholds; t++) {
        limits[t] = t % 3 == 0 ? got[t % n] : limits[t]; /* some are equal, which is not below */
    }
    for (int i = 0; i < n; i++) {
        want_bin[i] = ref_mel_bin(got[i], limits, thresholds);
    }
    ops->mel_bin(got, limits, thresholds, got_bin, n);
    check_same("mel_bin", seed, want_bin, got_bin, n);
    free_buffers();
}

/* The last patch of a frame, whose last byte is the frame's last. */
static void should_cut_and_fold(uint64_t seed, int patch, int cols, int rows, int ft, int fh, int fw) {
    state = seed;
    const int width = patch * cols, n = 2 * patch * patch * 3;
    uint8_t *frames[2];
    for (int f = 0; f < 2; f++) {
        frames[f] = make_bytes((int64_t)width * patch * rows * 3);
        for (int i = 0; i < width * patch * rows * 3; i++) {
            frames[f][i] = (uint8_t)below(256);
        }
    }
    const float *table = make_numbers(3 * 256);
    float *want = make_floats(n), *got = make_floats(n), *folded = make_floats(n), *got_folded = make_floats(n);
    ref_patch_pixels(frames[0], frames[1], width, patch, rows - 1, cols - 1, table, want);
    ops->patch_pixels(frames[0], frames[1], width, patch, rows - 1, cols - 1, table, got);
    check_same("patch_pixels", seed, want, got, n);
    ref_fold(got, 2, patch, patch, 3, ft, fh, fw, folded);
    ops->fold(got, 2, patch, patch, 3, ft, fh, fw, got_folded);
    check_same("fold", seed, folded, got_folded, n);
    free_buffers();
}

static void test_senses(void) {
    for (uint64_t seed = 1; seed <= 40; seed++) {
        should_fold_a_window(seed, seed % 2 == 0);
        should_measure_and_bin(seed, seed == 40 ? 801 : (int)seed, 1 + (int)(seed % 17));
    }
    should_cut_and_fold(1, 4, 3, 2, 2, 2, 2);
    should_cut_and_fold(2, 6, 1, 1, 1, 3, 2);
    should_cut_and_fold(3, 10, 2, 3, 2, 5, 1);
}

/* ---- speech ---- */

static struct tactus_flow_matrix make_flow_matrix(int64_t rows, int64_t cols) {
    const int type = below(2);
    return (struct tactus_flow_matrix){make_matrix(type, rows * cols), type};
}

static void should_flow(uint64_t seed, int rows, int hidden, int block, int width, int layers, int steps) {
    state = seed;
    struct tactus_flow_layer *made = make_bytes(layers * (int64_t)sizeof *made);
    for (int i = 0; i < layers; i++) {
        const struct tactus_flow_matrix a = make_flow_matrix(width, width), b = make_flow_matrix(width, width);
        made[i] = (struct tactus_flow_layer){make_numbers(width), a, b};
    }
    const struct tactus_flow head = {.hidden = hidden,
                                     .block = block,
                                     .width = width,
                                     .layer_count = layers,
                                     .steps = steps,
                                     .time = make_numbers(steps * width),
                                     .x = make_flow_matrix(width, block),
                                     .c = make_flow_matrix(width, hidden),
                                     .out = make_flow_matrix(block, width),
                                     .norm = make_numbers(width),
                                     .layers = made};
    const float *c = make_numbers(rows * hidden);
    float *want = make_numbers(rows * block), *got = copy_of(want, rows * block * 4);
    int longest = hidden > block ? hidden : block;
    longest = longest > width ? longest : width;
    const int64_t row_bytes = (32 * (4 * width + block) * 4 + 63) & -64;
    for (int r = 0; r < rows; r++) {
        ref_flow_row(&head, c + r * hidden, want + r * block);
    }
    ops->flow(&head, c, got, rows, make_scratch(row_bytes + ops->linear_scratch(longest)));
    check_same("flow", seed, want, got, rows * block);
    free_buffers();
}

static void test_flow(void) {
    should_flow(1, 1, 1, 1, 1, 0, 1);
    should_flow(2, 3, 21, 15, 13, 2, 3);
    should_flow(3, 1, 40, 33, 31, 1, 2);
    should_flow(4, 35, 12, 10, 17, 1, 2);
    should_flow(5, 65, 33, 9, 40, 3, 1);
    should_flow(6, 2, 64, 400, 48, 3, 6);
}

#define STRING_(x) #x
#define STRING(x) STRING_(x)

int main(void) {
    test_linear();
    test_low_rank();
    test_attend();
    test_rows();
    test_choices();
    test_senses();
    test_flow();
    printf("%s: passed\n", STRING(TACTUS_TABLE_UNDER_TEST));
    return 0;
}
