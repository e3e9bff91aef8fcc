package dev.tactus.engine.tuning;

import dev.tactus.kernel.Philox;

/**
 * The conditional flow-matching loss of the blocks of a batch (Lipman et al., arXiv 2210.02747): with t uniform in (0,
 * 1], x₀ ~ N(0, I), x_t = (1 − t)·x₀ + t·x₁ and x₁ the block, the mean over its elements of (v(x_t, t, c) − (x₁ −
 * x₀))².
 *
 * <p>t and x₀ are drawn from the seed, the number of the batch and the number of the block in it, so a run that goes on
 * after a resume draws what it would have drawn, and no draw depends on workers.
 *
 * @param seed of the run
 * @param batch which batch of the run this is: another number for each, as far as draws shall differ
 * @param factor what a block of weight 1 counts beside a token of weight 1
 */
public record SpeechLoss(long seed, int batch, float factor) {
    /** Refuses factors that are no positive number. */
    public SpeechLoss {
        if (!(factor > 0f) || !Float.isFinite(factor)) {
            throw new IllegalArgumentException("speech loss: factor is " + factor + ": expected a positive number");
        }
    }

    /** t of a block. */
    float time(final int block) {
        return Philox.uniform(Philox.word(seed, batch, block, 0, Philox.Purpose.FLOW_TRAINING_TIME, 0));
    }

    /** Writes x₀ of a block, float32 [n]. */
    void noise(final int block, final long target, final int n) {
        Philox.normals(seed, batch, block, Philox.Purpose.FLOW_TRAINING_NOISE, target, n);
    }
}
