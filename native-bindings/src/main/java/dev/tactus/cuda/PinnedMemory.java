package dev.tactus.cuda;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tactus.bindings.NativeCall;
import dev.tactus.cuda.ffi.CudaDriverApi;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Host memory that never moves and that the GPU reads and writes in place, at an address of its own.
 *
 * <p>The host side may be used by any thread; what Java writes must be ordered before the launch that reads it (release
 * the slot before the tick takes it), and what a kernel writes is read after the stream, event or pinned word says so.
 * Closing it is for the owner's thread, after the GPU has finished with it.
 */
public final class PinnedMemory extends CudaHandle {
    /** Where allocated memory begins at a multiple of; the driver alone promises less for small pieces. */
    static final long ALIGNMENT = 4096;

    private final MemorySegment segment;
    private final long deviceAddress;
    private final Arena arena;

    private PinnedMemory(
            final CudaContext context,
            final String name,
            final long raw,
            final MemorySegment segment,
            final long deviceAddress,
            final Arena arena) {
        super(context, segment.byteSize() + " bytes of pinned memory for " + name, raw);
        this.segment = segment;
        this.deviceAddress = deviceAddress;
        this.arena = arena;
    }

    static PinnedMemory allocate(final CudaContext context, final String name, final long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("pinned memory for " + name + ": at least 1 byte, not " + bytes);
        }
        context.enter();
        final MemorySegment out = context.scratch();
        final int flags = CudaDriverApi.CU_MEMHOSTALLOC_PORTABLE() | CudaDriverApi.CU_MEMHOSTALLOC_DEVICEMAP();
        final String call = "cuMemHostAlloc(" + bytes + " bytes for " + name + ")";
        final long wanted = Math.addExact(bytes, ALIGNMENT - 1);
        context.check(
                NativeCall.run(call, () -> (int) DriverCalls.MEM_HOST_ALLOC.invokeExact(out.address(), wanted, flags)),
                call,
                null);
        final long host = out.get(JAVA_LONG, 0);
        try {
            final long device = map(context, name, host);
            final long start = (host + ALIGNMENT - 1) & -ALIGNMENT;
            final Arena arena = Arena.ofShared();
            final MemorySegment segment = MemorySegment.ofAddress(start).reinterpret(bytes, arena, null);
            segment.fill((byte) 0);
            context.countPinnedAllocation();
            return new PinnedMemory(context, name, host, segment, device + start - host, arena);
        } catch (final CudaException ex) {
            NativeCall.run("cuMemFreeHost", () -> (int) DriverCalls.MEM_FREE_HOST.invokeExact(host));
            throw ex;
        }
    }

    static PinnedMemory register(final CudaContext context, final String name, final MemorySegment segment) {
        if (!segment.isNative() || segment.byteSize() < 1) {
            throw new IllegalArgumentException("only native memory of at least 1 byte can be pinned for " + name);
        }
        context.enter();
        final int flags = CudaDriverApi.CU_MEMHOSTREGISTER_PORTABLE() | CudaDriverApi.CU_MEMHOSTREGISTER_DEVICEMAP();
        final long host = segment.address();
        final long bytes = segment.byteSize();
        final String call = "cuMemHostRegister_v2(" + bytes + " bytes for " + name + ")";
        context.check(
                NativeCall.run(call, () -> (int) DriverCalls.MEM_HOST_REGISTER.invokeExact(host, bytes, flags)),
                call,
                null);
        try {
            final long device = map(context, name, host);
            context.countPinnedAllocation();
            return new PinnedMemory(context, name, host, segment, device, null);
        } catch (final CudaException ex) {
            NativeCall.run("cuMemHostUnregister", () -> (int) DriverCalls.MEM_HOST_UNREGISTER.invokeExact(host));
            throw ex;
        }
    }

    private static long map(final CudaContext context, final String name, final long host) {
        final MemorySegment out = context.scratch();
        final String call = "cuMemHostGetDevicePointer_v2(" + name + ")";
        context.check(
                NativeCall.run(
                        call, () -> (int) DriverCalls.MEM_HOST_GET_DEVICE_POINTER.invokeExact(out.address(), host, 0)),
                call,
                null);
        return out.get(JAVA_LONG, 0);
    }

    /** How much. */
    public long bytes() {
        return segment.byteSize();
    }

    /** The memory as the host sees it. Invalid after {@link #close()} where this object allocated it. */
    public MemorySegment segment() {
        return segment;
    }

    /** Where the GPU sees the first byte. */
    public long deviceAddress() {
        use();
        return deviceAddress;
    }

    /**
     * Where the GPU sees a range inside it.
     *
     * @throws IndexOutOfBoundsException when the range leaves it
     */
    public long deviceAddress(final long offset, final long length) {
        use();
        return deviceAddress + Objects.checkFromIndexSize(offset, length, segment.byteSize());
    }

    /** Ends the host's view first: it throws while another thread is inside a call with it, and nothing is freed. */
    @Override
    void beforeClose() {
        if (arena != null) {
            arena.close();
        }
    }

    @Override
    int destroy(final long handle) {
        return arena != null
                ? NativeCall.run("cuMemFreeHost", () -> (int) DriverCalls.MEM_FREE_HOST.invokeExact(handle))
                : NativeCall.run(
                        "cuMemHostUnregister", () -> (int) DriverCalls.MEM_HOST_UNREGISTER.invokeExact(handle));
    }
}
