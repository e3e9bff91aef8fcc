package dev.tactus.engine.tuning;

/**
 * The four arrays AdamW works on, all float32 [count] and in the same order: 16 bytes per parameter.
 *
 * <p>The memory belongs to the caller, who keeps it until the optimiser is not used any more.
 *
 * @param values address of the parameters, the float32 masters
 * @param gradients address of their gradients, which a step reads
 * @param firstMoments address of the first moments, zero at the start
 * @param secondMoments address of the second moments, zero at the start
 * @param count elements of each
 */
public record AdamSlab(long values, long gradients, long firstMoments, long secondMoments, long count) {}
