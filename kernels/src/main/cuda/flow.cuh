/*
 * The flow head: blocks of speech out of noise, for the voice rows of a pass (KernelSet.flow, MODEL.md 2.4).
 *
 *   tactus_flow_noise     x [voice rows, block] = normals of (seed, tick, output position) of each row's entry
 *   tactus_flow_product   y [voice rows, n] = W x, W [n, k], with what stands before and after it:
 *     FLOW_CONDITION      y = W c                                          once per pass
 *     FLOW_IN             y = (W x + time) + condition                     h, once per step
 *     FLOW_INSIDE         y = silu(W rms(x))                               per layer
 *     FLOW_ADD            y = y + W x                                      per layer: h
 *     FLOW_OUT            y = fma(share, W rms(x), y)                      x, once per step
 *   tactus_flow_end       x to the block's place; whether it is made of numbers
 *
 * 3 + steps * (2 + 2 * layers) launches, 51 for 6 steps and 3 layers. A pass without voice rows returns from each at
 * once, but the launches stay: so a pass that does not speak has a graph without them.
 *
 * A product gives a warp one output, whose lanes are those of its sum; 8 rows at a time share the weights. Norms are
 * made again by every block from its rows: 2 width operations instead of a launch.
 *
 * Bytes moved, a product: n * k * sizeof(w), from the second cache from the second step on (4 MB for a width of 512),
 * and the rows. Floor: latency, 2 us a launch; all weights of a pass over bandwidth are 1 us.
 */
#ifndef TACTUS_FLOW_CUH
#define TACTUS_FLOW_CUH

#include "generate.cuh"
#include "philox.cuh"

enum {
    FLOW_NOISE_THREADS = 64,
    FLOW_THREADS = 256,
    FLOW_OUTPUTS = FLOW_THREADS / WARP, /* of a block */
    FLOW_ROWS = 8,                      /* that share weights */
    FLOW_END_THREADS = 128
};

enum flow_step { FLOW_CONDITION, FLOW_IN, FLOW_INSIDE, FLOW_ADD, FLOW_OUT };

#define FLOW_EPS 1e-6f

/* A product of the head. Fields a step does not need are 0. */
struct FlowProduct {
    const void *w; /* [n, k] */
    const float *x;
    const float *norm; /* [k] */
    float *y;
    const float *time;      /* [n], of this step of the flow */
    const float *condition; /* [voice rows, n] */
    int32_t type, n, k, step;
    float share; /* 1 / steps */
    int32_t reserved;
};

DEVICE int flow_rows(const Generate &g) { return g.header[PASS_SAMPLING] != 0 ? g.header[PASS_VOICE_ROWS] : 0; }

/* grid (draws of 4 / 64, voice rows), block 64 */
KERNEL __launch_bounds__(FLOW_NOISE_THREADS) tactus_flow_noise(Generate g, float *x) {
    const int row = (int)blockIdx.y, draw = (int)(blockIdx.x * FLOW_NOISE_THREADS + threadIdx.x);
    if (row >= flow_rows(g) || 4 * draw >= g.block) {
        return;
    }
    const int entry = g.voice_entry[row];
    const PhiloxWords words = philox(g.seed[entry], g.tick[entry], g.outputs[entry], draw, PHILOX_FLOW);
    float *to = x + row * g.block;
    for (int half = 0; half < 2; half++) {
        const PhiloxNormals normals = philox_normals(words.word[2 * half], words.word[2 * half + 1]);
        const int at = 4 * draw + 2 * half;
        if (at < g.block) {
            to[at] = normals.first;
        }
        if (at + 1 < g.block) {
            to[at + 1] = normals.second;
        }
    }
}
EXPORT_KERNEL(tactus_flow_noise)

/* 1 / rms of up to 8 rows of x, a warp each. */
DEVICE void flow_scales(const float *x, int k, int rows, float *scale) {
    const int row = (int)threadIdx.x / WARP;
    if (row < rows) {
        const float *of = x + (int64_t)row * k;
        const float squares = warp_dot(of, of, k);
        if (lane_of_thread() == 0) {
            scale[row] = 1.0f / sqrt_rn(squares / (float)k + FLOW_EPS);
        }
    }
}

/* This lane's accumulators of one output for up to 8 rows. */
template <class W, bool NORMED>
DEVICE void flow_lanes(const FlowProduct &p, const float *x, int n, int rows, const float *scale,
                       float (&a)[FLOW_ROWS]) {
    const W *w = reinterpret_cast<const W *>(p.w) + (int64_t)n * p.k;
    UNROLL_BY(2)
    for (int i = lane_of_thread(); i < p.k; i += WARP) {
        const float weight = widened(w[i]);
        const float norm = NORMED ? p.norm[i] : 1.0f;
        UNROLL
        for (int r = 0; r < FLOW_ROWS; r++) {
            if (r < rows) {
                const float value = x[(int64_t)r * p.k + i];
                a[r] = fma_rn(NORMED ? (value * scale[r]) * norm : value, weight, a[r]);
            }
        }
    }
}

template <bool NORMED>
DEVICE void flow_dots(const FlowProduct &p, const float *x, int n, int rows, const float *scale,
                      float (&a)[FLOW_ROWS]) {
    if (p.type == TACTUS_BF16) {
        flow_lanes<bf16, NORMED>(p, x, n, rows, scale, a);
    } else {
        flow_lanes<float, NORMED>(p, x, n, rows, scale, a);
    }
}

/* What becomes of a product. */
DEVICE void flow_store(const FlowProduct &p, int64_t row, int n, float product) {
    float *y = p.y + row * p.n + n;
    switch (p.step) {
    case FLOW_IN:
        *y = (product + p.time[n]) + p.condition[row * p.n + n];
        break;
    case FLOW_INSIDE:
        *y = exact_silu(product);
        break;
    case FLOW_ADD:
        *y = *y + product;
        break;
    case FLOW_OUT:
        *y = fma_rn(p.share, product, *y);
        break;
    default:
        *y = product;
    }
}

/* grid (outputs / 8), block 256 */
KERNEL __launch_bounds__(FLOW_THREADS) tactus_flow_product(Generate g, FlowProduct p) {
    SHARED(float, scale, [FLOW_ROWS]);
    const int all = flow_rows(g), n = (int)(blockIdx.x * FLOW_OUTPUTS + threadIdx.x / WARP);
    for (int first = 0; first < all; first += FLOW_ROWS) {
        const int rows = all - first < FLOW_ROWS ? all - first : FLOW_ROWS;
        const float *x = p.x + (int64_t)first * p.k;
        float a[FLOW_ROWS] = {};
        if (p.norm != nullptr) {
            __syncthreads();
            flow_scales(x, p.k, rows, scale);
            __syncthreads();
        }
        if (n < p.n) {
            if (p.norm != nullptr) {
                flow_dots<true>(p, x, n, rows, scale, a);
            } else {
                flow_dots<false>(p, x, n, rows, scale, a);
            }
            UNROLL
            for (int r = 0; r < FLOW_ROWS; r++) {
                if (r < rows) {
                    const float product = warp_sum(a[r]);
                    if (lane_of_thread() == 0) {
                        flow_store(p, first + r, n, product);
                    }
                }
            }
        }
    }
}
EXPORT_KERNEL(tactus_flow_product)

/* grid (voice rows), block 128: a block of speech goes where the next pass and the vocoder find it. */
KERNEL __launch_bounds__(FLOW_END_THREADS) tactus_flow_end(Generate g, const float *x) {
    SHARED(int, infinite, [FLOW_END_THREADS]);
    const int row = (int)blockIdx.x, t = (int)threadIdx.x;
    if (row >= flow_rows(g)) {
        return;
    }
    float *to = reinterpret_cast<float *>(g.voice_block[row]);
    int count = 0;
    for (int i = t; i < g.block; i += FLOW_END_THREADS) {
        const float value = x[row * g.block + i];
        to[i] = value;
        count += (float_as_uint(value) & 0x7f800000u) == 0x7f800000u ? 1 : 0;
    }
    infinite[t] = count;
    __syncthreads();
    if (t == 0) {
        for (int i = 1; i < FLOW_END_THREADS; i++) {
            count += infinite[i];
        }
        g.voice_finite[row] = count == 0 ? 1 : 0;
    }
}
EXPORT_KERNEL(tactus_flow_end)

#endif
