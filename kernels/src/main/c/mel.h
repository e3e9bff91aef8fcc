/* The steps of dMel that are not linear. */
#ifndef TACTUS_MEL_H
#define TACTUS_MEL_H

#include "vec.h"

enum { MEL_HALF = 800 }; /* samples of a slot, half a window */

/*
 * KernelSet.melFold. left (or silence when it is null) and right are the two halves of a window of 1600 samples, hann
 * [1600]; even out [801], odd out [799]. Plain loops: the compiler makes vectors of them, and a slot has one.
 */
static void mel_fold(const float *left, const float *right, const float *hann, float *restrict even,
                     float *restrict odd) {
    static const float silence[MEL_HALF];
    const float *rising_half = left ? left : silence;
    even[0] = rising_half[0] * hann[0];
    for (int n = 1; n < MEL_HALF; n++) {
        const float rising = rising_half[n] * hann[n];
        const float falling = right[MEL_HALF - n] * hann[2 * MEL_HALF - n];
        even[n] = rising + falling;
        odd[n - 1] = rising - falling;
    }
    even[MEL_HALF] = right[0] * hann[MEL_HALF];
}

/* The magnitude of every lane. */
V_INLINE vf mel_magnitude_lanes(vf re, vf im) { return v_sqrt(v_max(v_fma(re, re, im * im), v_set(1e-10f))); }

/* KernelSet.melMagnitude of n elements. */
static void mel_magnitude(const float *re, const float *im, float *mag, int32_t n) {
    int32_t i = 0;
    for (; i + VL <= n; i += VL) {
        v_store(mag + i, mel_magnitude_lanes(v_load(re + i), v_load(im + i)));
    }
    if (i < n) {
        v_store_n(mag + i, mel_magnitude_lanes(v_load_n(re + i, n - i), v_load_n(im + i, n - i)), n - i);
    }
}

/* KernelSet.melBin: bin[m] is how many thresholds lie strictly below mel[m]. */
static void mel_bin(const float *mel, const float *thresholds, int32_t threshold_count, int32_t *bin, int32_t mels) {
    for (int32_t m = 0; m < mels; m += VL) {
        const int n = mels - m < VL ? mels - m : VL;
        const vf value = n == VL ? v_load(mel + m) : v_load_n(mel + m, n);
        vi below = {0};
        for (int32_t t = 0; t < threshold_count; t++) {
            below -= v_set(thresholds[t]) < value; /* a true lane is -1 */
        }
        if (n == VL) {
            vi_store(bin + m, below);
        } else {
            v_store_n((float *)(bin + m), v_from_bits(below), n);
        }
    }
}

#endif
