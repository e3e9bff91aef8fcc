package dev.tactus.engine.adapter;

import java.util.List;
import java.util.Optional;

/**
 * An adapter without its values: what it has beside which matrices.
 *
 * @param config rank and scale
 * @param modules shapes; their addresses say nothing
 */
public record LoraOutline(LoraConfig config, List<LoraModule> modules) {
    /** Makes the list unmodifiable, and takes the addresses out. */
    public LoraOutline {
        modules = modules.stream().map(module -> module.at(0, 0)).toList();
    }

    /** Bytes of the factors. */
    public long bytes() {
        return Float.BYTES
                * modules.stream().mapToLong(m -> m.floatsOfA() + m.floatsOfB()).sum();
    }

    /** The first module that no matrix of the base fits, if there is one. */
    Optional<LoraModule> stranger(final LoraBase base) {
        return modules.stream()
                .filter(module -> base.tensors().stream().noneMatch(tensor -> module.fits(tensor)))
                .findFirst();
    }
}
