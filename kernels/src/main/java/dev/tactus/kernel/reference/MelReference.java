package dev.tactus.kernel.reference;

import dev.tactus.memory.OffHeap;

/** The steps of dMel that are not linear. */
final class MelReference {
    private static final int WINDOW = 1600;
    private static final int HALF = WINDOW / 2;

    private MelReference() {}

    static void melFold(final long left, final long right, final long hann, final long even, final long odd) {
        put(even, 0, windowed(left, right, hann, 0));
        for (int n = 1; n < HALF; n++) {
            final float rising = windowed(left, right, hann, n);
            final float falling = windowed(left, right, hann, WINDOW - n);
            put(even, n, rising + falling);
            put(odd, n - 1, rising - falling);
        }
        put(even, HALF, windowed(left, right, hann, HALF));
    }

    private static float windowed(final long left, final long right, final long hann, final int n) {
        final float sample;
        if (n >= HALF) {
            sample = get(right, n - HALF);
        } else {
            sample = left == 0 ? 0f : get(left, n);
        }
        return sample * get(hann, n);
    }

    static void melMagnitude(final long re, final long im, final long mag, final int n) {
        for (int i = 0; i < n; i++) {
            final float power = Math.fma(get(re, i), get(re, i), get(im, i) * get(im, i));
            put(mag, i, (float) Math.sqrt(power > 1e-10f ? power : 1e-10f));
        }
    }

    static void melBin(final long mel, final long thresholds, final int count, final long bin, final int mels) {
        for (int m = 0; m < mels; m++) {
            int below = 0;
            for (int t = 0; t < count; t++) {
                below += get(thresholds, t) < get(mel, m) ? 1 : 0;
            }
            OffHeap.putInt(bin + (long) m * Integer.BYTES, below);
        }
    }

    private static float get(final long address, final int index) {
        return OffHeap.getFloat(address + (long) index * Float.BYTES);
    }

    private static void put(final long address, final int index, final float value) {
        OffHeap.putFloat(address + (long) index * Float.BYTES, value);
    }
}
