package dev.tactus.engine.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/**
 * The {@code text_config} of an Inkling checkpoint (MODEL.md 1.1): the transformer.
 *
 * @param vocab rows of the embedding and of the unembedding, V
 * @param unpaddedVocab rows of the unembedding that are logits, at most V
 * @param hidden width of the residual stream, d
 * @param layers one entry per layer
 * @param window positions a local layer sees
 * @param relExtent distances for which a global layer has a bias
 * @param dRel width of the relative states of one head
 * @param denseIntermediate hidden width of a dense MLP, I
 * @param moeIntermediate hidden width of one expert
 * @param routedExperts experts the router chooses from, E
 * @param sharedExperts experts that always run, S
 * @param expertsPerToken how many routed experts are chosen, K
 * @param routeScale factor on the weights of the experts
 * @param rmsNormEps epsilon of the norms
 * @param convTaps taps of a short convolution
 * @param mupMultiplier the final hidden state is divided by it before the unembedding
 * @param logScalingFloor the position from which global scores grow; empty: they do not
 * @param logScalingAlpha how fast they grow
 * @param maxPositions the longest context it was trained for; not a limit of the engine
 */
public record TextConfig(
        int vocab,
        int unpaddedVocab,
        int hidden,
        List<LayerConfig> layers,
        int window,
        int relExtent,
        int dRel,
        int denseIntermediate,
        int moeIntermediate,
        int routedExperts,
        int sharedExperts,
        int expertsPerToken,
        float routeScale,
        float rmsNormEps,
        int convTaps,
        float mupMultiplier,
        OptionalInt logScalingFloor,
        float logScalingAlpha,
        int maxPositions) {
    static final int MOST_VOCAB = 1 << 24;

    private static final int MOST_LAYERS = 1024;
    private static final int MOST_HIDDEN = 1 << 17;
    private static final int MOST_HEADS = 1024;
    private static final int MOST_HEAD_DIM = 1024;
    private static final int MOST_DISTANCES = 1 << 20;
    private static final int MOST_INTERMEDIATE = 1 << 20;
    private static final int MOST_EXPERTS = 4096;

    /** Makes the list unmodifiable. */
    public TextConfig {
        layers = List.copyOf(layers);
    }

    /** Whether any layer is a mixture of experts. */
    public boolean hasExperts() {
        return layers.stream().anyMatch(layer -> !layer.dense());
    }

    /** Reads the fields of {@code json}, with the defaults of the large model. */
    static TextConfig parse(final ConfigObject json) {
        requireSupported(json);
        final int vocab = json.integer(201_024, 1, MOST_VOCAB, "vocab_size");
        final int unpaddedDefault = json.has("vocab_size") ? vocab : 200_058;
        final int experts = json.integer(256, 1, MOST_EXPERTS, "n_routed_experts", "num_local_experts");
        final Integer floor = json.integer(1, Integer.MAX_VALUE, "log_scaling_n_floor");
        final int window = json.integer(512, 1, MOST_DISTANCES, "sliding_window_size", "sliding_window");
        final int relExtent = json.integer(1024, 1, MOST_DISTANCES, "rel_extent");
        final TextConfig config = new TextConfig(
                vocab,
                json.integer(unpaddedDefault, 1, MOST_VOCAB, "unpadded_vocab_size"),
                json.integer(6144, 1, MOST_HIDDEN, "hidden_size"),
                parseLayers(json, window, relExtent),
                window,
                relExtent,
                json.integer(16, 1, 1024, "d_rel"),
                json.integer(24_576, 1, MOST_INTERMEDIATE, "dense_intermediate_size", "intermediate_size"),
                json.integer(3072, 1, MOST_INTERMEDIATE, "moe_intermediate_size"),
                experts,
                json.integer(2, 0, MOST_EXPERTS, "n_shared_experts"),
                json.integer(Math.min(6, experts), 1, MOST_EXPERTS, "num_experts_per_tok"),
                json.number(8, 0, 1e6f, "route_scale"),
                json.number(1e-6f, 0, 1, "rms_norm_eps"),
                json.integer(4, 1, 16, "sconv_kernel_size", "conv_kernel_size"),
                json.number(24, 1e-6f, 1e6f, "logits_mup_width_multiplier", "embedding_multiplier"),
                floor == null ? OptionalInt.empty() : OptionalInt.of(floor),
                json.number(0.1f, 0, 1e6f, "log_scaling_alpha"),
                json.integer(131_072, 1, Integer.MAX_VALUE, "max_position_embeddings", "model_max_length"));
        if (config.unpaddedVocab > vocab) {
            throw json.invalid("unpadded_vocab_size", config.unpaddedVocab, "at most vocab_size, " + vocab);
        }
        if (config.expertsPerToken > experts) {
            throw json.invalid("num_experts_per_tok", config.expertsPerToken, "at most n_routed_experts, " + experts);
        }
        return config;
    }

    private static void requireSupported(final ConfigObject json) {
        final String activation = json.text("silu", "hidden_act");
        if (!activation.equals("silu")) {
            throw json.invalid("hidden_act", activation, "silu");
        }
        if (!json.bool(true, "shared_expert_sink")) {
            throw json.invalid("shared_expert_sink", "false", "true");
        }
    }

    private static List<LayerConfig> parseLayers(final ConfigObject json, final int window, final int relExtent) {
        final int count = json.integer(66, 1, MOST_LAYERS, "num_hidden_layers");
        final boolean[] local = parseLocal(json, count);
        final boolean[] dense = parseDense(json, count);
        final int heads = json.integer(64, 1, MOST_HEADS, "num_attention_heads");
        final int kvHeads = json.integer(8, 1, MOST_HEADS, "num_key_value_heads");
        final int headDim = json.integer(128, 1, MOST_HEAD_DIM, "head_dim");
        final int localHeads = json.integer(64, 1, MOST_HEADS, "swa_num_attention_heads");
        final int localKvHeads = json.integer(16, 1, MOST_HEADS, "swa_num_key_value_heads");
        final int localHeadDim = json.integer(128, 1, MOST_HEAD_DIM, "swa_head_dim");
        requireDivisor(json, "num_key_value_heads", kvHeads, "num_attention_heads", heads);
        requireDivisor(json, "swa_num_key_value_heads", localKvHeads, "swa_num_attention_heads", localHeads);
        final List<LayerConfig> layers = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            layers.add(
                    local[i]
                            ? new LayerConfig(i, true, dense[i], localHeads, localKvHeads, localHeadDim, window)
                            : new LayerConfig(i, false, dense[i], heads, kvHeads, headDim, relExtent));
        }
        return layers;
    }

    private static boolean[] parseLocal(final ConfigObject json, final int count) {
        final boolean[] byIds = json.flagsAt("local_layer_ids", count);
        final boolean[] byType = json.flagsNamed("layer_types", count, "hybrid_sliding", "hybrid");
        requireAgreement(json, "layer_types", byType, "local_layer_ids", byIds);
        if (byIds != null || byType != null) {
            return byIds != null ? byIds : byType;
        }
        final boolean[] local = new boolean[count];
        for (int i = 0; i < count; i++) {
            local[i] = (i + 1) % 6 != 0;
        }
        return local;
    }

    private static boolean[] parseDense(final ConfigObject json, final int count) {
        final boolean[] byType = json.flagsNamed("mlp_layer_types", count, "dense", "sparse");
        final Integer index = json.integer(0, count, "dense_mlp_idx");
        boolean[] byIndex = null;
        if (index != null || byType == null) {
            byIndex = new boolean[count];
            Arrays.fill(byIndex, 0, index == null ? 0 : index, true);
        }
        requireAgreement(json, "mlp_layer_types", byType, "dense_mlp_idx", byIndex);
        return byType != null ? byType : byIndex;
    }

    private static void requireAgreement(
            final ConfigObject json, final String field, final boolean[] a, final String other, final boolean[] b) {
        if (a == null || b == null) {
            return;
        }
        final int layer = Arrays.mismatch(a, b);
        if (layer >= 0) {
            throw json.invalid(field, "another kind for layer " + layer + " than in " + other, "the same in both");
        }
    }

    private static void requireDivisor(
            final ConfigObject json, final String field, final int kv, final String headsField, final int heads) {
        if (heads % kv != 0) {
            throw json.invalid(field, kv, "a divisor of " + headsField + ", " + heads);
        }
    }
}
