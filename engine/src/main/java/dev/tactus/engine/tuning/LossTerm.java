package dev.tactus.engine.tuning;

/**
 * The loss of one position, before its weight, and what is worth watching about it.
 *
 * @param loss the loss
 * @param slope d loss / d log p of the target
 * @param logProbability log p of the target under the policy that is trained
 * @param ratio p / q, {@code exp(log p - log q)}, at most the largest float32; 1 where a loss has none
 * @param clipped whether the loss cut the ratio off here
 * @param kl an estimate of KL(q ‖ p) from this one sample of q, never negative: {@code ratio - 1 - log ratio}, k3 in J.
 *     Schulman, "Approximating KL divergence" (2020); 0 where a loss has no q
 */
public record LossTerm(float loss, float slope, float logProbability, float ratio, boolean clipped, float kl) {
    /** The term of a loss that knows no other policy. */
    static LossTerm supervised(final float loss, final float slope, final float logProbability) {
        return new LossTerm(loss, slope, logProbability, 1f, false, 0f);
    }

    /** The term of a loss of a policy against the sampler's, with log p = {@code p} and log q = {@code q}. */
    static LossTerm policy(
            final float loss, final float slope, final float p, final float q, final float ratio, final boolean cut) {
        final double logRatio = (double) p - q;
        final double kl = StrictMath.expm1(logRatio) - logRatio;
        return new LossTerm(
                loss, slope, p, Math.min(ratio, Float.MAX_VALUE), cut, (float) Math.min(kl, Float.MAX_VALUE));
    }
}
