package dev.tactus.bench.train;

import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.ModelTensors;
import dev.tactus.engine.model.TensorSpec;
import dev.tactus.engine.tuning.AdamSettings;
import dev.tactus.engine.tuning.AdamSlab;
import dev.tactus.engine.tuning.AdamSlice;
import dev.tactus.engine.tuning.AdamW;
import dev.tactus.engine.tuning.Parameter;
import dev.tactus.engine.tuning.Parameters;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The text part of a model, with its optimiser: what all numbers of threads train in turn. Not thread-safe. */
final class TrainModel implements AutoCloseable {
    private final FreezableArena arena = new FreezableArena(new MemoryLedger());
    private final ModelConfig config;
    private final Parameters parameters;
    private final AdamW optimiser;

    private TrainModel(final ModelConfig config, final Checkpoint checkpoint) {
        this.config = config;
        parameters = Parameters.zeros(config, false, false, arena);
        copyFrom(checkpoint);
        optimiser = newOptimiser();
        arena.freeze();
    }

    /**
     * The text part of the model in {@code directory}.
     *
     * @throws dev.tactus.engine.model.InvalidModelException when it is no model
     */
    static TrainModel open(final Path directory) {
        try (Checkpoint checkpoint = Checkpoint.open(directory, new MemoryLedger())) {
            return new TrainModel(ModelConfig.read(directory), checkpoint);
        }
    }

    /** Parameters of the text part of a model. */
    static long textParameters(final ModelConfig config) {
        return ModelTensors.expected(config, false, false).stream()
                .mapToLong(TensorSpec::elements)
                .sum();
    }

    /** The checkpoint has encoders, too: they are widened, and left behind. */
    private void copyFrom(final Checkpoint checkpoint) {
        try (FreezableArena temporary = new FreezableArena(new MemoryLedger())) {
            final Parameters all = Parameters.load(config, checkpoint, temporary);
            for (final Parameter parameter : parameters.all()) {
                OffHeap.copy(all.get(parameter.name()).value(), parameter.value(), parameter.elements() * Float.BYTES);
            }
        }
    }

    private AdamW newOptimiser() {
        final List<AdamSlice> slices = new ArrayList<>();
        for (final Parameter parameter : parameters.all()) {
            if (parameter.isTrained()) {
                final long offset = (parameter.value() - parameters.values()) / Float.BYTES;
                slices.add(new AdamSlice(parameter.name(), offset, parameter.elements(), parameter.isMatrix()));
            }
        }
        final AdamSlab slab = new AdamSlab(
                parameters.values(), parameters.gradients(), moments(), moments(), parameters.slabFloats());
        return new AdamW(AdamSettings.standard(), slab, slices);
    }

    private long moments() {
        return arena.allocate(MemoryTag.STATE, parameters.slabFloats() * Float.BYTES, 64)
                .address();
    }

    ModelConfig config() {
        return config;
    }

    Parameters parameters() {
        return parameters;
    }

    AdamW optimiser() {
        return optimiser;
    }

    /** Bytes of masters, gradients and moments. */
    long stateBytes() {
        return arena.bytes();
    }

    @Override
    public void close() {
        arena.close();
    }
}
