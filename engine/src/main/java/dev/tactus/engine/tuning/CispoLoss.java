package dev.tactus.engine.tuning;

/**
 * REINFORCE with a clipped importance weight: {@code L = -sg(clip(r, low, high)) · A · log p} with r = p / q, where sg
 * stops the gradient.
 *
 * <p>CISPO in MiniMax, "MiniMax-M1: scaling test-time compute efficiently with lightning attention" (arXiv 2506.13585),
 * equations 4 and 5, one token at a time. The weight is a number, so every token keeps a gradient, also where it is
 * clipped. A ratio that overflows is {@code high} by definition. The paper leaves the lower side open: low = 0.
 *
 * @param low least weight, from 0 to 1
 * @param high largest weight, at least 1
 */
public record CispoLoss(float low, float high) implements TokenLoss {
    /** Refuses bounds that do not hold 1. */
    public CispoLoss {
        Ratios.checkBounds("CISPO", low, high);
    }

    /** Weights from 0.8 to 1.2. */
    public static CispoLoss standard() {
        return new CispoLoss(0.8f, 1.2f);
    }

    @Override
    public LossTerm term(final float logProbability, final float samplerLogProbability, final float advantage) {
        final float ratio = TokenLoss.ratio(logProbability, samplerLogProbability);
        final float weight = Ratios.clip(ratio, low, high);
        final float slope = -(weight * advantage);
        final boolean clipped = ratio < low || ratio > high;
        return LossTerm.policy(slope * logProbability, slope, logProbability, samplerLogProbability, ratio, clipped);
    }
}
