package dev.tactus.engine.model;

import dev.tactus.engine.model.TensorSpec.Use;
import dev.tactus.kernel.FlowHead;
import dev.tactus.kernel.FlowShape;
import dev.tactus.kernel.WeightType;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.util.ArrayList;
import java.util.List;

/** The tensors of the head that speaks, {@code model.audio_out.*}: their names, and how they become weights. */
public final class VoiceTensors {
    /** The prefix of their names. */
    public static final String PREFIX = ModelTensors.PREFIX + "audio_out.";

    /** Mean of the log mel, per band; kept, never trained. */
    public static final String MEL_MEAN = PREFIX + "mel_mean";

    /** Deviation of the log mel, per band; kept, never trained. */
    public static final String MEL_STD = PREFIX + "mel_std";

    private static final int LINE = 64;

    private VoiceTensors() {}

    /** The prefix of a residual layer's tensors. */
    public static String blockPrefix(final int layer) {
        return PREFIX + "flow.blocks." + layer + '.';
    }

    /** The shape of the flow head of a model that is {@code hidden} wide. */
    public static FlowShape shape(final AudioOutConfig config, final int hidden) {
        return new FlowShape(
                hidden, config.blockElements(), config.flowWidth(), config.flowLayers(), config.flowSteps());
    }

    static List<TensorSpec> expected(final AudioOutConfig config, final int hidden) {
        final int width = config.flowWidth();
        final int block = config.blockElements();
        final List<TensorSpec> specs = new ArrayList<>();
        specs.add(TensorSpec.of(PREFIX + "flow.x.weight", Use.MATRIX, width, block));
        specs.add(TensorSpec.of(PREFIX + "flow.t.weight", Use.MATRIX, width, config.timeEmbedding()));
        specs.add(TensorSpec.of(PREFIX + "flow.c.weight", Use.MATRIX, width, hidden));
        for (int i = 0; i < config.flowLayers(); i++) {
            specs.add(TensorSpec.of(blockPrefix(i) + "norm.weight", Use.TABLE, width));
            specs.add(TensorSpec.of(blockPrefix(i) + "a.weight", Use.MATRIX, width, width));
            specs.add(TensorSpec.of(blockPrefix(i) + "b.weight", Use.MATRIX, width, width));
        }
        specs.add(TensorSpec.of(PREFIX + "flow.norm.weight", Use.TABLE, width));
        specs.add(TensorSpec.of(PREFIX + "flow.out.weight", Use.MATRIX, block, width));
        specs.add(TensorSpec.of(PREFIX + "encoder.weight", Use.MATRIX, hidden, block));
        specs.add(TensorSpec.of(PREFIX + "final_norm.weight", Use.TABLE, hidden));
        specs.add(TensorSpec.of(MEL_MEAN, Use.TABLE, config.mels()));
        specs.add(TensorSpec.of(MEL_STD, Use.TABLE, config.mels()));
        return specs;
    }

    /** Reads them; what the flow head's times become is computed here, once. */
    static VoiceWeights load(
            final WeightLoader loader,
            final ModelConfig config,
            final AudioOutConfig voice,
            final FreezableArena arena) {
        final FlowShape shape = shape(voice, config.text().hidden());
        final List<VoiceWeights.Block> blocks = new ArrayList<>();
        for (int i = 0; i < voice.flowLayers(); i++) {
            final String p = blockPrefix(i);
            blocks.add(new VoiceWeights.Block(
                    loader.table(p + "norm.weight"), loader.matrix(p + "a.weight"), loader.matrix(p + "b.weight")));
        }
        final long flow =
                arena.allocate(MemoryTag.WEIGHTS, FlowHead.bytes(shape), LINE).address();
        final VoiceWeights weights = new VoiceWeights(
                voice,
                shape,
                flow,
                loader.matrix(PREFIX + "flow.x.weight"),
                loader.matrix(PREFIX + "flow.t.weight"),
                loader.matrix(PREFIX + "flow.c.weight"),
                blocks,
                loader.table(PREFIX + "flow.norm.weight"),
                loader.matrix(PREFIX + "flow.out.weight"),
                loader.matrix(PREFIX + "encoder.weight"),
                loader.table(PREFIX + "final_norm.weight"),
                loader.table(MEL_MEAN),
                loader.table(MEL_STD));
        requirePositive(weights.melStd(), config.file());
        final long embedding = arena.allocate(MemoryTag.WEIGHTS, (long) voice.timeEmbedding() * Float.BYTES, LINE)
                .address();
        FlowHead.write(shape, flowOf(weights), embedding, flow);
        return weights;
    }

    private static void requirePositive(final FloatTable melStd, final String file) {
        for (int i = 0; i < melStd.elements(); i++) {
            final float found = OffHeap.getFloat(melStd.address() + (long) i * Float.BYTES);
            if (!(found > 0)) {
                throw InvalidModelException.of(file, "tensor " + MEL_STD + ": element " + i, found, "above 0");
            }
        }
    }

    private static FlowHead.Weights flowOf(final VoiceWeights weights) {
        final List<FlowHead.Layer> layers = new ArrayList<>();
        for (final VoiceWeights.Block block : weights.blocks()) {
            layers.add(new FlowHead.Layer(block.norm().address(), weight(block.a()), weight(block.b())));
        }
        return new FlowHead.Weights(
                weight(weights.x()),
                weight(weights.t()),
                weight(weights.c()),
                layers,
                weights.norm().address(),
                weight(weights.out()),
                weights.config().timeEmbedding());
    }

    private static FlowHead.Weight weight(final Matrix matrix) {
        final WeightType type = matrix.type();
        return new FlowHead.Weight(type, matrix.address());
    }
}
