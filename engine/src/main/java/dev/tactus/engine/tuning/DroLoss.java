package dev.tactus.engine.tuning;

/**
 * Direct reward optimisation: {@code L = -(A · log p - β / 2 · (log p - log q)²)}.
 *
 * <p>Richemond et al., "Offline regularised reinforcement learning for large language models alignment" (arXiv
 * 2405.19107), the policy's part of the objective, with the caller's advantage in place of reward less value; as in
 * Kimi Team, "Kimi k1.5" (arXiv 2501.12599), and the loss that Tinker calls {@code dro}. No ratio enters it, so none
 * can overflow; {@link LossTerm#ratio} is only reported.
 *
 * @param beta how hard the policy is held to the sampler's, positive or 0
 */
public record DroLoss(float beta) implements TokenLoss {
    /** Refuses a regulariser that rewards distance. */
    public DroLoss {
        if (!(beta >= 0f && beta < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("DRO: beta is " + beta + ": expected a finite number from 0 on");
        }
    }

    @Override
    public LossTerm term(final float logProbability, final float samplerLogProbability, final float advantage) {
        final float distance = logProbability - samplerLogProbability;
        final float loss = 0.5f * beta * (distance * distance) - logProbability * advantage;
        final float slope = beta * distance - advantage;
        final float ratio = TokenLoss.ratio(logProbability, samplerLogProbability);
        return LossTerm.policy(loss, slope, logProbability, samplerLogProbability, ratio, false);
    }
}
