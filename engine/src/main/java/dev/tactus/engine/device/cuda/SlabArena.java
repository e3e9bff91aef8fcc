package dev.tactus.engine.device.cuda;

import dev.tactus.memory.DeviceSlab;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import dev.tactus.memory.PinnedSlab;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.agrona.CloseHelper;

/**
 * Memory of a GPU as an arena: pinned memory that host and device see at the same addresses, or device memory. Zeroed.
 *
 * <p>The driver is asked for slabs: small allocations share them, a large one has its own. Everything is freed at once,
 * by {@link #close()}. One thread at a time, at launch; closing, after the device has ended.
 *
 * <p>A segment in device memory has an address and a size, nothing that the host could read.
 */
abstract class SlabArena implements Arena {
    /** Of the first byte of an allocation, at most: what the driver promises of device memory. */
    static final long ALIGNMENT = 256;

    private static final long SLAB_BYTES = 1 << 20;
    private static final long OWN_SLAB_BYTES = SLAB_BYTES / 4;

    private final Arena scope = Arena.ofShared();
    private final List<AutoCloseable> slabs = new ArrayList<>();
    private final Gpu gpu;
    private long next;
    private long end;

    private SlabArena(final Gpu gpu) {
        this.gpu = gpu;
    }

    /** An arena of memory that host and device see. */
    static SlabArena pinned(final Gpu gpu) {
        return new SlabArena(gpu) {
            @Override
            long open(final long bytes, final List<AutoCloseable> opened) {
                final PinnedSlab slab = new PinnedSlab(gpu.context(), gpu.slabs(), MemoryTag.MEDIA, bytes);
                opened.add(slab);
                final MemorySegment whole = slab.slice(bytes, ALIGNMENT);
                if (slab.deviceAddress(whole) != whole.address()) {
                    throw new IllegalStateException("this GPU sees pinned memory at other addresses than the host:"
                            + " expected one with unified addressing, as all have on 64-bit systems");
                }
                return whole.address();
            }
        };
    }

    /** An arena of device memory. */
    static SlabArena onDevice(final Gpu gpu) {
        return new SlabArena(gpu) {
            @Override
            long open(final long bytes, final List<AutoCloseable> opened) {
                final DeviceSlab slab = new DeviceSlab(gpu.context(), gpu.slabs(), MemoryTag.KV, bytes);
                opened.add(slab);
                final long address = slab.slice(bytes, ALIGNMENT);
                gpu.stream().fillBytes(address, (byte) 0, bytes);
                gpu.stream().synchronize();
                return address;
            }
        };
    }

    /** Asks the driver for a slab and returns its address; whoever opened it adds it to what is closed. */
    abstract long open(long bytes, List<AutoCloseable> opened);

    @Override
    public MemorySegment allocate(final long byteSize, final long byteAlignment) {
        final long wanted = Math.max(1, byteSize);
        if (wanted >= OWN_SLAB_BYTES) {
            final long slack = Math.max(0, byteAlignment - ALIGNMENT);
            return segment(align(slab(wanted + slack), byteAlignment), byteSize);
        }
        if (align(next, byteAlignment) + wanted > end) {
            next = slab(SLAB_BYTES);
            end = next + SLAB_BYTES;
        }
        final long start = align(next, byteAlignment);
        next = start + wanted;
        return segment(start, byteSize);
    }

    private long slab(final long bytes) {
        gpu.enter();
        try {
            return open(align(bytes, ALIGNMENT), slabs);
        } finally {
            gpu.leave();
        }
    }

    private static long align(final long address, final long alignment) {
        return (address + alignment - 1) & -alignment;
    }

    private static MemorySegment segment(final long address, final long bytes) {
        return OffHeap.ALL.asSlice(address, bytes);
    }

    @Override
    public MemorySegment.Scope scope() {
        return scope.scope();
    }

    @Override
    public void close() {
        gpu.enter();
        try {
            CloseHelper.closeAll(slabs);
        } finally {
            slabs.clear();
            scope.close();
            gpu.leave();
        }
    }
}
