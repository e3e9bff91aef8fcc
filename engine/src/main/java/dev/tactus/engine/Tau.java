package dev.tactus.engine;

import dev.tactus.engine.model.TextConfig;

/**
 * τ of a position: τ_i = 1 + α·ln(max(1, (i+1)/n_floor)), 1 where log scaling is off (MODEL.md 1.3). Computed on the
 * host in double by StrictMath and rounded once, then carried in the plan.
 */
public final class Tau {
    private final int floor;
    private final double alpha;

    /** τ of the model of this configuration. */
    public Tau(final TextConfig text) {
        this.floor = text.logScalingFloor().orElse(0);
        this.alpha = text.logScalingAlpha();
    }

    /** τ of an absolute position, from 0. */
    public float of(final long position) {
        if (floor == 0) {
            return 1f;
        }
        return (float) (1 + alpha * StrictMath.log(Math.max(1.0, (position + 1) / (double) floor)));
    }
}
