package dev.tactus.memory;

import dev.tactus.cuda.CudaContext;
import dev.tactus.cuda.PinnedMemory;
import java.lang.foreign.MemorySegment;

/**
 * One allocation of pinned host memory that the GPU sees in place, cut into slices before it is frozen.
 *
 * <p>{@code INIT} hands out slices, {@code FROZEN} refuses to, {@code CLOSED} is given back to the driver, as in
 * {@link FreezableArena}. The memory begins at a multiple of 4096 and is zeroed. Opening, slicing and closing are for
 * the thread that owns the context; the slices may be used by any thread until {@link #close()}, which comes after the
 * GPU has finished with them and before the context is closed.
 */
public final class PinnedSlab implements AutoCloseable {
    /** What pinned memory begins at a multiple of. */
    private static final long BASE_ALIGNMENT = 4096;

    private final MemoryLedger ledger;
    private final MemoryTag tag;
    private final PinnedMemory memory;
    private final long deviceAddress;
    private final SlabCursor cursor;

    /**
     * Allocates a slab.
     *
     * @param context where the GPU sees it
     * @param ledger what it is charged to
     * @param tag what it is for
     * @param bytes at least 1, all of it charged at once
     * @throws dev.tactus.cuda.CudaException when the driver has no more
     */
    public PinnedSlab(final CudaContext context, final MemoryLedger ledger, final MemoryTag tag, final long bytes) {
        this.ledger = ledger;
        this.tag = tag;
        this.memory = context.allocatePinned(tag.name(), bytes);
        this.deviceAddress = memory.deviceAddress();
        this.cursor = new SlabCursor("pinned slab " + tag, bytes, BASE_ALIGNMENT);
        ledger.onAllocate(tag, bytes);
    }

    /**
     * Cuts a slice.
     *
     * @param bytes at least 0
     * @param alignment in bytes, a power of two, at most 4096
     * @throws IllegalStateException once frozen or closed
     * @throws IllegalArgumentException when the slab has no room for it
     */
    public MemorySegment slice(final long bytes, final long alignment) {
        return memory.segment().asSlice(cursor.take(bytes, alignment), bytes);
    }

    /**
     * Where the GPU sees a host address of this slab. Allocates nothing; any thread.
     *
     * @throws IndexOutOfBoundsException when the range leaves the slab
     */
    public long deviceAddress(final long hostAddress, final long bytes) {
        return deviceAddress + cursor.check(hostAddress - memory.segment().address(), bytes);
    }

    /** Where the GPU sees a slice. */
    public long deviceAddress(final MemorySegment slice) {
        return deviceAddress(slice.address(), slice.byteSize());
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

    /** The whole of it, as the driver gave it. */
    public PinnedMemory memory() {
        return memory;
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
