package dev.tactus.engine.tuning;

/**
 * REINFORCE, corrected for a sampler that is not the policy: {@code L = -(p / q) · A}, the gradient of which is that of
 * {@code -A · log p} weighted by the ratio.
 *
 * <p>R. J. Williams, "Simple statistical gradient-following algorithms for connectionist reinforcement learning"
 * (Machine Learning 8, 1992), with the usual importance ratio; the loss that Tinker calls {@code importance_sampling}.
 * A ratio that overflows float32 has no gradient and is refused, unless the advantage is 0.
 */
public record ImportanceSamplingLoss() implements TokenLoss {
    @Override
    public LossTerm term(final float logProbability, final float samplerLogProbability, final float advantage) {
        final float ratio = TokenLoss.ratio(logProbability, samplerLogProbability);
        // 0 · ∞ would be NaN: without an advantage there is nothing to gain or lose
        final float loss = advantage == 0f ? 0f : -(ratio * advantage);
        // d ratio / d log p is the ratio, so loss and slope are the same number
        return LossTerm.policy(loss, loss, logProbability, samplerLogProbability, ratio, false);
    }
}
