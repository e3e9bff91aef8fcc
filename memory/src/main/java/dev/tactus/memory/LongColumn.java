package dev.tactus.memory;

import java.lang.foreign.MemorySegment;

/**
 * A fixed column of int64 values in native memory: one field of a struct of arrays that a device can read in place.
 *
 * <p>Not thread-safe; whoever hands the column from one thread to another publishes it.
 */
public final class LongColumn {
    private final long address;
    private final int length;

    private LongColumn(final long address, final int length) {
        this.address = address;
        this.length = length;
    }

    /** A column of {@code length} zeros. */
    public static LongColumn allocate(final FreezableArena arena, final MemoryTag tag, final int length) {
        final MemorySegment segment = arena.allocate(tag, Math.max(1, length) * 8L, 64);
        return new LongColumn(segment.address(), length);
    }

    /** The value at {@code index}. */
    public long get(final int index) {
        assert index >= 0 && index < length : index + " of " + length;
        return OffHeap.getLong(address + index * 8L);
    }

    /** Sets the value at {@code index}. */
    public void set(final int index, final long value) {
        assert index >= 0 && index < length : index + " of " + length;
        OffHeap.putLong(address + index * 8L, value);
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
