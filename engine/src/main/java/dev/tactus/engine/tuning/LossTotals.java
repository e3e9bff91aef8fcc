package dev.tactus.engine.tuning;

/**
 * Sums over the positions of a batch, in float64.
 *
 * <p>Terms are added in the order of their rows by one thread, whoever computed them, so the sums do not depend on
 * threads. Not thread-safe.
 */
public final class LossTotals {
    private double loss;
    private double weight;
    private double logProbability;
    private double kl;
    private double ratio;
    private long positions;
    private long clipped;

    /** Adds the term of a position of that weight; one of weight 0 is left out. */
    public void add(final LossTerm term, final float positionWeight) {
        if (positionWeight == 0f) {
            return;
        }
        loss += (double) positionWeight * term.loss();
        weight += positionWeight;
        logProbability += term.logProbability();
        kl += term.kl();
        ratio += term.ratio();
        positions++;
        clipped += term.clipped() ? 1 : 0;
    }

    /** Back to nothing. */
    public void clear() {
        loss = 0;
        weight = 0;
        logProbability = 0;
        kl = 0;
        ratio = 0;
        positions = 0;
        clipped = 0;
    }

    /** Σ weight · loss, not divided. */
    public double loss() {
        return loss;
    }

    /** Σ weight. */
    public double weight() {
        return weight;
    }

    /** Positions whose weight is not 0. */
    public long positions() {
        return positions;
    }

    /** Positions whose ratio was clipped. */
    public long clipped() {
        return clipped;
    }

    /** Mean log p over positions; NaN without any. */
    public double meanLogProbability() {
        return logProbability / positions;
    }

    /** Mean estimate of KL(q ‖ p) over positions; NaN without any. */
    public double meanKl() {
        return kl / positions;
    }

    /** Mean p / q over positions; NaN without any. */
    public double meanRatio() {
        return ratio / positions;
    }
}
