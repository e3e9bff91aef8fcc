package dev.tactus.kernel.vocoder;

import static dev.tactus.kernel.vocoder.VocoderLayout.HALF;
import static dev.tactus.kernel.vocoder.VocoderLayout.LANES;

import dev.tactus.memory.OffHeap;

/**
 * The transform of 8 real frames of 640 samples at once, frame j in lane j of vectors of 8 float32: a complex transform
 * of 320 points (Stockham's, radix 4, 4, 4 and 5) and the step between it and real frames.
 *
 * <p>A time signal holds sample 2n in vector n of its real part and sample 2n + 1 in that of its imaginary part. Of a
 * spectrum only bins 1 to 319 exist, since no mel hears the others; it comes out twice too large, a frame 640 times.
 * Every sum has one order, the same in {@code vocoder.h}. Addresses are raw; no state, any thread.
 */
final class LaneTransform {
    private static final float C1 = 0.309016994f;
    private static final float C2 = -0.809016994f;
    private static final float S1 = 0.951056516f;
    private static final float S2 = 0.587785252f;
    private static final long VECTOR = (long) LANES * Float.BYTES;

    private LaneTransform() {}

    /**
     * Frames to spectra; what is in the time signal is lost.
     *
     * @param tables address of the tables
     * @param time address of the time signal, [2, 320, 8]
     * @param work address of [2, 320, 8]
     * @param spectrum address of [2, 320, 8], real parts first
     */
    static void forward(final long tables, final long time, final long work, final long spectrum) {
        final long half = HALF * VECTOR;
        transform(tables, time, time + half, work, work + half);
        for (int k = 1; k <= HALF / 2; k++) {
            splitForward(tables, time, spectrum, k);
        }
    }

    private static void splitForward(final long tables, final long time, final long spectrum, final int k) {
        final long half = HALF * VECTOR;
        final float c = k < HALF / 2 ? get(tables, VocoderLayout.SPLIT + 2L * k) : 0;
        final float s = k < HALF / 2 ? get(tables, VocoderLayout.SPLIT + 2L * k + 1) : 0;
        final long atK = k * VECTOR;
        final long atM = (HALF - k) * VECTOR;
        for (long lane = 0; lane < VECTOR; lane += Float.BYTES) {
            final float kr = OffHeap.getFloat(time + atK + lane);
            final float ki = OffHeap.getFloat(time + half + atK + lane);
            if (k == HALF / 2) {
                OffHeap.putFloat(spectrum + atK + lane, kr + kr);
                OffHeap.putFloat(spectrum + half + atK + lane, -(ki + ki));
                continue;
            }
            final float mr = OffHeap.getFloat(time + atM + lane);
            final float mi = OffHeap.getFloat(time + half + atM + lane);
            final float evenRe = kr + mr;
            final float evenIm = ki - mi;
            final float oddRe = kr - mr;
            final float oddIm = ki + mi;
            final float re = Math.fma(c, oddIm, -(s * oddRe));
            final float im = Math.fma(c, oddRe, s * oddIm);
            OffHeap.putFloat(spectrum + atK + lane, evenRe + re);
            OffHeap.putFloat(spectrum + half + atK + lane, evenIm - im);
            OffHeap.putFloat(spectrum + atM + lane, evenRe - re);
            OffHeap.putFloat(spectrum + half + atM + lane, -(evenIm + im));
        }
    }

    /**
     * Spectra to frames.
     *
     * @param tables address of the tables
     * @param spectrum address of [2, 320, 8]
     * @param work address of [2, 320, 8]
     * @param time address of the time signal, [2, 320, 8]
     */
    static void inverse(final long tables, final long spectrum, final long work, final long time) {
        final long half = HALF * VECTOR;
        for (long lane = 0; lane < VECTOR; lane += Float.BYTES) {
            OffHeap.putFloat(time + lane, 0);
            OffHeap.putFloat(time + half + lane, 0);
        }
        for (int k = 1; k <= HALF / 2; k++) {
            splitInverse(tables, spectrum, time, k);
        }
        // with real and imaginary parts swapped on both sides, the transform is its inverse
        transform(tables, time + half, time, work + half, work);
    }

    private static void splitInverse(final long tables, final long spectrum, final long time, final int k) {
        final long half = HALF * VECTOR;
        final float c = k < HALF / 2 ? get(tables, VocoderLayout.SPLIT + 2L * k) : 0;
        final float s = k < HALF / 2 ? get(tables, VocoderLayout.SPLIT + 2L * k + 1) : 0;
        final long atK = k * VECTOR;
        final long atM = (HALF - k) * VECTOR;
        for (long lane = 0; lane < VECTOR; lane += Float.BYTES) {
            final float kr = OffHeap.getFloat(spectrum + atK + lane);
            final float ki = OffHeap.getFloat(spectrum + half + atK + lane);
            if (k == HALF / 2) {
                OffHeap.putFloat(time + atK + lane, kr + kr);
                OffHeap.putFloat(time + half + atK + lane, -(ki + ki));
                continue;
            }
            final float mr = OffHeap.getFloat(spectrum + atM + lane);
            final float mi = OffHeap.getFloat(spectrum + half + atM + lane);
            final float evenRe = kr + mr;
            final float evenIm = ki - mi;
            final float oddRe = kr - mr;
            final float oddIm = ki + mi;
            final float re = Math.fma(c, oddIm, s * oddRe);
            final float im = Math.fma(c, oddRe, -(s * oddIm));
            OffHeap.putFloat(time + atK + lane, evenRe - re);
            OffHeap.putFloat(time + half + atK + lane, evenIm + im);
            OffHeap.putFloat(time + atM + lane, evenRe + re);
            OffHeap.putFloat(time + half + atM + lane, im - evenIm);
        }
    }

    /** The complex transform of 320 points of x, in place, with y for work. */
    private static void transform(final long tables, final long xr, final long xi, final long yr, final long yi) {
        pass4(xr, xi, yr, yi, 80, 1, tables + 4L * VocoderLayout.TURN1);
        pass4(yr, yi, xr, xi, 20, 4, tables + 4L * VocoderLayout.TURN2);
        pass4(xr, xi, yr, yi, 5, 16, tables + 4L * VocoderLayout.TURN3);
        for (int q = 0; q < HALF / 5; q++) {
            pass5(yr + q * VECTOR, yi + q * VECTOR, xr + q * VECTOR, xi + q * VECTOR);
        }
    }

    /** A pass of radix 4 of 4 · m points with stride s, from x to y. */
    private static void pass4(
            final long xr, final long xi, final long yr, final long yi, final int m, final int s, final long turns) {
        for (int p = 0; p < m; p++) {
            for (int q = 0; q < s; q++) {
                final long from = (q + s * p) * VECTOR;
                final long to = (q + 4 * s * p) * VECTOR;
                butterfly4(xr + from, xi + from, s * m * VECTOR, yr + to, yi + to, s * VECTOR, turns + 24L * p);
            }
        }
    }

    private static void butterfly4(
            final long xr,
            final long xi,
            final long fromStep,
            final long yr,
            final long yi,
            final long toStep,
            final long turn) {
        for (long lane = 0; lane < VECTOR; lane += Float.BYTES) {
            final float ar = OffHeap.getFloat(xr + lane);
            final float ai = OffHeap.getFloat(xi + lane);
            final float br = OffHeap.getFloat(xr + fromStep + lane);
            final float bi = OffHeap.getFloat(xi + fromStep + lane);
            final float cr = OffHeap.getFloat(xr + 2 * fromStep + lane);
            final float ci = OffHeap.getFloat(xi + 2 * fromStep + lane);
            final float dr = OffHeap.getFloat(xr + 3 * fromStep + lane);
            final float di = OffHeap.getFloat(xi + 3 * fromStep + lane);
            final float sumAcRe = ar + cr;
            final float sumAcIm = ai + ci;
            final float sumBdRe = br + dr;
            final float sumBdIm = bi + di;
            final float acRe = ar - cr;
            final float acIm = ai - ci;
            final float bdRe = br - dr;
            final float bdIm = bi - di;
            OffHeap.putFloat(yr + lane, sumAcRe + sumBdRe);
            OffHeap.putFloat(yi + lane, sumAcIm + sumBdIm);
            putTurned(yr + toStep + lane, yi + toStep + lane, acRe + bdIm, acIm - bdRe, turn);
            final long to2 = 2 * toStep + lane;
            putTurned(yr + to2, yi + to2, sumAcRe - sumBdRe, sumAcIm - sumBdIm, turn + 8);
            final long to3 = 3 * toStep + lane;
            putTurned(yr + to3, yi + to3, acRe - bdIm, acIm + bdRe, turn + 16);
        }
    }

    private static void putTurned(final long re, final long im, final float ar, final float ai, final long turn) {
        final float c = OffHeap.getFloat(turn);
        final float s = OffHeap.getFloat(turn + Float.BYTES);
        OffHeap.putFloat(re, Math.fma(ar, c, -(ai * s)));
        OffHeap.putFloat(im, Math.fma(ar, s, ai * c));
    }

    /** A transform of 5 points, 64 apart. */
    private static void pass5(final long xr, final long xi, final long yr, final long yi) {
        final long step = HALF / 5 * VECTOR;
        for (long lane = 0; lane < VECTOR; lane += Float.BYTES) {
            final float ar = OffHeap.getFloat(xr + lane);
            final float ai = OffHeap.getFloat(xi + lane);
            final float br = OffHeap.getFloat(xr + step + lane);
            final float bi = OffHeap.getFloat(xi + step + lane);
            final float cr = OffHeap.getFloat(xr + 2 * step + lane);
            final float ci = OffHeap.getFloat(xi + 2 * step + lane);
            final float dr = OffHeap.getFloat(xr + 3 * step + lane);
            final float di = OffHeap.getFloat(xi + 3 * step + lane);
            final float er = OffHeap.getFloat(xr + 4 * step + lane);
            final float ei = OffHeap.getFloat(xi + 4 * step + lane);
            final float r1 = Math.fma(C2, cr + dr, Math.fma(C1, br + er, ar));
            final float i1 = Math.fma(C2, ci + di, Math.fma(C1, bi + ei, ai));
            final float r2 = Math.fma(C1, cr + dr, Math.fma(C2, br + er, ar));
            final float i2 = Math.fma(C1, ci + di, Math.fma(C2, bi + ei, ai));
            final float u1 = Math.fma(S2, cr - dr, S1 * (br - er));
            final float w1 = Math.fma(S2, ci - di, S1 * (bi - ei));
            final float u2 = Math.fma(-S1, cr - dr, S2 * (br - er));
            final float w2 = Math.fma(-S1, ci - di, S2 * (bi - ei));
            OffHeap.putFloat(yr + lane, (ar + (br + er)) + (cr + dr));
            OffHeap.putFloat(yi + lane, (ai + (bi + ei)) + (ci + di));
            OffHeap.putFloat(yr + step + lane, r1 + w1);
            OffHeap.putFloat(yi + step + lane, i1 - u1);
            OffHeap.putFloat(yr + 2 * step + lane, r2 + w2);
            OffHeap.putFloat(yi + 2 * step + lane, i2 - u2);
            OffHeap.putFloat(yr + 3 * step + lane, r2 - w2);
            OffHeap.putFloat(yi + 3 * step + lane, i2 + u2);
            OffHeap.putFloat(yr + 4 * step + lane, r1 - w1);
            OffHeap.putFloat(yi + 4 * step + lane, i1 + u1);
        }
    }

    private static float get(final long base, final long index) {
        return OffHeap.getFloat(base + index * Float.BYTES);
    }
}
