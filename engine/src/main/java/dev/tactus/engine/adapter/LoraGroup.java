package dev.tactus.engine.adapter;

import dev.tactus.engine.model.TensorSpec;
import java.util.Optional;

/** The matrices of a model that LoRA can be put beside, in the groups a user chooses from. */
public enum LoraGroup {
    /** Queries, keys, values, the relative projection and the output of every layer. */
    ATTENTION,
    /** Gate-up and down projections of every layer: dense, routed and shared experts. Never the router. */
    MLP,
    /** The matrix that makes logits. */
    UNEMBEDDING;

    /** The group of a tensor of the base, or empty where LoRA does not go: embeddings, encoders, norms, the router. */
    public static Optional<LoraGroup> of(final TensorSpec tensor) {
        final String name = tensor.name();
        final boolean matrix = tensor.use() == TensorSpec.Use.MATRIX;
        if (matrix && name.equals("model.llm.unembed.weight")) {
            return Optional.of(UNEMBEDDING);
        }
        if (!name.startsWith("model.llm.layers.")) {
            return Optional.empty();
        }
        if (matrix && name.contains(".attn.")) {
            return Optional.of(ATTENTION);
        }
        final boolean product = matrix || tensor.use() == TensorSpec.Use.STACK;
        return product && name.contains(".mlp.") && !name.contains(".mlp.gate.") ? Optional.of(MLP) : Optional.empty();
    }
}
