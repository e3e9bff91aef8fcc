/*
 * The float32 product of training: c[i, j] (+)= sum over p of a[i, p] * b[p, j], for operands of any strides.
 *
 * The arithmetic of an element depends on k alone: p is cut into blocks of DEPTH; within a block one fma chain runs
 * from +0 in rising p; the sums of the blocks are added to c in rising order (the first one is stored, unless c
 * accumulates). So the bits depend neither on the instruction set, nor on the other rows and columns, nor on the number
 * of workers.
 *
 * One tile of c is TILE_ROWS by TILE_COLS and stays in registers for a block of p. Its columns are the lanes of vectors
 * and come from the "wide" operand, packed to panels [p][TILE_COLS]; its rows come from the "tall" operand, of which
 * single elements are broadcast, so that it needs no packing where its p run contiguously. That decides the roles: for
 * y = x * W^T with few rows of x, the weights are the tall operand, read in place, and a tile is stored transposed;
 * otherwise b is the wide one.
 *
 * Most of what a tile costs beyond its sums is waiting for memory, since a matrix of weights or gradients is larger
 * than level 2. Therefore every tile prefetches, between its sums, what the tiles after it read.
 */
#include "tactus.h"
#include "vec.h"

enum {
    TILE_VECTORS = 3,
    TILE_ROWS = VL / 2,
    TILE_COLS = TILE_VECTORS * VL, /* so the sums of a tile fill 12 of 16 registers, or 24 of 32 */
    NARROW_ROWS = 8,               /* rows of a tile of one vector: enough sums to hide the latency of fma */
    TILE_ELEMENTS = TILE_COLS * NARROW_ROWS,
    DEPTH = 192,                 /* a panel of the wide operand fits level 1 */
    ROW_BLOCK = 96,              /* rows of the tall operand that stay in level 2 for a block of columns */
    COL_BLOCK = 40 * TILE_COLS,  /* columns of the wide operand that are packed at once */
    DIRECT_COLS = 4 * TILE_COLS, /* the most columns for which the tall operand is read in place */
    DIRECT_ROWS = 32,            /* its rows that are read to their end before the next ones */
    GROUP = 4,                   /* elements of p for each of which a tile prefetches one line of what comes next */
    LINE = 16                    /* floats of a cache line */
};

typedef float v4 __attribute__((vector_size(16)));

/* One operand: its element (i, p), i a row or column of c, lies at data + i * step + p * depth. */
struct operand {
    const float *data;
    int64_t step, depth;
};

/* Where a tile goes: element (row, col) of the tall and wide indices lies at data + row * row_step + col * col_step. */
struct result {
    float *data;
    int64_t row_step, col_step; /* one of them is 1 */
    int accumulate;
};

/*
 * What a tile does beside its sums: it prefetches what is wanted soon, and the first tile of a panel of the wide
 * operand reads it at its origin and packs it in passing.
 */
struct beside {
    const float *c;      /* the tile that comes soon */
    const float *next;   /* a line of the next panel's origin; the tile prefetches one per GROUP elements of p */
    int64_t next_step;
    const float *origin; /* where a packing tile finds its panel */
    int64_t origin_step;
};

/* A worker's part of c, in tall and wide indices. */
struct part {
    int32_t row0, row1, col0, col1;
};

struct packing {
    float wide[COL_BLOCK * DEPTH];    /* panels [DEPTH][TILE_COLS] */
    float tall[ROW_BLOCK * DEPTH];    /* panels [DEPTH][TILE_ROWS] */
    float tile[TILE_ELEMENTS];        /* a tile that reaches beyond the edge of c */
};

/* The smaller of two. */
V_INLINE int32_t smaller(int32_t x, int32_t y) { return x < y ? x : y; }

/* Four floats at any address. */
V_INLINE v4 v4_load(const float *p) {
    v4 v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* Writes four floats to any address. */
V_INLINE void v4_store(float *p, v4 v) { memcpy(p, &v, sizeof v); }

/* c += x where add, else c = x. */
V_INLINE void v4_put(float *c, v4 x, int add) { v4_store(c, add ? v4_load(c) + x : x); }

#if VL == 8
#define LANES_OF_FOUR(a, b, c, d) (vi){a, b, c, d, a + 4, b + 4, c + 4, d + 4}
#define SECOND 8
#else
#define LANES_OF_FOUR(a, b, c, d) \
    (vi){a, b, c, d, a + 4, b + 4, c + 4, d + 4, a + 8, b + 8, c + 8, d + 8, a + 12, b + 12, c + 12, d + 12}
#define SECOND 16
#endif

/* Four rows of VL to VL columns of four: column j is put at target + j * stride. */
V_INLINE void put_transposed(float *target, int64_t stride, vf r0, vf r1, vf r2, vf r3, int add) {
    const vi low = LANES_OF_FOUR(0, SECOND, 1, SECOND + 1), high = LANES_OF_FOUR(2, SECOND + 2, 3, SECOND + 3);
    const vi even = LANES_OF_FOUR(0, 1, SECOND, SECOND + 1), odd = LANES_OF_FOUR(2, 3, SECOND + 2, SECOND + 3);
    const vf low01 = __builtin_shuffle(r0, r1, low), high01 = __builtin_shuffle(r0, r1, high);
    const vf low23 = __builtin_shuffle(r2, r3, low), high23 = __builtin_shuffle(r2, r3, high);
    const vf columns[4] = {__builtin_shuffle(low01, low23, even), __builtin_shuffle(low01, low23, odd),
                           __builtin_shuffle(high01, high23, even), __builtin_shuffle(high01, high23, odd)};
#pragma GCC unroll 4
    for (int t = 0; t < 4; t++) {
        v4 fours[VL / 4];
        memcpy(fours, &columns[t], sizeof fours);
#pragma GCC unroll 4
        for (int q = 0; q < VL / 4; q++) {
            v4_put(target + (4 * q + t) * stride, fours[q], add);
        }
    }
}

/* Prefetches the lines of count floats; one in the middle is left out where they straddle more lines than they must. */
V_INLINE void prefetch(const float *p, int count) {
#pragma GCC unroll 4
    for (int i = 0; i + LINE < count; i += LINE) {
        __builtin_prefetch(p + i);
    }
    __builtin_prefetch(p + count - 1);
}

/* One element of p of a tile of rows by vectors * VL: element i of the tall operand at a + i * a_step. */
V_INLINE void step(int rows, int vectors, const float *a, int64_t a_step, const vf *wide,
                   vf sum[NARROW_ROWS][TILE_VECTORS]) {
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
        const vf x = v_set(a[i * a_step]);
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) {
            sum[i][v] = v_fma(x, wide[v], sum[i][v]);
        }
    }
}

/* count elements of p; count is constant where it can be. Copying, the wide operand is read at from and packed to b. */
V_INLINE void steps(int count, int rows, int vectors, int copying, const float *a, int64_t a_step, int64_t a_depth,
                    float *b, const float *from, int64_t from_step, vf sum[NARROW_ROWS][TILE_VECTORS]) {
#pragma GCC unroll 4
    for (int q = 0; q < count; q++) {
        vf wide[TILE_VECTORS];
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) {
            wide[v] = v_load((copying ? from : b) + v * VL);
            if (copying) {
                v_store(b + v * VL, wide[v]);
            }
        }
        step(rows, vectors, a, a_step, wide, sum);
        a += a_depth;
        b += TILE_COLS;
        from += from_step;
    }
}

/* Stores or adds the sums of a tile. */
V_INLINE void put_sums(int rows, int vectors, int transposed, vf sum[NARROW_ROWS][TILE_VECTORS], float *c,
                       int64_t c_stride, int add) {
    if (transposed) {
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) {
#pragma GCC unroll 2
            for (int i = 0; i < rows; i += 4) {
                put_transposed(c + v * VL * c_stride + i, c_stride, sum[i][v], sum[i + 1][v], sum[i + 2][v],
                               sum[i + 3][v], add);
            }
        }
        return;
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) {
            float *to = c + i * c_stride + v * VL;
            v_store(to, add ? v_load(to) + sum[i][v] : sum[i][v]);
        }
    }
}

enum tile_kind { PACKED, COPYING, DIRECT };

/*
 * A tile of rows by vectors * VL: sums over k elements of the tall operand, row i at a + i * a_step, and of the wide
 * one, VL * vectors columns at b + p * TILE_COLS. Rows, vectors and kind are constant where this is inlined.
 */
V_INLINE void tile(int rows, int vectors, enum tile_kind kind, int transposed, int32_t k, const float *a,
                   int64_t a_step, float *b, float *c, int64_t c_stride, int add, const struct beside *beside) {
    const int64_t a_depth = kind == DIRECT ? 1 : TILE_ROWS;
    const int group = kind == DIRECT ? LINE : GROUP, copying = kind == COPYING;
    const float *next = beside->next, *origin = beside->origin;
    vf sum[NARROW_ROWS][TILE_VECTORS];
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) {
            sum[i][v] = (vf){0};
        }
    }
    if (!transposed) {
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            prefetch(beside->c + i * c_stride, vectors * VL);
        }
    }
    int32_t p = 0;
    for (; p + group <= k; p += group) {
        if (kind == DIRECT) {
#pragma GCC unroll 8
            for (int i = rows; i < 2 * rows; i++) {
                __builtin_prefetch(a + i * a_step);
            }
        } else {
            prefetch(next, vectors * VL);
            next += beside->next_step;
        }
        steps(group, rows, vectors, copying, a, a_step, a_depth, b, origin, beside->origin_step, sum);
        a += group * a_depth;
        b += group * TILE_COLS;
        origin += group * beside->origin_step;
    }
    steps(k - p, rows, vectors, copying, a, a_step, a_depth, b, origin, beside->origin_step, sum);
    put_sums(rows, vectors, transposed, sum, c, c_stride, add);
}

typedef void tile_function(int32_t k, const float *a, int64_t a_step, float *b, float *c, int64_t c_stride, int add,
                           const struct beside *beside);

/* Tiles over a packed tall operand, and over one that is read in place since its p run contiguously. */
#define TILE(vectors, direct_rows, transposed)                                                                        \
    static void packed_##vectors##_##transposed(int32_t k, const float *a, int64_t a_step, float *b, float *c,        \
                                                int64_t c_stride, int add, const struct beside *beside) {             \
        (void)a_step;                                                                                                 \
        tile(TILE_ROWS, vectors, PACKED, transposed, k, a, 1, b, c, c_stride, add, beside);                           \
    }                                                                                                                 \
    static void direct_##vectors##_##transposed(int32_t k, const float *a, int64_t a_step, float *b, float *c,        \
                                                int64_t c_stride, int add, const struct beside *beside) {             \
        tile(direct_rows, vectors, DIRECT, transposed, k, a, a_step, b, c, c_stride, add, beside);                    \
    }

TILE(1, NARROW_ROWS, 0)
TILE(2, TILE_ROWS, 0)
TILE(3, TILE_ROWS, 0)
TILE(1, NARROW_ROWS, 1)
TILE(2, TILE_ROWS, 1)
TILE(3, TILE_ROWS, 1)

static tile_function *const PACKED_TILES[2][TILE_VECTORS] = {{packed_1_0, packed_2_0, packed_3_0},
                                                             {packed_1_1, packed_2_1, packed_3_1}};
static tile_function *const DIRECT_TILES[2][TILE_VECTORS] = {{direct_1_0, direct_2_0, direct_3_0},
                                                             {direct_1_1, direct_2_1, direct_3_1}};

/* A tile over a packed tall operand that packs a whole panel of the wide one. */
static void copying_tile(int32_t k, const float *a, int64_t a_step, float *b, float *c, int64_t c_stride, int add,
                         const struct beside *beside) {
    (void)a_step;
    tile(TILE_ROWS, TILE_VECTORS, COPYING, 0, k, a, 1, b, c, c_stride, add, beside);
}

/* Puts lines of width floats, from_stride apart, to c. */
static void put_edge(const float *from, int64_t from_stride, float *c, int64_t c_stride, int lines, int width,
                     int add) {
    for (int i = 0; i < lines; i++, from += from_stride, c += c_stride) {
        int j = 0;
        for (; j + 4 <= width; j += 4) {
            v4_put(c + j, v4_load(from + j), add);
        }
        for (; j < width; j++) {
            c[j] = add ? c[j] + from[j] : from[j];
        }
    }
}

/* Interleaves k elements of four lines: element (i, p) goes to to[p * to_step + i]. */
static void pack_four(const float *line, int64_t step, int32_t k, float *to, int64_t to_step) {
    int32_t p = 0;
    for (; p + VL <= k; p += VL) {
        put_transposed(to + p * to_step, to_step, v_load(line + p), v_load(line + step + p),
                       v_load(line + 2 * step + p), v_load(line + 3 * step + p), 0);
    }
    for (; p < k; p++) {
        for (int i = 0; i < 4; i++) {
            to[p * to_step + i] = line[i * step + p];
        }
    }
}

/* The same for present lines of elements depth apart, and zeros for lines from present to count. */
static void pack_any(const float *line, int64_t step, int64_t depth, int32_t present, int32_t count, int32_t k,
                     float *to, int64_t to_step) {
    for (int32_t i = 0; i < count; i++) {
        for (int32_t p = 0; p < k; p++) {
            to[p * to_step + i] = i < present ? line[i * step + p * depth] : 0.0f;
        }
    }
}

/* Packs k elements of cols columns to [k][TILE_COLS], with zeros up to a whole vector. */
static void pack_wide(struct operand from, int32_t cols, int32_t k, float *to) {
    if (from.step == 1) {
        for (int32_t p = 0; p < k; p++) {
            const float *line = from.data + p * from.depth;
            float *row = to + p * TILE_COLS;
            int32_t j = 0;
            for (; j + VL <= cols; j += VL) {
                v_store(row + j, v_load(line + j));
            }
            if (j < cols) {
                v_store(row + j, v_load_n(line + j, cols - j));
            }
        }
        return;
    }
    int32_t j = 0;
    if (from.depth == 1) {
        for (; j + 4 <= cols; j += 4) {
            pack_four(from.data + j * from.step, from.step, k, to + j, TILE_COLS);
        }
    }
    pack_any(from.data + j * from.step, from.step, from.depth, cols - j, (cols + VL - 1) / VL * VL - j, k, to + j,
             TILE_COLS);
}

/* Packs k elements of rows rows to panels [k][TILE_ROWS], with zeros up to a whole panel. */
static void pack_tall(struct operand from, int32_t rows, int32_t k, float *to) {
    int32_t i = 0;
    if (from.step == 1) {
        for (int32_t p = 0; p < k; p += GROUP) {
            for (i = 0; i + TILE_ROWS <= rows; i += TILE_ROWS) {
                for (int32_t q = p; q < smaller(k, p + GROUP); q++) {
                    memcpy(to + i * k + q * TILE_ROWS, from.data + q * from.depth + i, TILE_ROWS * sizeof(float));
                }
            }
        }
    }
    for (; i + TILE_ROWS <= rows; i += TILE_ROWS) {
        const float *first = from.data + i * from.step;
        float *panel = to + i * k;
        if (from.depth == 1) {
            for (int32_t q = 0; q < TILE_ROWS; q += 4) {
                pack_four(first + q * from.step, from.step, k, panel + q, TILE_ROWS);
            }
        } else {
            pack_any(first, from.step, from.depth, TILE_ROWS, TILE_ROWS, k, panel, TILE_ROWS);
        }
    }
    if (i < rows) {
        pack_any(from.data + i * from.step, from.step, from.depth, rows - i, TILE_ROWS, k, to + i * k, TILE_ROWS);
    }
}

/*
 * Up to ROW_BLOCK rows and COL_BLOCK columns of c, for up to DEPTH elements of p. The operands and c begin at the first
 * row, column and p.
 */
struct block {
    struct operand tall, wide;
    struct result c;
    int32_t rows, cols, k;
    int fresh;            /* the wide operand is not packed yet */
    int64_t panel_stride; /* 0 where a panel is not needed after its tiles */
    struct packing *scratch;
};

/* The packed panel that begins at column col. */
V_INLINE float *panel_of(const struct block *o, int32_t col) {
    return o->scratch->wide + col / TILE_COLS * o->panel_stride;
}

/*
 * The tile at (row, col), of which rows x cols lie within c: at an edge it is computed whole beside c, and what is
 * within is put.
 */
V_INLINE void put_tile(const struct block *o, tile_function *compute, int32_t tile_rows, int32_t row, int32_t col,
                     const float *a, float *b, const struct beside *beside) {
    const struct result *c = &o->c;
    const int32_t rows = smaller(tile_rows, o->rows - row), cols = smaller(TILE_COLS, o->cols - col);
    const int transposed = c->row_step == 1;
    const int64_t stride = transposed ? c->col_step : c->row_step;
    float *to = c->data + row * c->row_step + col * c->col_step, *spare = o->scratch->tile;
    if (rows == tile_rows && cols % VL == 0) {
        compute(o->k, a, o->tall.step, b, to, stride, c->accumulate, beside);
    } else if (transposed) {
        compute(o->k, a, o->tall.step, b, spare, tile_rows, 0, beside);
        put_edge(spare, tile_rows, to, stride, cols, rows, c->accumulate);
    } else {
        compute(o->k, a, o->tall.step, b, spare, TILE_COLS, 0, beside);
        put_edge(spare, TILE_COLS, to, stride, rows, cols, c->accumulate);
    }
}

/* An operand from another row or column and another p on. */
V_INLINE struct operand moved(struct operand o, int64_t steps, int64_t depths) {
    o.data += steps * o.step + depths * o.depth;
    return o;
}

/* The tiles of one panel whose tall operand is read in place. Rows beyond the last whole tile are packed. */
static void multiply_in_place(const struct block *o, float *panel) {
    const int32_t vectors = (o->cols + VL - 1) / VL;
    const int transposed = o->c.row_step == 1;
    const int32_t rows = vectors == 1 ? NARROW_ROWS : TILE_ROWS;
    const struct beside beside = {o->c.data, o->c.data, 0, 0, 0};
    int32_t i = 0;
    for (; i + rows <= o->rows; i += rows) {
        put_tile(o, DIRECT_TILES[transposed][vectors - 1], rows, i, 0, o->tall.data + i * o->tall.step, panel, &beside);
    }
    if (i < o->rows) {
        pack_tall(moved(o->tall, i, 0), o->rows - i, o->k, o->scratch->tall);
    }
    for (const float *a = o->scratch->tall; i < o->rows; i += TILE_ROWS, a += TILE_ROWS * o->k) {
        put_tile(o, PACKED_TILES[transposed][vectors - 1], TILE_ROWS, i, 0, a, panel, &beside);
    }
}

/* The tiles of one panel whose tall operand is packed; next is the origin of the panel that follows. */
static void multiply_packed(const struct block *o, int32_t col, int copying, const float *next) {
    const int32_t vectors = (smaller(TILE_COLS, o->cols - col) + VL - 1) / VL;
    tile_function *const packed = PACKED_TILES[o->c.row_step == 1][vectors - 1];
    struct beside beside = {o->c.data, next, o->wide.depth, o->wide.data + col * o->wide.step, o->wide.depth};
    const float *a = o->scratch->tall;
    int32_t fetched = next ? 0 : o->k;
    for (int32_t i = 0; i < o->rows; i += TILE_ROWS, a += TILE_ROWS * o->k) {
        beside.c = o->c.data + (i + TILE_ROWS) * o->c.row_step + col * o->c.col_step;
        if (fetched >= o->k) {
            beside.next = a;
            beside.next_step = 0;
        }
        put_tile(o, copying && i == 0 ? copying_tile : packed, TILE_ROWS, i, col, a, panel_of(o, col), &beside);
        beside.next += o->k / GROUP * beside.next_step;
        fetched += o->k / GROUP;
    }
}

/* A block of rows; next is the origin of the panel that follows this block. */
static void multiply_block(const struct block *o, const float *next) {
    pack_tall(o->tall, o->rows, o->k, o->scratch->tall);
    for (int32_t j = 0; j < o->cols; j += TILE_COLS) {
        const int32_t cols = smaller(TILE_COLS, o->cols - j);
        const int copying = o->fresh && o->wide.step == 1 && cols == TILE_COLS && o->c.col_step == 1;
        if (o->fresh && !copying) {
            pack_wide(moved(o->wide, j, 0), cols, o->k, panel_of(o, j));
        }
        const float *origin = j + TILE_COLS < o->cols ? moved(o->wide, j + TILE_COLS, 0).data : next;
        multiply_packed(o, j, copying, o->fresh && o->wide.step == 1 ? origin : 0);
    }
}

/* A part of c, block of columns by block of columns, each through all blocks of p. */
static void multiply_part(struct operand tall, struct operand wide, const struct part *part, int32_t k,
                          struct result c, struct packing *scratch) {
    const int32_t rows = part->row1 - part->row0;
    for (int32_t j = part->col0; j < part->col1; j += COL_BLOCK) {
        for (int32_t p = 0; p < k; p += DEPTH) {
            const int32_t depth = smaller(DEPTH, k - p);
            const int64_t stride = rows <= ROW_BLOCK ? 0 : depth * TILE_COLS;
            for (int32_t i = part->row0; i < part->row1; i += ROW_BLOCK) {
                const struct result to = {c.data + i * c.row_step + j * c.col_step, c.row_step, c.col_step,
                                          c.accumulate || p > 0};
                const int32_t block_rows = smaller(ROW_BLOCK, part->row1 - i);
                const int32_t block_cols = smaller(COL_BLOCK, part->col1 - j);
                const struct block block = {moved(tall, i, p), moved(wide, j, p), to, block_rows, block_cols, depth,
                                            i == part->row0, stride, scratch};
                multiply_block(&block, moved(wide, j, p + depth).data);
            }
        }
    }
}

/*
 * A part of c of few columns, the tall operand read in place: as many blocks of p as fit are packed of the wide
 * operand; then a few rows of the tall one are read to their end before the next ones.
 */
static void multiply_narrow(struct operand tall, struct operand wide, const struct part *part, int32_t k,
                            struct result c, struct packing *scratch) {
    const int32_t cols = part->col1 - part->col0, panels = (cols + TILE_COLS - 1) / TILE_COLS;
    const int32_t span = panels == 0 ? k : COL_BLOCK / TILE_COLS / panels * DEPTH;
    for (int32_t p0 = 0; p0 < k; p0 += span) {
        const int32_t p1 = smaller(k, p0 + span);
        for (int32_t i = part->row0; i < part->row1; i += DIRECT_ROWS) {
            for (int32_t p = p0; p < p1; p += DEPTH) {
                const int32_t depth = smaller(DEPTH, k - p);
                for (int32_t j = 0; j < panels; j++) {
                    const int32_t col = part->col0 + j * TILE_COLS;
                    const struct result to = {c.data + i * c.row_step + col * c.col_step, c.row_step, c.col_step,
                                              c.accumulate || p > 0};
                    const int32_t block_rows = smaller(DIRECT_ROWS, part->row1 - i);
                    const int32_t block_cols = smaller(TILE_COLS, part->col1 - col);
                    const struct block block = {moved(tall, i, p), moved(wide, col, p), to, block_rows, block_cols,
                                                depth, i == part->row0, 0, scratch};
                    float *panel = scratch->wide + ((p - p0) / DEPTH * panels + j) * (TILE_COLS * DEPTH);
                    if (i == part->row0) {
                        pack_wide(block.wide, block.cols, depth, panel);
                    }
                    multiply_in_place(&block, panel);
                }
            }
        }
    }
}

/* The first of count indices that worker computes, a multiple of unit unless it is count. */
static int32_t share(int32_t count, int32_t unit, int32_t worker, int32_t workers) {
    const int64_t units = (count + unit - 1) / unit;
    return smaller(count, (int32_t)(units * worker / workers) * unit);
}

/* The contract is struct tactus_gemm's; k > 0. The longer side of c is shared out to the workers. */
static void gemm(int32_t m, int32_t n, int32_t k, const float *a, int64_t a_row, int64_t a_col, const float *b,
                 int64_t b_row, int64_t b_col, float *c, int64_t c_stride, int32_t accumulate, int32_t worker,
                 int32_t workers, void *scratch) {
    const struct operand left = {a, a_row, a_col}, right = {b, b_col, b_row};
    const int swap = b_row == 1 && b_col != 1 && m <= DIRECT_COLS;
    const int32_t rows = swap ? n : m, cols = swap ? m : n;
    struct part part = {0, rows, 0, cols};
    if (rows >= cols) {
        part.row0 = share(rows, TILE_ROWS, worker, workers);
        part.row1 = share(rows, TILE_ROWS, worker + 1, workers);
    } else {
        part.col0 = share(cols, VL, worker, workers);
        part.col1 = share(cols, VL, worker + 1, workers);
    }
    const struct result result = {c, swap ? 1 : c_stride, swap ? c_stride : 1, accumulate};
    const struct operand tall = swap ? right : left, wide = swap ? left : right;
    const int32_t part_cols = part.col1 - part.col0;
    if (tall.depth == 1 && part_cols <= DIRECT_COLS && part_cols <= part.row1 - part.row0) {
        multiply_narrow(tall, wide, &part, k, result, scratch);
    } else {
        multiply_part(tall, wide, &part, k, result, scratch);
    }
}

/* Bytes of one worker's scratch. */
static int64_t gemm_scratch(void) { return sizeof(struct packing); }

const struct tactus_gemm TACTUS_TABLE = {gemm, gemm_scratch};
