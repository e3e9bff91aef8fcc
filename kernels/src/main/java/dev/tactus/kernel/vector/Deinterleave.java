package dev.tactus.kernel.vector;

import static dev.tactus.kernel.vector.Lanes.FLOATS;
import static dev.tactus.kernel.vector.Lanes.LENGTH;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/** Takes every other element of two neighbouring vectors. */
final class Deinterleave {
    private static final VectorShuffle<Float> EVENS = VectorShuffle.fromOp(FLOATS, i -> (2 * i) % LENGTH);
    private static final VectorShuffle<Float> ODDS = VectorShuffle.fromOp(FLOATS, i -> (2 * i) % LENGTH + 1);
    private static final VectorMask<Float> UPPER = VectorMask.fromLong(FLOATS, (1L << LENGTH) - (1L << LENGTH / 2));

    private Deinterleave() {}

    static FloatVector evens(final FloatVector low, final FloatVector high) {
        return low.rearrange(EVENS).blend(high.rearrange(EVENS), UPPER);
    }

    static FloatVector odds(final FloatVector low, final FloatVector high) {
        return low.rearrange(ODDS).blend(high.rearrange(ODDS), UPPER);
    }
}
