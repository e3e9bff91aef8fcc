package dev.tactus.engine.model;

/**
 * The weights of one layer.
 *
 * @param config its shape
 * @param attnNorm [1, d]
 * @param attention the attention
 * @param attnConv [taps, d], on the output of the attention
 * @param mlpNorm [1, d]
 * @param mlp the MLP
 * @param mlpConv [taps, d], on the output of the MLP
 */
public record LayerWeights(
        LayerConfig config,
        FloatTable attnNorm,
        AttentionWeights attention,
        FloatTable attnConv,
        FloatTable mlpNorm,
        MlpWeights mlp,
        FloatTable mlpConv) {}
