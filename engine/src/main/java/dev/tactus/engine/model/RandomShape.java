package dev.tactus.engine.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The shape of a random model of about so many parameters.
 *
 * <p>A table gives widths that suit kernels (heads of 16 to 128, everything a multiple of 16); the hidden width of the
 * MLP then makes up the count. Of the rows that can, the one whose MLP is nearest to 2⅔ of the model's width is taken.
 */
record RandomShape(Row row, int denseIntermediate, int moeIntermediate, boolean experts, boolean voice) {
    /** Fewest parameters: below it the image encoder alone would be larger. */
    static final long FEWEST = 1_000_000;

    /** Most parameters: a random model is for trying the engine, not for storage. */
    static final long MOST = 2_000_000_000;

    /** Allowed distance from the request, relative. */
    static final double TOLERANCE = 0.08;

    /** Widths of one row of the table; {@code kvHeads} for local and global layers alike. */
    record Row(int hidden, int layers, int heads, int kvHeads, int headDim, int vocab) {}

    private static final List<Row> ROWS = List.of(
            new Row(48, 6, 3, 1, 16, 1024),
            new Row(64, 6, 4, 2, 16, 1024),
            new Row(96, 6, 3, 1, 32, 2048),
            new Row(128, 6, 4, 2, 32, 2048),
            new Row(192, 6, 6, 3, 32, 2048),
            new Row(256, 8, 4, 2, 64, 4096),
            new Row(384, 12, 6, 3, 64, 4096),
            new Row(512, 12, 8, 4, 64, 4096),
            new Row(640, 14, 10, 5, 64, 4096),
            new Row(768, 16, 12, 6, 64, 4096),
            new Row(1024, 20, 16, 4, 64, 8192),
            new Row(1536, 24, 12, 4, 128, 8192),
            new Row(2048, 24, 16, 4, 128, 8192));

    private static final double IDEAL_RATIO = 8.0 / 3;
    private static final int STEP = 16;

    /** With experts: 2 dense layers, then 8 routed experts of which 2 run, and 1 shared, each a quarter as wide. */
    private static final int DENSE_LAYERS_OF_MOE = 2;

    private static final int EXPERT_SHARE = 4;

    /**
     * The shape for {@code parameters}.
     *
     * @throws InvalidModelException if no shape comes within 8 percent
     */
    static RandomShape of(final long parameters, final boolean experts, final boolean voice) {
        RandomShape best = null;
        double bestDistance = Double.POSITIVE_INFINITY;
        if (parameters >= FEWEST && parameters <= MOST) {
            for (final Row row : ROWS) {
                final RandomShape shape = filled(row, parameters, experts, voice);
                final double ratio = (double) shape.denseIntermediate / row.hidden();
                final double distance = Math.abs(Math.log(ratio / IDEAL_RATIO));
                if (distance < bestDistance && Math.abs(shape.count() - parameters) <= TOLERANCE * parameters) {
                    best = shape;
                    bestDistance = distance;
                }
            }
        }
        if (best == null) {
            throw new InvalidModelException(
                    "random model: parameters: found " + parameters + ", allowed " + FEWEST + " to " + MOST);
        }
        return best;
    }

    /** The configuration, as it stands in {@code config.json}. */
    Map<String, Object> config() {
        final Map<String, Object> config = new LinkedHashMap<>();
        config.put("architectures", List.of("InklingForConditionalGeneration"));
        config.put("model_type", "inkling_mm_model");
        config.put("audio_token_id", 7);
        config.put("image_token_id", 4);
        config.put("audio_bos_token_id", 6);
        config.put("image_bos_token_id", 5);
        config.put("text_config", textConfig());
        config.put("audio_config", Map.of("n_mel_bins", 80, "mel_vocab_size", 16));
        final Map<String, Object> vision = new LinkedHashMap<>();
        vision.put("patch_size", 40);
        vision.put("temporal_patch_size", 2);
        vision.put("num_channels", 3);
        vision.put("num_hidden_layers", 2);
        config.put("vision_config", vision);
        config.put("interaction_config", interactionConfig());
        return config;
    }

    /** The parameters of this shape: elements of all tensors, the encoders' included. */
    long count() {
        final ModelConfig config = ModelConfig.parse(StrictJson.write(config()), "random model");
        return ModelTensors.expected(config, true, true, voice).stream()
                .mapToLong(TensorSpec::elements)
                .sum();
    }

    private Map<String, Object> textConfig() {
        final Map<String, Object> text = new LinkedHashMap<>();
        text.put("model_type", "inkling_text");
        text.put("vocab_size", row.vocab());
        text.put("unpadded_vocab_size", row.vocab());
        text.put("hidden_size", row.hidden());
        text.put("num_hidden_layers", row.layers());
        text.put("num_attention_heads", row.heads());
        text.put("num_key_value_heads", row.kvHeads());
        text.put("head_dim", row.headDim());
        text.put("swa_num_attention_heads", row.heads());
        text.put("swa_num_key_value_heads", row.kvHeads());
        text.put("swa_head_dim", row.headDim());
        text.put("sliding_window_size", 512);
        text.put("rel_extent", 1024);
        text.put("d_rel", 16);
        text.put("dense_mlp_idx", experts ? DENSE_LAYERS_OF_MOE : row.layers());
        text.put("dense_intermediate_size", denseIntermediate);
        text.put("moe_intermediate_size", moeIntermediate);
        text.put("n_routed_experts", 8);
        text.put("n_shared_experts", 1);
        text.put("num_experts_per_tok", 2);
        text.put("route_scale", 2.0);
        text.put("rms_norm_eps", 1e-6);
        text.put("hidden_act", "silu");
        text.put("sconv_kernel_size", 4);
        // The unembedding is initialised for logits of this scale; a multiplier would flatten them.
        text.put("logits_mup_width_multiplier", 1.0);
        text.put("log_scaling_n_floor", null);
        text.put("log_scaling_alpha", 0.1);
        text.put("max_position_embeddings", 131_072);
        return text;
    }

    private Map<String, Object> interactionConfig() {
        final InteractionConfig defaults = InteractionConfig.defaults();
        final Map<String, Object> interaction = new LinkedHashMap<>();
        interaction.put("tick_ms", defaults.tickMs());
        interaction.putAll(defaults.controlIds());
        interaction.put("text_in_max", defaults.textInMax());
        interaction.put("text_out_max", defaults.textOutMax());
        interaction.put("video_rows", defaults.videoRows());
        interaction.put("video_cols", defaults.videoCols());
        interaction.put("sink_positions", defaults.sinkPositions());
        interaction.put("global_window", defaults.globalWindow());
        if (voice) {
            interaction.put("audio_out", audioOut());
        }
        return interaction;
    }

    /** The head of MODEL.md, narrower where the model is: it would be most of a small one. */
    private Map<String, Object> audioOut() {
        final AudioOutConfig defaults = AudioOutConfig.DEFAULT;
        final Map<String, Object> speech = new LinkedHashMap<>();
        speech.put("frames", defaults.frames());
        speech.put("mels", defaults.mels());
        speech.put("flow_steps", defaults.flowSteps());
        speech.put("flow_width", Math.min(defaults.flowWidth(), row.hidden()));
        speech.put("flow_layers", defaults.flowLayers());
        speech.put("time_embedding", defaults.timeEmbedding());
        return speech;
    }

    /** The shape of {@code row} whose MLP brings it nearest to {@code parameters}: the count is linear in its width. */
    private static RandomShape filled(
            final Row row, final long parameters, final boolean experts, final boolean voice) {
        final int step = STEP * EXPERT_SHARE;
        final long one = sized(row, step, experts, voice).count();
        final double slope = (sized(row, 2 * step, experts, voice).count() - one) / (double) step;
        final int unit = experts ? step : STEP;
        final long units = Math.round((step + (parameters - one) / slope) / unit);
        return sized(row, (int) Math.clamp(units, 1L, 16L * row.hidden() / unit) * unit, experts, voice);
    }

    private static RandomShape sized(
            final Row row, final int denseIntermediate, final boolean experts, final boolean voice) {
        final int moeIntermediate = Math.max(STEP, denseIntermediate / EXPERT_SHARE);
        return new RandomShape(row, denseIntermediate, moeIntermediate, experts, voice);
    }
}
