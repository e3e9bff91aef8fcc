/*
 * Products of the FAST classes by vector dot products: 4 outputs and up to DOT_ROWS rows at a time, an accumulator
 * vector each. Weights are read as they lie; activations are packed in the form that the inner loop wants.
 *
 * The unit that includes this has defined, for its instruction set and class:
 *   DOT_ROWS        most rows of a tile, so that 4 * DOT_ROWS accumulators stay in registers
 *   DOT_STEP        bytes of a weight row in a step of the inner loop; divides 64
 *   DOT_PARTS       vectors that those bytes widen to
 *   dot_v           an accumulator, and a vector of activations
 *   dot_zero()      the empty accumulator
 *   dot_load(p), dot_save(p, v)
 *   dot_weight(w, part)          part of a step of weights
 *   dot_activation(x, part)      part of a step of activations of the weights' type
 *   dot_mac(acc, x, w)           acc plus the products of a part
 *   struct dot_outputs, dot_outputs(m, row, count)   what finishing 4 outputs needs of the matrix
 *   dot_finish(acc, outputs, packed, r)              4 outputs of row r from their accumulators
 *   FAST_HEADER     bytes before the activations in a packing
 *
 * An element has one accumulator, to which every step adds its parts in order, whatever tile the element is in: so its
 * arithmetic depends neither on the number of rows nor on the range.
 */
#ifndef TACTUS_FAST_DOT_H
#define TACTUS_FAST_DOT_H

enum {
    DOT_OUTPUTS = 4,
    DOT_VECTORS = FAST_BLOCK / DOT_STEP * DOT_PARTS, /* vectors of a block of one row */
    DOT_AHEAD = 8 << 10, /* least bytes from a weight to the one to prefetch */
    DOT_LONG = 16 << 10, /* bytes of 4 weight rows from which on nothing need be prefetched */
    DOT_PANEL = 64 << 10 /* bytes of weights that all rows are multiplied with before the next: half of an L2 at most */
};

/* A call of multiply, as the tiles see it. */
struct dot_call {
    const struct tactus_matrix *m;
    int64_t first;
    const char *packed;
    int rows;
    int64_t blocks; /* of 64 bytes of a weight row */
    int64_t end;    /* of the range of outputs */
    int64_t panel;  /* outputs of a panel */
    int64_t near;   /* outputs from a tile to the one that it fetches, if all rows are one group */
    float *y;
    int64_t y_stride;
};

/* Rows [row, row + count) lie interleaved: the first vector of each, the second of each, and so on. */
struct dot_group {
    int row, count;
};

/* Groups of `rows` rows: as few as there can be, as equal as they can be, since a tile of 1 row is the slowest. */
Q_INLINE int dot_groups(int rows) { return (rows + DOT_ROWS - 1) / DOT_ROWS; }

/* The g-th of them: the larger ones come first. */
Q_INLINE struct dot_group dot_group(int rows, int g) {
    const int groups = dot_groups(rows), size = rows / groups, larger = rows % groups;
    return (struct dot_group){g * size + (g < larger ? g : larger), size + (g < larger)};
}

/* Bytes of one packed row. */
Q_INLINE int64_t dot_row_bytes(int64_t blocks) { return blocks * DOT_VECTORS * (int64_t)sizeof(dot_v); }

/* Bytes of a packing of the most rows, of `blocks` blocks each. */
static int64_t fast_bytes(int64_t blocks) { return FAST_HEADER + TACTUS_FAST_ROWS * dot_row_bytes(blocks); }

/* Puts row r's block b, 64 bytes of the weights' type, in its place. */
Q_INLINE void fast_place(char *packed, int rows, int r, int64_t blocks, int64_t b, const char *block) {
    const int groups = dot_groups(rows), size = rows / groups, larger = rows % groups;
    const int g = r < larger * (size + 1) ? r / (size + 1) : (r - larger) / size;
    const struct dot_group group = dot_group(rows, g);
    char *target = packed + FAST_HEADER + group.row * dot_row_bytes(blocks);
    for (int v = 0; v < DOT_VECTORS; v++) {
        const char *source = block + v / DOT_PARTS * DOT_STEP;
        const int64_t index = (b * DOT_VECTORS + v) * group.count + (r - group.row);
        dot_save(target + index * (int64_t)sizeof(dot_v), dot_activation(source, v % DOT_PARTS));
    }
}

/* A step: every accumulator plus the products of the next DOT_STEP bytes of its weights. */
Q_INLINE void dot_step(const int rows, const char *w, int64_t stride, const char *x,
                       dot_v sums[DOT_ROWS][DOT_OUTPUTS]) {
#pragma GCC unroll 2
    for (int part = 0; part < DOT_PARTS; part++) {
        dot_v v[DOT_ROWS];
#pragma GCC unroll 4
        for (int r = 0; r < rows; r++) {
            v[r] = dot_load(x + (part * rows + r) * (int)sizeof(dot_v));
        }
#pragma GCC unroll 4
        for (int o = 0; o < DOT_OUTPUTS; o++) {
            const dot_v weight = dot_weight(w + o * stride, part);
#pragma GCC unroll 4
            for (int r = 0; r < rows; r++) {
                sums[r][o] = dot_mac(sums[r][o], v[r], weight);
            }
        }
    }
}

/*
 * acc[r][o] = accumulator of row r, interleaved in x, and the weight row at w + o * stride. Meanwhile it fetches, from
 * first to last, as much as it reads from w + ahead on: hardware does not see that 4 short rows are followed by 4 more.
 */
Q_INLINE void dot_sums(const int rows, const char *w, int64_t stride, int64_t ahead, const char *x, int64_t blocks,
                       dot_v (*restrict acc)[DOT_OUTPUTS]) {
    dot_v sums[DOT_ROWS][DOT_OUTPUTS];
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
        for (int o = 0; o < DOT_OUTPUTS; o++) {
            sums[r][o] = dot_zero();
        }
    }
    uintptr_t next = (uintptr_t)w + (uintptr_t)ahead;
    for (int64_t i = 0; i < blocks * FAST_BLOCK; i += DOT_STEP, x += rows * DOT_PARTS * (int)sizeof(dot_v)) {
#pragma GCC unroll 4
        for (int line = 0; line < DOT_OUTPUTS * DOT_STEP; line += 64, next += 64) {
            _mm_prefetch((const char *)next, _MM_HINT_T1);
        }
        dot_step(rows, w + i, stride, x, sums);
    }
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
        for (int o = 0; o < DOT_OUTPUTS; o++) {
            acc[r][o] = sums[r][o];
        }
    }
}

/* A function of its own for every number of rows, ending in stores: only so GCC 12 keeps all sums in registers. */
#define DOT_SUMS(name, rows)                                                                                       \
    static __attribute__((noinline)) void name(const char *w, int64_t stride, int64_t ahead, const char *x,        \
                                               int64_t blocks, dot_v (*restrict acc)[DOT_OUTPUTS]) {               \
        dot_sums(rows, w, stride, ahead, x, blocks, acc);                                                          \
    }

DOT_SUMS(dot_sums_1, 1)
DOT_SUMS(dot_sums_2, 2)
DOT_SUMS(dot_sums_3, 3)
DOT_SUMS(dot_sums_most, DOT_ROWS)

typedef void dot_sums_function(const char *w, int64_t stride, int64_t ahead, const char *x, int64_t blocks,
                               dot_v (*restrict acc)[DOT_OUTPUTS]);

/* By rows of a group, less 1. */
static dot_sums_function *const dot_sums_of[4] = {dot_sums_1, dot_sums_2, dot_sums_3, dot_sums_most};

/* Outputs [n, n + count), 1 <= count <= 4, of a group of rows. Reads 4 weight rows, writes count. */
static void dot_tile(const struct dot_call *c, int64_t n, int count, struct dot_group group, int64_t ahead) {
    const char *w = c->m->data + (c->first + n) * c->m->stride;
    const char *x = c->packed + FAST_HEADER + group.row * dot_row_bytes(c->blocks);
    dot_v acc[DOT_ROWS][DOT_OUTPUTS];
    dot_sums_of[group.count - 1](w, c->m->stride, ahead, x, c->blocks, acc);
    const struct dot_outputs outputs = dot_outputs(c->m, c->first + n, count);
    for (int r = 0; r < group.count; r++) {
        const __m128 result = dot_finish(acc[r], &outputs, c->packed, group.row + r);
        float *y = c->y + (group.row + r) * c->y_stride + n;
        if (count == DOT_OUTPUTS) {
            _mm_storeu_ps(y, result);
        } else {
            _mm_maskstore_ps(y, fast_mask(count), result);
        }
    }
}

/*
 * Outputs [n, end) of all rows, a group at a time, each tile fetching weights `near` outputs further on or a panel
 * further on. What would lie beyond the range is left to whoever computes it: 0 is no more than what the tile reads.
 */
static void dot_panel(const struct dot_call *c, int64_t n, int64_t end) {
    const int groups = dot_groups(c->rows);
    for (int g = 0; g < groups; g++) {
        const struct dot_group group = dot_group(c->rows, g);
        int turn = 0; /* of the group that fetches what corresponds to this tile */
        for (int64_t from = n; from < end; from += DOT_OUTPUTS, turn = turn + 1 < groups ? turn + 1 : 0) {
            const int count = end - from < DOT_OUTPUTS ? (int)(end - from) : DOT_OUTPUTS;
            const int64_t ahead = groups == 1 ? c->near : turn == g ? c->panel : 0;
            dot_tile(c, from, count, group, from + ahead < c->end ? ahead * c->m->stride : 0);
        }
    }
}

/*
 * The whole of multiply, `blocks` being those of 64 bytes of a row of m. One group of rows fetches weights a little
 * ahead, unless their rows are long enough for hardware to see them coming. Of several groups, each fetches its share
 * of the next panel, so that memory and arithmetic are both busy all the time.
 */
static void fast_multiply(const struct tactus_matrix *m, int64_t first, int32_t n0, int32_t n1, const char *packed,
                          int32_t rows, int64_t blocks, float *y, int64_t y_stride) {
    const int64_t tile = DOT_OUTPUTS * m->stride;
    const struct dot_call call = {
        .m = m,
        .first = first,
        .packed = packed,
        .rows = rows,
        .blocks = blocks,
        .end = n1,
        .panel = DOT_OUTPUTS * (tile < DOT_PANEL ? DOT_PANEL / tile : 1),
        .near = tile <= DOT_LONG ? DOT_OUTPUTS * blocks_of(DOT_AHEAD, tile) : 0,
        .y = y,
        .y_stride = y_stride,
    };
    for (int64_t n = n0; n < n1; n += call.panel) {
        dot_panel(&call, n, n + call.panel < n1 ? n + call.panel : n1);
    }
}

#endif
