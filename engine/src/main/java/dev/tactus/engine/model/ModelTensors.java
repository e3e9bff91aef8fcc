package dev.tactus.engine.model;

import dev.tactus.engine.model.TensorSpec.Use;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which tensors a model has (MODEL.md 1.2), compared with those of a checkpoint.
 *
 * <p>A checkpoint has an audio encoder if it has any tensor under {@code model.audio.}, and an image encoder if it has
 * any under {@code model.visual.}; then it must have all of that encoder. A model without them is a legal text model:
 * such sessions cannot declare that modality. It has a head that speaks if its {@code interaction_config} has an
 * {@code audio_out} and it has any tensor under {@code model.audio_out.}; then it must have all of that head.
 *
 * @param expected all tensors the engine reads, in the order in which they are used
 * @param audio whether the model hears
 * @param vision whether the model sees
 * @param voice whether the model speaks
 * @param skipped names the engine knows and does not read: multi-token prediction, and the head that speaks if the
 *     configuration has no {@code audio_out}
 * @param unknown names the engine does not know
 */
public record ModelTensors(
        List<TensorSpec> expected,
        boolean audio,
        boolean vision,
        boolean voice,
        List<String> skipped,
        List<String> unknown) {
    /** The prefix of all tensors. */
    static final String PREFIX = "model.";

    private static final String AUDIO = PREFIX + "audio.";
    private static final String VISION = PREFIX + "visual.";
    private static final String PREDICTION = PREFIX + "mtp.";
    private static final int MOST_LISTED = 16;

    /** Makes the lists unmodifiable. */
    public ModelTensors {
        expected = List.copyOf(expected);
        skipped = List.copyOf(skipped);
        unknown = List.copyOf(unknown);
    }

    /**
     * The tensors of {@code checkpoint} under {@code config}.
     *
     * @throws InvalidModelException in one line that lists the missing and misshapen tensors, the first 16 by name
     */
    public static ModelTensors check(final ModelConfig config, final Checkpoint checkpoint) {
        final Set<String> names = checkpoint.names();
        final boolean audio = names.stream().anyMatch(name -> name.startsWith(AUDIO));
        final boolean vision = names.stream().anyMatch(name -> name.startsWith(VISION));
        final boolean voice =
                audioOut(config).isPresent() && names.stream().anyMatch(name -> name.startsWith(VoiceTensors.PREFIX));
        final List<TensorSpec> expected = expected(config, audio, vision, voice);
        requireAll(checkpoint, expected);
        final Set<String> known = new HashSet<>();
        expected.forEach(spec -> known.add(spec.name()));
        final List<String> skipped = new ArrayList<>();
        final List<String> unknown = new ArrayList<>();
        for (final String name : names) {
            if (name.startsWith(PREDICTION) || !voice && name.startsWith(VoiceTensors.PREFIX)) {
                skipped.add(name);
            } else if (!known.contains(name)) {
                unknown.add(name);
            }
        }
        return new ModelTensors(expected, audio, vision, voice, skipped, unknown);
    }

    private static Optional<AudioOutConfig> audioOut(final ModelConfig config) {
        return config.interaction().flatMap(InteractionConfig::audioOut);
    }

    /** All tensors of a model of {@code config} that does not speak, with or without its encoders. */
    public static List<TensorSpec> expected(final ModelConfig config, final boolean audio, final boolean vision) {
        return expected(config, audio, vision, false);
    }

    /**
     * All tensors of a model of {@code config}, with or without its encoders and its head that speaks.
     *
     * @throws InvalidModelException when it shall speak and the configuration has no {@code audio_out}
     */
    public static List<TensorSpec> expected(
            final ModelConfig config, final boolean audio, final boolean vision, final boolean voice) {
        final TextConfig text = config.text();
        final int d = text.hidden();
        final List<TensorSpec> specs = new ArrayList<>();
        specs.add(TensorSpec.of("model.llm.embed.weight", Use.MATRIX, text.vocab(), d));
        specs.add(TensorSpec.of("model.llm.embed_norm.weight", Use.TABLE, d));
        if (audio) {
            final int rows = config.audio().mels() * config.audio().levels();
            specs.add(TensorSpec.of(AUDIO + "encoder.weight", Use.MATRIX, rows, d));
            specs.add(TensorSpec.of(AUDIO + "final_norm.weight", Use.TABLE, d));
        }
        if (vision) {
            addVision(specs, config.visionStages(), d);
        }
        for (final LayerConfig layer : text.layers()) {
            addAttention(specs, text, layer);
            if (layer.dense()) {
                addDense(specs, text, layer);
            } else {
                addExperts(specs, text, layer);
            }
        }
        specs.add(TensorSpec.of("model.llm.norm.weight", Use.TABLE, d));
        specs.add(TensorSpec.of("model.llm.unembed.weight", Use.MATRIX, text.vocab(), d));
        if (voice) {
            specs.addAll(VoiceTensors.expected(
                    audioOut(config)
                            .orElseThrow(() -> InvalidModelException.of(
                                    config.file(), "interaction_config.audio_out", "nothing", "a head that speaks")),
                    d));
        }
        return specs;
    }

    /** The prefix of the tensors of a layer. */
    static String layerPrefix(final int layer) {
        return "model.llm.layers." + layer + '.';
    }

    private static void addVision(final List<TensorSpec> specs, final VisionStages stages, final int d) {
        final int last = stages.stages().size() - 1;
        for (int n = 0; n <= last; n++) {
            final VisionStages.Stage stage = stages.stages().get(n);
            specs.add(TensorSpec.of(
                    VISION + "layers.linear_" + n + ".weight", Use.MATRIX, stage.outputs(), stage.inputs()));
            if (n < last) {
                specs.add(TensorSpec.of(VISION + "layers.norm_" + n + ".weight", Use.TABLE, stage.outputs()));
            }
        }
        specs.add(TensorSpec.of(VISION + "final_norm.weight", Use.TABLE, d));
    }

    private static void addAttention(final List<TensorSpec> specs, final TextConfig text, final LayerConfig layer) {
        final String p = layerPrefix(layer.index());
        final int d = text.hidden();
        final int q = layer.queryWidth();
        final int k = layer.keyWidth();
        specs.add(TensorSpec.of(p + "attn_norm.weight", Use.TABLE, d));
        specs.add(TensorSpec.of(p + "attn.wq_du.weight", Use.MATRIX, q, d));
        specs.add(TensorSpec.of(p + "attn.wk_dv.weight", Use.MATRIX, k, d));
        specs.add(TensorSpec.of(p + "attn.wv_dv.weight", Use.MATRIX, k, d));
        specs.add(TensorSpec.of(p + "attn.wr_du.weight", Use.MATRIX, layer.heads() * text.dRel(), d));
        specs.add(TensorSpec.of(p + "attn.wo_ud.weight", Use.MATRIX, d, q));
        specs.add(TensorSpec.of(p + "attn.q_norm.weight", Use.TABLE, layer.headDim()));
        specs.add(TensorSpec.of(p + "attn.k_norm.weight", Use.TABLE, layer.headDim()));
        specs.add(TensorSpec.of(p + "attn.k_sconv.weight", Use.CONV, k, 1, text.convTaps()));
        specs.add(TensorSpec.of(p + "attn.v_sconv.weight", Use.CONV, k, 1, text.convTaps()));
        specs.add(TensorSpec.of(p + "attn.rel_logits_proj.proj", Use.TABLE, text.dRel(), layer.extent()));
        specs.add(TensorSpec.of(p + "attn_sconv.weight", Use.CONV, d, 1, text.convTaps()));
        specs.add(TensorSpec.of(p + "mlp_norm.weight", Use.TABLE, d));
        specs.add(TensorSpec.of(p + "mlp_sconv.weight", Use.CONV, d, 1, text.convTaps()));
    }

    private static void addDense(final List<TensorSpec> specs, final TextConfig text, final LayerConfig layer) {
        final String p = layerPrefix(layer.index()) + "mlp.";
        final int width = text.denseIntermediate();
        specs.add(TensorSpec.of(p + "w13_dn.weight", Use.MATRIX, 2 * width, text.hidden()));
        specs.add(TensorSpec.of(p + "w2_md.weight", Use.MATRIX, text.hidden(), width));
        specs.add(TensorSpec.of(p + "global_scale", Use.SCALAR, 1));
    }

    private static void addExperts(final List<TensorSpec> specs, final TextConfig text, final LayerConfig layer) {
        final String p = layerPrefix(layer.index()) + "mlp.";
        final int d = text.hidden();
        final int width = text.moeIntermediate();
        final int routed = text.routedExperts();
        final int shared = text.sharedExperts();
        specs.add(TensorSpec.of(p + "gate.weight", Use.MATRIX, routed + shared, d));
        specs.add(TensorSpec.of(p + "gate.bias", Use.TABLE, routed));
        specs.add(TensorSpec.of(p + "gate.global_scale", Use.SCALAR, 1));
        specs.add(TensorSpec.of(p + "experts.w13_weight", Use.STACK, routed, 2 * width, d));
        specs.add(TensorSpec.of(p + "experts.w2_weight", Use.STACK, routed, d, width));
        if (shared > 0) {
            specs.add(TensorSpec.of(p + "shared_experts.shared_w13_weight", Use.STACK, shared, 2 * width, d));
            specs.add(TensorSpec.of(p + "shared_experts.shared_w2_weight", Use.STACK, shared, d, width));
        }
    }

    private static void requireAll(final Checkpoint checkpoint, final List<TensorSpec> expected) {
        int missing = 0;
        int unfit = 0;
        final List<String> listed = new ArrayList<>();
        for (final TensorSpec spec : expected) {
            if (!checkpoint.contains(spec.name())) {
                missing++;
                listed.add(spec.name() + ": missing, expected " + spec.allowed());
                continue;
            }
            final Tensor tensor = checkpoint.tensor(spec.name());
            if (!spec.fits(tensor)) {
                unfit++;
                listed.add(spec.name() + ": found " + Arrays.toString(tensor.shape()) + ", allowed " + spec.allowed());
            } else if (!tensor.dtype().isWeight()) {
                unfit++;
                listed.add(spec.name() + ": found " + tensor.dtype() + ", allowed BF16, F16, F32");
            }
        }
        if (listed.isEmpty()) {
            return;
        }
        final int more = listed.size() - MOST_LISTED;
        final String shown = String.join("; ", listed.subList(0, Math.min(listed.size(), MOST_LISTED)));
        throw new InvalidModelException(checkpoint.directory() + ": weights do not fit config.json: " + missing
                + " tensors missing, " + unfit + " unfit: " + shown + (more > 0 ? "; and " + more + " more" : ""));
    }
}
