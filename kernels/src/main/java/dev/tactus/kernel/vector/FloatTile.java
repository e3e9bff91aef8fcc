package dev.tactus.kernel.vector;

import static dev.tactus.kernel.vector.Lanes.BYTES;
import static dev.tactus.kernel.vector.Lanes.base;
import static dev.tactus.kernel.vector.Lanes.load;
import static dev.tactus.kernel.vector.Lanes.store;
import static dev.tactus.kernel.vector.Lanes.zero;

import jdk.incubator.vector.FloatVector;

/**
 * Dots of float32 weights, up to the 32 lanes, over whole blocks of 32 elements. Lanes are stored in their natural
 * order, 128 bytes a dot.
 *
 * <p>No method has more than 8 accumulators: with more, C2 gives up inlining and boxes every vector.
 */
final class FloatTile {
    private static final int LANE_BYTES = 128;

    /** Two vectors hold a dot's lanes. */
    private static final boolean WIDE = 4 * BYTES > LANE_BYTES;

    private FloatTile() {}

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
        for (int pass = 0; pass < LANE_BYTES; pass += 2 * BYTES) {
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
                final FloatVector wa0 = load(w0 + i);
                final FloatVector wb0 = load(w0 + i + BYTES);
                final FloatVector wa1 = load(w1 + i);
                final FloatVector wb1 = load(w1 + i + BYTES);
                final FloatVector xa0 = load(x0Base + i);
                a00 = xa0.fma(wa0, a00);
                a01 = xa0.fma(wa1, a01);
                final FloatVector xb0 = load(x0Base + i + BYTES);
                b00 = xb0.fma(wb0, b00);
                b01 = xb0.fma(wb1, b01);
                final FloatVector xa1 = load(x1Base + i);
                a10 = xa1.fma(wa0, a10);
                a11 = xa1.fma(wa1, a11);
                final FloatVector xb1 = load(x1Base + i + BYTES);
                b10 = xb1.fma(wb0, b10);
                b11 = xb1.fma(wb1, b11);
            }
            store(a00, target);
            store(b00, target + BYTES);
            store(a01, target + LANE_BYTES);
            store(b01, target + LANE_BYTES + BYTES);
            store(a10, target + 2 * LANE_BYTES);
            store(b10, target + 2 * LANE_BYTES + BYTES);
            store(a11, target + 3 * LANE_BYTES);
            store(b11, target + 3 * LANE_BYTES + BYTES);
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
        for (int pass = 0; pass < LANE_BYTES; pass += 4 * BYTES) {
            rowPass(x + pass, w + pass, wStep, outs, blockBytes, lanes + pass);
        }
    }

    /** Four accumulators: all of one output, or with vectors of 16 floats two of two outputs. */
    private static void rowPass(
            final long x, final long w, final long wStep, final int outs, final int blockBytes, final long lanes) {
        final long second = WIDE ? wStep : 2 * BYTES;
        final int secondX = WIDE ? 0 : 2 * BYTES;
        final int secondLanes = WIDE ? LANE_BYTES : 2 * BYTES;
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
                final FloatVector wa = load(w0 + i);
                final FloatVector wb = load(w0 + i + BYTES);
                final FloatVector wc = load(w1 + i);
                final FloatVector wd = load(w1 + i + BYTES);
                final FloatVector xa = load(xBase + i);
                final FloatVector xb = load(xBase + i + BYTES);
                final FloatVector xc = load(xBase + i + secondX);
                final FloatVector xd = load(xBase + i + secondX + BYTES);
                a = xa.fma(wa, a);
                b = xb.fma(wb, b);
                c = xc.fma(wc, c);
                d = xd.fma(wd, d);
            }
            final long target = base(lanes + (long) n * LANE_BYTES);
            store(a, target);
            store(b, target + BYTES);
            store(c, target + secondLanes);
            store(d, target + secondLanes + BYTES);
        }
    }
}
