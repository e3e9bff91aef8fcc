package dev.tactus.engine.sim;

import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.model.AudioConfig;
import dev.tactus.engine.model.AudioOutConfig;
import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.DType;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.LayerConfig;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.ModelTensors;
import dev.tactus.engine.model.ProgramTables;
import dev.tactus.engine.model.Tensor;
import dev.tactus.engine.model.TensorSpec;
import dev.tactus.engine.model.TextConfig;
import dev.tactus.engine.model.VisionConfig;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The smallest model that hears, sees, reads and speaks, in memory: it gives the engine its sizes, and nothing is ever
 * computed with it. Its pages are few, so that their rings wrap within seconds.
 */
public final class SimModel implements AutoCloseable {
    /** Ids that have a logit. */
    static final int VOCABULARY = 64;

    private static final int HIDDEN = 16;
    private static final int WINDOW = 32;
    private static final int PATCH = 8;
    private static final int TEXT_IN_MAX = 8;
    private static final int SINKS = 16;
    private static final int ALIGNMENT = 64;

    private final FreezableArena arena;
    private final LoadedModel loaded;

    /** Allocates it. */
    public SimModel() {
        final MemoryLedger ledger = new MemoryLedger();
        final ModelConfig config = config();
        arena = new FreezableArena(ledger);
        try {
            final List<Tensor> tensors = new ArrayList<>();
            for (final TensorSpec spec : ModelTensors.expected(config, true, true, true)) {
                final MemorySegment data = arena.allocate(MemoryTag.WEIGHTS, spec.elements() * Float.BYTES, ALIGNMENT);
                for (long i = 0; i < spec.elements(); i++) {
                    data.setAtIndex(ValueLayout.JAVA_FLOAT, i, 1f);
                }
                tensors.add(new Tensor("simulation", spec.name(), DType.F32, spec.shape(), data));
            }
            final Checkpoint checkpoint = Checkpoint.inMemory(Path.of("simulation"), tensors);
            loaded = LoadedModel.of(config, checkpoint, tables(), ledger);
            arena.freeze();
        } catch (final RuntimeException | Error ex) {
            arena.close();
            throw ex;
        }
    }

    private ProgramTables tables() {
        // nobody reads them: the device computes nothing
        final long nothing =
                arena.allocate(MemoryTag.TABLE, ALIGNMENT, ALIGNMENT).address();
        return new ProgramTables(nothing, nothing, nothing, nothing, nothing, 1, nothing, nothing);
    }

    private static ModelConfig config() {
        final List<LayerConfig> layers = List.of(
                new LayerConfig(0, true, true, 1, 1, HIDDEN, WINDOW),
                new LayerConfig(1, false, true, 1, 1, HIDDEN, WINDOW));
        final TextConfig text = new TextConfig(
                VOCABULARY,
                VOCABULARY,
                HIDDEN,
                layers,
                WINDOW,
                WINDOW,
                HIDDEN,
                HIDDEN,
                HIDDEN,
                1,
                0,
                1,
                1f,
                1e-6f,
                4,
                1f,
                OptionalInt.empty(),
                0.1f,
                1 << 20);
        return new ModelConfig(
                "simulation",
                text,
                new AudioConfig(8, 2),
                new VisionConfig(PATCH, 2, 3, 1),
                7,
                4,
                6,
                5,
                Optional.of(interaction()));
    }

    private static InteractionConfig interaction() {
        final InteractionConfig ids = InteractionConfig.defaults();
        return new InteractionConfig(
                ids.tickMs(),
                ids.tickTokenId(),
                ids.quietTokenId(),
                ids.speakTokenId(),
                ids.sayTokenId(),
                ids.audioGapTokenId(),
                ids.videoGapTokenId(),
                ids.textInTokenId(),
                ids.hearTokenId(),
                ids.cutTokenId(),
                TEXT_IN_MAX,
                ids.textOutMax(),
                1,
                1,
                SINKS,
                2 * WINDOW,
                Optional.of(new AudioOutConfig(5, 80, 1, HIDDEN, 0, 2)));
    }

    /** The model, for {@link dev.tactus.engine.EngineContext#model}; closed with this. */
    public LoadedModel loaded() {
        return loaded;
    }

    @Override
    public void close() {
        loaded.close();
        arena.close();
    }
}
