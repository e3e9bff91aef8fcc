/*
 * EXACT attention of a few queries over the KV pages of one session and kv head, split by split (a split is a page).
 *
 * Queries that share a kv head go together, so that keys and values come from memory once for all of them. Within a
 * split, keys are taken in tiles of KEY_TILE positions:
 *
 *   keys   [positions / KEY_TILE, head_dim, KEY_TILE]     a score needs 32 accumulators per key: lanes are positions
 *   values [positions, head_dim]                          lanes are dimensions
 *
 * Scores of a split, of all queries, come first; then their weights; then the weighted sum of values.
 */
#ifndef TACTUS_ATTENTION_H
#define TACTUS_ATTENTION_H

#include <math.h>

enum {
    KEY_TILE = TACTUS_KEY_TILE,
    VALUE_TILE = 32,   /* positions whose values stay in L1 while all queries read them */
    MAX_QUERIES = 8,   /* that are computed together */
    SUM_QUERIES = 3,   /* queries times SUM_VECTORS vectors of dimensions are accumulated in registers */
    SUM_VECTORS = 4
};

/* Positions of a split that a query sees: [0, sink_end) and [begin, end), as slots of the page. */
struct visible {
    int sink_end, begin, end;
};

/* What a query has gathered so far, and its split at work. */
struct query_state {
    struct visible seen;
    float m, l, split_m, split_l;
    int started;
};

/* Scratch: weights [MAX_QUERIES, 256], then sums [MAX_QUERIES, head_dim]. */
static int64_t attend_scratch(int32_t max_head_dim) {
    return (int64_t)sizeof(float) * MAX_QUERIES * (TACTUS_PAGE_POSITIONS + ((max_head_dim + 15) & ~15));
}

V_INLINE int64_t max_i64(int64_t a, int64_t b) { return a > b ? a : b; }

V_INLINE int clamp_slot(int64_t slot) {
    return slot < 0 ? 0 : slot > TACTUS_PAGE_POSITIONS ? TACTUS_PAGE_POSITIONS : (int)slot;
}

V_INLINE struct visible visible_of(const struct tactus_attention *shape, int64_t position, int64_t split) {
    const int64_t first = split << TACTUS_PAGE_SHIFT;
    struct visible v;
    v.end = clamp_slot(position + 1 - first);
    v.begin = clamp_slot(max_i64(0, position - shape->window + 1) - first);
    if (v.begin > v.end) {
        v.begin = v.end;
    }
    v.sink_end = clamp_slot(shape->sinks - first);
    if (v.sink_end >= v.begin) { /* they touch: one range */
        v.begin = 0;
        v.sink_end = 0;
    }
    return v;
}

V_INLINE int sees_nothing(struct visible v) { return v.sink_end == 0 && v.begin >= v.end; }

/* Whether [from, to) is seen as a whole. */
V_INLINE int sees_all(struct visible v, int from, int to) {
    return to <= v.sink_end || (from >= v.begin && to <= v.end);
}

/* Whether any of [from, to) is seen. */
V_INLINE int sees_any(struct visible v, int from, int to) {
    return from < v.sink_end || (from < v.end && to > v.begin);
}

V_INLINE const char *page_of(const struct tactus_attention *shape, const int64_t *pages, int64_t split) {
    const int64_t index =
        split < shape->sink_pages ? split : shape->sink_pages + (split - shape->sink_pages) % shape->ring_pages;
    return (const char *)(intptr_t)pages[index] + shape->layer_offset;
}

/* The split after one that was visited: the next with a sink, or the first of the window. */
V_INLINE int64_t next_split(const struct tactus_attention *shape, int64_t position, int64_t split) {
    const int64_t next = split + 1;
    const int64_t window = max_i64(0, position - shape->window + 1) >> TACTUS_PAGE_SHIFT;
    return next << TACTUS_PAGE_SHIFT < shape->sinks ? next : max_i64(next, window);
}

/*
 * Dot products of q [n] with 2 * VL columns: element e of column c is at + e * stride + c. Accumulator l takes elements
 * l, l + 32, …; the tree is walked depth first, so that few of its 32 values are alive at a time. Accumulators beyond
 * n hold +0, and adding it could change nothing but the sign of a zero, which no weight depends on: they are left out.
 */
struct two {
    vf a, b;
};

/* Keeps the compiler from computing accumulators earlier than they are added, which costs it its registers. */
#if VL == 8 || defined(__AVX512F__)
#define HERE(a, b) __asm__ volatile("" : "+v"(a), "+v"(b))
#else
#define HERE(a, b) (void)0
#endif

V_INLINE struct two lane_sum(const float *q, const float *at, int64_t stride, const int n, const int l) {
    struct two s = {{0}, {0}};
    for (int e = l; e < n; e += 32) {
        const vf element = v_set(q[e]);
        s.a = v_fma(element, v_load(at + e * stride), s.a);
        s.b = v_fma(element, v_load(at + e * stride + VL), s.b);
    }
    HERE(s.a, s.b);
    return s;
}

#define TREE(name, below, o)                                                                                           \
    V_INLINE struct two name(const float *q, const float *at, int64_t stride, const int n, const int l) {              \
        const struct two x = below(q, at, stride, n, l);                                                               \
        if (l + (o) >= n) {                                                                                            \
            return x;                                                                                                  \
        }                                                                                                              \
        const struct two y = below(q, at, stride, n, l + (o));                                                         \
        struct two s = {x.a + y.a, x.b + y.b};                                                                         \
        HERE(s.a, s.b);                                                                                                \
        return s;                                                                                                      \
    }

TREE(tree_16, lane_sum, 16)
TREE(tree_8, tree_16, 8)
TREE(tree_4, tree_8, 4)
TREE(tree_2, tree_4, 2)
TREE(tree_1, tree_2, 1)

/* Scores of a query over [from, from + 2 * VL) before the bias: dot / head_dim. */
#define KEY_DOTS(name, D)                                                                                              \
    static void name(const float *q, const float *keys, int from, int to, int32_t n, float *p) {                       \
        (void)n;                                                                                                       \
        const vf dimensions = v_set((float)(D));                                                                       \
        for (int s = from; s < to; s += 2 * VL, keys += 2 * VL) {                                                      \
            const struct two dots = tree_1(q, keys, KEY_TILE, D, 0);                                                   \
            v_store(p + s, dots.a / dimensions);                                                                       \
            v_store(p + s + VL, dots.b / dimensions);                                                                  \
        }                                                                                                              \
    }

KEY_DOTS(key_dots_16, 16)
KEY_DOTS(key_dots_32, 32)
KEY_DOTS(key_dots_64, 64)
KEY_DOTS(key_dots_128, 128)
KEY_DOTS(key_dots_any, n)

typedef void key_dots(const float *q, const float *keys, int from, int to, int32_t n, float *p);

static key_dots *key_dots_of(int64_t head_dim) {
    switch (head_dim) {
    case 16:
        return key_dots_16;
    case 32:
        return key_dots_32;
    case 64:
        return key_dots_64;
    case 128:
        return key_dots_128;
    default:
        return key_dots_any;
    }
}

/* Lanes in reverse order. */
V_INLINE vf v_reverse(vf v) {
    vf r;
    for (int i = 0; i < VL; i++) {
        r[i] = v[VL - 1 - i];
    }
    return r;
}

/* The bias at distances [first, first + 2 * VL), all within the extent. */
V_INLINE struct two bias_inside(const float *r, const float *proj, int64_t first, int64_t extent, int32_t d_rel) {
    switch (d_rel) {
    case 4:
        return tree_1(r, proj + first, extent, 4, 0);
    case 8:
        return tree_1(r, proj + first, extent, 8, 0);
    case 16:
        return tree_1(r, proj + first, extent, 16, 0);
    case 32:
        return tree_1(r, proj + first, extent, 32, 0);
    default:
        return tree_1(r, proj + first, extent, d_rel, 0);
    }
}

/* The bias where some distances are negative or beyond the extent: zero there. */
static __attribute__((noinline)) struct two bias_edge(const float *r, const float *proj, int64_t first, int64_t extent,
                                                      int32_t d_rel) {
    float column[32 * 2 * VL];
    float total[2 * VL] = {0};
    const int64_t begin = max_i64(first, 0);
    const int64_t end = first + 2 * VL < extent ? first + 2 * VL : extent;
    memset(column, 0, sizeof column);
    for (int e = 0; e < d_rel; e++) {
        for (int64_t d = begin; d < end; d++) {
            float *lane = column + (e & 31) * 2 * VL + (d - first);
            *lane = __builtin_fmaf(r[e], proj[e * extent + d], *lane);
        }
    }
    for (int o = 16; o > 0; o >>= 1) {
        for (int l = 0; l < o; l++) {
            for (int s = 0; s < 2 * VL; s++) {
                column[l * 2 * VL + s] = column[l * 2 * VL + s] + column[(l + o) * 2 * VL + s];
            }
        }
    }
    memcpy(total, column, sizeof total);
    return (struct two){v_load(total), v_load(total + VL)};
}

/* Adds the bias to the scores of [from, to), both multiples of 2 * VL, and multiplies by tau. */
static __attribute__((noinline)) void add_bias(const struct tactus_attention *shape, const struct tactus_query *query,
                                               const float *proj, int64_t first_position, int from, int to, float *p) {
    const vf tau = v_set(query->tau);
    for (int s = from; s < to; s += 2 * VL) {
        /* the farthest slot is the first: distances rise as slots fall */
        const int64_t nearest = query->position - (first_position + s + 2 * VL - 1);
        struct two bias = {{0}, {0}};
        if (nearest >= 0 && nearest + 2 * VL <= shape->extent) {
            bias = bias_inside(query->r, proj, nearest, shape->extent, (int32_t)shape->d_rel);
        } else if (nearest < shape->extent) {
            bias = bias_edge(query->r, proj, nearest, shape->extent, (int32_t)shape->d_rel);
        }
        v_store(p + s, (v_load(p + s) + v_reverse(bias.b)) * tau);
        v_store(p + s + VL, (v_load(p + s + VL) + v_reverse(bias.a)) * tau);
    }
}

/* Turns scores into weights: p = exp(s - m), zero where nothing is seen; and their sum, lane = position mod 32. */
static __attribute__((noinline)) void weigh(struct query_state *state, float *p) {
    const struct visible seen = state->seen;
    for (int s = seen.sink_end; s < seen.begin; s++) {
        p[s] = -INFINITY;
    }
    const int end = (seen.end + 31) & ~31;
    for (int s = seen.end; s < end; s++) {
        p[s] = -INFINITY;
    }
    const int first = seen.sink_end > 0 ? 0 : seen.begin & ~31;
    vf m = v_set(-INFINITY);
    for (int s = first; s < end; s += VL) {
        m = v_max(m, v_load(p + s));
    }
    float most = m[0];
    for (int i = 1; i < VL; i++) {
        most = most > m[i] ? most : m[i];
    }
    vf sum[DOT_VECTORS] = {0};
    for (int s = first; s < end; s += 32) {
        for (int c = 0; c < DOT_VECTORS; c++) {
            const vf weight = v_exp(v_load(p + s + c * VL) - v_set(most));
            v_store(p + s + c * VL, weight);
            sum[c] = sum[c] + weight;
        }
    }
    state->split_m = most;
    state->split_l = v_tree_sum(sum);
}

/* o[q, d …] = fma(p, v, o) for Q queries and N vectors of dimensions over slots [from, to). */
V_INLINE void sum_values(const int Q, const int N, const float *values, int64_t head_dim, const float *p, float *o,
                         int64_t o_stride, int from, int to) {
    vf acc[SUM_QUERIES][8];
    for (int i = 0; i < Q; i++) {
        for (int n = 0; n < N; n++) {
            acc[i][n] = v_load(o + i * o_stride + n * VL);
        }
    }
    for (int s = from; s < to; s++) {
        vf weight[SUM_QUERIES];
        for (int i = 0; i < Q; i++) {
            weight[i] = v_set(p[i * TACTUS_PAGE_POSITIONS + s]);
        }
        for (int n = 0; n < N; n++) {
            vf value = v_load(values + s * head_dim + n * VL);
            KEEP(value);
            for (int i = 0; i < Q; i++) {
                acc[i][n] = v_fma(weight[i], value, acc[i][n]);
            }
        }
    }
    for (int i = 0; i < Q; i++) {
        for (int n = 0; n < N; n++) {
            v_store(o + i * o_stride + n * VL, acc[i][n]);
        }
    }
}

/* The dimensions that do not fill a vector. */
static void sum_values_rest(int queries, const float *values, int64_t head_dim, int64_t d, const float *p, float *o,
                            int64_t o_stride, int from, int to) {
    for (int i = 0; i < queries; i++) {
        for (; d < head_dim; d++) {
            for (int s = from; s < to; s++) {
                o[i * o_stride + d] =
                    __builtin_fmaf(p[i * TACTUS_PAGE_POSITIONS + s], values[s * head_dim + d], o[i * o_stride + d]);
            }
        }
        d = head_dim / VL * VL;
    }
}

/* All dimensions of one to SUM_QUERIES queries over slots [from, to). */
static void sum_range(int queries, const float *values, int64_t head_dim, const float *p, float *o, int64_t o_stride,
                      int from, int to) {
    int64_t d = 0;
    if (queries == 1) {
        for (; d + 8 * VL <= head_dim; d += 8 * VL) {
            sum_values(1, 8, values + d, head_dim, p, o + d, o_stride, from, to);
        }
    }
    for (; d + SUM_VECTORS * VL <= head_dim; d += SUM_VECTORS * VL) {
        switch (queries) {
        case 1:
            sum_values(1, SUM_VECTORS, values + d, head_dim, p, o + d, o_stride, from, to);
            break;
        case 2:
            sum_values(2, SUM_VECTORS, values + d, head_dim, p, o + d, o_stride, from, to);
            break;
        default:
            sum_values(3, SUM_VECTORS, values + d, head_dim, p, o + d, o_stride, from, to);
            break;
        }
    }
    for (; d + VL <= head_dim; d += VL) {
        for (int i = 0; i < queries; i++) {
            sum_values(1, 1, values + d, head_dim, p + i * TACTUS_PAGE_POSITIONS, o + i * o_stride + d, o_stride, from,
                       to);
        }
    }
    if (d < head_dim) {
        sum_values_rest(queries, values, head_dim, d, p, o, o_stride, from, to);
    }
}

/* Keys seen of one tile, in rising order. */
static void sum_seen(struct visible seen, const float *values, int64_t head_dim, const float *p, float *o, int from,
                     int to) {
    if (from < seen.sink_end) {
        sum_range(1, values, head_dim, p, o, 0, from, to < seen.sink_end ? to : seen.sink_end);
    }
    const int begin = from > seen.begin ? from : seen.begin;
    const int end = to < seen.end ? to : seen.end;
    if (begin < end) {
        sum_range(1, values, head_dim, p, o, 0, begin, end);
    }
}

/* Weighted sums of a split's values for all queries, tile by tile. */
static void sum_split(const struct query_state *states, int count, const float *values, int64_t head_dim,
                      const float *p, float *o, int64_t o_stride) {
    memset(o, 0, (size_t)(count * o_stride) * sizeof(float));
    for (int from = 0; from < TACTUS_PAGE_POSITIONS; from += VALUE_TILE) {
        const int to = from + VALUE_TILE;
        for (int i = 0; i < count;) {
            int together = 0;
            while (together < SUM_QUERIES && i + together < count && sees_all(states[i + together].seen, from, to)) {
                together++;
            }
            if (together > 0) {
                sum_range(together, values, head_dim, p + i * TACTUS_PAGE_POSITIONS, o + i * o_stride, o_stride, from,
                          to);
                i += together;
            } else {
                sum_seen(states[i].seen, values, head_dim, p + i * TACTUS_PAGE_POSITIONS, o + i * o_stride, from, to);
                i++;
            }
        }
    }
}

/* Scores of a split for all queries: a tile of keys serves all of them before the next one is touched. */
static void score_split(const struct tactus_attention *shape, const struct tactus_query *queries,
                        const struct query_state *states, int count, const float *keys, const float *proj,
                        int64_t split, float *p) {
    key_dots *const dots = key_dots_of(shape->head_dim);
    for (int from = 0; from < TACTUS_PAGE_POSITIONS; from += VALUE_TILE) {
        const int to = from + VALUE_TILE;
        const float *tile = keys + from / KEY_TILE * KEY_TILE * shape->head_dim + from % KEY_TILE;
        for (int i = 0; i < count; i++) {
            if (sees_any(states[i].seen, from, to)) {
                float *scores = p + i * TACTUS_PAGE_POSITIONS;
                dots(queries[i].q, tile, from, to, (int32_t)shape->head_dim, scores);
                add_bias(shape, &queries[i], proj, split << TACTUS_PAGE_SHIFT, from, to, scores);
            }
        }
    }
}

/* Joins the split at work to what a query has: NUMERICS.md, attention. */
static void merge_split(struct query_state *state, float *out, const float *o, int64_t head_dim) {
    if (!state->started) {
        memcpy(out, o, (size_t)head_dim * sizeof(float));
        state->m = state->split_m;
        state->l = state->split_l;
        state->started = 1;
        return;
    }
    const float m = state->m > state->split_m ? state->m : state->split_m;
    const float a = f_exp(state->m - m), b = f_exp(state->split_m - m);
    const float part = state->split_l * b;
    state->l = __builtin_fmaf(state->l, a, part);
    state->m = m;
    int64_t d = 0;
    for (; d + VL <= head_dim; d += VL) {
        v_store(out + d, v_fma(v_load(out + d), v_set(a), v_load(o + d) * v_set(b)));
    }
    for (; d < head_dim; d++) {
        const float scaled = o[d] * b;
        out[d] = __builtin_fmaf(out[d], a, scaled);
    }
}

/* One split for all queries that see any of it. */
static void attend_split(const struct tactus_attention *shape, int32_t kv_head, const struct tactus_query *queries,
                         struct query_state *states, int count, const float *proj, const char *page, int64_t split,
                         float *p, float *o, int64_t o_stride) {
    const int64_t head = (int64_t)kv_head * TACTUS_PAGE_POSITIONS * shape->head_dim;
    const float *keys = (const float *)page + head;
    const float *values = keys + shape->kv_heads * TACTUS_PAGE_POSITIONS * shape->head_dim;
    score_split(shape, queries, states, count, keys, proj, split, p);
    for (int i = 0; i < count; i++) {
        if (!sees_nothing(states[i].seen)) {
            weigh(&states[i], p + i * TACTUS_PAGE_POSITIONS);
        }
    }
    sum_split(states, count, values, shape->head_dim, p, o, o_stride);
    for (int i = 0; i < count; i++) {
        if (!sees_nothing(states[i].seen)) {
            merge_split(&states[i], queries[i].out, o + i * o_stride, shape->head_dim);
        }
    }
}

static void attend_group(const struct tactus_attention *shape, int32_t kv_head, const struct tactus_query *queries,
                         int count, const float *proj, const int64_t *pages, float *p) {
    float *const o = p + MAX_QUERIES * TACTUS_PAGE_POSITIONS;
    const int64_t o_stride = (shape->head_dim + 15) & ~15;
    struct query_state states[MAX_QUERIES];
    int64_t lowest = queries[0].position, highest = lowest;
    for (int i = 0; i < count; i++) {
        states[i].started = 0;
        lowest = queries[i].position < lowest ? queries[i].position : lowest;
        highest = queries[i].position > highest ? queries[i].position : highest;
    }
    int64_t split = shape->sinks > 0 ? 0 : max_i64(0, lowest - shape->window + 1) >> TACTUS_PAGE_SHIFT;
    for (; split <= highest >> TACTUS_PAGE_SHIFT; split = next_split(shape, lowest, split)) {
        for (int i = 0; i < count; i++) {
            states[i].seen = visible_of(shape, queries[i].position, split);
        }
        attend_split(shape, kv_head, queries, states, count, proj, page_of(shape, pages, split), split, p, o,
                     o_stride);
    }
    for (int i = 0; i < count; i++) {
        float *out = queries[i].out;
        for (int64_t d = 0; d < shape->head_dim; d++) {
            out[d] = out[d] / states[i].l;
        }
    }
}

static void attend(const struct tactus_attention *shape, int32_t kv_head, const struct tactus_query *queries,
                   int32_t count, const float *proj, const int64_t *pages, void *scratch) {
    for (int32_t i = 0; i < count; i += MAX_QUERIES) {
        attend_group(shape, kv_head, queries + i, count - i < MAX_QUERIES ? count - i : MAX_QUERIES, proj, pages,
                     scratch);
    }
}

#endif
