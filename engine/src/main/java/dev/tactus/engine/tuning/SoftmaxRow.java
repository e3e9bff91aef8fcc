package dev.tactus.engine.tuning;

import dev.tactus.kernel.Elementary;
import dev.tactus.kernel.vector.VectorElementary;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** The steps of one query's softmax and its gradient, over ranges of keys. */
final class SoftmaxRow {
    private SoftmaxRow() {}

    /**
     * {@code s[x] = (s[x] + b[x - shift]) · tau} for x in [from, to), without a bias where x is less than
     * {@code shift}; returns the largest of them and {@code max}.
     */
    static float scores(
            final long s,
            final long b,
            final int from,
            final int to,
            final int shift,
            final float tau,
            final float max) {
        final int split = Math.clamp(shift, Math.min(from, to), to);
        final float far = biased(s + (long) from * Float.BYTES, 0, split - from, tau, max);
        final long biases = b + (long) (split - shift) * Float.BYTES;
        return biased(s + (long) split * Float.BYTES, biases, to - split, tau, far);
    }

    private static float biased(final long s, final long b, final int n, final float tau, final float max) {
        float result = max;
        int x = 0;
        if (n >= Floats.lanes()) {
            FloatVector largest = FloatVector.broadcast(FloatVector.SPECIES_PREFERRED, max);
            for (; x < Floats.bound(n); x += Floats.lanes()) {
                final FloatVector score =
                        b == 0 ? Floats.load(s, x) : Floats.load(s, x).add(Floats.load(b, x));
                final FloatVector scaled = score.mul(tau);
                Floats.store(scaled, s, x);
                largest = largest.max(scaled);
            }
            result = largest.reduceLanes(VectorOperators.MAX);
        }
        for (; x < n; x++) {
            final float score = (b == 0 ? Floats.get(s, x) : Floats.get(s, x) + Floats.get(b, x)) * tau;
            Floats.put(s, x, score);
            result = Math.max(result, score);
        }
        return result;
    }

    /** {@code s[x] = exp(s[x] - max)} for x in [from, to). */
    static void weights(final long s, final int from, final int to, final float max) {
        int x = from;
        for (; x <= to - Floats.lanes(); x += Floats.lanes()) {
            Floats.store(VectorElementary.exp(Floats.load(s, x).sub(max)), s, x);
        }
        for (; x < to; x++) {
            Floats.put(s, x, Elementary.exp(Floats.get(s, x) - max));
        }
    }

    /** {@code p = s · reciprocal; ds = p · (ds − delta) · tau}; s becomes p. */
    static void gradients(
            final long s, final long ds, final int n, final float reciprocal, final float delta, final float tau) {
        int x = 0;
        for (; x < Floats.bound(n); x += Floats.lanes()) {
            final FloatVector p = Floats.load(s, x).mul(reciprocal);
            Floats.store(p, s, x);
            Floats.store(Floats.load(ds, x).sub(delta).mul(p).mul(tau), ds, x);
        }
        for (; x < n; x++) {
            final float p = Floats.get(s, x) * reciprocal;
            Floats.put(s, x, p);
            Floats.put(ds, x, (Floats.get(ds, x) - delta) * p * tau);
        }
    }
}
