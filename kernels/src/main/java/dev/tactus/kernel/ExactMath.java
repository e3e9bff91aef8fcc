package dev.tactus.kernel;

import dev.tactus.memory.OffHeap;

/**
 * The two reductions of the EXACT class, in plain Java over raw addresses.
 *
 * <p>A reduction has 32 lanes that start at +0. Element k goes to lane k mod 32, in rising k. The lanes then become one
 * number by a fixed tree: {@code v[l] = v[l] + v[l ^ o]} for o = 16, 8, 4, 2, 1, and the result is {@code v[0]}.
 *
 * <p>Lane 0 of the tree depends on lanes l, l + 4, …, l + 28 only through one number per l in 0..3, which is what
 * {@code quarter} methods return: eight local accumulators and the tree's first three steps. Nothing is allocated,
 * whichever compiler runs it. Any thread may call.
 */
public final class ExactMath {
    /** Lanes of a reduction. */
    public static final int LANES = 32;

    // tells the compiler that sums of an address and an index cannot leave the address space: no range checks
    private static final long ADDRESS_BITS = (1L << 62) - 1;

    private ExactMath() {}

    /** {@code Σ x[k]·w[k]} over {@code k} float32 elements each, 4 bytes apart. */
    public static float dot(final long x, final long w, final int k) {
        return dotStrided(x, w, Float.BYTES, k);
    }

    /** {@code Σ x[i]·w[i]} for i in [0, k); elements of x are 4 bytes apart, elements of w {@code wStep} bytes. */
    public static float dotStrided(final long x, final long w, final long wStep, final int k) {
        final long xs = x & ADDRESS_BITS;
        final long ws = w & ADDRESS_BITS;
        final float even = dotQuarter(xs, ws, wStep, k, 0) + dotQuarter(xs, ws, wStep, k, 2);
        final float odd = dotQuarter(xs, ws, wStep, k, 1) + dotQuarter(xs, ws, wStep, k, 3);
        return even + odd;
    }

    /** {@code Σ x[i]·w[i]} for i in [0, k), x float32 and w bfloat16, both without gaps. */
    public static float dotBfloat16(final long x, final long w, final int k) {
        final long xs = x & ADDRESS_BITS;
        final long ws = w & ADDRESS_BITS;
        final float even = bfloat16Quarter(xs, ws, k, 0) + bfloat16Quarter(xs, ws, k, 2);
        final float odd = bfloat16Quarter(xs, ws, k, 1) + bfloat16Quarter(xs, ws, k, 3);
        return even + odd;
    }

    /** {@code Σ x[i]} for i in [0, k), float32 without gaps. */
    public static float sum(final long x, final int k) {
        final long xs = x & ADDRESS_BITS;
        return (sumQuarter(xs, k, 0) + sumQuarter(xs, k, 2)) + (sumQuarter(xs, k, 1) + sumQuarter(xs, k, 3));
    }

    private static float dotQuarter(final long x, final long w, final long wStep, final int k, final int lane) {
        float a0 = 0f;
        float a1 = 0f;
        float a2 = 0f;
        float a3 = 0f;
        float a4 = 0f;
        float a5 = 0f;
        float a6 = 0f;
        float a7 = 0f;
        int i = lane;
        for (; i + 28 < k; i += LANES) {
            a0 = step(x, w, wStep, i, a0);
            a1 = step(x, w, wStep, i + 4, a1);
            a2 = step(x, w, wStep, i + 8, a2);
            a3 = step(x, w, wStep, i + 12, a3);
            a4 = step(x, w, wStep, i + 16, a4);
            a5 = step(x, w, wStep, i + 20, a5);
            a6 = step(x, w, wStep, i + 24, a6);
            a7 = step(x, w, wStep, i + 28, a7);
        }
        a0 = i < k ? step(x, w, wStep, i, a0) : a0;
        a1 = i + 4 < k ? step(x, w, wStep, i + 4, a1) : a1;
        a2 = i + 8 < k ? step(x, w, wStep, i + 8, a2) : a2;
        a3 = i + 12 < k ? step(x, w, wStep, i + 12, a3) : a3;
        a4 = i + 16 < k ? step(x, w, wStep, i + 16, a4) : a4;
        a5 = i + 20 < k ? step(x, w, wStep, i + 20, a5) : a5;
        a6 = i + 24 < k ? step(x, w, wStep, i + 24, a6) : a6;
        return tree(a0, a1, a2, a3, a4, a5, a6, a7);
    }

    private static float bfloat16Quarter(final long x, final long w, final int k, final int lane) {
        float a0 = 0f;
        float a1 = 0f;
        float a2 = 0f;
        float a3 = 0f;
        float a4 = 0f;
        float a5 = 0f;
        float a6 = 0f;
        float a7 = 0f;
        int i = lane;
        for (; i + 28 < k; i += LANES) {
            a0 = bfloat16Step(x, w, i, a0);
            a1 = bfloat16Step(x, w, i + 4, a1);
            a2 = bfloat16Step(x, w, i + 8, a2);
            a3 = bfloat16Step(x, w, i + 12, a3);
            a4 = bfloat16Step(x, w, i + 16, a4);
            a5 = bfloat16Step(x, w, i + 20, a5);
            a6 = bfloat16Step(x, w, i + 24, a6);
            a7 = bfloat16Step(x, w, i + 28, a7);
        }
        a0 = i < k ? bfloat16Step(x, w, i, a0) : a0;
        a1 = i + 4 < k ? bfloat16Step(x, w, i + 4, a1) : a1;
        a2 = i + 8 < k ? bfloat16Step(x, w, i + 8, a2) : a2;
        a3 = i + 12 < k ? bfloat16Step(x, w, i + 12, a3) : a3;
        a4 = i + 16 < k ? bfloat16Step(x, w, i + 16, a4) : a4;
        a5 = i + 20 < k ? bfloat16Step(x, w, i + 20, a5) : a5;
        a6 = i + 24 < k ? bfloat16Step(x, w, i + 24, a6) : a6;
        return tree(a0, a1, a2, a3, a4, a5, a6, a7);
    }

    private static float sumQuarter(final long x, final int k, final int lane) {
        float a0 = 0f;
        float a1 = 0f;
        float a2 = 0f;
        float a3 = 0f;
        float a4 = 0f;
        float a5 = 0f;
        float a6 = 0f;
        float a7 = 0f;
        int i = lane;
        for (; i + 28 < k; i += LANES) {
            a0 += at(x, i);
            a1 += at(x, i + 4);
            a2 += at(x, i + 8);
            a3 += at(x, i + 12);
            a4 += at(x, i + 16);
            a5 += at(x, i + 20);
            a6 += at(x, i + 24);
            a7 += at(x, i + 28);
        }
        a0 = i < k ? a0 + at(x, i) : a0;
        a1 = i + 4 < k ? a1 + at(x, i + 4) : a1;
        a2 = i + 8 < k ? a2 + at(x, i + 8) : a2;
        a3 = i + 12 < k ? a3 + at(x, i + 12) : a3;
        a4 = i + 16 < k ? a4 + at(x, i + 16) : a4;
        a5 = i + 20 < k ? a5 + at(x, i + 20) : a5;
        a6 = i + 24 < k ? a6 + at(x, i + 24) : a6;
        return tree(a0, a1, a2, a3, a4, a5, a6, a7);
    }

    /** Steps o = 16, 8 and 4 of the tree for lanes l, l + 4, …, l + 28. */
    private static float tree(
            final float a0,
            final float a1,
            final float a2,
            final float a3,
            final float a4,
            final float a5,
            final float a6,
            final float a7) {
        return ((a0 + a4) + (a2 + a6)) + ((a1 + a5) + (a3 + a7));
    }

    private static float step(final long x, final long w, final long wStep, final int i, final float a) {
        return Math.fma(at(x, i), OffHeap.getFloat(w + i * wStep), a);
    }

    private static float bfloat16Step(final long x, final long w, final int i, final float a) {
        return Math.fma(at(x, i), OffHeap.getBfloat16(w + (long) i * Short.BYTES), a);
    }

    private static float at(final long x, final int i) {
        return OffHeap.getFloat(x + (long) i * Float.BYTES);
    }
}
