/*
 * Products of the FAST classes by AMX tiles. The A operand is weights: 16 outputs by 64 bytes of their rows, as they
 * lie in memory. The B operand is activations, packed so that 4 bytes of each of 16 rows lie together. The result, 16
 * outputs by 16 rows, is transposed into y.
 *
 * The unit that includes this has defined:
 *   TILE_DP         the tile product
 *   tile_t          an element of the result
 *   struct tile_outputs, tile_outputs(m, row, count)   what finishing 8 outputs needs of the matrix
 *   tile_finish(sums, outputs, packed, r)              8 outputs of row r from the tile's elements
 *   FAST_HEADER     bytes before the activations in a packing
 *
 * A single row goes through the same tiles as 64, and every element of a tile has a sum of its own over rising blocks
 * of 64 bytes: so its arithmetic depends neither on the number of rows nor on the range.
 */
#ifndef TACTUS_FAST_AMX_H
#define TACTUS_FAST_AMX_H

enum {
    TILE = 16,         /* rows of every tile, outputs or rows of a result */
    TILE_BYTES = 1024, /* of 16 rows of 64 bytes */
    TILE_PANEL = 4     /* tiles of outputs that all rows are multiplied with before the next */
};

struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

_Static_assert(sizeof(struct tile_config) == 64, "ldtilecfg reads 64 bytes");

/* Results of up to 4 tiles, each [16 outputs][16 rows]. */
struct tile_results {
    tile_t tile[4][TILE][TILE] __attribute__((aligned(64)));
};

/* A call of multiply, as the tiles see it. */
struct tile_call {
    const struct tactus_matrix *m;
    int64_t first;
    const char *packed;
    int rows;
    int64_t blocks; /* of 64 bytes of a weight row */
    int64_t end;    /* of the range of outputs */
    float *y;
    int64_t y_stride;
};

/* Columns of tiles that hold `rows` rows. */
Q_INLINE int tile_columns(int rows) { return (rows + TILE - 1) / TILE; }

/* Bytes of a packing of the most rows, of `blocks` blocks each. */
static int64_t fast_bytes(int64_t blocks) {
    return FAST_HEADER + tile_columns(TACTUS_FAST_ROWS) * blocks * TILE_BYTES;
}

/*
 * Puts row r's block b, 64 bytes of the weights' type, in its place: 4 bytes into each row of a tile.
 * Columns of the last tile that no row fills keep what was there: nobody reads their results.
 */
static void fast_place(char *packed, int rows, int r, int64_t blocks, int64_t b, const char *block) {
    (void)rows;
    char *target = packed + FAST_HEADER + (r / TILE * blocks + b) * TILE_BYTES + r % TILE * 4;
    for (int i = 0; i < TILE; i++) {
        memcpy(target + i * FAST_BLOCK, block + i * 4, 4);
    }
}

/* The packed activations of a column of tiles. */
Q_INLINE const char *tile_activations(const struct tile_call *c, int column) {
    return c->packed + FAST_HEADER + column * c->blocks * TILE_BYTES;
}

/* The weights of 16 outputs from n on. */
Q_INLINE const char *tile_weights(const struct tile_call *c, int64_t n) {
    return c->m->data + (c->first + n) * c->m->stride;
}

/*
 * Fetches into L2 what the next panel reads where this one reads w, for `tiles` tiles of outputs: 16 rows a stride
 * apart are too many streams for some hardware to see.
 */
Q_INLINE void tile_prefetch(const char *w, int64_t stride, int tiles) {
    const uintptr_t next = (uintptr_t)w + (uintptr_t)(TILE_PANEL * TILE * stride);
    for (int i = 0; i < tiles * TILE; i++) {
        _mm_prefetch((const char *)(next + (uintptr_t)(i * stride)), _MM_HINT_T1);
    }
}

/* Whether to do so: once per weight, and only where this range goes on to the next panel. */
Q_INLINE int tile_fetches(const struct tile_call *c, int64_t n, int column) {
    return column == 0 && n + TILE_PANEL * TILE < c->end;
}

/* 64 outputs from n on by a column of rows: 4 results, the activations loaded once for all. */
static void tile_product_4x1(const struct tile_call *c, int64_t n, int column, struct tile_results *results) {
    const int64_t stride = c->m->stride;
    const int fetches = tile_fetches(c, n, column);
    const char *w = tile_weights(c, n), *x = tile_activations(c, column);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int64_t b = 0; b < c->blocks; b++, w += FAST_BLOCK, x += TILE_BYTES) {
        _tile_loadd(6, x, FAST_BLOCK);
        _tile_loadd(4, w, stride);
        TILE_DP(0, 4, 6);
        _tile_loadd(5, w + TILE * stride, stride);
        TILE_DP(1, 5, 6);
        _tile_loadd(4, w + 2 * TILE * stride, stride);
        TILE_DP(2, 4, 6);
        _tile_loadd(5, w + 3 * TILE * stride, stride);
        TILE_DP(3, 5, 6);
        if (fetches) {
            tile_prefetch(w, stride, 4);
        }
    }
    _tile_stored(0, results->tile[0], FAST_BLOCK);
    _tile_stored(1, results->tile[1], FAST_BLOCK);
    _tile_stored(2, results->tile[2], FAST_BLOCK);
    _tile_stored(3, results->tile[3], FAST_BLOCK);
}

/* 32 outputs from n on by two columns of rows; results [output tile][column]. */
static void tile_product_2x2(const struct tile_call *c, int64_t n, int column, struct tile_results *results) {
    const int64_t stride = c->m->stride;
    const int fetches = tile_fetches(c, n, column);
    const char *w = tile_weights(c, n);
    const char *x = tile_activations(c, column), *x_next = tile_activations(c, column + 1);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int64_t b = 0; b < c->blocks; b++, w += FAST_BLOCK, x += TILE_BYTES, x_next += TILE_BYTES) {
        _tile_loadd(4, w, stride);
        _tile_loadd(6, x, FAST_BLOCK);
        TILE_DP(0, 4, 6);
        _tile_loadd(7, x_next, FAST_BLOCK);
        TILE_DP(1, 4, 7);
        _tile_loadd(5, w + TILE * stride, stride);
        TILE_DP(2, 5, 6);
        TILE_DP(3, 5, 7);
        if (fetches) {
            tile_prefetch(w, stride, 2);
        }
    }
    _tile_stored(0, results->tile[0], FAST_BLOCK);
    _tile_stored(1, results->tile[1], FAST_BLOCK);
    _tile_stored(2, results->tile[2], FAST_BLOCK);
    _tile_stored(3, results->tile[3], FAST_BLOCK);
}

/* 16 outputs from n on by a column of rows, for what is left of a range. */
static void tile_product_1x1(const struct tile_call *c, int64_t n, int column, struct tile_results *results) {
    const int64_t stride = c->m->stride;
    const char *w = tile_weights(c, n), *x = tile_activations(c, column);
    _tile_zero(0);
    for (int64_t b = 0; b < c->blocks; b++, w += FAST_BLOCK, x += TILE_BYTES) {
        _tile_loadd(4, w, stride);
        _tile_loadd(6, x, FAST_BLOCK);
        TILE_DP(0, 4, 6);
    }
    _tile_stored(0, results->tile[0], FAST_BLOCK);
}

/* Transposes 8x8 elements, rows of the source 16 apart. */
Q_INLINE void tile_transpose(const tile_t *source, __m256 v[8]) {
    __m256 a[8], b[8];
    for (int i = 0; i < 8; i++) {
        a[i] = _mm256_castsi256_ps(_mm256_load_si256((const __m256i *)(source + i * TILE)));
    }
    for (int i = 0; i < 8; i += 2) {
        b[i] = _mm256_unpacklo_ps(a[i], a[i + 1]);
        b[i + 1] = _mm256_unpackhi_ps(a[i], a[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        a[i] = _mm256_shuffle_ps(b[i], b[i + 2], 0x44);
        a[i + 1] = _mm256_shuffle_ps(b[i], b[i + 2], 0xee);
        a[i + 2] = _mm256_shuffle_ps(b[i + 1], b[i + 3], 0x44);
        a[i + 3] = _mm256_shuffle_ps(b[i + 1], b[i + 3], 0xee);
    }
    for (int i = 0; i < 4; i++) {
        v[i] = _mm256_permute2f128_ps(a[i], a[i + 4], 0x20);
        v[i + 4] = _mm256_permute2f128_ps(a[i], a[i + 4], 0x31);
    }
}

/* Writes the outputs from n on of a result that are in the range, for its rows from `row` on that exist. */
static void tile_emit(const struct tile_call *c, int64_t n, int row, tile_t tile[TILE][TILE]) {
    for (int o = 0; o < TILE && n + o < c->end; o += 8) {
        const int count = c->end - n - o < 8 ? (int)(c->end - n - o) : 8;
        const struct tile_outputs outputs = tile_outputs(c->m, c->first + n + o, count);
        for (int r0 = 0; r0 < TILE && row + r0 < c->rows; r0 += 8) {
            __m256 v[8];
            tile_transpose(&tile[o][r0], v);
            for (int i = 0; i < 8 && row + r0 + i < c->rows; i++) {
                const int r = row + r0 + i;
                const __m256 result = tile_finish(v[i], &outputs, c->packed, r);
                float *y = c->y + r * c->y_stride + n + o;
                if (count == 8) {
                    _mm256_storeu_ps(y, result);
                } else {
                    _mm256_maskstore_ps(y, fast_mask_8(count), result);
                }
            }
        }
    }
}

/* 64 outputs from n on: columns of rows in pairs, and a last one alone. */
static void tile_panel(const struct tile_call *c, int64_t n, struct tile_results *results) {
    const int columns = tile_columns(c->rows);
    for (int column = 0; column + 1 < columns; column += 2) {
        for (int o = 0; o < TILE_PANEL; o += 2) {
            tile_product_2x2(c, n + o * TILE, column, results);
            for (int i = 0; i < 4; i++) {
                tile_emit(c, n + (o + i / 2) * TILE, (column + i % 2) * TILE, results->tile[i]);
            }
        }
    }
    if (columns % 2 == 1) {
        tile_product_4x1(c, n, columns - 1, results);
        for (int i = 0; i < TILE_PANEL; i++) {
            tile_emit(c, n + i * TILE, (columns - 1) * TILE, results->tile[i]);
        }
    }
}

/* The whole of multiply, `blocks` being those of 64 bytes of a row of m. Permission to use tiles has been asked for. */
static void fast_multiply(const struct tactus_matrix *m, int64_t first, int32_t n0, int32_t n1, const char *packed,
                          int32_t rows, int64_t blocks, float *y, int64_t y_stride) {
    struct tile_config config = {.palette = 1};
    for (int t = 0; t < 8; t++) {
        config.row_bytes[t] = FAST_BLOCK;
        config.rows[t] = TILE;
    }
    TILE_CONFIGURE(config);
    const struct tile_call call = {m, first, packed, rows, blocks, n1, y, y_stride};
    struct tile_results results;
    int64_t n = n0;
    /* The last tile of a panel may reach 15 rows beyond the range, not more. */
    for (; n + (TILE_PANEL - 1) * TILE < n1; n += TILE_PANEL * TILE) {
        tile_panel(&call, n, &results);
    }
    for (; n < n1; n += TILE) {
        for (int column = 0; column < tile_columns(rows); column++) {
            tile_product_1x1(&call, n, column, &results);
            tile_emit(&call, n, column * TILE, results.tile[0]);
        }
    }
    _tile_release();
}

#endif
