/*
 * Attention of the rows of a pass over the KV pages of their sessions (EXACT).
 *
 * What. Row i of a session sees key j where j <= i and (i - j < window or j < sinks). A split is a page of 256
 * absolute positions. Score = (dot(q, k) / D + bias) * tau, bias = dot(r, proj[:, i - j]) where i - j < extent, else
 * +0. Per split m, l (lane = position mod 32) and o (keys rising); splits are joined in rising order (NUMERICS.md).
 *
 * Shapes. q, y [rows, heads, head_dim]; r [rows, heads, d_rel]; proj [d_rel, extent]; all float32. A page holds, at
 * layer_offset, keys [kv_heads, 256 / 32, head_dim, 32] and values [kv_heads, 256, head_dim]; a page table is int64
 * [sink_pages + ring_pages] device addresses, sinks first; split s stands at s, or at sink_pages + (s - sink_pages)
 * mod ring_pages. part [rows, heads, sink_pages + ring_pages, head_dim + 2]: o, m, l of a split.
 *
 *   tactus_attention_chunk   a block per (tile of 8 rows, kv head) walks the splits; needs no scratch
 *   tactus_attention_split   a block per (tile, split, kv head) leaves o, m and l of its split in `part`
 *   tactus_attention_merge   joins what they left, in order of splits
 *
 * The bits are the same both ways and for any rows beside. In a decode pass, where every row is another session's, a
 * tile is one row. The queries of a session in a tile (rows times heads of the kv head) go through a split 8 at a time,
 * so that a key or value that was read serves 4 of them from registers and all of them from the first cache.
 *
 * Bytes moved, per session, tile and kv head: 2 * 4 * head_dim for every key seen; q, r, y once; split and merge write
 * and read `part`. Floor: these over the memory's bandwidth; more than about 16 queries are bound by their fma, 2 for
 * every 4 bytes and query.
 */
#ifndef TACTUS_ATTENTION_CUH
#define TACTUS_ATTENTION_CUH


#include "exact.cuh"

enum {
    ATTENTION_THREADS = 256,   /* of a split: one per position of a page */
    ATTENTION_MERGE_THREADS = 128,
    ATTENTION_QUERIES = 8,     /* go through a split together: a warp weighs each */
    ATTENTION_QUAD = 4,        /* share a register's key */
    ATTENTION_PAGE = 256,
    ATTENTION_PAGE_SHIFT = 8,
    ATTENTION_KEY_TILE = 32
};

/* Stands for the weight of a key that a query does not see: every weight is at least 0. */
#define ATTENTION_UNSEEN (-1.0f)

/* The rows of a pass; tau NULL: 1. pages: per entry the address of its page table. */
struct AttentionPass {
    const int32_t *entry, *first_row, *rows_of_segment;
    const int32_t *rows, *segments;
    const int64_t *position;
    const float *tau;
    const int64_t *pages;
};

/* dev.tactus.kernel.AttentionShape. */
struct AttentionDims {
    int32_t heads, kv_heads, head_dim, d_rel, extent, sinks, sink_pages, ring_pages;
    int64_t window, layer_offset;
};

/* What rows bring along. */
struct AttentionRows {
    const float *q, *r, *proj;
};

/* All that a launch is given, beside where the result goes. */
struct AttentionOp {
    AttentionPass pass;
    AttentionDims dims;
    AttentionRows rows;
};

/* Positions of a split that a query sees, as slots of the page: [0, sink_end) and [begin, end). */
struct AttentionSeen {
    int sink_end, begin, end;
};

/* One of the queries that a block has at work. */
struct AttentionQuery {
    int64_t position;
    int vector; /* row * heads + head */
    int started;
    float tau, m, l, split_m, split_l, a, b;
    AttentionSeen seen;
};

/* The head of dynamic shared memory; q [2, head_dim, 4], r [2, d_rel, 4] and p [2, 256, 4] follow. */
struct AttentionShared {
    AttentionQuery query[ATTENTION_QUERIES];
    int count;
    int pad[3];
};

static_assert(sizeof(AttentionShared) == 464, "AttentionLaunches asks for it");

DEVICE float *attention_q(AttentionShared *s) { return reinterpret_cast<float *>(s + 1); }

DEVICE float *attention_r(AttentionShared *s, int head_dim) {
    return attention_q(s) + ATTENTION_QUERIES * head_dim;
}

DEVICE float *attention_p(AttentionShared *s, int head_dim, int d_rel) {
    return attention_r(s, head_dim) + ATTENTION_QUERIES * d_rel;
}

DEVICE int64_t attention_max(int64_t a, int64_t b) { return a > b ? a : b; }

DEVICE int attention_slot(int64_t slot) {
    return slot < 0 ? 0 : slot > ATTENTION_PAGE ? ATTENTION_PAGE : (int)slot;
}

DEVICE AttentionSeen attention_seen(int64_t window, int sinks, int64_t position, int64_t split) {
    const int64_t first = split << ATTENTION_PAGE_SHIFT;
    AttentionSeen seen;
    seen.end = attention_slot(position + 1 - first);
    seen.begin = attention_slot(attention_max(0, position - window + 1) - first);
    if (seen.begin > seen.end) {
        seen.begin = seen.end;
    }
    seen.sink_end = attention_slot(sinks - first);
    if (seen.sink_end >= seen.begin) { /* they touch: one range */
        seen.begin = 0;
        seen.sink_end = 0;
    }
    return seen;
}

DEVICE bool attention_none(AttentionSeen seen) { return seen.sink_end == 0 && seen.begin >= seen.end; }

DEVICE bool attention_sees(AttentionSeen seen, int slot) {
    return slot < seen.sink_end || (slot >= seen.begin && slot < seen.end);
}

/* The first slot that a query sees, and the end of those. */
DEVICE int attention_first(AttentionSeen seen) { return seen.sink_end > 0 ? 0 : seen.begin; }

DEVICE int attention_end(AttentionSeen seen) {
    return seen.end > seen.begin ? seen.end : seen.sink_end;
}

DEVICE int64_t attention_window_split(int64_t window, int64_t position) {
    return attention_max(0, position - window + 1) >> ATTENTION_PAGE_SHIFT;
}

/* The split after one that was visited: the next with a sink, or the first of the window. */
DEVICE int64_t attention_next(int64_t window, int sinks, int64_t position, int64_t split) {
    const int64_t next = split + 1;
    return next << ATTENTION_PAGE_SHIFT < sinks ? next : attention_max(next, attention_window_split(window, position));
}

/* KvRingLayout.tableIndex. */
DEVICE int attention_table_index(const AttentionDims &dims, int64_t split) {
    return split < dims.sink_pages ? (int)split
                                   : dims.sink_pages + (int)((split - dims.sink_pages) % dims.ring_pages);
}

/* The newest split up to `last` that stands at a place of the page table; negative: none. */
DEVICE int64_t attention_split_at(const AttentionDims &dims, int index, int64_t last) {
    if (index < dims.sink_pages) {
        return index;
    }
    const int64_t after = last - index; /* splits since the first one at this place */
    return after < 0 ? -1 : last - after % dims.ring_pages;
}

DEVICE const float *attention_page(const AttentionOp &op, int segment, int64_t split) {
    const int entry = op.pass.entry[segment];
    const int64_t *table = reinterpret_cast<const int64_t *>(op.pass.pages[entry]);
    const int64_t page = table[attention_table_index(op.dims, split)];
    return reinterpret_cast<const float *>(page + op.dims.layer_offset);
}

/* ---- products of four queries with a column, by the fixed tree ---- */

/* A number of each of N queries, next to each other in memory: read at once. */
template <int N> struct alignas(N * 4) AttentionPack {
    float v[N];
};

typedef AttentionPack<ATTENTION_QUAD> AttentionQuad;

DEVICE const AttentionQuad *attention_quads(const float *p) { return reinterpret_cast<const AttentionQuad *>(p); }

DEVICE AttentionQuad attention_plus(const AttentionQuad &x, const AttentionQuad &y) {
    AttentionQuad s;
    UNROLL
    for (int i = 0; i < ATTENTION_QUAD; i++) {
        s.v[i] = x.v[i] + y.v[i];
    }
    return s;
}

/* A column of keys: element e is at key + 32 e. Element e of four queries is q[e]. */
struct AttentionKeys {
    const AttentionQuad *q;
    const float *key;
    int n;

    DEVICE_METHOD void add(int e, AttentionQuad &s) const {
        const float k = key[e * ATTENTION_KEY_TILE];
        const AttentionQuad of = q[e];
        UNROLL
        for (int i = 0; i < ATTENTION_QUAD; i++) {
            s.v[i] = fma_rn(of.v[i], k, s.v[i]);
        }
    }
};

/* Columns of the relative bias, one per query: element e is at column[i] + e * extent; NULL: none, which gives +0. */
struct AttentionBias {
    const AttentionQuad *r;
    const float *column[ATTENTION_QUAD];
    int64_t extent;
    int n;

    DEVICE_METHOD void add(int e, AttentionQuad &s) const {
        const AttentionQuad of = r[e];
        UNROLL
        for (int i = 0; i < ATTENTION_QUAD; i++) {
            if (column[i] != nullptr) {
                s.v[i] = fma_rn(of.v[i], column[i][e * extent], s.v[i]);
            }
        }
    }
};

/* Accumulators l, l + 4, ..., l + 28 and the first three steps of the tree. */
template <class Column> DEVICE AttentionQuad attention_quarter(const Column &column, int l) {
    AttentionQuad a[8] = {};
    UNROLL_BY(1)
    for (int e = l; e < column.n; e += WARP) {
        UNROLL
        for (int j = 0; j < 8; j++) {
            if (e + 4 * j < column.n) {
                column.add(e + 4 * j, a[j]);
            }
        }
    }
    return attention_plus(attention_plus(attention_plus(a[0], a[4]), attention_plus(a[2], a[6])),
                          attention_plus(attention_plus(a[1], a[5]), attention_plus(a[3], a[7])));
}

/* The products, a quarter of the accumulators after the other: 32 of them for 4 queries would not fit in registers. */
template <class Column> DEVICE AttentionQuad attention_dots(const Column &column) {
    AttentionQuad half = {}, whole = {};
    UNROLL_BY(1)
    for (int turn = 0; turn < 4; turn++) {
        const AttentionQuad quarter = attention_quarter(column, turn / 2 + turn % 2 * 2);
        half = turn % 2 == 0 ? quarter : attention_plus(half, quarter);
        whole = turn == 1 ? half : turn == 3 ? attention_plus(whole, half) : whole;
    }
    return whole;
}

/* ---- a split ---- */

/*
 * Takes up to 8 queries from `from` on of a chunk whose first row is `first`; query n is head n mod group of row
 * n / group.
 */
DEVICE void attention_take(const AttentionOp &op, AttentionShared *s, int first, int rows, int kv_head, int from) {
    const int group = op.dims.heads / op.dims.kv_heads;
    const int left = rows * group - from;
    const int count = left < ATTENTION_QUERIES ? left : ATTENTION_QUERIES;
    __syncthreads(); /* the queries before are done with */
    for (int i = (int)threadIdx.x; i < count; i += ATTENTION_THREADS) {
        const int n = from + i, row = first + n / group;
        AttentionQuery *query = s->query + i;
        query->position = op.pass.position[row];
        query->vector = row * op.dims.heads + kv_head * group + n % group;
        query->started = 0;
        query->tau = op.pass.tau ? op.pass.tau[row] : 1.0f;
        query->m = 0.0f;
        query->l = 0.0f;
    }
    if (threadIdx.x == 0) {
        s->count = count;
    }
    float *q = attention_q(s), *r = attention_r(s, op.dims.head_dim);
    for (int at = (int)threadIdx.x; at < ATTENTION_QUERIES * op.dims.head_dim; at += ATTENTION_THREADS) {
        const int i = at / op.dims.head_dim, e = at % op.dims.head_dim, n = from + i;
        const int64_t vector = (int64_t)(first + n / group) * op.dims.heads + kv_head * group + n % group;
        q[(i / ATTENTION_QUAD * op.dims.head_dim + e) * ATTENTION_QUAD + i % ATTENTION_QUAD] =
            i < count ? op.rows.q[vector * op.dims.head_dim + e] : 0.0f;
    }
    for (int at = (int)threadIdx.x; at < ATTENTION_QUERIES * op.dims.d_rel; at += ATTENTION_THREADS) {
        const int i = at / op.dims.d_rel, e = at % op.dims.d_rel, n = from + i;
        const int64_t vector = (int64_t)(first + n / group) * op.dims.heads + kv_head * group + n % group;
        r[(i / ATTENTION_QUAD * op.dims.d_rel + e) * ATTENTION_QUAD + i % ATTENTION_QUAD] =
            i < count ? op.rows.r[vector * op.dims.d_rel + e] : 0.0f;
    }
    __syncthreads();
}

/* What each query sees of a split. */
DEVICE void attention_look(const AttentionOp &op, AttentionShared *s, int64_t split) {
    __syncthreads(); /* the split before is done with */
    if ((int)threadIdx.x < s->count) {
        AttentionQuery *query = s->query + threadIdx.x;
        query->seen = attention_seen(op.dims.window, op.dims.sinks, query->position, split);
    }
    __syncthreads();
}

/* The range of slots that any of queries [from, to) sees. */
DEVICE void attention_hull(const AttentionShared *s, int from, int to, int *begin, int *end) {
    *begin = ATTENTION_PAGE;
    *end = 0;
    for (int i = from; i < to && i < s->count; i++) {
        const AttentionSeen seen = s->query[i].seen;
        if (!attention_none(seen)) {
            const int first = attention_first(seen), last = attention_end(seen);
            *begin = first < *begin ? first : *begin;
            *end = last > *end ? last : *end;
        }
    }
}

/* Scores of queries [from, from + 4) at this thread's slot of a split, where one of them may see it. */
DEVICE void attention_score(const AttentionOp &op, AttentionShared *s, const float *keys, int64_t split, int from) {
    const int slot = threadIdx.x, head_dim = op.dims.head_dim;
    int begin, end;
    attention_hull(s, from, from + ATTENTION_QUAD, &begin, &end);
    if (slot < begin || slot >= end) {
        return;
    }
    const int tile = slot / ATTENTION_KEY_TILE * ATTENTION_KEY_TILE;
    const AttentionKeys column = {attention_quads(attention_q(s) + from * head_dim),
                                  keys + tile * head_dim + slot % ATTENTION_KEY_TILE, head_dim};
    const AttentionQuad dot = attention_dots(column);
    AttentionBias bias = {attention_quads(attention_r(s, head_dim) + from * op.dims.d_rel), {}, op.dims.extent,
                          op.dims.d_rel};
    for (int i = 0; i < ATTENTION_QUAD && from + i < s->count; i++) {
        const int64_t distance = s->query[from + i].position - ((split << ATTENTION_PAGE_SHIFT) + slot);
        bias.column[i] = distance >= 0 && distance < op.dims.extent ? op.rows.proj + distance : nullptr;
    }
    const AttentionQuad toward = attention_dots(bias);
    float *p = attention_p(s, head_dim, op.dims.d_rel) + from * ATTENTION_PAGE + slot * ATTENTION_QUAD;
    for (int i = 0; i < ATTENTION_QUAD && from + i < s->count; i++) {
        p[i] = (dot.v[i] / (float)head_dim + toward.v[i]) * s->query[from + i].tau;
    }
}

/* Turns the scores of a query into weights, with their maximum and sum. A warp each. */
DEVICE void attention_weigh(const AttentionOp &op, AttentionShared *s) {
    const int i = (int)threadIdx.x / WARP, lane = lane_of_thread();
    if (i >= s->count) {
        return;
    }
    AttentionQuery *query = s->query + i;
    const AttentionSeen seen = query->seen;
    float *p = attention_p(s, op.dims.head_dim, op.dims.d_rel) + i / ATTENTION_QUAD * ATTENTION_QUAD * ATTENTION_PAGE +
               i % ATTENTION_QUAD;
    float m = uint_as_float(0xff800000u);
    for (int slot = lane; slot < ATTENTION_PAGE; slot += WARP) {
        if (attention_sees(seen, slot)) {
            const float score = p[slot * ATTENTION_QUAD];
            m = exact_max(m, score);
        }
    }
    UNROLL
    for (int o = WARP / 2; o > 0; o /= 2) {
        const float mine[1] = {m};
        float other[1];
        shuffle_xor(mine, other, o);
        m = exact_max(m, other[0]);
    }
    float l = 0.0f;
    for (int slot = lane; slot < ATTENTION_PAGE; slot += WARP) {
        float weight = ATTENTION_UNSEEN;
        if (attention_sees(seen, slot)) {
            weight = exact_exp(p[slot * ATTENTION_QUAD] - m);
            l = l + weight;
        }
        p[slot * ATTENTION_QUAD] = weight;
    }
    l = warp_sum(l);
    if (lane == 0) {
        query->split_m = m;
        query->split_l = l;
    }
}

/* Weighted sums of dimension d of a split's values for QT queries from `from` on. */
template <int QT>
DEVICE void attention_values(const AttentionOp &op, AttentionShared *s, const float *values, int from, int d,
                             float (&o)[QT]) {
    const int head_dim = op.dims.head_dim;
    const float *p = attention_p(s, head_dim, op.dims.d_rel) + from / ATTENTION_QUAD * ATTENTION_QUAD * ATTENTION_PAGE +
                     from % ATTENTION_QUAD;
    int begin, end;
    attention_hull(s, from, from + QT, &begin, &end);
    for (int i = 0; i < QT; i++) {
        o[i] = 0.0f;
    }
    UNROLL_BY(8)
    for (int slot = begin; slot < end; slot++) {
        const float value = values[slot * head_dim + d];
        const AttentionPack<QT> weight = *reinterpret_cast<const AttentionPack<QT> *>(p + slot * ATTENTION_QUAD);
        UNROLL
        for (int i = 0; i < QT; i++) {
            if (weight.v[i] >= 0.0f) {
                o[i] = fma_rn(weight.v[i], value, o[i]);
            }
        }
    }
}

/* What a block works at: rows [first, end) of the pass, of one session or of several, and a kv head. */
struct AttentionTile {
    int first, end, segment, kv_head;
};

/* Tiles are of 1 row where every segment is one, else of 8. */
DEVICE AttentionTile attention_tile(const AttentionOp &op, int tile_rows) {
    const int tile = (int)blockIdx.x / op.dims.kv_heads, rows = *op.pass.rows;
    AttentionTile at = {tile * tile_rows, 0, 0, (int)blockIdx.x % op.dims.kv_heads};
    at.end = at.first + tile_rows < rows ? at.first + tile_rows : rows;
    if (tile_rows == 1) {
        at.segment = at.first;
        return at;
    }
    int beyond = *op.pass.segments; /* the segment of the first row is below */
    while (at.segment + 1 < beyond) {
        const int middle = (at.segment + beyond) / 2;
        if (op.pass.first_row[middle] <= at.first) {
            at.segment = middle;
        } else {
            beyond = middle;
        }
    }
    return at;
}

/* Rows of one session, of a tile. */
struct AttentionChunk {
    int segment, kv_head, first, rows;
};

/* The rows of the tile's segment; the tile goes on with the next one. */
DEVICE AttentionChunk attention_chunk_of(const AttentionOp &op, AttentionTile *tile) {
    const int segment_end = op.pass.first_row[tile->segment] + op.pass.rows_of_segment[tile->segment];
    const int end = segment_end < tile->end ? segment_end : tile->end;
    const AttentionChunk chunk = {tile->segment, tile->kv_head, tile->first, end - tile->first};
    tile->first = end;
    tile->segment++;
    return chunk;
}

/* Scores and weights of a split for the queries at work. */
DEVICE void attention_split_weights(const AttentionOp &op, AttentionShared *s, const float *keys, int64_t split) {
    for (int from = 0; from < s->count; from += ATTENTION_QUAD) {
        attention_score(op, s, keys, split, from);
    }
    __syncthreads();
    attention_weigh(op, s);
    __syncthreads();
}

template <int QT>
DEVICE void attention_split_body(const AttentionOp &op, const AttentionChunk &chunk, float *part, AttentionShared *s) {
    const int head_dim = op.dims.head_dim, pages = (int)gridDim.y;
    const int segment = chunk.segment, kv_head = chunk.kv_head, first = chunk.first, rows = chunk.rows;
    const int64_t lowest = op.pass.position[first], highest = op.pass.position[first + rows - 1];
    const int64_t split = attention_split_at(op.dims, (int)blockIdx.y, highest >> ATTENTION_PAGE_SHIFT);
    /* a chunk sees no more of it than its first row's window and its last row's past */
    if (split < 0 || split > highest >> ATTENTION_PAGE_SHIFT ||
        (split << ATTENTION_PAGE_SHIFT >= op.dims.sinks && split < attention_window_split(op.dims.window, lowest))) {
        return;
    }
    const float *keys = attention_page(op, segment, split) + (int64_t)kv_head * ATTENTION_PAGE * head_dim;
    const float *values = keys + (int64_t)op.dims.kv_heads * ATTENTION_PAGE * head_dim;
    for (int from = 0; from < rows * (op.dims.heads / op.dims.kv_heads); from += ATTENTION_QUERIES) {
        attention_take(op, s, first, rows, kv_head, from);
        attention_look(op, s, split);
        attention_split_weights(op, s, keys, split);
        for (int item = (int)threadIdx.x; item < ATTENTION_QUERIES / QT * head_dim; item += ATTENTION_THREADS) {
            const int query = item / head_dim * QT, d = item % head_dim;
            float o[QT];
            attention_values(op, s, values, query, d, o);
            for (int i = 0; i < QT && query + i < s->count; i++) {
                const AttentionQuery *of = s->query + query + i;
                float *to = part + ((int64_t)of->vector * pages + blockIdx.y) * (head_dim + 2);
                if (attention_none(of->seen)) {
                    continue;
                }
                to[d] = o[i];
                if (d == 0) {
                    to[head_dim] = of->split_m;
                    to[head_dim + 1] = of->split_l;
                }
            }
        }
    }
}

/* Joins the split at work to what each query has: the factors of both, and the new maximum and sum. */
DEVICE void attention_join(AttentionShared *s) {
    if ((int)threadIdx.x < s->count) {
        AttentionQuery *query = s->query + threadIdx.x;
        if (!attention_none(query->seen)) {
            const float m = exact_max(query->m, query->split_m);
            query->a = exact_exp(query->m - m);
            query->b = exact_exp(query->split_m - m);
            const float part = query->split_l * query->b;
            query->l = query->started ? fma_rn(query->l, query->a, part) : query->split_l;
            query->m = query->started ? m : query->split_m;
            query->started++;
        }
    }
    __syncthreads();
}

template <int QT>
DEVICE void attention_chunk_sums(const AttentionOp &op, AttentionShared *s, const float *values, float *y) {
    const int head_dim = op.dims.head_dim;
    for (int item = (int)threadIdx.x; item < ATTENTION_QUERIES / QT * head_dim; item += ATTENTION_THREADS) {
        const int query = item / head_dim * QT, d = item % head_dim;
        float o[QT];
        attention_values(op, s, values, query, d, o);
        for (int i = 0; i < QT && query + i < s->count; i++) {
            const AttentionQuery *of = s->query + query + i;
            float *to = y + (int64_t)of->vector * head_dim + d;
            if (!attention_none(of->seen)) {
                const float scaled = o[i] * of->b;
                *to = of->started > 1 ? fma_rn(*to, of->a, scaled) : o[i];
            }
        }
    }
}

template <int QT>
DEVICE void attention_chunk_body(const AttentionOp &op, const AttentionChunk &chunk, float *y, AttentionShared *s) {
    const int head_dim = op.dims.head_dim, group = op.dims.heads / op.dims.kv_heads;
    const int segment = chunk.segment, kv_head = chunk.kv_head, first = chunk.first, rows = chunk.rows;
    for (int from = 0; from < rows * group; from += ATTENTION_QUERIES) {
        attention_take(op, s, first, rows, kv_head, from);
        /* positions rise with queries */
        const int64_t lowest = s->query[0].position, last = s->query[s->count - 1].position >> ATTENTION_PAGE_SHIFT;
        int64_t split = op.dims.sinks > 0 ? 0 : attention_window_split(op.dims.window, lowest);
        for (; split <= last; split = attention_next(op.dims.window, op.dims.sinks, lowest, split)) {
            const float *keys =
                attention_page(op, segment, split) + (int64_t)kv_head * ATTENTION_PAGE * head_dim;
            attention_look(op, s, split);
            attention_split_weights(op, s, keys, split);
            attention_join(s);
            attention_chunk_sums<QT>(op, s, keys + (int64_t)op.dims.kv_heads * ATTENTION_PAGE * head_dim, y);
        }
        /* each thread divides what it summed */
        for (int item = (int)threadIdx.x; item < ATTENTION_QUERIES / QT * head_dim; item += ATTENTION_THREADS) {
            for (int i = item / head_dim * QT; i < item / head_dim * QT + QT && i < s->count; i++) {
                float *to = y + (int64_t)s->query[i].vector * head_dim + item % head_dim;
                *to = *to / s->query[i].l;
            }
        }
    }
}

/* grid (tiles * kv_heads, sink_pages + ring_pages), block 256, shared: AttentionShared and what follows it */
KERNEL __launch_bounds__(ATTENTION_THREADS)
tactus_attention_split(AttentionPass pass, AttentionDims dims, AttentionRows rows, float *part, int32_t tile_rows) {
    DYNAMIC_SHARED(AttentionShared, shared);
    const AttentionOp op = {pass, dims, rows};
    AttentionTile tile = attention_tile(op, tile_rows);
    while (tile.first < tile.end) {
        const AttentionChunk chunk = attention_chunk_of(op, &tile);
        /* a thread sums values for so many queries that 8 of them keep 256 threads busy where they can */
        if (dims.head_dim <= 32) {
            attention_split_body<1>(op, chunk, part, shared);
        } else if (dims.head_dim <= 64) {
            attention_split_body<2>(op, chunk, part, shared);
        } else {
            attention_split_body<ATTENTION_QUAD>(op, chunk, part, shared);
        }
    }
}
EXPORT_KERNEL(tactus_attention_split)

/* grid (tiles * kv_heads), block 256, shared: AttentionShared and what follows it */
KERNEL __launch_bounds__(ATTENTION_THREADS)
tactus_attention_chunk(AttentionPass pass, AttentionDims dims, AttentionRows rows, float *y, int32_t tile_rows) {
    DYNAMIC_SHARED(AttentionShared, shared);
    const AttentionOp op = {pass, dims, rows};
    AttentionTile tile = attention_tile(op, tile_rows);
    while (tile.first < tile.end) {
        const AttentionChunk chunk = attention_chunk_of(op, &tile);
        /* a thread sums values for so many queries that 8 of them keep 256 threads busy where they can */
        if (dims.head_dim <= 32) {
            attention_chunk_body<1>(op, chunk, y, shared);
        } else if (dims.head_dim <= 64) {
            attention_chunk_body<2>(op, chunk, y, shared);
        } else {
            attention_chunk_body<ATTENTION_QUAD>(op, chunk, y, shared);
        }
    }
}
EXPORT_KERNEL(tactus_attention_chunk)

/* grid (heads, rows), block 128: the splits of a query in rising order */
KERNEL __launch_bounds__(ATTENTION_MERGE_THREADS)
    tactus_attention_merge(AttentionPass pass, AttentionDims dims, const float *part, float *y) {
    const int row = (int)blockIdx.y, head_dim = dims.head_dim;
    if (row >= *pass.rows) {
        return;
    }
    const int64_t vector = (int64_t)row * dims.heads + blockIdx.x, position = pass.position[row];
    const float *parts = part + vector * (dims.sink_pages + dims.ring_pages) * (head_dim + 2);
    const int64_t first = dims.sinks > 0 ? 0 : attention_window_split(dims.window, position);
    for (int d = (int)threadIdx.x; d < head_dim; d += ATTENTION_MERGE_THREADS) {
        float o = 0.0f, m = 0.0f, l = 0.0f;
        for (int64_t split = first; split <= position >> ATTENTION_PAGE_SHIFT;
             split = attention_next(dims.window, dims.sinks, position, split)) {
            const float *of = parts + attention_table_index(dims, split) * (head_dim + 2);
            const float split_o = of[d], split_m = of[head_dim], split_l = of[head_dim + 1];
            if (split == first) {
                o = split_o;
                m = split_m;
                l = split_l;
            } else {
                const float most = exact_max(m, split_m);
                const float a = exact_exp(m - most), b = exact_exp(split_m - most);
                const float part_l = split_l * b, part_o = split_o * b;
                l = fma_rn(l, a, part_l);
                o = fma_rn(o, a, part_o);
                m = most;
            }
        }
        y[vector * head_dim + d] = o / l;
    }
}
EXPORT_KERNEL(tactus_attention_merge)

#endif
