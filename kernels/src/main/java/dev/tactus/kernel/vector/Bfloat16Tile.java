package dev.tactus.kernel.vector;

import static dev.tactus.kernel.vector.Lanes.BYTES;
import static dev.tactus.kernel.vector.Lanes.base;
import static dev.tactus.kernel.vector.Lanes.load;
import static dev.tactus.kernel.vector.Lanes.loadInts;
import static dev.tactus.kernel.vector.Lanes.store;
import static dev.tactus.kernel.vector.Lanes.zero;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Dots of bfloat16 weights, up to the 32 lanes, over whole blocks of 32 elements.
 *
 * <p>Two neighbouring weights share an int: shifted left by 16 it is the even one, with its low half cleared the odd
 * one. So lanes and rows of x are kept as {@code [16 evens | 16 odds]} per block, 128 bytes a dot.
 *
 * <p>No method has more than 8 accumulators: with more, C2 gives up inlining and boxes every vector.
 */
final class Bfloat16Tile {
    private static final int LANE_BYTES = 128;
    private static final int ODD = 64;
    private static final IntVector UPPER = IntVector.broadcast(Lanes.INTS, 0xFFFF0000);

    /** Two vectors hold a dot's lanes. */
    private static final boolean WIDE = 2 * BYTES > ODD;

    private Bfloat16Tile() {}

    /**
     * Dots of two rows of x with {@code outs} rows of w. Lanes come as (x0, w0), (x0, w1), (x1, w0), (x1, w1), (x0, w2)
     * and so on.
     *
     * @param wStep bytes from one row of w to the next
     * @param outs rows of w, even
     * @param blockBytes bytes of x in whole blocks
     */
    static void pairs(
            final long x0,
            final long x1,
            final long w,
            final long wStep,
            final int outs,
            final int blockBytes,
            final long lanes) {
        for (int pass = 0; pass < ODD; pass += BYTES) {
            pairsPass(x0 + pass, x1 + pass, w + pass, wStep, outs, blockBytes, lanes + pass);
        }
    }

    private static void pairsPass(
            final long x0,
            final long x1,
            final long w,
            final long wStep,
            final int outs,
            final int blockBytes,
            final long lanes) {
        long target = base(lanes);
        final long x0Base = base(x0);
        final long x1Base = base(x1);
        for (int n = 0; n < outs; n += 2) {
            final long w0 = base(w + n * wStep);
            final long w1 = base(w0 + wStep);
            final FloatVector none = zero();
            FloatVector a00 = none;
            FloatVector b00 = none;
            FloatVector a01 = none;
            FloatVector b01 = none;
            FloatVector a10 = none;
            FloatVector b10 = none;
            FloatVector a11 = none;
            FloatVector b11 = none;
            for (int i = 0; i < blockBytes; i += LANE_BYTES) {
                final IntVector both0 = loadInts(w0 + (i >> 1));
                final IntVector both1 = loadInts(w1 + (i >> 1));
                final FloatVector wa0 = even(both0);
                final FloatVector wb0 = odd(both0);
                final FloatVector wa1 = even(both1);
                final FloatVector wb1 = odd(both1);
                final FloatVector xa0 = load(x0Base + i);
                a00 = xa0.fma(wa0, a00);
                a01 = xa0.fma(wa1, a01);
                final FloatVector xb0 = load(x0Base + i + ODD);
                b00 = xb0.fma(wb0, b00);
                b01 = xb0.fma(wb1, b01);
                final FloatVector xa1 = load(x1Base + i);
                a10 = xa1.fma(wa0, a10);
                a11 = xa1.fma(wa1, a11);
                final FloatVector xb1 = load(x1Base + i + ODD);
                b10 = xb1.fma(wb0, b10);
                b11 = xb1.fma(wb1, b11);
            }
            store(a00, target);
            store(b00, target + ODD);
            store(a01, target + LANE_BYTES);
            store(b01, target + LANE_BYTES + ODD);
            store(a10, target + 2 * LANE_BYTES);
            store(b10, target + 2 * LANE_BYTES + ODD);
            store(a11, target + 3 * LANE_BYTES);
            store(b11, target + 3 * LANE_BYTES + ODD);
            target = base(target + 4 * LANE_BYTES);
        }
    }

    /**
     * Dots of one row of x with {@code outs} rows of w, in their order.
     *
     * @param wStep bytes from one row of w to the next
     * @param outs rows of w, even
     * @param blockBytes bytes of x in whole blocks
     */
    static void row(
            final long x, final long w, final long wStep, final int outs, final int blockBytes, final long lanes) {
        for (int pass = 0; pass < ODD; pass += 2 * BYTES) {
            rowPass(x + pass, w + pass, wStep, outs, blockBytes, lanes + pass);
        }
    }

    /** Four accumulators: all of one output, or with vectors of 16 floats two of two outputs. */
    private static void rowPass(
            final long x, final long w, final long wStep, final int outs, final int blockBytes, final long lanes) {
        final long second = WIDE ? wStep : BYTES;
        final int secondX = WIDE ? 0 : BYTES;
        final int secondLanes = WIDE ? LANE_BYTES : BYTES;
        final int step = WIDE ? 2 : 1;
        final long xBase = base(x);
        for (int n = 0; n < outs; n += step) {
            final long w0 = base(w + n * wStep);
            final long w1 = base(w0 + second);
            FloatVector a = zero();
            FloatVector b = a;
            FloatVector c = a;
            FloatVector d = a;
            for (int i = 0; i < blockBytes; i += LANE_BYTES) {
                final IntVector low = loadInts(w0 + (i >> 1));
                a = load(xBase + i).fma(even(low), a);
                b = load(xBase + i + ODD).fma(odd(low), b);
                final IntVector high = loadInts(w1 + (i >> 1));
                c = load(xBase + i + secondX).fma(even(high), c);
                d = load(xBase + i + ODD + secondX).fma(odd(high), d);
            }
            final long target = base(lanes + (long) n * LANE_BYTES);
            store(a, target);
            store(b, target + ODD);
            store(c, target + secondLanes);
            store(d, target + secondLanes + ODD);
        }
    }

    private static FloatVector even(final IntVector both) {
        return both.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    private static FloatVector odd(final IntVector both) {
        return both.and(UPPER).reinterpretAsFloats();
    }
}
