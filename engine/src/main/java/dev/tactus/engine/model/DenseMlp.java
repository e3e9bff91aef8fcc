package dev.tactus.engine.model;

/**
 * A dense MLP: down(silu(gate x) · (up x)) · globalScale.
 *
 * @param gateUp [2·I, d], rows interleaved gate 0, up 0, gate 1, up 1, …
 * @param down [d, I]
 * @param globalScale factor on the output
 */
public record DenseMlp(Matrix gateUp, Matrix down, float globalScale) implements MlpWeights {}
