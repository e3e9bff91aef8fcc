/*
 * Keys and values on their way into the ring, and the norm of the queries.
 *
 *   k, v [rows, kv_heads, head_dim] convolved along each session's rows with its carries, k normed per head, both
 *   stored at the row's position: keys of a page [kv_heads, 256 / 32, head_dim, 32], values [kv_heads, 256, head_dim]
 *   behind them. q [rows, heads, head_dim] normed in place.
 *
 * A block is one head of one session: nothing it needs is another's, so carries are replaced without a second launch.
 * Bytes moved: k, v and q once in, once out, carries twice; a key's floats go to lines of their own, 32 bytes each.
 * Floor: those over bandwidth, which is less than a launch.
 */
#ifndef TACTUS_KEY_VALUE_CUH
#define TACTUS_KEY_VALUE_CUH

#include "residual.cuh"

constexpr int PAGE_SHIFT = 8, PAGE_POSITIONS = 256, KEY_TILE = 32;
constexpr int HEAD_DIM_MOST = 256; /* a warp has a head in registers */

/* The constants of a layer's keys and values, of dev.tactus.kernel.AttentionShape. layer_offset: bytes into a page. */
struct KeyValueShape {
    int64_t layer_offset;
    int32_t heads;
    int32_t kv_heads;
    int32_t head_dim;
    int32_t sink_pages;
    int32_t ring_pages;
    int32_t kernel;
    float eps;
    int32_t unused;
};

/* A layer's weights here, and bytes from a session's state to its carries [kernel - 1, kv_heads * head_dim]. */
struct KeyValueWeights {
    const float *key_conv;
    const float *value_conv;
    const float *key_norm;
    const float *query_norm;
    int64_t key_carry;
    int64_t value_carry;
};

/* The segments of a pass; state and pages are addresses per entry, entry is per segment. */
struct Segments {
    const int64_t *state;
    const int64_t *pages;
    const int32_t *entry;
    const int32_t *first_row;
    const int32_t *rows_of_segment;
    const int64_t *position;
    const int32_t *count;
};

/* The page that holds a position: sinks first, then the ring. */
DEVICE int64_t page_of(const int64_t *pages, int sink_pages, int ring_pages, int64_t absolute) {
    return pages[absolute < sink_pages ? absolute : sink_pages + (absolute - sink_pages) % ring_pages];
}

/* Norms what a warp holds of a head: lane l has elements l, l + 32, ... */
DEVICE void norm_head(float (&v)[HEAD_DIM_MOST / WARP], const float *w, int d, float eps) {
    float a = 0.0f;
    UNROLL
    for (int i = 0; i < HEAD_DIM_MOST / WARP; i++) {
        if (i * WARP + lane_of_thread() < d) {
            a = fma_rn(v[i], v[i], a);
        }
    }
    const float r = 1.0f / sqrt_rn(warp_sum(a) / (float)d + eps);
    UNROLL
    for (int i = 0; i < HEAD_DIM_MOST / WARP; i++) {
        if (i * WARP + lane_of_thread() < d) {
            v[i] = (v[i] * r) * w[i * WARP + lane_of_thread()];
        }
    }
}

/* One query head of one row, by a warp. */
DEVICE void norm_query(float *q, const float *w, int d, float eps) {
    float v[HEAD_DIM_MOST / WARP];
    UNROLL
    for (int i = 0; i < HEAD_DIM_MOST / WARP; i++) {
        const int at = i * WARP + lane_of_thread();
        v[i] = at < d ? q[at] : 0.0f;
    }
    norm_head(v, w, d, eps);
    UNROLL
    for (int i = 0; i < HEAD_DIM_MOST / WARP; i++) {
        const int at = i * WARP + lane_of_thread();
        if (at < d) {
            q[at] = v[i];
        }
    }
}

/* The key and value of row t of a segment for one kv head, by a warp. k, v: the segment's first row, at the head. */
DEVICE void append_row(const float *k, const float *v, const float *key_carry, const float *value_carry,
                       const KeyValueShape &shape, const KeyValueWeights &weights, int head, int t, int64_t page,
                       int64_t position) {
    const int d = shape.head_dim;
    const int64_t channels = (int64_t)shape.kv_heads * d, first = (int64_t)head * d;
    float key[HEAD_DIM_MOST / WARP], value[HEAD_DIM_MOST / WARP];
    UNROLL
    for (int i = 0; i < HEAD_DIM_MOST / WARP; i++) {
        const int c = i * WARP + lane_of_thread();
        key[i] = value[i] = 0.0f;
        if (c < d) {
            key[i] = conv_output(k + c, weights.key_conv + first + c, key_carry + c, channels, shape.kernel, t);
            value[i] = conv_output(v + c, weights.value_conv + first + c, value_carry + c, channels, shape.kernel, t);
        }
    }
    norm_head(key, weights.key_norm, d, shape.eps);
    const int64_t slot = position & (PAGE_POSITIONS - 1), in_tile = slot % KEY_TILE;
    float *keys = reinterpret_cast<float *>(page + shape.layer_offset);
    float *values = keys + channels * PAGE_POSITIONS + ((int64_t)head * PAGE_POSITIONS + slot) * d;
    keys += ((int64_t)head * PAGE_POSITIONS + slot - in_tile) * d + in_tile;
    UNROLL
    for (int i = 0; i < HEAD_DIM_MOST / WARP; i++) {
        const int c = i * WARP + lane_of_thread();
        if (c < d) {
            keys[(int64_t)c * KEY_TILE] = key[i];
            values[c] = value[i];
        }
    }
}

/* The carries of a kv head. */
DEVICE void keep_head(const float *k, const float *v, float *key_carry, float *value_carry, int64_t channels, int d,
                      int kernel, int rows) {
    for (int c = (int)threadIdx.x; c < d; c += (int)blockDim.x) {
        conv_keep(k + c, key_carry + c, channels, kernel, rows);
        conv_keep(v + c, value_carry + c, channels, kernel, rows);
    }
}

/*
 * q NULL: queries are left alone. grid (kv_heads + heads, segments), block: any number of warps, which take rows in
 * turn; head_dim <= 256.
 */
KERNEL __launch_bounds__(256)
tactus_key_value(const float *k, const float *v, float *q, KeyValueShape shape, KeyValueWeights weights,
                 Segments segments) {
    const int segment = (int)blockIdx.y, head = (int)blockIdx.x, query = head - shape.kv_heads;
    if (segment >= *segments.count || (q == NULL && query >= 0)) {
        return;
    }
    const int warp = (int)(threadIdx.x / WARP), warps = (int)(blockDim.x / WARP), d = shape.head_dim;
    const int64_t first = segments.first_row[segment];
    const int rows = segments.rows_of_segment[segment], entry = segments.entry[segment];
    if (query >= 0) {
        for (int t = warp; t < rows; t += warps) {
            norm_query(q + ((first + t) * shape.heads + query) * d, weights.query_norm, d, shape.eps);
        }
        return;
    }
    const int64_t channels = (int64_t)shape.kv_heads * d;
    const float *keys = k + first * channels + (int64_t)head * d, *values = v + first * channels + (int64_t)head * d;
    float *key_carry = reinterpret_cast<float *>(segments.state[entry] + weights.key_carry) + head * d;
    float *value_carry = reinterpret_cast<float *>(segments.state[entry] + weights.value_carry) + head * d;
    const int64_t *pages = reinterpret_cast<const int64_t *>(segments.pages[entry]);
    for (int t = warp; t < rows; t += warps) {
        const int64_t position = segments.position[first + t];
        const int64_t page = page_of(pages, shape.sink_pages, shape.ring_pages, position >> PAGE_SHIFT);
        append_row(keys, values, key_carry, value_carry, shape, weights, head, t, page, position);
    }
    __syncthreads();
    keep_head(keys, values, key_carry, value_carry, channels, d, shape.kernel, rows);
}
EXPORT_KERNEL(tactus_key_value)

#endif
