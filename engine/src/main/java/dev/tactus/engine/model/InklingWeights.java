package dev.tactus.engine.model;

import dev.tactus.memory.FreezableArena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Every weight of a model as kernels read it. Holds raw addresses only: the {@link Checkpoint} and the arena it was
 * loaded with own the memory, and must stay open for as long as this is used. Immutable, for any thread.
 *
 * @param config the model's configuration
 * @param tensors what the checkpoint holds, for reports
 * @param embed token embedding [V, d]
 * @param embedNorm its norm [1, d]
 * @param layers one entry per layer
 * @param norm final norm [1, d]
 * @param unembed [V, d]; the first {@code unpaddedVocab} rows are logits
 * @param audio the audio encoder; empty: the model does not hear
 * @param vision the image encoder; empty: the model does not see
 * @param voice the head that speaks; empty: the model does not speak
 */
public record InklingWeights(
        ModelConfig config,
        ModelTensors tensors,
        Matrix embed,
        FloatTable embedNorm,
        List<LayerWeights> layers,
        FloatTable norm,
        Matrix unembed,
        Optional<AudioWeights> audio,
        Optional<VisionWeights> vision,
        Optional<VoiceWeights> voice) {
    /** Makes the list unmodifiable. */
    public InklingWeights {
        layers = List.copyOf(layers);
    }

    /**
     * Resolves the weights of {@code config} in {@code checkpoint}.
     *
     * <p>Matrices stay in the mapping (F16 ones are widened to float32 in the arena); vectors, convolutions and bias
     * banks are copied into the arena as float32. All weights are checked to be finite, which reads the file once.
     *
     * @param arena takes the copies, under {@code MemoryTag.WEIGHTS}; not yet frozen
     * @throws InvalidModelException naming what is missing, misshapen or not finite
     */
    public static InklingWeights load(
            final ModelConfig config, final Checkpoint checkpoint, final FreezableArena arena) {
        final ModelTensors tensors = ModelTensors.check(config, checkpoint);
        requireFinite(checkpoint, tensors);
        final WeightLoader loader = new WeightLoader(checkpoint, arena);
        final List<LayerWeights> layers = new ArrayList<>();
        for (final LayerConfig layer : config.text().layers()) {
            layers.add(loadLayer(loader, config.text(), layer));
        }
        return new InklingWeights(
                config,
                tensors,
                loader.matrix("model.llm.embed.weight"),
                loader.table("model.llm.embed_norm.weight"),
                layers,
                loader.table("model.llm.norm.weight"),
                loader.matrix("model.llm.unembed.weight"),
                tensors.audio() ? Optional.of(loadAudio(loader)) : Optional.empty(),
                tensors.vision() ? Optional.of(loadVision(loader, config.visionStages())) : Optional.empty(),
                tensors.voice() ? loadVoice(loader, config, arena) : Optional.empty());
    }

    /** Parameters of the model: elements of all tensors the engine reads. */
    public long parameters() {
        return tensors.expected().stream().mapToLong(TensorSpec::elements).sum();
    }

    private static void requireFinite(final Checkpoint checkpoint, final ModelTensors tensors) {
        for (final TensorSpec spec : tensors.expected()) {
            final Tensor tensor = checkpoint.tensor(spec.name());
            final long index = FiniteScan.firstNotFinite(tensor);
            if (index >= 0) {
                throw InvalidModelException.of(
                        tensor.file(), "tensor " + tensor + ": element " + index, "NaN or infinity", "finite weights");
            }
        }
    }

    private static LayerWeights loadLayer(final WeightLoader loader, final TextConfig text, final LayerConfig layer) {
        final String p = ModelTensors.layerPrefix(layer.index());
        return new LayerWeights(
                layer,
                loader.table(p + "attn_norm.weight"),
                loadAttention(loader, p + "attn."),
                loader.conv(p + "attn_sconv.weight"),
                loader.table(p + "mlp_norm.weight"),
                layer.dense() ? loadDense(loader, p + "mlp.") : loadExperts(loader, p + "mlp.", text.sharedExperts()),
                loader.conv(p + "mlp_sconv.weight"));
    }

    private static AttentionWeights loadAttention(final WeightLoader loader, final String p) {
        return new AttentionWeights(
                loader.matrix(p + "wq_du.weight"),
                loader.matrix(p + "wk_dv.weight"),
                loader.matrix(p + "wv_dv.weight"),
                loader.matrix(p + "wr_du.weight"),
                loader.matrix(p + "wo_ud.weight"),
                loader.table(p + "q_norm.weight"),
                loader.table(p + "k_norm.weight"),
                loader.conv(p + "k_sconv.weight"),
                loader.conv(p + "v_sconv.weight"),
                loader.table(p + "rel_logits_proj.proj"));
    }

    private static MlpWeights loadDense(final WeightLoader loader, final String p) {
        return new DenseMlp(
                loader.matrix(p + "w13_dn.weight"),
                loader.matrix(p + "w2_md.weight"),
                loader.scalar(p + "global_scale"));
    }

    private static MlpWeights loadExperts(final WeightLoader loader, final String p, final int shared) {
        return new ExpertsMlp(
                loader.matrix(p + "gate.weight"),
                loader.table(p + "gate.bias"),
                loader.scalar(p + "gate.global_scale"),
                loader.stack(p + "experts.w13_weight"),
                loader.stack(p + "experts.w2_weight"),
                shared == 0 ? Optional.empty() : Optional.of(loader.stack(p + "shared_experts.shared_w13_weight")),
                shared == 0 ? Optional.empty() : Optional.of(loader.stack(p + "shared_experts.shared_w2_weight")));
    }

    private static AudioWeights loadAudio(final WeightLoader loader) {
        return new AudioWeights(
                loader.matrix("model.audio.encoder.weight"), loader.table("model.audio.final_norm.weight"));
    }

    private static VisionWeights loadVision(final WeightLoader loader, final VisionStages stages) {
        final List<Matrix> linears = new ArrayList<>();
        final List<FloatTable> norms = new ArrayList<>();
        final int last = stages.stages().size() - 1;
        for (int n = 0; n <= last; n++) {
            linears.add(loader.matrix("model.visual.layers.linear_" + n + ".weight"));
            if (n < last) {
                norms.add(loader.table("model.visual.layers.norm_" + n + ".weight"));
            }
        }
        return new VisionWeights(stages, linears, norms, loader.table("model.visual.final_norm.weight"));
    }

    private static Optional<VoiceWeights> loadVoice(
            final WeightLoader loader, final ModelConfig config, final FreezableArena arena) {
        return config.interaction()
                .flatMap(InteractionConfig::audioOut)
                .map(voice -> VoiceTensors.load(loader, config, voice, arena));
    }
}
