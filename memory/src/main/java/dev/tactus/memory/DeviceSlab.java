package dev.tactus.memory;

import dev.tactus.cuda.CudaContext;
import dev.tactus.cuda.DeviceMemory;

/**
 * One allocation of GPU memory, cut into slices before it is frozen.
 *
 * <p>The states are those of {@link PinnedSlab}. The memory begins at a multiple of 256 and is not zeroed: who needs
 * zeros fills them through a stream. All calls are for the thread that owns the context; a slice is a plain device
 * address.
 */
public final class DeviceSlab implements AutoCloseable {
    /** What the driver promises of an allocation's first byte. */
    private static final long BASE_ALIGNMENT = 256;

    private final MemoryLedger ledger;
    private final MemoryTag tag;
    private final DeviceMemory memory;
    private final long address;
    private final SlabCursor cursor;

    /**
     * Allocates a slab.
     *
     * @param context whose GPU it is on
     * @param ledger what it is charged to
     * @param tag what it is for
     * @param bytes at least 1, all of it charged at once
     * @throws dev.tactus.cuda.CudaException when the GPU has no more
     */
    public DeviceSlab(final CudaContext context, final MemoryLedger ledger, final MemoryTag tag, final long bytes) {
        this.ledger = ledger;
        this.tag = tag;
        this.memory = context.allocateDevice(tag.name(), bytes);
        this.address = memory.address();
        this.cursor = new SlabCursor("device slab " + tag, bytes, BASE_ALIGNMENT);
        ledger.onAllocate(tag, bytes);
    }

    /**
     * Cuts a slice.
     *
     * @param bytes at least 0
     * @param alignment in bytes, a power of two, at most 256
     * @return the device address of its first byte
     * @throws IllegalStateException once frozen or closed
     * @throws IllegalArgumentException when the slab has no room for it
     */
    public long slice(final long bytes, final long alignment) {
        return address + cursor.take(bytes, alignment);
    }

    /**
     * The device address of a range, counted from the slab's first byte.
     *
     * @throws IndexOutOfBoundsException when the range leaves the slab
     */
    public long address(final long offset, final long bytes) {
        return address + cursor.check(offset, bytes);
    }

    /** Ends slicing. Calling it again does nothing. */
    public void freeze() {
        cursor.freeze();
    }

    /** The state. */
    public FreezableArena.State state() {
        return cursor.state();
    }

    /** Its size. */
    public long bytes() {
        return cursor.bytes();
    }

    /** What slices have taken, their alignment included. */
    public long usedBytes() {
        return cursor.usedBytes();
    }

    /** Gives the memory back; slices are invalid afterwards. Calling it again does nothing. */
    @Override
    public void close() {
        if (cursor.state() == FreezableArena.State.CLOSED) {
            return;
        }
        try {
            memory.close();
        } finally {
            // an error of the driver leaves the handle closed all the same, a refusal leaves it open
            if (memory.isClosed()) {
                cursor.close();
                ledger.onFree(tag, cursor.bytes());
            }
        }
    }
}
