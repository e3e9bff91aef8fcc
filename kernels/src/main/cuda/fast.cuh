/*
 * The products of the FAST_BF16 class: weights and activations rounded to bfloat16, products summed in float32 by
 * tensor cores. One row goes through the same tile instruction as sixty-four.
 *
 *   tactus_fast_linear, tactus_fast_linear_swiglu, tactus_fast_linear_conv     as those of linear.cuh
 *   tactus_fast_experts_up, tactus_fast_experts_down_conv                      as those of experts.cuh
 *
 * Matrices are bfloat16: those that a model stores as float32 are rounded when it is loaded.
 *
 * A warp makes 16 outputs of up to 4 tiles of 8 rows. A tile instruction takes 16 outputs x 16 k of weights (a) and
 * 16 k x 8 rows of x (b). Which k is which does not matter to a sum as long as a and b agree, so lane 4 g + t reads 8
 * neighbouring elements from 32 j + 8 t on, 16 bytes of bfloat16, for step j: the first four for one instruction, the
 * last four for another.
 *
 *   lane 4 g + t    weights of outputs 2 g, 2 g + 1    x of row g    sums of outputs 2 g, 2 g + 1 for rows 2 t, 2 t + 1
 *
 * Four sums a number: even and odd steps, first and second instruction; joined as (0 + 1) + (2 + 3). That, and the
 * order of steps, is all the arithmetic there is besides that of the tensor core, so a row's bits depend on no other.
 * Adapters, norms and what stands behind a product are float32 as in EXACT.
 *
 * Bytes moved: the weights once per 32 rows, x (float32) once per warp through the first cache. Floor: weights over
 * bandwidth up to about 100 rows; above that reads of x bound it, 2 of 16 bytes for two instructions.
 */
#ifndef TACTUS_FAST_CUH
#define TACTUS_FAST_CUH

#include "experts.cuh"

constexpr int FAST_OUTPUTS = 16; /* of a warp */
constexpr int FAST_ROWS = 8;     /* of a tile */
constexpr int FAST_TILES = 4;    /* that share a read of the weights */
constexpr int FAST_STEP = 32;    /* k of a step */
constexpr int FAST_SUMS = 4;     /* of a number */

/* 8 neighbouring elements of a row, as four pairs. */
struct FastPiece {
    uint32_t pair[4];
};

/* Elements [i, i + 8) of a row of k, zeros from element k on. Wide: k is a multiple of 8, rows begin at 16 bytes. */
template <bool WIDE> DEVICE FastPiece fast_piece(const float *row, int i, int k) {
    float v[8] = {};
    if (WIDE && i < k) {
        load_inputs(row + i, v);
    }
    if (!WIDE) {
        UNROLL
        for (int e = 0; e < 8; e++) {
            v[e] = i + e < k ? row[i + e] : 0.0f;
        }
    }
    return {{rounded_pair(v[0], v[1]), rounded_pair(v[2], v[3]), rounded_pair(v[4], v[5]), rounded_pair(v[6], v[7])}};
}

template <bool WIDE> DEVICE FastPiece fast_piece(const bf16 *row, int i, int k) {
    FastPiece piece = {};
    if (WIDE && i < k) {
        const uint4 raw = load_once(reinterpret_cast<const uint4 *>(row + i));
        piece = {{raw.x, raw.y, raw.z, raw.w}};
    }
    if (!WIDE) {
        UNROLL
        for (int e = 0; e < 8; e++) {
            piece.pair[e / 2] |= i + e < k ? (uint32_t)row[i + e].bits << e % 2 * 16 : 0u;
        }
    }
    return piece;
}

/* The outputs of the calling lane: `first` and the next one. */
struct FastPlace {
    static constexpr int GROUP = 1;
    int first, count;
};

/* The rows of a warp: T tiles from x on, `count` of them rows. */
struct FastRows {
    const float *x;
    int64_t first;
    int count, k;
};

/* The weights of D steps from element i on. */
template <bool WIDE, int D>
DEVICE void fast_load(const bf16 *even, const bf16 *odd, int i, int k, FastPiece (&pieces)[D][2]) {
    UNROLL
    for (int s = 0; s < D; s++) {
        pieces[s][0] = fast_piece<WIDE>(even, i + s * FAST_STEP, k);
        pieces[s][1] = fast_piece<WIDE>(odd, i + s * FAST_STEP, k);
    }
}

/*
 * y[tile] = output 2 g for rows 2 t and 2 t + 1, then output 2 g + 1 for them. w: the matrix, of place.count outputs.
 * D: steps whose weights are on their way; even, so that it is known which of its sums a step adds to.
 */
template <bool WIDE, int T>
DEVICE void fast_dots(const bf16 *w, const FastPlace &place, const FastRows &rows, float (&y)[T][4]) {
    constexpr int D = T == 1 ? 4 : 2;
    const int g = lane_of_thread() / 4, i0 = lane_of_thread() % 4 * 8, k = rows.k;
    const bf16 *even = w + (int64_t)(place.first < place.count ? place.first : place.count - 1) * k;
    const bf16 *odd = w + (int64_t)(place.first + 1 < place.count ? place.first + 1 : place.count - 1) * k;
    const float *x = rows.x + (rows.first + g) * k;
    float sum[T][FAST_SUMS][4] = {};
    FastPiece now[D][2], next[D][2];
    fast_load<WIDE>(even, odd, i0, k, now);
    UNROLL_BY(1)
    for (int step = 0; step < k; step += D * FAST_STEP) {
        fast_load<WIDE>(even, odd, step + D * FAST_STEP + i0, k, next);
        UNROLL
        for (int s = 0; s < D; s++) {
            const int i = step + s * FAST_STEP;
            UNROLL
            for (int tile = 0; tile < T && i < k; tile++) {
                FastPiece in = {};
                if (tile * FAST_ROWS + g < rows.count) {
                    in = fast_piece<WIDE>(x + (int64_t)tile * FAST_ROWS * k, i + i0, k);
                }
                UNROLL
                for (int half = 0; half < 2; half++) {
                    const uint32_t weights[4] = {now[s][0].pair[2 * half], now[s][1].pair[2 * half],
                                                 now[s][0].pair[2 * half + 1], now[s][1].pair[2 * half + 1]};
                    const uint32_t inputs[2] = {in.pair[2 * half], in.pair[2 * half + 1]};
                    multiply_tiles(sum[tile][s % 2 * 2 + half], weights, inputs);
                }
            }
        }
        UNROLL
        for (int s = 0; s < D; s++) {
            now[s][0] = next[s][0];
            now[s][1] = next[s][1];
        }
    }
    UNROLL
    for (int tile = 0; tile < T; tile++) {
        UNROLL
        for (int i = 0; i < 4; i++) {
            y[tile][i] = (sum[tile][0][i] + sum[tile][1][i]) + (sum[tile][2][i] + sum[tile][3][i]);
        }
    }
}

/* Adds to one row of a warp's outputs what an adapter has. The whole warp calls. */
template <int T>
DEVICE void fast_adapt_row(const Factors *f, int64_t b_first, const float *t, int warp_first, const FastPlace &place,
                           int row, float (&y)[T][4]) {
    UNROLL_BY(1)
    for (int n = 0; n < FAST_OUTPUTS && warp_first + n < place.count; n++) {
        const float add = low_rank(f, b_first + warp_first + n, t);
        const bool mine = lane_of_thread() == n / 2 * 4 + row % FAST_ROWS / 2;
        UNROLL
        for (int tile = 0; tile < T; tile++) {
            UNROLL
            for (int i = 0; i < 4; i++) {
                const bool here = mine && tile == row / FAST_ROWS && i == n % 2 * 2 + row % 2;
                y[tile][i] = here ? y[tile][i] + add : y[tile][i];
            }
        }
    }
}

/* A warp's outputs of up to T tiles of rows. */
template <bool WIDE, int T, class Store>
DEVICE void fast_product(const LinearPart &part, int warp_first, const FastRows &rows, const Adapters &adapters,
                         const Store &store) {
    const FastPlace place = {warp_first + lane_of_thread() / 4 * 2, part.n};
    float y[T][4];
    fast_dots<WIDE, T>(static_cast<const bf16 *>(part.w), place, rows, y);
    UNROLL_BY(1)
    for (int r = 0; r < rows.count; r++) {
        const Factors *f = factors_of(adapters, rows.first + r, part.module);
        if (f != NULL) {
            fast_adapt_row(f, 0, part.t + (rows.first + r) * adapters.rank, warp_first, place, r, y);
        }
    }
    UNROLL
    for (int tile = 0; tile < T; tile++) {
        UNROLL
        for (int i = 0; i < 2; i++) {
            const int r = tile * FAST_ROWS + lane_of_thread() % 4 * 2 + i;
            const float value[2] = {y[tile][i], y[tile][2 + i]};
            store(place, rows.first + r, r < rows.count, value);
        }
    }
}

/* The warp's outputs of the block's rows, if there are both. */
template <bool WIDE, class Store>
DEVICE void fast_of_width(const LinearPart &part, int warp, const float *x, int k, int64_t all,
                          const Adapters &adapters, const Store &store) {
    const int64_t first = (int64_t)blockIdx.x * (FAST_TILES * FAST_ROWS);
    const int64_t left = all - first;
    const int warp_first = warp * FAST_OUTPUTS;
    if (left <= 0 || warp_first >= part.n) {
        return;
    }
    const FastRows rows = {x, first, (int)(left < FAST_TILES * FAST_ROWS ? left : FAST_TILES * FAST_ROWS), k};
    if (rows.count <= FAST_ROWS) {
        fast_product<WIDE, 1>(part, warp_first, rows, adapters, store);
    } else {
        fast_product<WIDE, FAST_TILES>(part, warp_first, rows, adapters, store);
    }
}

template <class Store>
DEVICE void fast_of(const LinearPart &part, int warp, const float *x, int k, int wide, int64_t rows,
                    const Adapters &adapters, const Store &store) {
    if (wide) {
        fast_of_width<true>(part, warp, x, k, rows, adapters, store);
    } else {
        fast_of_width<false>(part, warp, x, k, rows, adapters, store);
    }
}

/* grid (tiles of 32 rows, blocks of outputs), block (any number of warps up to 4): as the EXACT ones. */
KERNEL __launch_bounds__(128, 3)
tactus_fast_linear(LinearPart a, LinearPart b, LinearPart c, LinearPart d, const float *x, int k, int per_row,
                        int wide, Adapters adapters, const int32_t *rows) {
    const LinearPart parts[4] = {a, b, c, d};
    int warp;
    const LinearPart mine = part_of<FAST_OUTPUTS>(parts, warp);
    fast_of(mine, warp, x, k, wide, (int64_t)*rows * per_row, adapters, StoreOutputs{mine.y});
}
EXPORT_KERNEL(tactus_fast_linear)

KERNEL __launch_bounds__(128, 3)
tactus_fast_linear_swiglu(LinearPart gate_up, const float *x, int k, int wide, Adapters adapters,
                               const int32_t *rows) {
    fast_of(gate_up, warp_of_grid(), x, k, wide, *rows, adapters, StoreGated{gate_up.y, 1.0f, false});
}
EXPORT_KERNEL(tactus_fast_linear_swiglu)

KERNEL __launch_bounds__(128, 3)
tactus_fast_linear_conv(LinearPart part, const float *x, int k, int wide, float scale, int scaled,
                             Residual residual, Adapters adapters, const int32_t *rows) {
    fast_of(part, warp_of_grid(), x, k, wide, *rows, adapters,
            StoreResidual{part.y, residual, scale, scaled != 0});
}
EXPORT_KERNEL(tactus_fast_linear_conv)

/* ---- experts ---- */

/* y = outputs of a slot's expert for the slot's vector, with what the adapter of its row adds; row 0 of the tile. */
DEVICE void fast_expert(const ExpertGroup &group, const Expert &expert, int64_t slot, const float *x, int k,
                        int warp_first, const FastPlace &place, const Adapters &adapters, float (&y)[1][4]) {
    const int64_t first = expert.number * place.count;
    const bf16 *w = static_cast<const bf16 *>(expert.w) + first * k;
    if (group.wide) {
        fast_dots<true, 1>(w, place, {x, 0, 1, k}, y);
    } else {
        fast_dots<false, 1>(w, place, {x, 0, 1, k}, y);
    }
    const Factors *f = factors_of(adapters, slot / group.slots, expert.module);
    if (f != NULL) {
        fast_adapt_row(f, first, group.t + slot * adapters.rank, warp_first, place, 0, y);
    }
}

/* grid (slots of all rows, blocks of 2 hidden outputs), block (any number of warps up to 4). */
KERNEL __launch_bounds__(128, 3)
tactus_fast_experts_up(ExpertGroup group, const float *x, float *y, int k, int hidden, Adapters adapters,
                       const int32_t *rows) {
    const int64_t slot = blockIdx.x;
    const int warp_first = warp_of_grid() * FAST_OUTPUTS;
    if (slot >= (int64_t)*rows * group.slots || warp_first >= 2 * hidden) {
        return;
    }
    const Expert expert = expert_of(group, slot);
    const FastPlace place = {warp_first + lane_of_thread() / 4 * 2, 2 * hidden};
    float out[1][4];
    fast_expert(group, expert, slot, x + slot / group.slots * k, k, warp_first, place, adapters, out);
    const float value[2] = {out[0][0], out[0][2]};
    StoreGated{y, group.weights[slot], expert.shared}(place, slot, lane_of_thread() % 4 == 0, value);
}
EXPORT_KERNEL(tactus_fast_experts_up)

/* grid (rows, blocks of d outputs), block (any number of warps up to 4). */
KERNEL __launch_bounds__(128, 3)
tactus_fast_experts_down_conv(ExpertGroup group, const float *x, float *h, int hidden, int d, Residual residual,
                              Adapters adapters, const int32_t *rows) {
    const int64_t row = blockIdx.x;
    const int warp_first = warp_of_grid() * FAST_OUTPUTS;
    if (row >= *rows || warp_first >= d) {
        return;
    }
    const FastPlace place = {warp_first + lane_of_thread() / 4 * 2, d};
    float sum[2] = {};
    for (int64_t slot = row * group.slots; slot < (row + 1) * group.slots; slot++) {
        const Expert expert = expert_of(group, slot);
        float out[1][4];
        fast_expert(group, expert, slot, x + slot * hidden, hidden, warp_first, place, adapters, out);
        UNROLL
        for (int o = 0; o < 2; o++) {
            const float y = out[0][2 * o];
            sum[o] = expert.shared ? sum[o] + y : fma_rn(group.weights[slot], y, sum[o]);
        }
    }
    StoreResidual{h, residual, 1.0f, false}(place, row, lane_of_thread() % 4 == 0, sum);
}
EXPORT_KERNEL(tactus_fast_experts_down_conv)

#endif
