package dev.tactus.engine.tuning;

/**
 * What AdamW is told once.
 *
 * @param beta1 decay of the first moment, from 0 to below 1
 * @param beta2 decay of the second moment, from 0 to below 1
 * @param epsilon added to the root of the second moment, positive
 * @param weightDecay decoupled decay per step, times the rate; at least 0
 * @param clipNorm gradients of a larger global norm are scaled down to it; positive, infinite for no clipping
 */
public record AdamSettings(double beta1, double beta2, double epsilon, double weightDecay, double clipNorm) {
    /** Refuses what makes no sense. */
    public AdamSettings {
        require("beta1", beta1, beta1 >= 0 && beta1 < 1, "0 to below 1");
        require("beta2", beta2, beta2 >= 0 && beta2 < 1, "0 to below 1");
        require("epsilon", epsilon, (float) epsilon > 0 && epsilon < 1, "above 0, below 1");
        require("weight decay", weightDecay, weightDecay >= 0 && weightDecay <= 1, "0 to 1");
        require("clip norm", clipNorm, clipNorm > 0, "above 0");
    }

    /** What our small models are trained with: (0.9, 0.98), 1e-8, decay 0.05, clip 1. */
    public static AdamSettings standard() {
        return new AdamSettings(0.9, 0.98, 1e-8, 0.05, 1);
    }

    private static void require(final String what, final double found, final boolean fits, final String allowed) {
        if (!fits) {
            throw new IllegalArgumentException("AdamW: " + what + " is " + found + ": expected " + allowed);
        }
    }
}
