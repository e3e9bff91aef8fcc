package dev.tactus.cuda;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tactus.bindings.NativeCall;
import dev.tactus.cuda.ffi.CudaDriverApi;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** One GPU: what it is called and what it has. Immutable; any thread may ask. */
public final class CudaDevice {
    private static final int NAME_BYTES = 256;

    private final CudaDriver driver;
    private final int ordinal;
    private final int handle;
    private final String name;
    private final long totalBytes;

    CudaDevice(final CudaDriver driver, final int ordinal) {
        this.driver = driver;
        this.ordinal = ordinal;
        this.handle = driver.number("cuDeviceGet", out -> (int) DriverCalls.DEVICE_GET.invokeExact(out, ordinal));
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment text = arena.allocate(NAME_BYTES);
            driver.check(
                    NativeCall.run("cuDeviceGetName", () ->
                            (int) DriverCalls.DEVICE_GET_NAME.invokeExact(text.address(), NAME_BYTES, handle)),
                    "cuDeviceGetName");
            this.name = text.getString(0);
            final MemorySegment bytes = arena.allocate(JAVA_LONG);
            driver.check(
                    NativeCall.run("cuDeviceTotalMem_v2", () ->
                            (int) DriverCalls.DEVICE_TOTAL_MEM.invokeExact(bytes.address(), handle)),
                    "cuDeviceTotalMem_v2");
            this.totalBytes = bytes.get(JAVA_LONG, 0);
        }
    }

    /** The driver that found it. */
    public CudaDriver driver() {
        return driver;
    }

    /** Its number among the visible GPUs, from 0. */
    public int ordinal() {
        return ordinal;
    }

    int handle() {
        return handle;
    }

    /** The product's name: {@code NVIDIA H200}. */
    public String name() {
        return name;
    }

    /** All of its memory in bytes; what is free is known to a {@link CudaContext}. */
    public long totalBytes() {
        return totalBytes;
    }

    /** The first number of the compute capability: 9 of 9.0. */
    public int computeMajor() {
        return attribute(CudaDriverApi.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR());
    }

    /** The second number of the compute capability: 0 of 9.0. */
    public int computeMinor() {
        return attribute(CudaDriverApi.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR());
    }

    /** The compute capability as people write it: {@code 9.0}. */
    public String computeCapability() {
        return computeMajor() + "." + computeMinor();
    }

    /** Streaming multiprocessors. */
    public int multiprocessors() {
        return attribute(CudaDriverApi.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT());
    }

    /** The most shared memory a block may have after asking for it, in bytes. */
    public int maxSharedBytesPerBlock() {
        return attribute(CudaDriverApi.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN());
    }

    /** The second-level cache in bytes. */
    public int l2Bytes() {
        return attribute(CudaDriverApi.CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE());
    }

    /** Whether kernels can read pinned host memory in place, which the engine's media slots need. */
    public boolean canMapHostMemory() {
        return attribute(CudaDriverApi.CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY()) != 0;
    }

    /** Whether memory of the Java side can be pinned where it is ({@link CudaContext#pin}). */
    public boolean canRegisterHostMemory() {
        return attribute(CudaDriverApi.CU_DEVICE_ATTRIBUTE_HOST_REGISTER_SUPPORTED()) != 0;
    }

    /**
     * Opens this GPU's primary context for the calling thread, which owns it from now on.
     *
     * @throws IllegalStateException on a virtual thread, as the driver keeps its state per OS thread, and on a thread
     *     that owns a context of another GPU
     * @throws CudaException when the driver refuses
     */
    public CudaContext openContext() {
        return CudaContext.open(this);
    }

    private int attribute(final int attribute) {
        return driver.number("cuDeviceGetAttribute", out ->
                (int) DriverCalls.DEVICE_GET_ATTRIBUTE.invokeExact(out, attribute, handle));
    }

    @Override
    public String toString() {
        return "GPU " + ordinal + " (" + name + ")";
    }
}
