package dev.tactus.engine.tuning;

import dev.tactus.memory.OffHeap;
import java.lang.foreign.MemorySegment;

/**
 * A float32 tensor in native memory that a checkpoint keeps: masters, moments, accumulated gradients.
 *
 * @param name unique within a checkpoint
 * @param shape dimensions, outermost first
 * @param address of its first element, row-major; the caller's memory
 */
public record StateTensor(String name, long[] shape, long address) {
    /** Copies the shape, so that the tensor does not change with the caller's array. */
    public StateTensor {
        shape = shape.clone();
    }

    /** The dimensions, outermost first; a fresh array. */
    @Override
    public long[] shape() {
        return shape.clone();
    }

    /** Bytes of the tensor. */
    public long bytes() {
        long bytes = Float.BYTES;
        for (final long dimension : shape) {
            bytes = Math.multiplyExact(bytes, dimension);
        }
        return bytes;
    }

    MemorySegment segment() {
        return OffHeap.ALL.asSlice(address, bytes());
    }
}
