/* Ops that choose: the experts of a row, and a token. */
#ifndef TACTUS_CHOICE_H
#define TACTUS_CHOICE_H

#include "elementary.h"
#include "rows.h"
#include "tactus.h"
#include "vec.h"

/* A bit per lane that is above the same lane of b; NaN is not above anything. */
V_INLINE uint32_t lanes_above(vf a, vf b) {
#if VL == 8
    return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GT_OQ));
#elif defined(__AVX512F__)
    return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ);
#else
    const v_halves_ x = {a}, y = {b};
    const int low = _mm256_movemask_ps(_mm256_cmp_ps(x.half[0], y.half[0], _CMP_GT_OQ));
    const int high = _mm256_movemask_ps(_mm256_cmp_ps(x.half[1], y.half[1], _CMP_GT_OQ));
    return (uint32_t)low | (uint32_t)high << 8;
#endif
}

/* ---- experts ---- */

/* The experts chosen so far, best first, and their scores. */
struct route_list {
    int32_t *experts;
    float *scores;
    int32_t kept, chosen;
};

/*
 * Offers an expert, whose index is above those of all before. It goes behind its equals, and enters whatever its score
 * while there is room, so that even NaN logits give indexes.
 */
V_INLINE void route_offer(struct route_list *list, int32_t expert, float score) {
    int32_t place = list->kept;
    if (place == list->chosen) {
        place--;
        if (place < 0 || !(score > list->scores[place])) {
            return;
        }
    } else {
        list->kept++;
    }
    for (; place > 0 && score > list->scores[place - 1]; place--) {
        list->scores[place] = list->scores[place - 1];
        list->experts[place] = list->experts[place - 1];
    }
    list->scores[place] = score;
    list->experts[place] = expert;
}

/* Offers n <= VL experts from e on; once the list is full, only those above its worst. */
V_INLINE void route_offer_lanes(struct route_list *list, const float *z, const float *bias, int32_t e, int n) {
    const vf score = v_sigmoid(row_load(z + e, n)) + row_load(bias + e, n);
    uint32_t lanes = n == VL ? (uint32_t)((1ull << VL) - 1) : (1u << n) - 1;
    if (list->kept == list->chosen) {
        lanes &= list->chosen ? lanes_above(score, v_set(list->scores[list->chosen - 1])) : 0;
    }
    float scores[VL];
    v_store(scores, score);
    for (; lanes; lanes &= lanes - 1) {
        const int lane = __builtin_ctz(lanes);
        route_offer(list, e + lane, scores[lane]);
    }
}

/* log of the logistic function of every lane. */
V_INLINE vf log_sigmoid(vf z) {
    const vi rising = z >= v_set(0.0f);
    const vf l = v_log(v_set(1.0f) + v_exp(v_select(rising, -z, z)));
    return v_select(rising, -l, z - l);
}

/* sum of n floats, none of them -0 (to which the +0 of an empty lane must not be added). */
V_INLINE float route_sum(const float *p, int32_t n) {
    vf lanes[DOT_VECTORS] = {{0}};
    for (int32_t i = 0; i < n; i += 32) {
        for (int v = 0; v < DOT_VECTORS && i + v * VL < n; v++) {
            const int32_t left = n - i - v * VL;
            lanes[v] += row_load(p + i + v * VL, left < VL ? left : VL);
        }
    }
    return v_tree_sum(lanes);
}

/* p = softmax(log sigmoid of the logits of the count experts) * scale. */
static void route_weigh(const float *z, int32_t count, float scale, const int32_t *experts, float *p) {
    float m = -__builtin_inff();
    for (int32_t i = 0; i < count; i += VL) {
        const int n = count - i < VL ? count - i : VL;
        float logits[VL] = {0};
        for (int lane = 0; lane < n; lane++) {
            logits[lane] = z[experts[i + lane]];
        }
        row_store(p + i, log_sigmoid(v_load(logits)), n);
        for (int lane = 0; lane < n; lane++) {
            m = m > p[i + lane] ? m : p[i + lane];
        }
    }
    for (int32_t i = 0; i < count; i += VL) {
        const int n = count - i < VL ? count - i : VL;
        row_store(p + i, v_exp(row_load(p + i, n) - v_set(m)), n);
    }
    const vf total = v_set(route_sum(p, count));
    for (int32_t i = 0; i < count; i += VL) {
        const int n = count - i < VL ? count - i : VL;
        row_store(p + i, row_load(p + i, n) / total * v_set(scale), n);
    }
}

/* KernelSet.route: z [routed + shared], bias [routed]; experts and p out [chosen + shared]. */
static void route(const float *z, const float *bias, int32_t routed, int32_t shared, int32_t chosen, float scale,
                  int32_t *experts, float *p) {
    struct route_list list = {experts, p, 0, chosen};
    int32_t e = 0;
    for (; e + VL <= routed; e += VL) {
        route_offer_lanes(&list, z, bias, e, VL);
    }
    if (e < routed) {
        route_offer_lanes(&list, z, bias, e, routed - e);
    }
    for (int32_t s = 0; s < shared; s++) {
        experts[chosen + s] = routed + s;
    }
    route_weigh(z, chosen + shared, scale, experts, p);
}

/* ---- tokens ---- */

enum {
    SAMPLE_LIMIT = 256,                            /* SamplingParameters.MAX_CANDIDATES */
    SAMPLE_BLOCK = 64,                             /* ids looked at together: those of one word of the mask */
    SAMPLE_KEYS = SAMPLE_LIMIT + 4 * SAMPLE_BLOCK, /* collected before all but the best are thrown away */
    SAMPLE_NOT_FINITE = -1,                        /* KernelSet.NOT_FINITE */
    SAMPLE_NOTHING_ALLOWED = -2,                   /* KernelSet.NOTHING_ALLOWED */
    PHILOX_ROUNDS = 10,
    PHILOX_SAMPLE = 1                              /* Philox.Purpose.SAMPLE */
};

/* What a draw needs; it stands in the scratch area of the caller. */
struct sample_space {
    int64_t keys[SAMPLE_KEYS];
    int64_t sorted[SAMPLE_LIMIT];
    float weights[SAMPLE_LIMIT];
};

static int64_t sample_scratch(void) { return sizeof(struct sample_space); }

/*
 * A candidate as one number: a larger key is a better candidate, that is one with a larger logit or, among equals, a
 * lower id. -0 becomes +0, which it equals; no weight is different for it.
 */
V_INLINE int64_t sample_key(float logit, int32_t id) {
    const uint32_t bits = f_bits(logit + 0.0f);
    const uint32_t ordered = bits ^ ((uint32_t)((int32_t)bits >> 31) & 0x7fffffffu);
    return (int64_t)((uint64_t)ordered << 32 | ~(uint32_t)id);
}

V_INLINE float sample_logit(int64_t key) {
    const uint32_t ordered = (uint32_t)((uint64_t)key >> 32);
    return f_from_bits(ordered ^ ((uint32_t)((int32_t)ordered >> 31) & 0x7fffffffu));
}

V_INLINE int32_t sample_id(int64_t key) { return (int32_t)~(uint32_t)key; }

/*
 * The ids of a block of n <= 64 logits that are above worst, a bit each. What is not finite leaves NaN in a lane of
 * finite, the others add a zero; after a NaN the bits may be wrong, since the draw fails anyway.
 */
V_INLINE uint64_t sample_block(const float *logits, int n, float worst, vf finite[4]) {
    enum { VECTORS = SAMPLE_BLOCK / VL };
    vf v[VECTORS];
    for (int i = 0; i < VECTORS; i++) {
        const int left = n - i * VL;
        v[i] = left >= VL ? v_load(logits + i * VL) : left > 0 ? v_load_n(logits + i * VL, left) : (vf){0};
        finite[i & 3] = v_fma(v[i], (vf){0}, finite[i & 3]);
    }
    vf best = v[0];
    for (int i = 1; i < VECTORS; i++) {
        best = v_max(best, v[i]);
    }
    const vf bound = v_set(worst);
    if (!lanes_above(best, bound)) {
        return 0;
    }
    uint64_t above = 0;
    for (int i = 0; i < VECTORS; i++) {
        above |= (uint64_t)lanes_above(v[i], bound) << (i * VL);
    }
    return n == SAMPLE_BLOCK ? above : above & ((1ull << n) - 1);
}

V_INLINE int64_t middle(int64_t a, int64_t b, int64_t c) {
    const int64_t low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

/* Moves the limit largest of count keys to the front, the smallest of them to place limit - 1. Keys are distinct. */
static void sample_select(int64_t *keys, int32_t count, int32_t limit) {
    int32_t low = 0, high = count - 1;
    while (low < high) {
        const int32_t half = low + (high - low) / 2;
        const int64_t pivot = middle(keys[low], keys[half], keys[high]);
        const int32_t at = keys[low] == pivot ? low : keys[half] == pivot ? half : high;
        keys[at] = keys[high];
        keys[high] = pivot;
        int32_t end = low; /* of those above the pivot */
        for (int32_t i = low; i < high; i++) {
            const int64_t key = keys[i];
            keys[i] = keys[end];
            keys[end] = key;
            end += key > pivot; /* no branch: it could not be predicted */
        }
        keys[high] = keys[end];
        keys[end] = pivot;
        if (end == limit - 1) {
            return;
        }
        if (end < limit - 1) {
            low = end + 1;
        } else {
            high = end - 1;
        }
    }
}

/* Sorts by counting, for each key, those above it: more comparisons than a merge needs, but eight at a time. */
static void sample_sort(const int64_t *restrict keys, int32_t count, int64_t *restrict sorted) {
    for (int32_t i = 0; i < count; i++) {
        const int64_t key = keys[i];
        int64_t above = 0;
        for (int32_t j = 0; j < count; j++) {
            above += keys[j] > key;
        }
        sorted[above] = key;
    }
}

/* Word 0 of the Philox 4x32-10 block with counter (tick, position, 0, SAMPLE). */
static uint32_t philox_sample(int64_t seed, int32_t tick, int32_t position) {
    uint32_t c0 = (uint32_t)tick, c1 = (uint32_t)position, c2 = 0, c3 = PHILOX_SAMPLE;
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)((uint64_t)seed >> 32);
    for (int round = 0; round < PHILOX_ROUNDS; round++) {
        const uint64_t product0 = (uint64_t)0xD2511F53u * c0;
        const uint64_t product1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(product1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)product1;
        c2 = (uint32_t)(product0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)product0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return c0;
}

/* Turns the weights of sorted candidates into their sums in order; how many candidates top-p keeps. */
static int32_t sample_weigh(const int64_t *sorted, int32_t count, const struct tactus_sampling *parameters,
                            float *weights) {
    const float max = sample_logit(sorted[0]);
    for (int32_t i = 0; i < count; i++) {
        weights[i] = sample_logit(sorted[i]);
    }
    for (int32_t i = 0; i < count; i += VL) {
        const int n = count - i < VL ? count - i : VL;
        row_store(weights + i, v_exp((row_load(weights + i, n) - v_set(max)) / v_set(parameters->temperature)), n);
    }
    float total = 0.0f;
    for (int32_t i = 0; i < count; i++) {
        total += weights[i];
        weights[i] = total;
    }
    int32_t kept = 1;
    while (kept < count && !(weights[kept - 1] >= parameters->top_p * total)) {
        kept++;
    }
    return kept;
}

/* CandidateDraw.draw from sorted candidates. */
static int32_t sample_draw(const int64_t *sorted, int32_t count, const struct tactus_sampling *parameters,
                           int64_t seed, int32_t tick, int32_t position, float *weights) {
    const int32_t kept = sample_weigh(sorted, count, parameters, weights);
    const float uniform = ((float)(philox_sample(seed, tick, position) >> 8) + 0.5f) * 0x1p-24f;
    const float target = uniform * weights[kept - 1];
    int32_t i = 0;
    while (i < kept - 1 && !(weights[i] > target)) {
        i++;
    }
    return sample_id(sorted[i]);
}

/* Collects the candidates; how many, the best of them first but in no order, or SAMPLE_NOT_FINITE. */
static int32_t sample_collect(const float *logits, int32_t vocabulary, const uint64_t *mask, int32_t limit,
                              int64_t *keys) {
    vf finite[4] = {{0}};
    float worst = -__builtin_inff();
    int32_t count = 0;
    for (int32_t id = 0; id < vocabulary; id += SAMPLE_BLOCK) {
        const int32_t left = vocabulary - id;
        uint64_t bits = left >= SAMPLE_BLOCK ? sample_block(logits + id, SAMPLE_BLOCK, worst, finite)
                                             : sample_block(logits + id, left, worst, finite);
        for (bits &= mask[id / SAMPLE_BLOCK]; bits; bits &= bits - 1) {
            const int32_t candidate = id + __builtin_ctzll(bits);
            keys[count++] = sample_key(logits[candidate], candidate);
        }
        if (count > limit + SAMPLE_KEYS - SAMPLE_LIMIT - SAMPLE_BLOCK) {
            /* Ids rise, so from here on a logit that only equals the worst loses against it. */
            sample_select(keys, count, limit);
            count = limit;
            worst = sample_logit(keys[limit - 1]);
        }
    }
    const vf zero = (finite[0] + finite[1]) + (finite[2] + finite[3]);
    return lanes_above(v_set(1.0f), zero) == (uint32_t)((1ull << VL) - 1) ? count : SAMPLE_NOT_FINITE;
}

/* KernelSet.sample: logits [vocabulary], mask [(vocabulary + 63) / 64]; the id or a negative number. */
static int32_t sample(const float *logits, int32_t vocabulary, const uint64_t *mask,
                      const struct tactus_sampling *parameters, int64_t seed, int32_t tick, int32_t position,
                      void *scratch) {
    struct sample_space *space = scratch;
    const int greedy = parameters->temperature == 0.0f;
    const int32_t limit = greedy ? 1 : parameters->top_k;
    int32_t count = sample_collect(logits, vocabulary, mask, limit, space->keys);
    if (count <= 0) {
        return count < 0 ? count : SAMPLE_NOTHING_ALLOWED;
    }
    if (count > limit) {
        sample_select(space->keys, count, limit);
        count = limit;
    }
    if (greedy) {
        return sample_id(space->keys[0]);
    }
    sample_sort(space->keys, count, space->sorted);
    return sample_draw(space->sorted, count, parameters, seed, tick, position, space->weights);
}

#endif
