/*
 * The product that linear.cuh and experts.cuh are made of: a warp makes a few neighbouring outputs of a few rows, with
 * the dot of NUMERICS.md.
 *
 * P neighbouring threads hold the 32 accumulators of an output, V = 32 / P each, so that a thread reads V neighbouring
 * weights at a time, and has O neighbouring outputs:
 *
 *   wide, one row          bfloat16  P 4, O 1: 16 bytes a read     float32  P 8, O 2: 16 bytes
 *   wide, up to 4, to 8    bfloat16  P 8, O 2: 8 bytes             float32  P 8, O 2: 16 bytes
 *   narrow                 P 32, O 2: one weight; serves matrices whose rows do not begin at 16 bytes
 *
 * With one row the memory is what counts, and long reads; with more it is how often x is read, and a thread that has
 * two outputs reads it half as often. An accumulator gets the same products in the same order either way, whatever R,
 * the number of rows of x that share a read of the weights.
 *
 * x is read through the first cache: its vectors are a few KiB that all warps of a processor share. Weights of the
 * next steps are on their way while those of the last are used: 128 bytes a thread for one row, 64 for a few, fewer
 * where the fmas are what counts.
 */
#ifndef TACTUS_PRODUCT_CUH
#define TACTUS_PRODUCT_CUH

#include "adapters.cuh"

constexpr int ROW_TILE = 8; /* most rows that share a read of the weights */

/* How a warp makes outputs of R rows: P threads each, O of them per group of threads. */
template <class W, bool WIDE, int R> struct Shape {
    static constexpr int P = 8, O = 2;
};

template <> struct Shape<bf16, true, 1> {
    static constexpr int P = 4, O = 1;
};

template <class W, int R> struct Shape<W, false, R> {
    static constexpr int P = 32, O = 2;
};

/* Outputs of a warp. */
template <bool WIDE> constexpr int OUTPUTS_OF_WARP = WIDE ? 8 : 2;

/* V neighbouring weights as they lie in memory. */
template <class W, int V> struct Piece;

template <> struct Piece<bf16, 8> {
    uint4 raw;
    DEVICE_METHOD void load(const bf16 *p) { raw = load_once(reinterpret_cast<const uint4 *>(p)); }
    DEVICE_METHOD void widen(float (&w)[8]) const {
        const uint32_t words[4] = {raw.x, raw.y, raw.z, raw.w};
        UNROLL
        for (int i = 0; i < 4; i++) {
            w[2 * i] = uint_as_float(words[i] << 16);
            w[2 * i + 1] = uint_as_float(words[i] & 0xffff0000u);
        }
    }
};

template <> struct Piece<bf16, 4> {
    uint2 raw;
    DEVICE_METHOD void load(const bf16 *p) { raw = load_once(reinterpret_cast<const uint2 *>(p)); }
    DEVICE_METHOD void widen(float (&w)[4]) const {
        w[0] = uint_as_float(raw.x << 16);
        w[1] = uint_as_float(raw.x & 0xffff0000u);
        w[2] = uint_as_float(raw.y << 16);
        w[3] = uint_as_float(raw.y & 0xffff0000u);
    }
};

template <> struct Piece<float, 4> {
    uint4 raw;
    DEVICE_METHOD void load(const float *p) { raw = load_once(reinterpret_cast<const uint4 *>(p)); }
    DEVICE_METHOD void widen(float (&w)[4]) const {
        w[0] = uint_as_float(raw.x);
        w[1] = uint_as_float(raw.y);
        w[2] = uint_as_float(raw.z);
        w[3] = uint_as_float(raw.w);
    }
};

template <class W> struct Piece<W, 1> {
    W raw;
    DEVICE_METHOD void load(const W *p) { raw = *p; }
    DEVICE_METHOD void widen(float (&w)[1]) const { w[0] = widened(raw); }
};

/* V neighbouring inputs. */
template <int V> DEVICE void load_inputs(const float *p, float (&x)[V]) {
    if constexpr (V == 1) {
        x[0] = *p;
    } else {
        UNROLL
        for (int i = 0; i < V; i += 4) {
            const float4 four = *reinterpret_cast<const float4 *>(p + i);
            x[i] = four.x;
            x[i + 1] = four.y;
            x[i + 2] = four.z;
            x[i + 3] = four.w;
        }
    }
}

/* acc[o][r] += the products of one piece of each output's weights. */
template <class W, int V, int O, int R>
DEVICE void add_products(const Piece<W, V> (&piece)[O], const float *x, const int (&row)[R], float (&acc)[O][R][V]) {
    float w[O][V];
    UNROLL
    for (int o = 0; o < O; o++) {
        piece[o].widen(w[o]);
    }
    UNROLL
    for (int r = 0; r < R; r++) {
        float in[V];
        load_inputs(x + row[r], in);
        UNROLL
        for (int o = 0; o < O; o++) {
            UNROLL
            for (int v = 0; v < V; v++) {
                acc[o][r][v] = fma_rn(in[v], w[o][v], acc[o][r][v]);
            }
        }
    }
}

/* S steps of the weights of O outputs. */
template <class W, int V, int O, int S> struct Pieces {
    Piece<W, V> of[S][O];

    DEVICE_METHOD void load(const W *const (&w)[O], int i) {
        UNROLL
        for (int s = 0; s < S; s++) {
            UNROLL
            for (int o = 0; o < O; o++) {
                of[s][o].load(w[o] + i + s * WARP);
            }
        }
    }

    template <int R>
    DEVICE_METHOD void add(const float *x, const int (&row)[R], float (&acc)[O][R][V]) const {
        UNROLL
        for (int s = 0; s < S; s++) {
            add_products<W, V, O, R>(of[s], x + s * WARP, row, acc);
        }
    }
};

/* y[o][r] = dot(x + row[r], w[o]) over k elements, in every thread of the group. i0: the thread's first element. */
template <class W, int P, int O, int R>
DEVICE void dots(const W *const (&w)[O], const float *x, const int (&row)[R], int k, int i0, float (&y)[O][R]) {
    constexpr int V = WARP / P;
    constexpr int BYTES = O * V * (int)sizeof(W);
    constexpr int S = R == 1 ? 64 / BYTES : R < ROW_TILE ? 32 / BYTES : 1;
    float acc[O][R][V] = {};
    int i = i0;
    if (i + (S - 1) * WARP < k) {
        Pieces<W, V, O, S> now, next;
        now.load(w, i);
        UNROLL_BY(1)
        for (; i + (2 * S - 1) * WARP < k; i += S * WARP) {
            next.load(w, i + S * WARP);
            now.add(x + i, row, acc);
            now = next;
        }
        now.add(x + i, row, acc);
        i += S * WARP;
    }
    UNROLL_BY(1)
    for (; i < k; i += WARP) {
        Pieces<W, V, O, 1> rest;
        rest.load(w, i);
        rest.add(x + i, row, acc);
    }
    UNROLL
    for (int r = 0; r < R; r++) {
        UNROLL
        for (int o = 0; o < O; o++) {
            y[o][r] = group_sum<P>(acc[o][r]);
        }
    }
}

/*
 * Which outputs the calling thread's group makes: O neighbouring ones from `first`; `part` numbers the threads of the
 * group. count: outputs that there are.
 */
template <int P, int O> struct Place {
    static constexpr int GROUP = P;
    int first, part, count;

    DEVICE_METHOD Place(int warp_first, int outputs)
        : first(warp_first + lane_of_thread() / P * O), part(lane_of_thread() % P), count(outputs) {}

    /* Groups beyond the last output repeat it and store nothing. */
    template <class W> DEVICE_METHOD void rows_of(const W *w, int k, const W *(&row)[O]) const {
        UNROLL
        for (int o = 0; o < O; o++) {
            const int n = first + o < count ? first + o : count - 1;
            row[o] = w + (int64_t)n * k;
        }
    }
};

/*
 * Adds to row r of a warp's outputs what an adapter has; b_first: the row of b that belongs to the matrix's output 0.
 * The whole warp calls.
 */
template <int P, int O, int R>
DEVICE void adapt_row(const Factors *f, int64_t b_first, const float *t, int warp_first, const Place<P, O> &place,
                      int r, float (&y)[O][R]) {
    UNROLL_BY(1)
    for (int i = 0; i < WARP / P * O && warp_first + i < place.count; i++) {
        const float sum = low_rank(f, b_first + warp_first + i, t);
        UNROLL
        for (int o = 0; o < O; o++) {
            UNROLL
            for (int q = 0; q < R; q++) {
                y[o][q] = q == r && warp_first + i == place.first + o ? y[o][q] + sum : y[o][q];
            }
        }
    }
}

/*
 * Hands each row's outputs to `store`: the threads of a group take rows in turn, so that all have some. The whole warp
 * calls; store is told whether there is such a row.
 */
template <int P, int O, int R, class Store>
DEVICE void store_rows(const Place<P, O> &place, int64_t first, int count, const float (&y)[O][R],
                       const Store &store) {
    UNROLL
    for (int q = 0; q < R; q += P) {
        float value[O];
        UNROLL
        for (int o = 0; o < O; o++) {
            value[o] = y[o][q];
            UNROLL
            for (int p = 1; p < (R - q < P ? R - q : P); p++) {
                value[o] = place.part == p ? y[o][q + p] : value[o];
            }
        }
        store(place, first + q + place.part, q + place.part < count, value);
    }
}

#endif
