/*
 * Hearing: slots of samples, read where their producer wrote them (pinned memory), to dMel bins and position vectors.
 *
 *   tactus_mel_fold      800 + 800 samples -> even [801], odd [799]: windowed, folded by the symmetry of the DFT
 *   tactus_mel_spectrum  re = dot(even, cosines[k]), im = dot(odd, sines[k]) -> magnitude [801]
 *   tactus_mel_bins      mel = dot(filters[m], magnitude) -> bins [mels]: thresholds strictly below
 *   tactus_audio_bag     the sum of a table's rows that the bins choose, normed -> y [d]
 *
 * Rows are audio sources. A source whose bins are known (an address that is not 0) skips the first steps.
 * Bytes moved per source: 6.4 KB over the bus, the DFT tables (5.1 MB, from the second cache) once per 4 sources, mels
 * rows of the bag's table. Floor: 0.65 M MACs of the DFT per source and the tables over the cache's bandwidth, about
 * 1 us; four launches are more.
 */
#ifndef TACTUS_AUDIO_CUH
#define TACTUS_AUDIO_CUH

#include "norm.cuh"

constexpr int MEL_HALF = 800, MEL_EVEN = 801, MEL_ODD = 799;
constexpr int MEL_TILE = 4; /* sources that share a read of the tables */

DEVICE float mel_windowed(const float *left, const float *right, const float *hann, int n) {
    const float sample = n >= MEL_HALF ? right[n - MEL_HALF] : left == NULL ? 0.0f : left[n];
    return sample * hann[n];
}

/* left: the 800 samples before the slot, address 0 for silence; right: the slot's. grid (rows), block (256). */
KERNEL __launch_bounds__(256)
tactus_mel_fold(const int64_t *left, const int64_t *right, const int64_t *known, const float *hann, float *even,
                float *odd, const int32_t *rows) {
    const int row = (int)blockIdx.x;
    if (row >= *rows || known[row] != 0) {
        return;
    }
    const float *before = reinterpret_cast<const float *>(left[row]);
    const float *slot = reinterpret_cast<const float *>(right[row]);
    float *e = even + (int64_t)row * MEL_EVEN, *o = odd + (int64_t)row * MEL_ODD;
    for (int n = (int)threadIdx.x; n <= MEL_HALF; n += (int)blockDim.x) {
        const float rising = mel_windowed(before, slot, hann, n);
        if (n == 0 || n == MEL_HALF) {
            e[n] = rising;
        } else {
            const float falling = mel_windowed(before, slot, hann, 2 * MEL_HALF - n);
            e[n] = rising + falling;
            o[n - 1] = rising - falling;
        }
    }
}
EXPORT_KERNEL(tactus_mel_fold)

/* The lane's accumulators of dot(x[r], w) for rows k apart. */
DEVICE void mel_lane_dots(const float *x, const float *w, int k, int count, float (&acc)[MEL_TILE]) {
    UNROLL
    for (int r = 0; r < MEL_TILE; r++) {
        acc[r] = 0.0f;
    }
    UNROLL_BY(4)
    for (int i = lane_of_thread(); i < k; i += WARP) {
        const float weight = w[i];
        UNROLL
        for (int r = 0; r < MEL_TILE; r++) {
            acc[r] = fma_rn(x[(int64_t)(r < count ? r : 0) * k + i], weight, acc[r]);
        }
    }
}

/* grid (101, tiles of 4 rows), block (256): a warp makes one frequency of 4 sources. */
KERNEL __launch_bounds__(256)
tactus_mel_spectrum(const float *even, const float *odd, const float *cosines, const float *sines, float *magnitude,
                    const int32_t *rows) {
    const int frequency = (int)(blockIdx.x * (blockDim.x / WARP) + threadIdx.x / WARP);
    const int64_t first = (int64_t)blockIdx.y * MEL_TILE;
    const int64_t left = *rows - first;
    if (left <= 0 || frequency >= MEL_EVEN) {
        return;
    }
    const int count = left < MEL_TILE ? (int)left : MEL_TILE;
    float re[MEL_TILE], im[MEL_TILE];
    mel_lane_dots(even + first * MEL_EVEN, cosines + (int64_t)frequency * MEL_EVEN, MEL_EVEN, count, re);
    mel_lane_dots(odd + first * MEL_ODD, sines + (int64_t)frequency * MEL_ODD, MEL_ODD, count, im);
    for (int r = 0; r < count; r++) {
        const float real = warp_sum(re[r]), imaginary = warp_sum(im[r]);
        const float power = fma_rn(real, real, imaginary * imaginary);
        if (lane_of_thread() == 0) {
            magnitude[(first + r) * MEL_EVEN + frequency] = sqrt_rn(exact_max(power, 1e-10f));
        }
    }
}
EXPORT_KERNEL(tactus_mel_spectrum)

/* grid (mels / 8, rows), block (256): a warp makes one bin. */
KERNEL __launch_bounds__(256)
tactus_mel_bins(const int64_t *known, const float *magnitude, const float *filters, const float *thresholds,
                int threshold_count, int32_t *bins, int mels, const int32_t *rows) {
    const int row = (int)blockIdx.y;
    const int m = (int)(blockIdx.x * (blockDim.x / WARP) + threadIdx.x / WARP);
    if (row >= *rows || m >= mels) {
        return;
    }
    int32_t bin = 0;
    if (known[row] != 0) {
        bin = reinterpret_cast<const int32_t *>(known[row])[m];
    } else {
        const float mel = warp_dot(magnitude + (int64_t)row * MEL_EVEN, filters + (int64_t)m * MEL_EVEN, MEL_EVEN);
        for (int i = 0; i < threshold_count; i++) {
            bin += thresholds[i] < mel ? 1 : 0;
        }
    }
    if (lane_of_thread() == 0) {
        bins[(int64_t)row * mels + m] = bin;
    }
}
EXPORT_KERNEL(tactus_mel_bins)

template <class W>
DEVICE void audio_bag_of(const int32_t *bins, const W *table, const float *norm, float eps, float *y, int mels,
                         int levels, int d, const int32_t *rows) {
    DYNAMIC_SHARED(float, vector);
    const int row = (int)blockIdx.x;
    if (row >= *rows) {
        return;
    }
    const int32_t *bin = bins + (int64_t)row * mels;
    for (int c = (int)threadIdx.x; c < d; c += (int)blockDim.x) {
        float a = 0.0f;
        UNROLL_BY(8)
        for (int m = 0; m < mels; m++) {
            a = a + widened(table[((int64_t)m * levels + bin[m]) * d + c]);
        }
        vector[c] = a;
    }
    block_norm(vector, norm, y + (int64_t)row * d, d, eps);
}

/* table [mels * levels, d]. grid (rows), block (256), dynamic shared memory: d floats. */
KERNEL __launch_bounds__(256)
tactus_audio_bag_bf16(const int32_t *bins, const bf16 *table, const float *norm, float eps, float *y, int mels,
                      int levels, int d, const int32_t *rows) {
    audio_bag_of(bins, table, norm, eps, y, mels, levels, d, rows);
}
EXPORT_KERNEL(tactus_audio_bag_bf16)

KERNEL __launch_bounds__(256)
tactus_audio_bag_f32(const int32_t *bins, const float *table, const float *norm, float eps, float *y, int mels,
                     int levels, int d, const int32_t *rows) {
    audio_bag_of(bins, table, norm, eps, y, mels, levels, d, rows);
}
EXPORT_KERNEL(tactus_audio_bag_f32)

#endif
