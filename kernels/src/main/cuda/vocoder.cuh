/*
 * Speech from the blocks that the pass before made: the jobs of a pass. The contract is
 * dev.tactus.kernel.vocoder.Vocoder, the steps in the order of their arithmetic are those of ../c/vocoder.h.
 *
 *   tactus_vocode   a job: [5, 80] normalised log mels, or the silence that brings out what is held back
 *                   -> 800 samples, or 1600, straight into the pinned slot; the session's state moves on
 *     moves   21 KB of state and 2 KB of block in, 14 KB of state and 3 KB of samples out; tables of 40 KB stay cached
 *     floor   40 iterations of 14 steps, each a barrier and a handful of operations: 0.15 ms, whatever the number of
 *             jobs up to one per processor
 *
 * A job is one block of threads. The eight frames at work are eight neighbouring threads: element (i, frame) of an
 * array stands at 8 i + frame and belongs to thread 8 i + frame modulo 320. All that is iterated on stays in shared
 * memory (92 KB), and steps meet at barriers.
 */
#ifndef TACTUS_VOCODER_CUH
#define TACTUS_VOCODER_CUH

#include "generate.cuh"

enum {
    VOC_THREADS = 320,
    VOC_LANES = 8,
    VOC_KEPT = 3, /* frames whose phases are still open when a block ends */
    VOC_NEW = 5,  /* frames of a block */
    VOC_MELS = 80,
    VOC_HOP = 160,
    VOC_WINDOW = 640,
    VOC_HALF = 320, /* points of the complex transform */
    VOC_BINS = 321,
    VOC_STRIP = 24,
    VOC_NOISE_ROWS = 1021,
    VOC_GROWING = 3, /* iterations after each new frame */
    VOC_FINAL = 25,  /* iterations with all frames */
    VOC_HOPS = VOC_LANES + VOC_KEPT,
    VOC_SAMPLES = VOC_NEW * VOC_HOP,
    VOC_FLUSH_BLOCKS = 2
};

#define VOC_ALPHA 0.9f
#define VOC_LOG_LOW (-11.6f)
#define VOC_LOG_HIGH 4.0f
#define VOC_LOG_FLOOR (-11.512925f)
#define VOC_MEL_FLOOR 1.0001e-5f
#define VOC_TINY_POWER 1e-20f
#define VOC_TINY_MEL 1e-14f

/* dev.tactus.kernel.vocoder.VocoderTables. */
struct VocTables {
    float analysis[VOC_WINDOW];
    float synthesis[VOC_WINDOW];
    float norm[VOC_HOP][VOC_STRIP];
    float turn1[80][6], turn2[20][6], turn3[5][6];
    float split[VOC_HALF / 2][2];
    float rising[VOC_BINS], falling[VOC_BINS];
    float rising_share[VOC_BINS], falling_share[VOC_BINS];
    float excitation[VOC_MELS];
    float noise[VOC_NOISE_ROWS + VOC_BINS][2];
    int32_t first_bin[VOC_MELS + 2];
};

/* What a session keeps between blocks. All zeros: silence so far. */
struct VocState {
    float overlap[VOC_HOP * VOC_KEPT]; /* 3 frames of each */
    float re[VOC_BINS * VOC_KEPT], im[VOC_BINS * VOC_KEPT];
    float mel[VOC_MELS * VOC_KEPT];
    int32_t frame; /* modulo VOC_NOISE_ROWS */
};

static_assert(sizeof(VocTables) == 4 * 10200, "VocoderLayout counts on it");
static_assert(sizeof(VocState) == 4 * 2647, "VocoderLayout counts on it");

/* 320 complex numbers of 8 frames. */
struct VocComplex {
    float re[VOC_HALF * VOC_LANES], im[VOC_HALF * VOC_LANES];
};

/* Dynamic shared memory. */
struct VocShared {
    VocComplex time, other; /* sample 2n in re[n], 2n + 1 in im[n] */
    VocComplex spectrum;    /* bins 1 to 319; no mel hears the others */
    VocComplex last;
    float overlap[VOC_HOP * VOC_KEPT]; /* sums of the frames that are settled, hops 0 to 2 */
    float target[VOC_MELS * VOC_LANES]; /* of frames that are not admitted yet: 0 */
    float wanted[VOC_MELS * VOC_LANES];
    float ratio[(VOC_MELS + 2) * VOC_LANES]; /* of mel m in m + 1; 0 at both ends */
    int32_t segment[VOC_HALF];               /* of a bin: between which two mels it lies */
};

static_assert(sizeof(VocShared) == 4 * 23216, "CudaVocoder asks for it");

/* ---- the transform ---- */

struct VocValue {
    float re, im;
};

DEVICE VocValue voc_get(const VocComplex *x, bool swapped, int at) {
    return swapped ? VocValue{x->im[at], x->re[at]} : VocValue{x->re[at], x->im[at]};
}

DEVICE void voc_put(VocComplex *x, bool swapped, int at, float re, float im) {
    (swapped ? x->im : x->re)[at] = re;
    (swapped ? x->re : x->im)[at] = im;
}

DEVICE VocValue voc_add(VocValue a, VocValue b) { return {a.re + b.re, a.im + b.im}; }

DEVICE VocValue voc_sub(VocValue a, VocValue b) { return {a.re - b.re, a.im - b.im}; }

/* a * (turn[0] + i turn[1]), stored. */
DEVICE void voc_put_turned(VocComplex *x, bool swapped, int at, VocValue a, const float *turn) {
    const float c = turn[0], s = turn[1];
    voc_put(x, swapped, at, fma_rn(a.re, c, -(a.im * s)), fma_rn(a.re, s, a.im * c));
}

/*
 * A pass of radix 4 of Stockham's transform: 4 * m points, stride s, from x to y. The inverse transform is this one
 * with real and imaginary parts swapped.
 */
DEVICE void voc_pass4(const VocComplex *x, VocComplex *y, bool swapped, int m, int s, const float (*turn)[6]) {
    for (int i = (int)threadIdx.x; i < m * s * VOC_LANES; i += VOC_THREADS) {
        const int lane = i % VOC_LANES, p = i / VOC_LANES / s, q = i / VOC_LANES % s;
        const int from = (q + s * p) * VOC_LANES + lane, step = s * m * VOC_LANES;
        const int to = (q + 4 * s * p) * VOC_LANES + lane, stride = s * VOC_LANES;
        const VocValue a = voc_get(x, swapped, from), b = voc_get(x, swapped, from + step);
        const VocValue c = voc_get(x, swapped, from + 2 * step), d = voc_get(x, swapped, from + 3 * step);
        const VocValue ac = voc_add(a, c), bd = voc_add(b, d), a_c = voc_sub(a, c), b_d = voc_sub(b, d);
        voc_put(y, swapped, to, ac.re + bd.re, ac.im + bd.im);
        voc_put_turned(y, swapped, to + stride, {a_c.re + b_d.im, a_c.im - b_d.re}, turn[p]);
        voc_put_turned(y, swapped, to + 2 * stride, voc_sub(ac, bd), turn[p] + 2);
        voc_put_turned(y, swapped, to + 3 * stride, {a_c.re - b_d.im, a_c.im + b_d.re}, turn[p] + 4);
    }
    __syncthreads();
}

/* The last pass, of radix 5: 64 transforms of 5 points, 64 apart. */
DEVICE void voc_pass5(const VocComplex *x, VocComplex *y, bool swapped) {
    const float c1 = 0.309016994f, c2 = -0.809016994f, s1 = 0.951056516f, s2 = 0.587785252f;
    const int step = 64 * VOC_LANES;
    for (int i = (int)threadIdx.x; i < step; i += VOC_THREADS) {
        const VocValue a = voc_get(x, swapped, i), b = voc_get(x, swapped, i + step);
        const VocValue c = voc_get(x, swapped, i + 2 * step), d = voc_get(x, swapped, i + 3 * step);
        const VocValue e = voc_get(x, swapped, i + 4 * step);
        const VocValue be = voc_add(b, e), b_e = voc_sub(b, e), cd = voc_add(c, d), c_d = voc_sub(c, d);
        const float r1 = fma_rn(c2, cd.re, fma_rn(c1, be.re, a.re)), i1 = fma_rn(c2, cd.im, fma_rn(c1, be.im, a.im));
        const float r2 = fma_rn(c1, cd.re, fma_rn(c2, be.re, a.re)), i2 = fma_rn(c1, cd.im, fma_rn(c2, be.im, a.im));
        const float u1 = fma_rn(s2, c_d.re, s1 * b_e.re), w1 = fma_rn(s2, c_d.im, s1 * b_e.im);
        const float u2 = fma_rn(-s1, c_d.re, s2 * b_e.re), w2 = fma_rn(-s1, c_d.im, s2 * b_e.im);
        voc_put(y, swapped, i, (a.re + be.re) + cd.re, (a.im + be.im) + cd.im);
        voc_put(y, swapped, i + step, r1 + w1, i1 - u1);
        voc_put(y, swapped, i + 2 * step, r2 + w2, i2 - u2);
        voc_put(y, swapped, i + 3 * step, r2 - w2, i2 + u2);
        voc_put(y, swapped, i + 4 * step, r1 - w1, i1 + u1);
    }
    __syncthreads();
}

/* The complex transform of 320 points of the time signal, in place. */
DEVICE void voc_transform(const VocTables *t, VocShared *w, bool swapped) {
    voc_pass4(&w->time, &w->other, swapped, 80, 1, t->turn1);
    voc_pass4(&w->other, &w->time, swapped, 20, 4, t->turn2);
    voc_pass4(&w->time, &w->other, swapped, 5, 16, t->turn3);
    voc_pass5(&w->other, &w->time, swapped);
}

/* A number of a spectrum; hurried: x + alpha (x - last), and x becomes last. */
DEVICE void voc_keep(float *x, float *last, int at, float now, bool hurried) {
    if (hurried) {
        x[at] = fma_rn(VOC_ALPHA, now - last[at], now);
        last[at] = now;
    } else {
        x[at] = now;
    }
}

/* Frames to spectra. What is in the time signal is lost. */
DEVICE void voc_forward(const VocTables *t, VocShared *w, bool hurried) {
    voc_transform(t, w, false);
    for (int i = (int)threadIdx.x; i < VOC_HALF / 2 * VOC_LANES; i += VOC_THREADS) {
        const int lane = i % VOC_LANES, k = i / VOC_LANES + 1, at = k * VOC_LANES + lane;
        const int mirror = (VOC_HALF - k) * VOC_LANES + lane;
        const float kr = w->time.re[at], ki = w->time.im[at], mr = w->time.re[mirror], mi = w->time.im[mirror];
        if (k == VOC_HALF / 2) {
            voc_keep(w->spectrum.re, w->last.re, at, kr + kr, hurried);
            voc_keep(w->spectrum.im, w->last.im, at, -(ki + ki), hurried);
        } else {
            const float c = t->split[k][0], s = t->split[k][1];
            const float er = kr + mr, ei = ki - mi, odd_re = kr - mr, odd_im = ki + mi;
            const float re = fma_rn(c, odd_im, -(s * odd_re)), im = fma_rn(c, odd_re, s * odd_im);
            voc_keep(w->spectrum.re, w->last.re, at, er + re, hurried);
            voc_keep(w->spectrum.im, w->last.im, at, ei - im, hurried);
            voc_keep(w->spectrum.re, w->last.re, mirror, er - re, hurried);
            voc_keep(w->spectrum.im, w->last.im, mirror, -(ei + im), hurried);
        }
    }
    __syncthreads();
}

/* A bin scaled by the ratios of the one or two mels that hear it. */
DEVICE VocValue voc_scaled(const VocTables *t, const VocShared *w, int k, int lane) {
    const int q = w->segment[k], at = k * VOC_LANES + lane;
    const float below = w->ratio[q * VOC_LANES + lane], above = w->ratio[(q + 1) * VOC_LANES + lane];
    const float gain = fma_rn(above, t->rising_share[k], below * t->falling_share[k]);
    return {w->spectrum.re[at] * gain, w->spectrum.im[at] * gain};
}

/* Spectra, scaled, to frames; 640 times too large, which the synthesis window makes good. */
DEVICE void voc_inverse(const VocTables *t, VocShared *w) {
    for (int i = (int)threadIdx.x; i < VOC_HALF / 2 * VOC_LANES; i += VOC_THREADS) {
        const int lane = i % VOC_LANES, k = i / VOC_LANES + 1, at = k * VOC_LANES + lane;
        const int mirror = (VOC_HALF - k) * VOC_LANES + lane;
        const VocValue a = voc_scaled(t, w, k, lane);
        if (k == VOC_HALF / 2) {
            w->time.re[at] = a.re + a.re;
            w->time.im[at] = -(a.im + a.im);
            w->time.re[lane] = 0.0f;
            w->time.im[lane] = 0.0f;
        } else {
            const VocValue b = voc_scaled(t, w, VOC_HALF - k, lane);
            const float c = t->split[k][0], s = t->split[k][1];
            const float er = a.re + b.re, ei = a.im - b.im, odd_re = a.re - b.re, odd_im = a.im + b.im;
            const float re = fma_rn(c, odd_im, s * odd_re), im = fma_rn(c, odd_re, -(s * odd_im));
            w->time.re[at] = er - re;
            w->time.im[at] = ei + im;
            w->time.re[mirror] = er + re;
            w->time.im[mirror] = im - ei;
        }
    }
    __syncthreads();
    voc_transform(t, w, true);
}

/* ---- mels ---- */

/* Sets ratio to target over the mels of the spectra, a segment between two centres at a time. */
DEVICE void voc_ratios(const VocTables *t, VocShared *w) {
    float *magnitude = w->other.re; /* free here */
    for (int i = VOC_LANES + (int)threadIdx.x; i < VOC_HALF * VOC_LANES; i += VOC_THREADS) {
        const float re = w->spectrum.re[i], im = w->spectrum.im[i];
        magnitude[i] = sqrt_rn(exact_max(fma_rn(re, re, im * im), VOC_TINY_POWER));
    }
    __syncthreads();
    for (int i = (int)threadIdx.x; i < VOC_MELS * VOC_LANES; i += VOC_THREADS) {
        const int lane = i % VOC_LANES, q = i / VOC_LANES + 1;
        float down = 0.0f; /* the mel's rising side, then its falling one */
        for (int k = t->first_bin[q - 1]; k < t->first_bin[q]; k++) {
            down = fma_rn(t->rising[k], magnitude[k * VOC_LANES + lane], down);
        }
        for (int k = t->first_bin[q]; k < t->first_bin[q + 1]; k++) {
            down = fma_rn(t->falling[k], magnitude[k * VOC_LANES + lane], down);
        }
        w->ratio[q * VOC_LANES + lane] = w->target[i] / exact_max(down, VOC_TINY_MEL);
    }
    __syncthreads();
}

/* ---- overlap-add ---- */

/* Where sample i of the hops stands in the time signal, frame `lane`; sample i + 160 k is 80 k further. */
DEVICE float *voc_sample(VocShared *w, int i, int lane) {
    return (i % 2 == 0 ? w->time.re : w->time.im) + i / 2 * VOC_LANES + lane;
}

/* Sample i + 160 k of a frame under the synthesis window; 0 outside frames 0 to limit - 1. */
DEVICE float voc_frame(const VocTables *t, VocShared *w, int i, int k, int lane, int limit) {
    return lane >= 0 && lane < limit ? *voc_sample(w, i + VOC_HOP * k, lane) * t->synthesis[i + VOC_HOP * k] : 0.0f;
}

/* What frames add up to in sample i of a hop. */
DEVICE float voc_sum(const VocTables *t, VocShared *w, int i, int hop, int limit) {
    const float f1 = voc_frame(t, w, i, 1, hop - 1, limit), f2 = voc_frame(t, w, i, 2, hop - 2, limit);
    const float f3 = voc_frame(t, w, i, 3, hop - 3, limit);
    if (hop >= VOC_LANES) {
        return (f1 + f2) + f3;
    }
    const float settled = hop < VOC_KEPT ? w->overlap[i * VOC_KEPT + hop] : 0.0f;
    return (((settled + voc_frame(t, w, i, 0, hop, limit)) + f1) + f2) + f3;
}

/*
 * Frames to the signal that they add up to, and back to frames of that signal. admitted counts the frames that sound;
 * the norm allows for those that are missing.
 */
DEVICE void voc_overlap(const VocTables *t, VocShared *w, int admitted) {
    float *signal = w->other.re; /* [160, 11], free here */
    for (int at = (int)threadIdx.x; at < VOC_HOP * VOC_HOPS; at += VOC_THREADS) {
        const int i = at / VOC_HOPS, hop = at % VOC_HOPS;
        signal[at] = voc_sum(t, w, i, hop, VOC_LANES) * t->norm[i][VOC_LANES - admitted + hop];
    }
    __syncthreads();
    for (int at = (int)threadIdx.x; at < VOC_WINDOW * VOC_LANES; at += VOC_THREADS) {
        const int n = at / VOC_LANES, lane = at % VOC_LANES;
        *voc_sample(w, n, lane) = signal[n % VOC_HOP * VOC_HOPS + lane + n / VOC_HOP] * t->analysis[n];
    }
    __syncthreads();
}

/* Spectra that have the mels wanted to the spectra of the signal that comes nearest to them. */
DEVICE void voc_iterate(const VocTables *t, VocShared *w, int admitted, bool hurried) {
    voc_ratios(t, w);
    voc_inverse(t, w);
    voc_overlap(t, w, admitted);
    voc_forward(t, w, hurried);
}

/* ---- a block ---- */

/* The mel that a log mel wants; a NaN is silence, as is what is not above the floor. */
DEVICE float voc_mel(float log_mel) {
    const float floored = exact_max(log_mel, VOC_LOG_LOW);
    const float limited = floored < VOC_LOG_HIGH ? floored : VOC_LOG_HIGH;
    return exact_max(exact_exp(limited) - VOC_MEL_FLOOR, 0.0f);
}

/* A log mel of a block of normalised ones; of silence without a block. */
DEVICE float voc_log_mel(const float *block, const float *mean, const float *deviation, int frame, int mel) {
    return block == nullptr ? VOC_LOG_FLOOR : block[frame * VOC_MELS + mel] * deviation[mel] + mean[mel];
}

/* One lane of a row of three. */
DEVICE float voc_open(const float *kept, int row, int lane) {
    return lane < VOC_KEPT ? kept[row * VOC_KEPT + lane] : 0.0f;
}

DEVICE void voc_begin(const VocTables *t, const VocState *state, const float *block, const float *mean,
                      const float *deviation, VocShared *w) {
    __syncthreads(); /* the block before is done with */
    for (int i = (int)threadIdx.x; i < VOC_HOP * VOC_KEPT; i += VOC_THREADS) {
        w->overlap[i] = state->overlap[i];
    }
    for (int i = VOC_LANES + (int)threadIdx.x; i < VOC_HALF * VOC_LANES; i += VOC_THREADS) {
        w->spectrum.re[i] = voc_open(state->re, i / VOC_LANES, i % VOC_LANES);
        w->spectrum.im[i] = voc_open(state->im, i / VOC_LANES, i % VOC_LANES);
    }
    for (int i = (int)threadIdx.x; i < VOC_MELS * VOC_LANES; i += VOC_THREADS) {
        const int m = i / VOC_LANES, lane = i % VOC_LANES;
        w->target[i] = voc_open(state->mel, m, lane);
        w->wanted[i] =
            lane < VOC_KEPT ? 0.0f : voc_mel(voc_log_mel(block, mean, deviation, lane - VOC_KEPT, m));
    }
    for (int i = (int)threadIdx.x; i < VOC_LANES; i += VOC_THREADS) {
        w->ratio[i] = 0.0f;
        w->ratio[(VOC_MELS + 1) * VOC_LANES + i] = 0.0f;
    }
    for (int q = (int)threadIdx.x; q <= VOC_MELS; q += VOC_THREADS) {
        for (int k = t->first_bin[q]; k < t->first_bin[q + 1]; k++) {
            w->segment[k] = q;
        }
    }
    __syncthreads();
}

/* What a mel wants of a new frame's noise. */
DEVICE float voc_excited(const VocTables *t, const VocShared *w, int mel, int lane) {
    return mel >= 0 && mel < VOC_MELS ? w->wanted[mel * VOC_LANES + lane] * t->excitation[mel] : 0.0f;
}

/* Admits a lane: what overlaps it has given it phases, a little noise gives some to what is new. */
DEVICE void voc_admit(const VocTables *t, VocShared *w, int lane, int noise_row) {
    for (int k = 1 + (int)threadIdx.x; k < VOC_HALF; k += VOC_THREADS) {
        const int q = w->segment[k], at = k * VOC_LANES + lane;
        const float above = voc_excited(t, w, q, lane), below = voc_excited(t, w, q - 1, lane);
        const float size = fma_rn(above, t->rising_share[k], below * t->falling_share[k]);
        w->spectrum.re[at] = fma_rn(size, t->noise[noise_row + k][0], w->spectrum.re[at]);
        w->spectrum.im[at] = fma_rn(size, t->noise[noise_row + k][1], w->spectrum.im[at]);
    }
    for (int m = (int)threadIdx.x; m < VOC_MELS; m += VOC_THREADS) {
        w->target[m * VOC_LANES + lane] = w->wanted[m * VOC_LANES + lane];
    }
    __syncthreads();
}

DEVICE float voc_clip(float x) {
    const float floored = x > -1.0f ? x : -1.0f;
    return floored < 1.0f ? floored : 1.0f;
}

/* Keeps the open frames, and settles the first 5: their hops are complete, and what reaches further is kept. */
DEVICE void voc_end(const VocTables *t, VocShared *w, VocState *state, float *out) {
    for (int i = VOC_KEPT + (int)threadIdx.x; i < VOC_HALF * VOC_KEPT; i += VOC_THREADS) {
        const int from = i / VOC_KEPT * VOC_LANES + VOC_NEW + i % VOC_KEPT;
        state->re[i] = w->spectrum.re[from];
        state->im[i] = w->spectrum.im[from];
    }
    for (int i = (int)threadIdx.x; i < VOC_MELS * VOC_KEPT; i += VOC_THREADS) {
        state->mel[i] = w->target[i / VOC_KEPT * VOC_LANES + VOC_NEW + i % VOC_KEPT];
    }
    if (threadIdx.x == 0) {
        state->frame = (state->frame + VOC_NEW) % VOC_NOISE_ROWS;
    }
    voc_ratios(t, w);
    voc_inverse(t, w);
    for (int at = (int)threadIdx.x; at < VOC_HOP * VOC_LANES; at += VOC_THREADS) {
        /* neighbouring threads write neighbouring samples, since these go over the bus */
        const int i = at % VOC_HOP, hop = at / VOC_HOP;
        const float sum = voc_sum(t, w, i, hop, VOC_NEW);
        if (hop < VOC_NEW) {
            out[VOC_HOP * hop + i] = voc_clip(sum * t->norm[i][0]);
        } else {
            state->overlap[i * VOC_KEPT + hop - VOC_NEW] = sum;
        }
    }
}

/* Vocoder.block. */
DEVICE void voc_block(const VocTables *t, VocState *state, const float *block, const float *mean,
                      const float *deviation, float *out, VocShared *w) {
    voc_begin(t, state, block, mean, deviation, w);
    const int frame = state->frame;
    for (int lane = VOC_KEPT; lane < VOC_LANES; lane++) {
        voc_iterate(t, w, lane, false);
        voc_admit(t, w, lane, (frame + lane - VOC_KEPT) % VOC_NOISE_ROWS);
        for (int i = 1; i < VOC_GROWING; i++) {
            voc_iterate(t, w, lane + 1, false);
        }
    }
    for (int i = VOC_LANES + (int)threadIdx.x; i < VOC_HALF * VOC_LANES; i += VOC_THREADS) {
        w->last.re[i] = w->spectrum.re[i];
        w->last.im[i] = w->spectrum.im[i];
    }
    for (int i = 0; i < VOC_FINAL; i++) {
        voc_iterate(t, w, VOC_LANES, true);
    }
    voc_end(t, w, state, out);
}

/* grid (jobs), block 320, shared: VocShared. state: bytes from a session's state to the vocoder's. */
KERNEL __launch_bounds__(VOC_THREADS)
tactus_vocode(Generate g, const void *tables, const float *mean, const float *deviation, int64_t state) {
    DYNAMIC_SHARED(VocShared, shared);
    const int job = (int)blockIdx.x;
    if (job >= g.header[PASS_JOBS]) {
        return;
    }
    const float *block = reinterpret_cast<const float *>(g.job_block[job]);
    float *out = reinterpret_cast<float *>(g.job_samples[job]);
    VocState *kept = reinterpret_cast<VocState *>(g.state[g.job_entry[job]] + state);
    const int blocks = block == nullptr ? VOC_FLUSH_BLOCKS : 1;
    for (int i = 0; i < blocks; i++) {
        voc_block(reinterpret_cast<const VocTables *>(tables), kept, block, mean, deviation, out + i * VOC_SAMPLES,
                  shared);
    }
}
EXPORT_KERNEL(tactus_vocode)

#endif
