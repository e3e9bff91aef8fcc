package dev.tactus.engine.tuning;

import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;

/**
 * The native memory of a {@link Trainer}, all of it taken when it opens.
 *
 * <pre>
 *   parameters    masters | gradients | first moments | second moments    16 bytes per parameter
 *   frozen base   of an adapter: float32 values                           4 bytes per parameter, or read in place
 *   activations   what the largest batch keeps from its forward to its backward pass, and gradients of it
 *   scratch       of the workers
 * </pre>
 *
 * A checkpoint that is opened or loaded is mapped for as long as that takes, and not counted.
 *
 * @param parameters how many are trained, those of a whole model that never are included
 * @param parameterBytes their bytes: 16 each, and what rounds every tensor up to 64 bytes, four times
 * @param frozenParameters how many the base of an adapter has; 0 when the whole model is trained
 * @param frozenBytes float32 copies of those that are not read in place
 * @param mappedBytes of the files of the base, when any of it is read in place: pages that the system may drop
 * @param activationBytes of the largest batch
 * @param scratchBytes of all workers
 */
public record TrainerMemory(
        long parameters,
        long parameterBytes,
        long frozenParameters,
        long frozenBytes,
        long mappedBytes,
        long activationBytes,
        long scratchBytes) {
    static TrainerMemory of(final TrainedModel model, final FreezableArena arena) {
        final Parameters whole = model.parameters();
        final boolean frozen = model.factors() != null;
        final long copies = frozen ? whole.slabFloats() * Float.BYTES : 0;
        return new TrainerMemory(
                frozen ? model.slabFloats() : whole.count(),
                arena.bytes(MemoryTag.WEIGHTS) - copies,
                frozen ? whole.count() : 0,
                copies,
                model.mappedBytes(),
                arena.bytes(MemoryTag.ACTIVATION),
                arena.bytes(MemoryTag.SCRATCH));
    }

    /** All of it. */
    public long bytes() {
        return parameterBytes + frozenBytes + mappedBytes + activationBytes + scratchBytes;
    }
}
