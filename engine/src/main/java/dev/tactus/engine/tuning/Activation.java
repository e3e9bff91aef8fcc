package dev.tactus.engine.tuning;

import dev.tactus.kernel.Elementary;
import dev.tactus.kernel.vector.VectorElementary;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** Gradients of the activations. */
final class Activation {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final VectorShuffle<Float> EVENS = VectorShuffle.fromOp(SPECIES, i -> 2 * i % LANES);
    private static final VectorShuffle<Float> ODDS = VectorShuffle.fromOp(SPECIES, i -> 2 * i % LANES + 1);
    private static final VectorShuffle<Float> LOWER = VectorShuffle.fromOp(SPECIES, i -> i / 2);
    private static final VectorShuffle<Float> UPPER = VectorShuffle.fromOp(SPECIES, i -> (i + LANES) / 2);
    private static final VectorMask<Float> SECOND = VectorMask.fromLong(SPECIES, (1L << LANES) - (1L << LANES / 2));
    private static final VectorMask<Float> ODD = VectorMask.fromLong(SPECIES, 0xAAAAAAAAAAAAAAAAL);
    private static final float HALF_ROOT = 0.70710678f;
    private static final float INVERSE_ROOT_TAU = 0.39894228f;

    private Activation() {}

    /**
     * Of {@code h = silu(gate) · up}: {@code dgate = dh · up · σ · (1 + gate · (1 − σ)), dup = dh · silu(gate)}.
     *
     * @param gateUp interleaved [2n]
     * @param dh [n], times {@code factor}
     * @param dGateUp out: interleaved [2n]; may be gateUp
     */
    static void swigluGradient(final long gateUp, final long dh, final float factor, final long dGateUp, final int n) {
        int first = 0;
        for (; first < Floats.bound(n); first += LANES) {
            swigluGradients(gateUp, dh, factor, dGateUp, first);
        }
        for (int i = first; i < n; i++) {
            final float gate = Floats.get(gateUp, 2L * i);
            final float up = Floats.get(gateUp, 2L * i + 1);
            final float gradient = Floats.get(dh, i) * factor;
            final float sigmoid = Elementary.sigmoid(gate);
            final float silu = gate * sigmoid;
            Floats.put(dGateUp, 2L * i, gradient * up * Math.fma(silu, 1f - sigmoid, sigmoid));
            Floats.put(dGateUp, 2L * i + 1, gradient * silu);
        }
    }

    /** A vector of them, by the same operations. */
    private static void swigluGradients(
            final long gateUp, final long dh, final float factor, final long dGateUp, final int i) {
        final FloatVector low = Floats.load(gateUp, 2L * i);
        final FloatVector high = Floats.load(gateUp, 2L * i + LANES);
        final FloatVector gate = low.rearrange(EVENS).blend(high.rearrange(EVENS), SECOND);
        final FloatVector up = low.rearrange(ODDS).blend(high.rearrange(ODDS), SECOND);
        final FloatVector one = FloatVector.broadcast(SPECIES, 1f);
        final FloatVector gradient = Floats.load(dh, i).mul(factor);
        final FloatVector sigmoid = one.div(VectorElementary.exp(gate.neg()).add(1f));
        final FloatVector silu = gate.mul(sigmoid);
        final FloatVector dGate = gradient.mul(up).mul(silu.fma(one.sub(sigmoid), sigmoid));
        final FloatVector dUp = gradient.mul(silu);
        Floats.store(dGate.rearrange(LOWER).blend(dUp.rearrange(LOWER), ODD), dGateUp, 2L * i);
        Floats.store(dGate.rearrange(UPPER).blend(dUp.rearrange(UPPER), ODD), dGateUp, 2L * i + LANES);
    }

    /** Of {@code y = silu(x)}: {@code dx = dy · (σ + silu(x) · (1 − σ))}; dx may be dy. */
    static void siluGradient(final long x, final long dy, final long dx, final int n) {
        int i = 0;
        for (; i < Floats.bound(n); i += LANES) {
            final FloatVector v = Floats.load(x, i);
            final FloatVector one = FloatVector.broadcast(SPECIES, 1f);
            final FloatVector sigmoid = one.div(VectorElementary.exp(v.neg()).add(1f));
            final FloatVector slope = v.mul(sigmoid).fma(one.sub(sigmoid), sigmoid);
            Floats.store(Floats.load(dy, i).mul(slope), dx, i);
        }
        for (; i < n; i++) {
            final float v = Floats.get(x, i);
            final float sigmoid = Elementary.sigmoid(v);
            Floats.put(dx, i, Floats.get(dy, i) * Math.fma(v * sigmoid, 1f - sigmoid, sigmoid));
        }
    }

    /** Of {@code y = x · Φ(x)}: {@code dx = dy · (Φ(x) + x · φ(x))}; dx may be dy. */
    static void geluGradient(final long x, final long dy, final long dx, final int n) {
        for (int i = 0; i < n; i++) {
            final float v = Floats.get(x, i);
            final float cumulated = 0.5f * (1f + Elementary.erf(v * HALF_ROOT));
            final float density = INVERSE_ROOT_TAU * Elementary.exp(-0.5f * v * v);
            Floats.put(dx, i, Floats.get(dy, i) * Math.fma(v, density, cumulated));
        }
    }
}
