package dev.tactus.engine.tuning;

import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;

/**
 * The native memory of a {@link Trainer}, all of it taken when it opens.
 *
 * <pre>
 *   parameters    masters | gradients | first moments | second moments    16 bytes per parameter
 *   activations   what the largest batch keeps from its forward to its backward pass, and gradients of it
 *   scratch       of the workers
 * </pre>
 *
 * A checkpoint that is opened or loaded is mapped for as long as that takes, and not counted.
 *
 * @param parameters how many, those that are never trained included
 * @param parameterBytes their bytes: 16 each, and what rounds every tensor up to 64 bytes, four times
 * @param activationBytes of the largest batch
 * @param scratchBytes of all workers
 */
public record TrainerMemory(long parameters, long parameterBytes, long activationBytes, long scratchBytes) {
    static TrainerMemory of(final Parameters parameters, final FreezableArena arena) {
        return new TrainerMemory(
                parameters.count(),
                arena.bytes(MemoryTag.WEIGHTS),
                arena.bytes(MemoryTag.ACTIVATION),
                arena.bytes(MemoryTag.SCRATCH));
    }

    /** All of it. */
    public long bytes() {
        return parameterBytes + activationBytes + scratchBytes;
    }
}
