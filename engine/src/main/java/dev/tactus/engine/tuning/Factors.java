package dev.tactus.engine.tuning;

import dev.tactus.engine.adapter.LoraAdapter;
import dev.tactus.engine.adapter.LoraModule;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The factors of an adapter as parameters, and their gradients: one slab of the adapter's layout.
 *
 * <pre>
 *   values      A of module 0 | B of module 0 | A of module 1 | …      the adapter's own slab
 *   gradients   the same layout
 * </pre>
 */
final class Factors {
    private final LoraAdapter adapter;
    private final long gradients;
    private final List<Parameter> all = new ArrayList<>();

    /** Takes memory for the gradients. */
    Factors(final LoraAdapter adapter, final FreezableArena arena) {
        this.adapter = adapter;
        this.gradients = arena.allocate(MemoryTag.WEIGHTS, adapter.floats() * Float.BYTES, 64)
                .address();
        for (final LoraModule module : adapter.modules()) {
            all.add(new Parameter(
                    module.name() + ".lora_A.weight",
                    module.shapeOfA(),
                    module.a(),
                    gradient(module.a()),
                    module.floatsOfA()));
            all.add(new Parameter(
                    module.name() + ".lora_B.weight",
                    module.shapeOfB(),
                    module.b(),
                    gradient(module.b()),
                    module.floatsOfB()));
        }
    }

    private long gradient(final long value) {
        return gradients + value - adapter.address();
    }

    LoraAdapter adapter() {
        return adapter;
    }

    long gradients() {
        return gradients;
    }

    /** A and B of every module, in the order of the slab. */
    List<Parameter> all() {
        return all;
    }

    int rank() {
        return adapter.config().rank();
    }

    /** Whether there are factors beside a tensor. */
    boolean areBeside(final String tensor) {
        return adapter.beside(tensor).isPresent();
    }

    /**
     * The factors beside a matrix of a tensor, or null.
     *
     * @param index of the matrix in a stack; 0 for a tensor of one
     * @param kept where {@code a · x} of its rows goes
     */
    LowRank beside(final String tensor, final int index, final long kept) {
        final Optional<LoraModule> found = adapter.beside(tensor);
        if (found.isEmpty()) {
            return null;
        }
        final LoraModule module = found.get();
        final long a = module.a(index);
        final long b = module.b(index);
        return new LowRank(
                new Matrix(a, gradient(a), module.rank(), module.cols(), null),
                new Matrix(b, gradient(b), module.rows(), module.rank(), null),
                adapter.config().scale(),
                kept);
    }
}
