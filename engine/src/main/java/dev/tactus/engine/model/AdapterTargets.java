package dev.tactus.engine.model;

import java.util.Set;

/**
 * Which matrices of a program may have adapters beside them.
 *
 * @param rank the largest of an adapter; 0 without any
 * @param tensors the matrices' names in the checkpoint
 */
public record AdapterTargets(int rank, Set<String> tensors) {
    /** No adapters: the program is that of the base alone. */
    public static final AdapterTargets NONE = new AdapterTargets(0, Set.of());

    /** Refuses ranks without matrices, and the other way round. */
    public AdapterTargets {
        tensors = Set.copyOf(tensors);
        if (rank < 0 || rank == 0 != tensors.isEmpty()) {
            throw new IllegalArgumentException(
                    "adapters of rank " + rank + " beside " + tensors.size() + " matrices: expected both or neither");
        }
    }

    boolean has(final String tensor) {
        return tensors.contains(tensor);
    }
}
