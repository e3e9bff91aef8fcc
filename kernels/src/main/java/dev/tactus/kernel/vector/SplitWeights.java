package dev.tactus.kernel.vector;

import static dev.tactus.kernel.vector.Lanes.BYTES;
import static dev.tactus.kernel.vector.Lanes.FLOATS;
import static dev.tactus.kernel.vector.Lanes.LENGTH;
import static dev.tactus.kernel.vector.Lanes.base;
import static dev.tactus.kernel.vector.Lanes.load;
import static dev.tactus.kernel.vector.Lanes.store;
import static dev.tactus.kernel.vector.Lanes.zero;

import dev.tactus.kernel.ExactMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;

/** From dots to softmax weights of one split, and the merge of splits. Spans are bytes of whole blocks of 32 slots. */
final class SplitWeights {
    private static final VectorShuffle<Float> REVERSE = VectorShuffle.fromOp(FLOATS, i -> LENGTH - 1 - i);

    private SplitWeights() {}

    /**
     * {@code s[i] = (s[i] / d + bias)·tau}, where the bias of slot i is {@code biases[n - 1 - i]}: biases stand by
     * distance, which falls as slots rise.
     */
    static void score(final long s, final long biases, final int bytes, final float d, final float tau) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        final long source = base(biases);
        final long target = base(s);
        for (int i = 0; i < bytes; i += BYTES) {
            final FloatVector bias = load(source + (bytes - BYTES - i)).rearrange(REVERSE);
            store(load(target + i).div(d).add(bias).mul(tau), target + i);
        }
    }

    /** The largest score. */
    static float max(final long s, final int bytes) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        final long source = base(s);
        FloatVector m = load(source);
        for (int i = BYTES; i < bytes; i += BYTES) {
            final FloatVector v = load(source + i);
            m = m.blend(v, v.compare(VectorOperators.GT, m));
        }
        return m.reduceLanes(VectorOperators.MAX);
    }

    /** Turns scores into {@code exp(s - m)}. */
    static void exp(final long s, final int bytes, final float m) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        final long target = base(s);
        for (int i = 0; i < bytes; i += BYTES) {
            store(VectorElementary.exp(load(target + i).sub(m)), target + i);
        }
    }

    /** The sum of the weights. */
    static float sum(final long p, final int bytes, final long lanes) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        final long source = base(p);
        for (int lane = 0; lane < LaneTree.LANE_BYTES; lane += BYTES) {
            FloatVector a = zero();
            for (int i = 0; i < bytes; i += LaneTree.LANE_BYTES) {
                a = a.add(load(source + lane + i));
            }
            store(a, lanes + lane);
        }
        return ExactMath.sum(lanes, ExactMath.LANES);
    }

    /** {@code o[i] = fma(o[i], a, other[i]·b)} for n elements. */
    static void merge(final long o, final long other, final int n, final float a, final float b) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        final FloatVector as = Lanes.broadcast(a);
        int i = 0;
        for (; i + LENGTH <= n; i += LENGTH) {
            final long offset = (long) i * Float.BYTES;
            store(load(o + offset).fma(as, load(other + offset).mul(b)), o + offset);
        }
        for (; i < n; i++) {
            RowVector.put(o, i, Math.fma(RowVector.get(o, i), a, RowVector.get(other, i) * b));
        }
    }

    /** {@code o[i] = o[i] / l} for n elements. */
    static void divide(final long o, final int n, final float l) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        int i = 0;
        for (; i + LENGTH <= n; i += LENGTH) {
            final long at = o + (long) i * Float.BYTES;
            store(load(at).div(l), at);
        }
        for (; i < n; i++) {
            RowVector.put(o, i, RowVector.get(o, i) / l);
        }
    }
}
