package dev.tactus.memory;

import java.lang.foreign.MemorySegment;

/**
 * A fixed column of float32 values in native memory: one field of a struct of arrays that a device can read in place.
 *
 * <p>Not thread-safe; whoever hands the column from one thread to another publishes it.
 */
public final class FloatColumn {
    private final long address;
    private final int length;

    private FloatColumn(final long address, final int length) {
        this.address = address;
        this.length = length;
    }

    /** A column of {@code length} zeros. */
    public static FloatColumn allocate(final FreezableArena arena, final MemoryTag tag, final int length) {
        final MemorySegment segment = arena.allocate(tag, Math.max(1, length) * 4L, 64);
        return new FloatColumn(segment.address(), length);
    }

    /** The value at {@code index}. */
    public float get(final int index) {
        assert index >= 0 && index < length : index + " of " + length;
        return OffHeap.getFloat(address + index * 4L);
    }

    /** Sets the value at {@code index}. */
    public void set(final int index, final float value) {
        assert index >= 0 && index < length : index + " of " + length;
        OffHeap.putFloat(address + index * 4L, value);
    }

    /** Number of values. */
    public int length() {
        return length;
    }

    /** Address of the first value. */
    public long address() {
        return address;
    }
}
