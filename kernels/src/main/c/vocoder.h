/*
 * Speech from log-mel frames; the contract is dev.tactus.kernel.vocoder.Vocoder, the steps in the order of their
 * arithmetic are dev.tactus.kernel.vocoder.VocoderReference.
 *
 * The eight frames at work are the eight lanes of a vector, whatever the instruction set: so a transform is scalar
 * code on vectors, no lane meets another but in the overlap-add, and the bits depend on no vector length.
 */
#ifndef TACTUS_VOCODER_H
#define TACTUS_VOCODER_H

#include "elementary.h"
#include "vec.h"

enum {
    VOC_LANES = 8,
    VOC_KEPT = 3,                        /* frames whose phases are still open when a block ends */
    VOC_NEW = 5,                         /* frames of a block */
    VOC_MELS = 80,
    VOC_HOP = 160,
    VOC_WINDOW = 640,
    VOC_HALF = 320,                      /* points of the complex transform */
    VOC_BINS = 321,
    VOC_STRIP = 24,
    VOC_NOISE_ROWS = 1021,
    VOC_GROWING = 3,                     /* iterations after each new frame */
    VOC_FINAL = 25                       /* iterations with all frames */
};

#define VOC_ALPHA 0.9f
#define VOC_LOG_LOW (-11.6f)
#define VOC_LOG_HIGH 4.0f
#define VOC_MEL_FLOOR 1.0001e-5f
#define VOC_TINY_POWER 1e-20f
#define VOC_TINY_MEL 1e-14f

/* dev.tactus.kernel.vocoder.VocoderTables. */
struct voc_tables {
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
struct voc_state {
    float overlap[VOC_HOP][VOC_KEPT];
    float re[VOC_BINS][VOC_KEPT], im[VOC_BINS][VOC_KEPT];
    float mel[VOC_MELS][VOC_KEPT];
    int32_t frame; /* modulo VOC_NOISE_ROWS */
};

typedef float v8 __attribute__((vector_size(32)));
typedef int32_t v8i __attribute__((vector_size(32)));

struct voc_complex {
    v8 re[VOC_HALF], im[VOC_HALF];
};

/* Working memory of a call, 64-byte aligned. */
struct voc_scratch {
    struct voc_complex time, other;      /* sample 2n in re[n], 2n + 1 in im[n] */
    v8 re[VOC_HALF], im[VOC_HALF];       /* bins 1 to 319; no mel hears the others */
    v8 last_re[VOC_HALF], last_im[VOC_HALF];
    v8 overlap[VOC_HOP];                 /* sums of the frames that are settled, hops 0 to 2 in lanes 0 to 2 */
    v8 target[VOC_MELS];                 /* lanes that are not admitted yet are 0 */
    v8 wanted[VOC_MELS];
    v8 ratio[VOC_MELS + 2];              /* of mel m in m + 1; 0 at both ends */
    float mel[VOC_NEW * VOC_MELS];
};

/* VocoderLayout counts on it. */
_Static_assert(sizeof(struct voc_tables) == 4 * 10200, "tables");
_Static_assert(sizeof(struct voc_state) == 4 * 2647, "state");
_Static_assert(sizeof(struct voc_scratch) == 4 * 24096, "scratch");

V_INLINE v8 v8_set(float x) { return x - (v8){0}; }

V_INLINE v8 v8_load(const float *p) {
    v8 v;
    memcpy(&v, p, sizeof v);
    return v;
}

V_INLINE v8 v8_fma(v8 a, v8 b, v8 c) { return _mm256_fmadd_ps(a, b, c); }

V_INLINE v8 v8_sqrt(v8 a) { return _mm256_sqrt_ps(a); }

/* Per lane a > b ? a : b. */
V_INLINE v8 v8_max(v8 a, v8 b) { return _mm256_max_ps(a, b); }

/* ---- the transform ---- */

struct voc_value {
    v8 re, im;
};

V_INLINE struct voc_value voc_add(struct voc_value a, struct voc_value b) {
    return (struct voc_value){a.re + b.re, a.im + b.im};
}

V_INLINE struct voc_value voc_sub(struct voc_value a, struct voc_value b) {
    return (struct voc_value){a.re - b.re, a.im - b.im};
}

/* a * (turn[0] + i turn[1]), stored. */
V_INLINE void voc_put_turned(v8 *re, v8 *im, struct voc_value a, const float *turn) {
    const v8 c = v8_set(turn[0]), s = v8_set(turn[1]);
    *re = v8_fma(a.re, c, -(a.im * s));
    *im = v8_fma(a.re, s, a.im * c);
}

/*
 * A pass of radix 4 of Stockham's transform: 4 * m points, stride s, from x to y. Arrays are given apart, since the
 * inverse transform is this one with real and imaginary parts swapped.
 */
V_INLINE void voc_pass4(const v8 *restrict xr, const v8 *restrict xi, v8 *restrict yr, v8 *restrict yi, int m, int s,
                        const float (*turn)[6]) {
    for (int p = 0; p < m; p++) {
        for (int q = 0; q < s; q++) {
            const int from = q + s * p, to = q + 4 * s * p;
            const struct voc_value a = {xr[from], xi[from]}, b = {xr[from + s * m], xi[from + s * m]};
            const struct voc_value c = {xr[from + 2 * s * m], xi[from + 2 * s * m]};
            const struct voc_value d = {xr[from + 3 * s * m], xi[from + 3 * s * m]};
            const struct voc_value ac = voc_add(a, c), bd = voc_add(b, d);
            const struct voc_value a_c = voc_sub(a, c), b_d = voc_sub(b, d);
            yr[to] = ac.re + bd.re;
            yi[to] = ac.im + bd.im;
            voc_put_turned(&yr[to + s], &yi[to + s], (struct voc_value){a_c.re + b_d.im, a_c.im - b_d.re}, turn[p]);
            voc_put_turned(&yr[to + 2 * s], &yi[to + 2 * s], voc_sub(ac, bd), turn[p] + 2);
            voc_put_turned(&yr[to + 3 * s], &yi[to + 3 * s], (struct voc_value){a_c.re - b_d.im, a_c.im + b_d.re},
                           turn[p] + 4);
        }
    }
}

/* The last pass, of radix 5: 64 transforms of 5 points, 64 apart. */
V_INLINE void voc_pass5(const v8 *restrict xr, const v8 *restrict xi, v8 *restrict yr, v8 *restrict yi) {
    const v8 c1 = v8_set(0.309016994f), c2 = v8_set(-0.809016994f);
    const v8 s1 = v8_set(0.951056516f), s2 = v8_set(0.587785252f);
    for (int q = 0; q < 64; q++) {
        const struct voc_value a = {xr[q], xi[q]}, b = {xr[q + 64], xi[q + 64]}, c = {xr[q + 128], xi[q + 128]};
        const struct voc_value d = {xr[q + 192], xi[q + 192]}, e = {xr[q + 256], xi[q + 256]};
        const struct voc_value be = voc_add(b, e), b_e = voc_sub(b, e), cd = voc_add(c, d), c_d = voc_sub(c, d);
        const v8 r1 = v8_fma(c2, cd.re, v8_fma(c1, be.re, a.re)), i1 = v8_fma(c2, cd.im, v8_fma(c1, be.im, a.im));
        const v8 r2 = v8_fma(c1, cd.re, v8_fma(c2, be.re, a.re)), i2 = v8_fma(c1, cd.im, v8_fma(c2, be.im, a.im));
        const v8 u1 = v8_fma(s2, c_d.re, s1 * b_e.re), w1 = v8_fma(s2, c_d.im, s1 * b_e.im);
        const v8 u2 = v8_fma(-s1, c_d.re, s2 * b_e.re), w2 = v8_fma(-s1, c_d.im, s2 * b_e.im);
        yr[q] = (a.re + be.re) + cd.re;
        yi[q] = (a.im + be.im) + cd.im;
        yr[q + 64] = r1 + w1;
        yi[q + 64] = i1 - u1;
        yr[q + 128] = r2 + w2;
        yi[q + 128] = i2 - u2;
        yr[q + 192] = r2 - w2;
        yi[q + 192] = i2 + u2;
        yr[q + 256] = r1 - w1;
        yi[q + 256] = i1 + u1;
    }
}

/* The complex transform of 320 points of (xr, xi), in place, with (yr, yi) for work. */
static void voc_transform(const struct voc_tables *t, v8 *xr, v8 *xi, v8 *yr, v8 *yi) {
    voc_pass4(xr, xi, yr, yi, 80, 1, t->turn1);
    voc_pass4(yr, yi, xr, xi, 20, 4, t->turn2);
    voc_pass4(xr, xi, yr, yi, 5, 16, t->turn3);
    voc_pass5(yr, yi, xr, xi);
}

/* Frames to spectra. What is in the time signal is lost. */
static void voc_forward(const struct voc_tables *t, struct voc_scratch *w) {
    v8 *zr = w->time.re, *zi = w->time.im;
    voc_transform(t, zr, zi, w->other.re, w->other.im);
    for (int k = 1; k < VOC_HALF / 2; k++) {
        const int m = VOC_HALF - k;
        const v8 c = v8_set(t->split[k][0]), s = v8_set(t->split[k][1]);
        const v8 er = zr[k] + zr[m], ei = zi[k] - zi[m], odd_re = zr[k] - zr[m], odd_im = zi[k] + zi[m];
        const v8 re = v8_fma(c, odd_im, -(s * odd_re)), im = v8_fma(c, odd_re, s * odd_im);
        w->re[k] = er + re;
        w->im[k] = ei - im;
        w->re[m] = er - re;
        w->im[m] = -(ei + im);
    }
    w->re[VOC_HALF / 2] = zr[VOC_HALF / 2] + zr[VOC_HALF / 2];
    w->im[VOC_HALF / 2] = -(zi[VOC_HALF / 2] + zi[VOC_HALF / 2]);
}

/* Spectra times gain, to frames; 640 times too large, which the synthesis window makes good. */
static void voc_inverse(const struct voc_tables *t, struct voc_scratch *w) {
    v8 *zr = w->time.re, *zi = w->time.im;
    zr[0] = zi[0] = (v8){0};
    for (int k = 1; k < VOC_HALF / 2; k++) {
        const int m = VOC_HALF - k;
        const v8 c = v8_set(t->split[k][0]), s = v8_set(t->split[k][1]);
        const v8 er = w->re[k] + w->re[m], ei = w->im[k] - w->im[m];
        const v8 odd_re = w->re[k] - w->re[m], odd_im = w->im[k] + w->im[m];
        const v8 re = v8_fma(c, odd_im, s * odd_re), im = v8_fma(c, odd_re, -(s * odd_im));
        zr[k] = er - re;
        zi[k] = ei + im;
        zr[m] = er + re;
        zi[m] = im - ei;
    }
    zr[VOC_HALF / 2] = w->re[VOC_HALF / 2] + w->re[VOC_HALF / 2];
    zi[VOC_HALF / 2] = -(w->im[VOC_HALF / 2] + w->im[VOC_HALF / 2]);
    voc_transform(t, zi, zr, w->other.im, w->other.re);
}

/* ---- mels ---- */

/* Sets ratio to target over the mels of the spectra, a segment between two centres at a time. */
static void voc_ratios(const struct voc_tables *t, struct voc_scratch *w) {
    v8 before = {0};
    w->ratio[0] = w->ratio[VOC_MELS + 1] = (v8){0};
    for (int q = 0; q <= VOC_MELS; q++) {
        v8 up = {0}, down = before;
        for (int k = t->first_bin[q]; k < t->first_bin[q + 1]; k++) {
            const v8 power = v8_fma(w->re[k], w->re[k], w->im[k] * w->im[k]);
            const v8 magnitude = v8_sqrt(v8_max(power, v8_set(VOC_TINY_POWER)));
            up = v8_fma(v8_set(t->rising[k]), magnitude, up);
            down = v8_fma(v8_set(t->falling[k]), magnitude, down);
        }
        if (q > 0) {
            w->ratio[q] = w->target[q - 1] / v8_max(down, v8_set(VOC_TINY_MEL));
        }
        before = up;
    }
}

/* Scales the spectra by the ratios of the one or two mels that hear each bin. */
static void voc_scale(const struct voc_tables *t, struct voc_scratch *w) {
    for (int q = 0; q <= VOC_MELS; q++) {
        const v8 below = w->ratio[q], above = w->ratio[q + 1];
        for (int k = t->first_bin[q]; k < t->first_bin[q + 1]; k++) {
            const v8 gain = v8_fma(above, v8_set(t->rising_share[k]), below * v8_set(t->falling_share[k]));
            w->re[k] = w->re[k] * gain;
            w->im[k] = w->im[k] * gain;
        }
    }
}

/* ---- overlap-add ---- */

/* Lane p of the result is lane p - n of v, 0 below. */
#define V8_UP(v, n)                                                                                              \
    __builtin_shuffle((v8){0}, (v), (v8i){(n) > 0 ? 0 : 8, (n) > 1 ? 0 : 9 - (n), (n) > 2 ? 0 : 10 - (n), 11 - (n), \
                                          12 - (n), 13 - (n), 14 - (n), 15 - (n)})
/* Lane p of the result is lane p + 8 - n of v, 0 above: what V8_UP pushes out. */
#define V8_OUT(v, n)                                                                                         \
    __builtin_shuffle((v), (v8){0}, (v8i){8 - (n), 9 - (n), 10 - (n), 11 - (n), 12 - (n), 13 - (n), 14 - (n), 15 - (n)})
/* Lane p of the result is number p + n of the sixteen in low and high. */
#define V8_FROM(low, high, n) \
    __builtin_shuffle((low), (high), (v8i){(n), 1 + (n), 2 + (n), 3 + (n), 4 + (n), 5 + (n), 6 + (n), 7 + (n)})

/*
 * Sample i of the signal's hops out of that of the frames, then back: x is half of the time signal (even or odd
 * samples), at i / 2 + 80 k. admitted counts the frames that sound; the norm allows for those that are missing.
 */
V_INLINE void voc_overlap_sample(const struct voc_tables *t, const struct voc_scratch *w, v8 *x, int i, int admitted) {
    const v8 f0 = x[0] * v8_set(t->synthesis[i]), f1 = x[80] * v8_set(t->synthesis[i + 160]);
    const v8 f2 = x[160] * v8_set(t->synthesis[i + 320]), f3 = x[240] * v8_set(t->synthesis[i + 480]);
    const float *norm = t->norm[i] + VOC_LANES - admitted;
    const v8 low = ((((w->overlap[i] + f0) + V8_UP(f1, 1)) + V8_UP(f2, 2)) + V8_UP(f3, 3)) * v8_load(norm);
    const v8 high = ((V8_OUT(f1, 1) + V8_OUT(f2, 2)) + V8_OUT(f3, 3)) * v8_load(norm + VOC_LANES);
    x[0] = low * v8_set(t->analysis[i]);
    x[80] = V8_FROM(low, high, 1) * v8_set(t->analysis[i + 160]);
    x[160] = V8_FROM(low, high, 2) * v8_set(t->analysis[i + 320]);
    x[240] = V8_FROM(low, high, 3) * v8_set(t->analysis[i + 480]);
}

/* Frames to the signal that they add up to, and back to frames of that signal. */
static void voc_overlap(const struct voc_tables *t, struct voc_scratch *w, int admitted) {
    for (int i = 0; i < VOC_HOP; i += 2) {
        voc_overlap_sample(t, w, w->time.re + i / 2, i, admitted);
        voc_overlap_sample(t, w, w->time.im + i / 2, i + 1, admitted);
    }
}

/* Spectra that have the mels wanted to the spectra of the signal that comes nearest to them. */
static void voc_iterate(const struct voc_tables *t, struct voc_scratch *w, int admitted) {
    voc_ratios(t, w);
    voc_scale(t, w);
    voc_inverse(t, w);
    voc_overlap(t, w, admitted);
    voc_forward(t, w);
}

/* ---- a block ---- */

/* The mels that 5 frames of log mels want; a NaN is silence, as is what is not above the floor. */
static void voc_mels(const float *log_mel, float *mel) {
    for (int i = 0; i < VOC_NEW * VOC_MELS; i += VL) {
        const vf floored = v_max(v_load(log_mel + i), v_set(VOC_LOG_LOW));
        const vf limited = v_select(floored < v_set(VOC_LOG_HIGH), floored, v_set(VOC_LOG_HIGH));
        v_store(mel + i, v_max(v_exp(limited) - v_set(VOC_MEL_FLOOR), v_set(0.0f)));
    }
}

static void voc_begin(const struct voc_state *state, const float *log_mel, struct voc_scratch *w) {
    voc_mels(log_mel, w->mel);
    for (int i = 0; i < VOC_HOP; i++) {
        w->overlap[i] = (v8){state->overlap[i][0], state->overlap[i][1], state->overlap[i][2]};
    }
    for (int k = 1; k < VOC_HALF; k++) {
        w->re[k] = (v8){state->re[k][0], state->re[k][1], state->re[k][2]};
        w->im[k] = (v8){state->im[k][0], state->im[k][1], state->im[k][2]};
    }
    for (int m = 0; m < VOC_MELS; m++) {
        const float *mel = w->mel + m;
        w->target[m] = (v8){state->mel[m][0], state->mel[m][1], state->mel[m][2]};
        w->wanted[m] = (v8){0, 0, 0, mel[0], mel[VOC_MELS], mel[2 * VOC_MELS], mel[3 * VOC_MELS], mel[4 * VOC_MELS]};
    }
}

/* Admits a lane: what overlaps it has given it phases, a little noise gives some to what is new. */
static void voc_admit(const struct voc_tables *t, struct voc_scratch *w, int lane, int noise_row) {
    float above = 0;
    for (int q = 0; q <= VOC_MELS; q++) {
        const float below = above;
        above = q < VOC_MELS ? w->wanted[q][lane] * t->excitation[q] : 0;
        for (int k = t->first_bin[q]; k < t->first_bin[q + 1]; k++) {
            const float size = __builtin_fmaf(above, t->rising_share[k], below * t->falling_share[k]);
            w->re[k][lane] = __builtin_fmaf(size, t->noise[noise_row + k][0], w->re[k][lane]);
            w->im[k][lane] = __builtin_fmaf(size, t->noise[noise_row + k][1], w->im[k][lane]);
        }
        if (q < VOC_MELS) {
            w->target[q][lane] = w->wanted[q][lane];
        }
    }
}

/* x + alpha (x - last), and x becomes last. */
V_INLINE void voc_hurry(v8 *x, v8 *last) {
    for (int k = 1; k < VOC_HALF; k++) {
        const v8 now = x[k];
        x[k] = v8_fma(v8_set(VOC_ALPHA), now - last[k], now);
        last[k] = now;
    }
}

V_INLINE float voc_clip(float x) {
    const float floored = x > -1.0f ? x : -1.0f;
    return floored < 1.0f ? floored : 1.0f;
}

/* Settles the first 5 frames: their hops are complete, and what reaches further is kept. */
V_INLINE void voc_settle_sample(const struct voc_tables *t, const struct voc_scratch *w, const v8 *x, int i,
                                struct voc_state *state, float *out) {
    const v8i settled = {-1, -1, -1, -1, -1, 0, 0, 0};
    v8 f[4];
    for (int k = 0; k < 4; k++) {
        f[k] = (v8)((v8i)(x[80 * k] * v8_set(t->synthesis[i + 160 * k])) & settled);
    }
    const v8 sum = (((w->overlap[i] + f[0]) + V8_UP(f[1], 1)) + V8_UP(f[2], 2)) + V8_UP(f[3], 3);
    for (int hop = 0; hop < VOC_NEW; hop++) {
        out[VOC_HOP * hop + i] = voc_clip(sum[hop] * t->norm[i][0]);
    }
    for (int hop = 0; hop < VOC_KEPT; hop++) {
        state->overlap[i][hop] = sum[VOC_NEW + hop];
    }
}

static void voc_end(const struct voc_tables *t, struct voc_scratch *w, struct voc_state *state, float *out) {
    for (int lane = 0; lane < VOC_KEPT; lane++) {
        for (int k = 1; k < VOC_HALF; k++) {
            state->re[k][lane] = w->re[k][VOC_NEW + lane];
            state->im[k][lane] = w->im[k][VOC_NEW + lane];
        }
        for (int m = 0; m < VOC_MELS; m++) {
            state->mel[m][lane] = w->target[m][VOC_NEW + lane];
        }
    }
    state->frame = (state->frame + VOC_NEW) % VOC_NOISE_ROWS;
    voc_ratios(t, w);
    voc_scale(t, w);
    voc_inverse(t, w);
    for (int i = 0; i < VOC_HOP; i += 2) {
        voc_settle_sample(t, w, w->time.re + i / 2, i, state, out);
        voc_settle_sample(t, w, w->time.im + i / 2, i + 1, state, out);
    }
}

/* Vocoder.block: log_mel [5, 80], out [800]; tables, state and scratch 64-byte aligned. */
static void vocoder_block(const void *tables, void *state, const float *log_mel, float *out, void *scratch) {
    const struct voc_tables *t = tables;
    struct voc_state *kept = state;
    struct voc_scratch *w = scratch;
    voc_begin(kept, log_mel, w);
    for (int lane = VOC_KEPT; lane < VOC_LANES; lane++) {
        voc_iterate(t, w, lane);
        voc_admit(t, w, lane, (kept->frame + lane - VOC_KEPT) % VOC_NOISE_ROWS);
        for (int i = 1; i < VOC_GROWING; i++) {
            voc_iterate(t, w, lane + 1);
        }
    }
    memcpy(w->last_re, w->re, sizeof w->re);
    memcpy(w->last_im, w->im, sizeof w->im);
    for (int i = 0; i < VOC_FINAL; i++) {
        voc_iterate(t, w, VOC_LANES);
        voc_hurry(w->re, w->last_re);
        voc_hurry(w->im, w->last_im);
    }
    voc_end(t, w, kept, out);
}

#endif
