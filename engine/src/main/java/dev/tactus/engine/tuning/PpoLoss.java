package dev.tactus.engine.tuning;

/**
 * Proximal policy optimisation, clipped: {@code L = -min(r · A, clip(r, low, high) · A)} with r = p / q.
 *
 * <p>Schulman, Wolski, Dhariwal, Radford and Klimov, "Proximal policy optimization algorithms" (arXiv 1707.06347),
 * equation 7, one token at a time. Where the clipped side is the smaller one the slope is 0. A ratio that overflows is
 * clipped where the advantage is positive; where it is negative, the loss has no bound by definition and is refused.
 *
 * @param low least ratio that still counts, 1 - ε, from 0 to 1
 * @param high largest ratio that still counts, 1 + ε, at least 1
 */
public record PpoLoss(float low, float high) implements TokenLoss {
    /** Refuses bounds that do not hold 1. */
    public PpoLoss {
        Ratios.checkBounds("PPO", low, high);
    }

    /** Ratios from 0.8 to 1.2, the paper's ε = 0.2. */
    public static PpoLoss standard() {
        return new PpoLoss(0.8f, 1.2f);
    }

    @Override
    public LossTerm term(final float logProbability, final float samplerLogProbability, final float advantage) {
        final float ratio = TokenLoss.ratio(logProbability, samplerLogProbability);
        final boolean clipped = advantage > 0f && ratio > high || advantage < 0f && ratio < low;
        // 0 · ∞ would be NaN: without an advantage there is nothing to gain or lose
        final float kept = clipped ? Ratios.clip(ratio, low, high) : ratio;
        final float loss = advantage == 0f ? 0f : -(kept * advantage);
        final float slope = clipped ? 0f : loss;
        return LossTerm.policy(loss, slope, logProbability, samplerLogProbability, ratio, clipped);
    }
}
