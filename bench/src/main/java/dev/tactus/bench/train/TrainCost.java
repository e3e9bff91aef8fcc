package dev.tactus.bench.train;

import dev.tactus.engine.model.LayerConfig;
import dev.tactus.engine.model.TextConfig;

/**
 * Floating point operations of the forward pass of a dense model over a batch, by arithmetic: a multiplication and an
 * addition count two. The backward pass has twice as many; what it computes again counts nothing, so a share of a peak
 * is one of useful work. Norms, convolutions, activations, the loss and the optimiser count nothing either.
 *
 * <pre>
 *   products   2 · positions · (Σ layers (2·d·H·D + 2·d·G·D + d·H·d_rel + 3·d·I) + d·V)
 *   attention  Σ layers, queries: H · (4·D · keys seen + 2·d_rel · keys seen that have a bias)
 * </pre>
 *
 * @param products of the linear layers and the unembedding
 * @param attention of scores, biases and values
 */
public record TrainCost(double products, double attention) {
    /** The rule, in one line, for reports. */
    public static final String FORMULA =
            "2 per weight of a product and position, 4·D + 2·d_rel per head, query and key it sees;"
                    + " backward twice that, recomputation uncounted";

    /**
     * Of a batch whose every position has logits, and whose global layers see all positions.
     *
     * @param text a dense model
     * @throws IllegalArgumentException when a layer is a mixture of experts
     */
    public static TrainCost of(final TextConfig text, final int sequences, final int positions) {
        if (text.hasExperts()) {
            throw new IllegalArgumentException("a mixture of experts: expected a dense model");
        }
        final double d = text.hidden();
        double weights = d * text.unpaddedVocab();
        double attention = 0;
        for (final LayerConfig layer : text.layers()) {
            weights += 2 * d * layer.queryWidth() + 2 * d * layer.keyWidth();
            weights += d * layer.heads() * text.dRel() + 3 * d * text.denseIntermediate();
            attention += attention(text, layer, positions);
        }
        return new TrainCost(2.0 * sequences * positions * weights, sequences * attention);
    }

    private static double attention(final TextConfig text, final LayerConfig layer, final int positions) {
        double keys = 0;
        double biased = 0;
        for (int seen = 1; seen <= positions; seen++) {
            final int inWindow = layer.local() ? Math.min(seen, text.window()) : seen;
            keys += inWindow;
            biased += Math.min(inWindow, layer.extent());
        }
        return layer.heads() * (4.0 * layer.headDim() * keys + 2.0 * text.dRel() * biased);
    }

    /** Operations of a stage; 0 where they do not count. */
    public double operations(final TrainStage stage) {
        final double forward = products + attention;
        return switch (stage) {
            case FORWARD -> forward;
            case BACKWARD -> 2 * forward;
            case STEP -> 3 * forward;
            default -> 0;
        };
    }
}
