package dev.tactus.engine.tuning;

/**
 * What a step of the optimiser did.
 *
 * @param step its number, from 1
 * @param learningRate the rate it used
 * @param gradientNorm global L2 norm of the gradients, divided by the weight and not yet clipped
 * @param clipped whether the norm was above the limit
 * @param weight Σ weight over all batches since the step before, by which gradients were divided
 * @param batches how many those were
 */
public record OptimizerResult(
        long step, double learningRate, double gradientNorm, boolean clipped, double weight, long batches) {
    static OptimizerResult of(final AdamStep step, final double weight, final long batches) {
        return new OptimizerResult(
                step.step(), step.learningRate(), step.gradientNorm(), step.clipped(), weight, batches);
    }
}
