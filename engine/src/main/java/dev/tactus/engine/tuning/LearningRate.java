package dev.tactus.engine.tuning;

/**
 * A learning rate over steps: a linear warm-up, a constant stretch, half a cosine down, then constant.
 *
 * <pre>
 *   step     0 … warmUp - 1          warmUp … decayFrom       decayFrom … end              end …
 *   rate     peak · (step+1)/warmUp  peak                     cosine from peak to floor    floor
 * </pre>
 *
 * Immutable. Computed by StrictMath, so a resumed run has the same rates on any machine.
 *
 * @param peak the highest rate, at least 0
 * @param warmUp steps of warm-up; 0 starts at the peak
 * @param decayFrom the step at which the rate starts to fall, at least {@code warmUp}
 * @param end the step from which the rate is {@code floor}, at least {@code decayFrom}
 * @param floor the last rate, from 0 to {@code peak}
 */
public record LearningRate(double peak, long warmUp, long decayFrom, long end, double floor) {
    /** Refuses stretches that are out of order. */
    public LearningRate {
        if (!(peak >= 0 && peak < Double.POSITIVE_INFINITY && floor >= 0 && floor <= peak)) {
            throw new IllegalArgumentException(
                    "learning rate from " + peak + " to " + floor + ": expected finite, 0 ≤ floor ≤ peak");
        }
        if (!(warmUp >= 0 && decayFrom >= warmUp && end >= decayFrom)) {
            throw new IllegalArgumentException("learning rate: warm-up " + warmUp + ", decay from " + decayFrom + " to "
                    + end + ": expected steps in that order");
        }
    }

    /** The same rate for ever after the warm-up. */
    public static LearningRate constant(final double peak, final long warmUp) {
        return new LearningRate(peak, warmUp, Long.MAX_VALUE, Long.MAX_VALUE, 0);
    }

    /**
     * A run of {@code steps} steps.
     *
     * @param constantShare share of the steps, from 0 to 1, that pass before the rate falls; not less than the warm-up
     * @param floorShare the last rate as a share of the peak
     */
    public static LearningRate cosine(
            final double peak,
            final long warmUp,
            final long steps,
            final double constantShare,
            final double floorShare) {
        if (!(constantShare >= 0 && constantShare <= 1)) {
            throw new IllegalArgumentException(
                    "learning rate: constant share is " + constantShare + ": expected 0 to 1");
        }
        final long decayFrom = Math.max(warmUp, (long) (constantShare * steps));
        return new LearningRate(peak, warmUp, decayFrom, Math.max(decayFrom, steps), peak * floorShare);
    }

    /** The rate of a step; the first one is 0. */
    public double at(final long step) {
        if (step < warmUp) {
            return peak * (step + 1) / warmUp;
        }
        if (step < decayFrom) {
            return peak;
        }
        if (step >= end) {
            return floor;
        }
        final double passed = (double) (step - decayFrom) / (end - decayFrom);
        return floor + (peak - floor) * 0.5 * (1 + StrictMath.cos(Math.PI * passed));
    }
}
