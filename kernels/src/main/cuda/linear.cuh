/*
 * Products of activations and weight matrices, with what stands right behind them.
 *
 *   tactus_linear         y [rows, n] = W x                                W [n, k]     up to four W over one x
 *   tactus_linear_swiglu  y [rows, n / 2] = silu(gate) up                  gate and up rows of W interleaved
 *   tactus_linear_conv    h = (W x) scale; x += h + conv(h)                n = d channels
 *
 * Each adds the low-rank path of adapters first. grid (tiles of 8 rows, blocks of outputs): tiles that need the same
 * weights run together and find them in the second cache. A block is any number of warps, which do not meet.
 *
 * Bytes moved: the weights once per 8 rows, x once, y once. Floor for one row: n k sizeof(w) over bandwidth; a thread
 * has 64 to 128 bytes on their way, so the 25 KiB that a processor of an H200 needs take 13 warps. From about 8 rows on
 * reads of x bound it, 8 of 16 bytes for 64 fmas: about half of the rate of fmas, 2 n k rows over 67 TFLOP/s.
 */
#ifndef TACTUS_LINEAR_CUH
#define TACTUS_LINEAR_CUH

#include "product.cuh"
#include "residual.cuh"

/*
 * One matrix of a product. y: [rows, n], or what the kernel makes of n outputs. t and module: of its adapters; module
 * -1 for none. n 0: there is no such matrix.
 */
struct LinearPart {
    const void *w;
    float *y;
    const float *t;
    int32_t n;
    int32_t module;
};

/* Rows [first, first + count) of a tile and what they share. */
struct RowTile {
    const float *x;
    int64_t first;
    int count, k;
};

/* y[row, n] = value. */
struct StoreOutputs {
    float *y;

    template <class At, int O>
    DEVICE_METHOD void operator()(const At &place, int64_t row, bool there, const float (&value)[O]) const {
        UNROLL
        for (int o = 0; o < O; o++) {
            if (there && place.first + o < place.count) {
                y[row * place.count + place.first + o] = value[o];
            }
        }
    }
};

/* y[row, n / 2] = silu(value[n]) value[n + 1], times scale when scaled; n is even. */
struct StoreGated {
    float *y;
    float scale;
    bool scaled;

    template <class At, int O>
    DEVICE_METHOD void operator()(const At &place, int64_t row, bool there, const float (&value)[O]) const {
        float up[1];
        if constexpr (O == 1) {
            shuffle_xor(value, up, At::GROUP);
        } else {
            up[0] = value[1];
        }
        if (there && place.first % 2 == 0 && place.first < place.count) {
            const float product = exact_silu(value[0]) * up[0];
            y[row * (place.count / 2) + place.first / 2] = scaled ? product * scale : product;
        }
    }
};

/* h[row, n] = value times scale, or the whole end of the block where a segment is one row. */
struct StoreResidual {
    float *h;
    Residual residual;
    float scale;
    bool scaled;

    template <class At, int O>
    DEVICE_METHOD void operator()(const At &place, int64_t row, bool there, const float (&value)[O]) const {
        UNROLL
        for (int o = 0; o < O; o++) {
            const int n = place.first + o;
            if (there && n < place.count) {
                const float out = scaled ? value[o] * scale : value[o];
                if (residual.fused) {
                    residual_of_row(residual, row, n, place.count, out);
                } else {
                    h[row * place.count + n] = out;
                }
            }
        }
    }
};

/* A warp's outputs of up to R rows. */
template <class W, bool WIDE, int R, class Store>
DEVICE void product_of_rows(const LinearPart &part, int warp_first, const RowTile &tile, const Adapters &adapters,
                            const Store &store) {
    constexpr int P = Shape<W, WIDE, R>::P, O = Shape<W, WIDE, R>::O;
    const Place<P, O> place(warp_first, part.n);
    const W *w[O];
    int row[R];
    place.rows_of(static_cast<const W *>(part.w), tile.k, w);
    UNROLL
    for (int r = 0; r < R; r++) {
        row[r] = (r < tile.count ? r : tile.count - 1) * tile.k;
    }
    float y[O][R];
    dots<W, P, O, R>(w, tile.x + tile.first * tile.k, row, tile.k, place.part * (WARP / P), y);
    UNROLL_BY(1)
    for (int r = 0; r < tile.count; r++) {
        const Factors *f = factors_of(adapters, tile.first + r, part.module);
        if (f != NULL) {
            adapt_row(f, 0, part.t + (tile.first + r) * adapters.rank, warp_first, place, r, y);
        }
    }
    store_rows(place, tile.first, tile.count, y, store);
}

/* The outputs of the calling warp for its block's tile of rows. */
template <class W, bool WIDE, class Store>
DEVICE void product_of_tile(const LinearPart &part, int warp_first, const RowTile &tile, const Adapters &adapters,
                            const Store &store) {
    if (tile.count == 1) {
        product_of_rows<W, WIDE, 1>(part, warp_first, tile, adapters, store);
        return;
    }
    if constexpr (WIDE) {
        if (tile.count <= ROW_TILE / 2) {
            product_of_rows<W, WIDE, ROW_TILE / 2>(part, warp_first, tile, adapters, store);
            return;
        }
    }
    product_of_rows<W, WIDE, ROW_TILE>(part, warp_first, tile, adapters, store);
}

/* The block's tile; its count is not positive when the pass has no such rows. */
DEVICE RowTile row_tile(const float *x, int k, int64_t rows) {
    const int64_t first = (int64_t)blockIdx.x * ROW_TILE;
    const int64_t count = rows - first;
    return {x, first, (int)(count < ROW_TILE ? count : ROW_TILE), k};
}

/* The number of the calling warp along the outputs. */
DEVICE int warp_of_grid() { return (int)(blockIdx.y * (blockDim.x / WARP) + threadIdx.x / WARP); }

/* Calls product_of_tile with the warp's outputs if there are such. */
template <class W, bool WIDE, class Store>
DEVICE void product_of_warp(const LinearPart &part, int warp, const RowTile &tile, const Adapters &adapters,
                            const Store &store) {
    const int first = warp * OUTPUTS_OF_WARP<WIDE>;
    if (first < part.n) {
        product_of_tile<W, WIDE>(part, first, tile, adapters, store);
    }
}

/* The part of the calling warp, of which each makes OUTPUTS, and the warp's number in it. */
template <int OUTPUTS> DEVICE LinearPart part_of(const LinearPart (&parts)[4], int &warp) {
    int before = 0;
    LinearPart mine = parts[0];
    warp = warp_of_grid();
    UNROLL
    for (int i = 0; i < 4; i++) {
        const int warps = (parts[i].n + OUTPUTS - 1) / OUTPUTS;
        if (warp_of_grid() >= before && warps > 0) {
            mine = parts[i];
            warp = warp_of_grid() - before;
        }
        before += warps;
    }
    return mine;
}

template <class W, bool WIDE>
DEVICE void linear(const LinearPart (&parts)[4], const RowTile &tile, const Adapters &adapters) {
    int warp;
    const LinearPart mine = part_of<OUTPUTS_OF_WARP<WIDE>>(parts, warp);
    product_of_warp<W, WIDE>(mine, warp, tile, adapters, StoreOutputs{mine.y});
}

template <class W>
DEVICE void linear_of(const LinearPart (&parts)[4], const float *x, int k, int per_row, int wide,
                      const Adapters &adapters, const int32_t *rows) {
    const RowTile tile = row_tile(x, k, (int64_t)*rows * per_row);
    if (tile.count <= 0) {
        return;
    }
    if (wide) {
        linear<W, true>(parts, tile, adapters);
    } else {
        linear<W, false>(parts, tile, adapters);
    }
}

template <class W>
DEVICE void linear_swiglu_of(const LinearPart &part, const float *x, int k, int wide, const Adapters &adapters,
                             const int32_t *rows) {
    const RowTile tile = row_tile(x, k, *rows);
    if (tile.count <= 0) {
        return;
    }
    const StoreGated store = {part.y, 1.0f, false};
    if (wide) {
        product_of_warp<W, true>(part, warp_of_grid(), tile, adapters, store);
    } else {
        product_of_warp<W, false>(part, warp_of_grid(), tile, adapters, store);
    }
}

template <class W>
DEVICE void linear_conv_of(const LinearPart &part, const float *x, int k, int wide, float scale, int scaled,
                           const Residual &residual, const Adapters &adapters, const int32_t *rows) {
    const RowTile tile = row_tile(x, k, *rows);
    if (tile.count <= 0) {
        return;
    }
    const StoreResidual store = {part.y, residual, scale, scaled != 0};
    if (wide) {
        product_of_warp<W, true>(part, warp_of_grid(), tile, adapters, store);
    } else {
        product_of_warp<W, false>(part, warp_of_grid(), tile, adapters, store);
    }
}

KERNEL __launch_bounds__(128, 3)
tactus_linear_bf16(LinearPart a, LinearPart b, LinearPart c, LinearPart d, const float *x, int k, int per_row, int wide,
                   Adapters adapters, const int32_t *rows) {
    const LinearPart parts[4] = {a, b, c, d};
    linear_of<bf16>(parts, x, k, per_row, wide, adapters, rows);
}
EXPORT_KERNEL(tactus_linear_bf16)

KERNEL __launch_bounds__(128, 3)
tactus_linear_f32(LinearPart a, LinearPart b, LinearPart c, LinearPart d, const float *x, int k, int per_row, int wide,
                  Adapters adapters, const int32_t *rows) {
    const LinearPart parts[4] = {a, b, c, d};
    linear_of<float>(parts, x, k, per_row, wide, adapters, rows);
}
EXPORT_KERNEL(tactus_linear_f32)

KERNEL __launch_bounds__(128, 3)
tactus_linear_swiglu_bf16(LinearPart gate_up, const float *x, int k, int wide, Adapters adapters, const int32_t *rows) {
    linear_swiglu_of<bf16>(gate_up, x, k, wide, adapters, rows);
}
EXPORT_KERNEL(tactus_linear_swiglu_bf16)

KERNEL __launch_bounds__(128, 3)
tactus_linear_swiglu_f32(LinearPart gate_up, const float *x, int k, int wide, Adapters adapters, const int32_t *rows) {
    linear_swiglu_of<float>(gate_up, x, k, wide, adapters, rows);
}
EXPORT_KERNEL(tactus_linear_swiglu_f32)

KERNEL __launch_bounds__(128, 3)
tactus_linear_conv_bf16(LinearPart part, const float *x, int k, int wide, float scale, int scaled, Residual residual,
                        Adapters adapters, const int32_t *rows) {
    linear_conv_of<bf16>(part, x, k, wide, scale, scaled, residual, adapters, rows);
}
EXPORT_KERNEL(tactus_linear_conv_bf16)

KERNEL __launch_bounds__(128, 3)
tactus_linear_conv_f32(LinearPart part, const float *x, int k, int wide, float scale, int scaled, Residual residual,
                       Adapters adapters, const int32_t *rows) {
    linear_conv_of<float>(part, x, k, wide, scale, scaled, residual, adapters, rows);
}
EXPORT_KERNEL(tactus_linear_conv_f32)

#endif
