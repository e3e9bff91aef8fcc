package dev.tactus.engine.model;

/**
 * The attention of a layer.
 *
 * @param query [H·D, d]
 * @param key [G·D, d]
 * @param value [G·D, d]
 * @param relative relative states, [H·d_rel, d]
 * @param output [d, H·D]
 * @param qNorm [1, D]
 * @param kNorm [1, D]
 * @param kConv [taps, G·D]
 * @param vConv [taps, G·D]
 * @param biasBank [d_rel, extent]
 */
public record AttentionWeights(
        Matrix query,
        Matrix key,
        Matrix value,
        Matrix relative,
        Matrix output,
        FloatTable qNorm,
        FloatTable kNorm,
        FloatTable kConv,
        FloatTable vConv,
        FloatTable biasBank) {}
