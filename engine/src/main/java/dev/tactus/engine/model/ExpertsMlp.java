package dev.tactus.engine.model;

import java.util.Optional;

/**
 * A mixture of experts (MODEL.md 1.3).
 *
 * @param gate router [E + S, d]
 * @param gateBias [1, E], steers the choice only
 * @param globalScale factor on the weights of the experts, beside the config's route scale
 * @param gateUp E matrices [2·I, d], rows interleaved
 * @param down E matrices [d, I]
 * @param sharedGateUp S matrices [2·I, d], rows interleaved; empty if S = 0
 * @param sharedDown S matrices [d, I]; empty if S = 0
 */
public record ExpertsMlp(
        Matrix gate,
        FloatTable gateBias,
        float globalScale,
        MatrixStack gateUp,
        MatrixStack down,
        Optional<MatrixStack> sharedGateUp,
        Optional<MatrixStack> sharedDown)
        implements MlpWeights {}
