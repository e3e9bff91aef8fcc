/*
 * The draw of a token from a row of logits (KernelSet.sample), and its log-probability.
 *
 *   tactus_sample_collect    logits [output rows, vocabulary] -> keys [output rows, slices, 257]
 *     the best allowed candidates, at most 256, of every 8192 logits, in no order; behind them how many there are, or
 *     -1 where a logit, allowed or not, is NaN or infinite
 *     moves   vocabulary * 4 bytes a row, and the mask;   floor   these over bandwidth
 *   tactus_sample_draw       keys -> g.sampled [output rows]: an id; -1: not finite; -2: nothing is allowed
 *     moves   slices * 2 KB a row at most (8 bytes when greedy);   floor   a few round trips to the second cache, 4 us
 *   tactus_log_probability   logits -> g.sampled_log [output rows], of entries that want it (LogProbability.of)
 *     moves   vocabulary * 4 bytes twice;   floor   vocabulary / 32 additions, one after the other: 2 ns each
 *
 * A candidate is one number, larger for a better one: the logit's bits in rising order, then the id falling. -0
 * counts as +0; no weight is different for it. 0 is no candidate. The best of them are found by their threshold, from
 * its highest bit down: no order of threads can matter.
 */
#ifndef TACTUS_SAMPLE_CUH
#define TACTUS_SAMPLE_CUH

#include "generate.cuh"
#include "philox.cuh"
#include "scan.cuh"

enum {
    SAMPLE_THREADS = 256,
    SAMPLE_ITEMS = 32, /* candidates of a thread */
    SAMPLE_SLICE = SAMPLE_THREADS * SAMPLE_ITEMS,
    SAMPLE_LIMIT = 256, /* SamplingParameters.MAX_CANDIDATES */
    SAMPLE_STRIDE = SAMPLE_LIMIT + 1,
    SAMPLE_NOT_FINITE = -1,
    SAMPLE_NOTHING_ALLOWED = -2,
    SAMPLE_LOG_CHUNK = 4096
};

DEVICE uint64_t sample_key(float logit, int id) {
    const uint32_t bits = float_as_uint(logit + 0.0f);
    const uint32_t ordered = (bits & 0x80000000u) != 0u ? ~bits : bits | 0x80000000u;
    return (uint64_t)ordered << 32 | (uint32_t)~id;
}

DEVICE float sample_logit(uint64_t key) {
    const uint32_t ordered = (uint32_t)(key >> 32);
    return uint_as_float((ordered & 0x80000000u) != 0u ? ordered & 0x7fffffffu : ~ordered);
}

DEVICE int sample_id(uint64_t key) { return (int)~(uint32_t)key; }

DEVICE bool sample_finite(float x) { return (float_as_uint(x) & 0x7f800000u) != 0x7f800000u; }

/* What the blocks of a draw share. */
struct SampleShared {
    Scan scan;
    uint64_t chosen[SAMPLE_LIMIT], sorted[SAMPLE_LIMIT];
    float weight[SAMPLE_LIMIT];
    float total;
    int kept, drawn;
};

DEVICE int sample_limit(const Generate &g, int entry) { return g.temperature[entry] == 0.0f ? 1 : g.top_k[entry]; }

/* A number that exactly min(limit, all) of the block's candidates are not below; 0 stands for no candidate. */
DEVICE uint64_t sample_threshold(const uint64_t (&key)[SAMPLE_ITEMS], int limit, Scan *scan) {
    uint64_t threshold = 0;
    for (int bit = 63, turn = 0; bit >= 0; bit--, turn++) {
        const uint64_t higher = threshold | (uint64_t)1 << bit;
        int count = 0;
        UNROLL
        for (int i = 0; i < SAMPLE_ITEMS; i++) {
            count += key[i] >= higher ? 1 : 0;
        }
        count = scan_count(scan, turn, count);
        if (count >= limit) {
            threshold = higher;
        }
        if (count == limit) {
            break;
        }
    }
    return threshold == 0 ? 1 : threshold;
}

/*
 * Puts the block's candidates that are not below the threshold next to each other; how many. They come from registers:
 * `to` may be where they were read.
 */
DEVICE int sample_gather(const uint64_t (&key)[SAMPLE_ITEMS], uint64_t threshold, Scan *scan, uint64_t *to) {
    int count = 0;
    UNROLL
    for (int i = 0; i < SAMPLE_ITEMS; i++) {
        count += key[i] >= threshold ? 1 : 0;
    }
    const ScanResult place = scan_block(scan, (uint64_t)count);
    uint64_t at = place.before;
    UNROLL
    for (int i = 0; i < SAMPLE_ITEMS; i++) {
        if (key[i] >= threshold) {
            to[at++] = key[i];
        }
    }
    return (int)place.total;
}

/* grid (slices, output rows), block 256 */
KERNEL __launch_bounds__(SAMPLE_THREADS)
tactus_sample_collect(Generate g, const float *logits, int64_t *keys) {
    SHARED(Scan, scan);
    const int row = (int)blockIdx.y, first = (int)blockIdx.x * SAMPLE_SLICE, vocabulary = (int)g.vocabulary;
    if (row >= g.header[PASS_OUTPUT_ROWS] || g.header[PASS_SAMPLING] == 0) {
        return;
    }
    const int entry = g.output_entry[row];
    const GenerateMask mask = generate_mask(g, entry);
    const float *x = logits + (int64_t)row * vocabulary;
    uint64_t key[SAMPLE_ITEMS];
    int infinite = 0;
    UNROLL
    for (int i = 0; i < SAMPLE_ITEMS; i++) {
        const int id = first + i * SAMPLE_THREADS + (int)threadIdx.x;
        key[i] = 0;
        if (id < vocabulary) {
            const float logit = x[id];
            infinite += sample_finite(logit) ? 0 : 1;
            key[i] = generate_allows(mask, id) ? sample_key(logit, id) : 0;
        }
    }
    infinite = scan_count(&scan, 1, infinite); /* the next count begins with turn 0 */
    uint64_t *to = reinterpret_cast<uint64_t *>(keys) + ((int64_t)row * gridDim.x + blockIdx.x) * SAMPLE_STRIDE;
    const uint64_t threshold = sample_threshold(key, sample_limit(g, entry), &scan);
    const int count = sample_gather(key, threshold, &scan, to);
    if (threadIdx.x == 0) {
        to[SAMPLE_LIMIT] = infinite > 0 ? (uint64_t)(int64_t)SAMPLE_NOT_FINITE : (uint64_t)count;
    }
}
EXPORT_KERNEL(tactus_sample_collect)

/* The best candidates of all slices, into s->chosen; how many, or SAMPLE_NOT_FINITE. */
DEVICE int sample_choose(const uint64_t *keys, int slices, int limit, SampleShared *s) {
    const int all = slices * SAMPLE_LIMIT;
    int kept = 0, offset = 0, infinite = 0;
    while (offset < all) {
        uint64_t key[SAMPLE_ITEMS];
        UNROLL
        for (int i = 0; i < SAMPLE_ITEMS; i++) {
            const int place = i * SAMPLE_THREADS + (int)threadIdx.x, at = offset + place - kept;
            key[i] = 0;
            if (place < kept) {
                key[i] = s->chosen[place];
            } else if (at < all) {
                const uint64_t *slice = keys + (int64_t)(at / SAMPLE_LIMIT) * SAMPLE_STRIDE;
                const int64_t count = (int64_t)slice[SAMPLE_LIMIT];
                infinite += count < 0 ? 1 : 0;
                key[i] = at % SAMPLE_LIMIT < count ? slice[at % SAMPLE_LIMIT] : 0;
            }
        }
        offset += SAMPLE_SLICE - kept;
        kept = sample_gather(key, sample_threshold(key, limit, &s->scan), &s->scan, s->chosen);
        __syncthreads();
    }
    infinite = scan_count(&s->scan, 0, infinite);
    return infinite > 0 ? SAMPLE_NOT_FINITE : kept;
}

/* CandidateDraw.draw from s->chosen, whose best stands first once it is sorted. */
DEVICE int sample_draw(const Generate &g, int entry, int count, SampleShared *s) {
    const int t = (int)threadIdx.x;
    if (t < count) {
        int better = 0;
        for (int i = 0; i < count; i++) {
            better += s->chosen[i] > s->chosen[t] ? 1 : 0;
        }
        s->sorted[better] = s->chosen[t];
    }
    __syncthreads();
    if (t < count) {
        const float max = sample_logit(s->sorted[0]);
        s->weight[t] = exact_exp((sample_logit(s->sorted[t]) - max) / g.temperature[entry]);
    }
    __syncthreads();
    if (t == 0) {
        float total = 0.0f;
        for (int i = 0; i < count; i++) {
            total = total + s->weight[i];
            s->weight[i] = total;
        }
        s->total = total;
        s->kept = count;
        s->drawn = -1;
    }
    __syncthreads();
    /* sums never fall: one thread at most is the first */
    const float part = g.top_p[entry] * s->total;
    if (t < count && s->weight[t] >= part && (t == 0 || !(s->weight[t - 1] >= part))) {
        s->kept = t + 1;
    }
    __syncthreads();
    const int kept = s->kept;
    const PhiloxWords words = philox(g.seed[entry], g.tick[entry], g.outputs[entry], 0, PHILOX_SAMPLE);
    const float target = philox_uniform(words.word[0]) * s->weight[kept - 1];
    if (t < kept && (t == kept - 1 || s->weight[t] > target) && (t == 0 || !(s->weight[t - 1] > target))) {
        s->drawn = sample_id(s->sorted[t]);
    }
    __syncthreads();
    return s->drawn;
}

/* grid (output rows), block 256 */
KERNEL __launch_bounds__(SAMPLE_THREADS) tactus_sample_draw(Generate g, const int64_t *keys, int32_t slices) {
    SHARED(SampleShared, shared);
    const int row = (int)blockIdx.x;
    if (row >= g.header[PASS_OUTPUT_ROWS] || g.header[PASS_SAMPLING] == 0) {
        return;
    }
    const int entry = g.output_entry[row], limit = sample_limit(g, entry);
    const uint64_t *from = reinterpret_cast<const uint64_t *>(keys) + (int64_t)row * slices * SAMPLE_STRIDE;
    const int count = sample_choose(from, slices, limit, &shared);
    int id = count < 0 ? SAMPLE_NOT_FINITE : SAMPLE_NOTHING_ALLOWED;
    if (count > 0) {
        id = g.temperature[entry] == 0.0f ? sample_id(shared.chosen[0]) : sample_draw(g, entry, count, &shared);
    }
    if (threadIdx.x == 0) {
        g.sampled[row] = id;
    }
}
EXPORT_KERNEL(tactus_sample_draw)

/* What the blocks of a log-probability share. */
struct LogShared {
    float exponential[SAMPLE_LOG_CHUNK];
    float most[SCAN_WARPS];
};

/* The largest of all logits, to every thread. */
DEVICE float log_largest(const float *logits, int n, LogShared *s) {
    float most = logits[0];
    for (int i = (int)threadIdx.x; i < n; i += SAMPLE_THREADS) {
        most = exact_max(most, logits[i]);
    }
    UNROLL
    for (int o = WARP / 2; o > 0; o /= 2) {
        const float mine[1] = {most};
        float other[1];
        shuffle_xor(mine, other, o);
        most = exact_max(most, other[0]);
    }
    if (lane_of_thread() == 0) {
        s->most[threadIdx.x / WARP] = most;
    }
    __syncthreads();
    for (int w = 0; w < SCAN_WARPS; w++) {
        most = exact_max(most, s->most[w]);
    }
    return most;
}

/* grid (output rows), block 256: over all logits, without mask or temperature, as the trainer has them. */
KERNEL __launch_bounds__(SAMPLE_THREADS) tactus_log_probability(Generate g, const float *logits) {
    SHARED(LogShared, shared);
    const int row = (int)blockIdx.x, n = (int)g.vocabulary;
    if (row >= g.header[PASS_OUTPUT_ROWS] || g.header[PASS_SAMPLING] == 0) {
        return;
    }
    const int id = g.sampled[row];
    if (id < 0 || g.log_probabilities[g.output_entry[row]] == 0) {
        return;
    }
    const float *x = logits + (int64_t)row * n;
    const float most = log_largest(x, n, &shared);
    float a = 0.0f; /* the first warp's lanes are those of the sum */
    for (int first = 0; first < n; first += SAMPLE_LOG_CHUNK) {
        const int end = n - first < SAMPLE_LOG_CHUNK ? n - first : SAMPLE_LOG_CHUNK;
        for (int i = (int)threadIdx.x; i < end; i += SAMPLE_THREADS) {
            shared.exponential[i] = exact_exp(x[first + i] - most);
        }
        __syncthreads();
        if (threadIdx.x < WARP) {
            UNROLL_BY(8)
            for (int i = (int)threadIdx.x; i < end; i += WARP) {
                a = a + shared.exponential[i];
            }
        }
        __syncthreads();
    }
    if (threadIdx.x < WARP) {
        const float sum = warp_sum(a);
        if (threadIdx.x == 0) {
            g.sampled_log[row] = (x[id] - most) - exact_log(sum);
        }
    }
}
EXPORT_KERNEL(tactus_log_probability)

#endif
