package dev.tactus.engine.tuning;

import dev.tactus.engine.adapter.LoraAdapter;
import dev.tactus.engine.adapter.LoraBase;
import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.ModelTensors;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * What a trainer trains: all of a model, or the factors of an adapter beside a frozen one, which may lie in a mapped
 * checkpoint. Its maker closes it, after everything that reads it.
 */
final class TrainedModel implements AutoCloseable {
    private final Parameters parameters;
    private final Factors factors;
    private final Checkpoint mapped;

    private TrainedModel(final Parameters parameters, final Factors factors, final Checkpoint mapped) {
        this.parameters = parameters;
        this.factors = factors;
        this.mapped = mapped;
    }

    /** All weights of a model. */
    static TrainedModel whole(final Parameters parameters) {
        return new TrainedModel(parameters, null, null);
    }

    /**
     * Factors beside the matrices of the model in {@code directory}.
     *
     * @param make the adapter for that base, its factors in the arena
     */
    static TrainedModel adapter(
            final Path directory,
            final FreezableArena arena,
            final MemoryLedger ledger,
            final Function<LoraBase, LoraAdapter> make) {
        final ModelConfig config = ModelConfig.read(directory);
        final Checkpoint checkpoint = Checkpoint.open(directory, ledger);
        boolean mapped = false;
        try {
            final ModelTensors tensors = ModelTensors.check(config, checkpoint);
            final LoraAdapter adapter = make.apply(LoraBase.of(name(directory), checkpoint, tensors.expected()));
            final Factors factors = new Factors(adapter, arena);
            final Parameters parameters = Parameters.frozen(config, checkpoint, arena);
            mapped = parameters.isMapped();
            return new TrainedModel(parameters, factors, mapped ? checkpoint : null);
        } finally {
            if (!mapped) {
                checkpoint.close();
            }
        }
    }

    private static String name(final Path directory) {
        final Path name = directory.toAbsolutePath().normalize().getFileName();
        return name == null ? directory.toString() : name.toString();
    }

    Parameters parameters() {
        return parameters;
    }

    /** The factors that are trained; null when the whole model is. */
    Factors factors() {
        return factors;
    }

    /** The tensors that training changes or a state must hold: all of a model, or the factors. */
    List<Parameter> tensors() {
        return factors == null ? parameters.all() : factors.all();
    }

    /** The slab of what is trained. */
    long values() {
        return factors == null ? parameters.values() : factors.adapter().address();
    }

    /** A slab of the same layout. */
    long gradients() {
        return factors == null ? parameters.gradients() : factors.gradients();
    }

    long slabFloats() {
        return factors == null ? parameters.slabFloats() : factors.adapter().floats();
    }

    void zeroGradients() {
        OffHeap.ALL.asSlice(gradients(), slabFloats() * Float.BYTES).fill((byte) 0);
    }

    /** What the optimiser moves. A factor always decays: it is a matrix even where its rank is 1. */
    List<AdamSlice> slices() {
        final List<AdamSlice> slices = new ArrayList<>();
        for (final Parameter tensor : tensors()) {
            if (tensor.isTrained()) {
                final long offset = (tensor.value() - values()) / Float.BYTES;
                slices.add(
                        new AdamSlice(tensor.name(), offset, tensor.elements(), factors != null || tensor.isMatrix()));
            }
        }
        return slices;
    }

    /** Bytes of the files that the frozen model is read from in place. */
    long mappedBytes() {
        return mapped == null ? 0 : mapped.bytes();
    }

    @Override
    public void close() {
        if (mapped != null) {
            mapped.close();
        }
    }
}
