package dev.tactus.cuda;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tactus.bindings.NativeCall;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** GPU memory. Kernels know its address; the host reaches it by copies of a {@link CudaStream} only. */
public final class DeviceMemory extends CudaHandle {
    private final long bytes;

    private DeviceMemory(final CudaContext context, final String name, final long address, final long bytes) {
        super(context, bytes + " bytes of GPU memory for " + name, address);
        this.bytes = bytes;
    }

    static DeviceMemory allocate(final CudaContext context, final String name, final long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("GPU memory for " + name + ": at least 1 byte, not " + bytes);
        }
        context.enter();
        final MemorySegment out = context.scratch();
        final int result =
                NativeCall.run("cuMemAlloc_v2", () -> (int) DriverCalls.MEM_ALLOC.invokeExact(out.address(), bytes));
        if (result != 0) {
            throw context.failure(result, "cuMemAlloc_v2(" + bytes + " bytes for " + name + ")", null);
        }
        context.countDeviceAllocation();
        return new DeviceMemory(context, name, out.get(JAVA_LONG, 0), bytes);
    }

    /** How much. */
    public long bytes() {
        return bytes;
    }

    /** The device address of the first byte, aligned to at least 256. */
    public long address() {
        return use();
    }

    /**
     * The device address of a range inside it.
     *
     * @throws IndexOutOfBoundsException when the range leaves it
     */
    public long address(final long offset, final long length) {
        return use() + Objects.checkFromIndexSize(offset, length, bytes);
    }

    @Override
    int destroy(final long handle) {
        return NativeCall.run("cuMemFree_v2", () -> (int) DriverCalls.MEM_FREE.invokeExact(handle));
    }
}
