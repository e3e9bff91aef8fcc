/*
 * A mixture of experts: the choice, and the products of the chosen ones, gathered per row.
 *
 *   tactus_route               z [rows, routed + shared] -> experts, weights [rows, slots], slots = chosen + shared
 *   tactus_experts_up          x [rows, k] -> y [rows, slots, hidden] = silu(gate) up, of shared experts times weight
 *   tactus_experts_down_conv   y -> h [rows, d] = sum over slots in order, then the end of a block (residual.cuh)
 *
 * W_up [experts, 2 hidden, k] interleaved, W_down [experts, d, hidden], routed and shared.
 * Bytes moved: the weights of each row's experts; rows that chose the same one find it in the second cache. Floor for
 * one row: slots * 3 * hidden * d * sizeof(w) over bandwidth.
 */
#ifndef TACTUS_EXPERTS_CUH
#define TACTUS_EXPERTS_CUH

#include "linear.cuh"

/*
 * The experts of an op. Types: TACTUS_F32 or TACTUS_BF16. experts, weights: [rows, slots]; numbers from routed_count on
 * are shared ones. t: of adapters, [rows * slots, rank]. wide: all matrices have the same type and rows at 16 bytes.
 */
struct ExpertGroup {
    const void *routed;
    const void *shared;
    const int32_t *experts;
    const float *weights;
    const float *t;
    int32_t routed_type;
    int32_t shared_type;
    int32_t routed_count;
    int32_t slots;
    int32_t routed_module;
    int32_t shared_module;
    int32_t wide;
    int32_t unused;
};

/* ---- the choice ---- */

/* Whether (score, e) stands before (other, o): the larger score, ties to the lower index. An e below 0 stands last. */
DEVICE bool stands_before(float score, int e, float other, int o) {
    return e >= 0 && (o < 0 || score > other || (!(other > score) && e < o));
}

/* The best expert that no bit of `taken` bars; every lane gets it. Lane l looks at l, l + 32, ... */
DEVICE int best_expert(const float *scores, int routed, uint32_t taken) {
    float score = 0.0f;
    int best = -1;
    for (int i = 0, e = lane_of_thread(); e < routed; i++, e += WARP) {
        if ((taken >> i & 1u) == 0u && stands_before(scores[e], e, score, best)) {
            score = scores[e];
            best = e;
        }
    }
    for (int o = WARP / 2; o > 0; o /= 2) {
        const float pair[2] = {score, uint_as_float((uint32_t)best)};
        float other[2];
        shuffle_xor(pair, other, o);
        const int e = (int)float_as_uint(other[1]);
        if (stands_before(other[0], e, score, best)) {
            score = other[0];
            best = e;
        }
    }
    return shuffle_from(best, 0);
}

/* log sigma(z). */
DEVICE float log_sigmoid(float z) {
    return z >= 0.0f ? -exact_log(1.0f + exact_exp(-z)) : z - exact_log(1.0f + exact_exp(z));
}

/* The largest of all lanes' values. */
DEVICE float warp_max(float v) {
    for (int o = WARP / 2; o > 0; o /= 2) {
        const float mine[1] = {v};
        float other[1];
        shuffle_xor(mine, other, o);
        v = exact_max(v, other[0]);
    }
    return v;
}

/*
 * chosen + shared <= 32, routed <= 1024. grid (rows), block (32), dynamic shared memory: routed floats. A warp is a
 * row; its lane i keeps slot i.
 */
KERNEL __launch_bounds__(32)
tactus_route(const float *z, const float *bias, int routed, int shared, int chosen, float scale, int32_t *experts,
             float *weights, const int32_t *rows) {
    DYNAMIC_SHARED(float, scores);
    const int row = (int)blockIdx.x, lane = lane_of_thread();
    if (row >= *rows) {
        return;
    }
    const float *logits = z + (int64_t)row * (routed + shared);
    for (int e = lane; e < routed; e += WARP) {
        scores[e] = exact_sigmoid(logits[e]) + bias[e];
    }
    __syncthreads();
    uint32_t taken = 0u;
    int mine = routed + lane - chosen;
    for (int i = 0; i < chosen; i++) {
        const int best = best_expert(scores, routed, taken);
        mine = lane == i ? best : mine;
        taken |= best % WARP == lane ? 1u << (best / WARP) : 0u;
    }
    const int slots = chosen + shared;
    const bool kept = lane < slots;
    const float lp = kept ? log_sigmoid(logits[mine]) : uint_as_float(0xff800000u);
    const float m = warp_max(lp);
    const float e = kept ? exact_exp(lp - m) : 0.0f;
    const float total = warp_sum(e);
    if (kept) {
        experts[(int64_t)row * slots + lane] = mine;
        weights[(int64_t)row * slots + lane] = e / total * scale;
    }
}
EXPORT_KERNEL(tactus_route)

/* ---- the products ---- */

/* The expert of a slot, [first, first + outputs) of whose group's matrix is its own. */
struct Expert {
    const void *w;
    int64_t number;
    int type, module;
    bool shared;
};

DEVICE Expert expert_of(const ExpertGroup &group, int64_t slot) {
    const int chosen = group.experts[slot];
    const bool shared = chosen >= group.routed_count;
    return {shared ? group.shared : group.routed, shared ? chosen - group.routed_count : chosen,
            shared ? group.shared_type : group.routed_type, shared ? group.shared_module : group.routed_module, shared};
}

/* y = outputs of a slot's expert, with what the adapter of its row adds; x is the slot's vector. */
template <class W, int P, int O>
DEVICE void expert_product(const ExpertGroup &group, const Expert &expert, int64_t slot, const Adapters &adapters,
                           const float *x, int k, int warp_first, const Place<P, O> &place, float (&y)[O][1]) {
    const int64_t first = expert.number * place.count;
    const W *w[O];
    const int row[1] = {0};
    place.rows_of(static_cast<const W *>(expert.w) + first * k, k, w);
    dots<W, P, O, 1>(w, x, row, k, place.part * (WARP / P), y);
    const Factors *f = factors_of(adapters, slot / group.slots, expert.module);
    if (f != NULL) {
        adapt_row(f, first, group.t + slot * adapters.rank, warp_first, place, 0, y);
    }
}

template <class W, bool WIDE>
DEVICE void expert_up(const ExpertGroup &group, const Expert &expert, int64_t slot, const float *x, float *y, int k,
                      int hidden, const Adapters &adapters) {
    constexpr int P = Shape<W, WIDE, 1>::P, O = Shape<W, WIDE, 1>::O;
    const int first = warp_of_grid() * OUTPUTS_OF_WARP<WIDE>;
    if (first >= 2 * hidden) {
        return;
    }
    const Place<P, O> place(first, 2 * hidden);
    float value[O][1];
    expert_product<W>(group, expert, slot, adapters, x + slot / group.slots * k, k, first, place, value);
    store_rows(place, slot, 1, value, StoreGated{y, group.weights[slot], expert.shared});
}

/* grid (slots of all rows, blocks of 2 hidden outputs), block (128). */
KERNEL __launch_bounds__(128, 4)
tactus_experts_up(ExpertGroup group, const float *x, float *y, int k, int hidden, Adapters adapters,
                  const int32_t *rows) {
    const int64_t slot = blockIdx.x;
    if (slot >= (int64_t)*rows * group.slots) {
        return;
    }
    const Expert expert = expert_of(group, slot);
    if (expert.type == TACTUS_BF16) {
        if (group.wide) {
            expert_up<bf16, true>(group, expert, slot, x, y, k, hidden, adapters);
        } else {
            expert_up<bf16, false>(group, expert, slot, x, y, k, hidden, adapters);
        }
    } else if (group.wide) {
        expert_up<float, true>(group, expert, slot, x, y, k, hidden, adapters);
    } else {
        expert_up<float, false>(group, expert, slot, x, y, k, hidden, adapters);
    }
}
EXPORT_KERNEL(tactus_experts_up)

/* One slot's part of outputs of a row: h = fma(weight, y, h), or h + y for a shared expert. */
template <class W, int P, int O>
DEVICE void add_slot(const ExpertGroup &group, const Expert &expert, int64_t slot, const float *x, int hidden,
                     const Adapters &adapters, int warp_first, const Place<P, O> &place, float (&h)[O][1]) {
    float y[O][1];
    expert_product<W>(group, expert, slot, adapters, x + slot * hidden, hidden, warp_first, place, y);
    UNROLL
    for (int o = 0; o < O; o++) {
        h[o][0] = expert.shared ? h[o][0] + y[o][0] : fma_rn(group.weights[slot], y[o][0], h[o][0]);
    }
}

/* S: the shape of the experts' common type, or the narrow one. */
template <class S, bool WIDE>
DEVICE void experts_down(const ExpertGroup &group, int64_t row, const float *x, float *h, int hidden, int d,
                         const Residual &residual, const Adapters &adapters) {
    constexpr int P = S::P, O = S::O;
    const int first = warp_of_grid() * OUTPUTS_OF_WARP<WIDE>;
    if (first >= d) {
        return;
    }
    const Place<P, O> place(first, d);
    float sum[O][1] = {};
    for (int64_t slot = row * group.slots; slot < (row + 1) * group.slots; slot++) {
        const Expert expert = expert_of(group, slot);
        if constexpr (!WIDE || P == Shape<bf16, true, 1>::P) {
            if (expert.type == TACTUS_BF16) {
                add_slot<bf16>(group, expert, slot, x, hidden, adapters, first, place, sum);
            }
        }
        if constexpr (!WIDE || P == Shape<float, true, 1>::P) {
            if (expert.type == TACTUS_F32) {
                add_slot<float>(group, expert, slot, x, hidden, adapters, first, place, sum);
            }
        }
    }
    store_rows(place, row, 1, sum, StoreResidual{h, residual, 1.0f, false});
}

/* x [rows, slots, hidden]. grid (rows, blocks of d outputs), block (128). */
KERNEL __launch_bounds__(128, 4)
tactus_experts_down_conv(ExpertGroup group, const float *x, float *h, int hidden, int d, Residual residual,
                         Adapters adapters, const int32_t *rows) {
    const int64_t row = blockIdx.x;
    if (row >= *rows) {
        return;
    }
    if (!group.wide) {
        experts_down<Shape<float, false, 1>, false>(group, row, x, h, hidden, d, residual, adapters);
    } else if (group.routed_type == TACTUS_BF16) {
        experts_down<Shape<bf16, true, 1>, true>(group, row, x, h, hidden, d, residual, adapters);
    } else {
        experts_down<Shape<float, true, 1>, true>(group, row, x, h, hidden, d, residual, adapters);
    }
}
EXPORT_KERNEL(tactus_experts_down_conv)

#endif
