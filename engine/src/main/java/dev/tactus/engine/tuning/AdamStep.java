package dev.tactus.engine.tuning;

/**
 * What one step of the optimiser did.
 *
 * @param step its number, from 1
 * @param learningRate the rate it used
 * @param gradientNorm global L2 norm of the gradients, divided but not yet clipped
 * @param clipped whether the norm was above the limit
 */
public record AdamStep(long step, double learningRate, double gradientNorm, boolean clipped) {}
