package dev.tactus.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tactus.bindings.NativeCall;
import dev.tactus.cuda.ffi.CudaDriverApi;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Arrays;

/**
 * A kernel that can be launched, for as long as its module is open. It knows the sizes of its parameters from the
 * compiled code, so that arguments of another layout are refused before the launch.
 */
public final class CudaFunction {
    private static final int MAX_PARAMETERS = 64;

    private final CudaModule module;
    private final String name;
    private final long raw;
    private final int[] parameterBytes;
    private final String call;

    CudaFunction(final CudaModule module, final String name, final long raw) {
        this.module = module;
        this.name = name;
        this.raw = raw;
        this.call = "cuLaunchKernel(" + name + ")";
        this.parameterBytes = readParameters();
    }

    /** The kernel's name. */
    public String name() {
        return name;
    }

    /** The module it belongs to. */
    public CudaModule module() {
        return module;
    }

    /** The size of each parameter in bytes, in order. */
    public int[] parameterBytes() {
        return parameterBytes.clone();
    }

    /** A block of arguments for this kernel: one per place that launches it, filled before each launch. */
    public KernelArguments newArguments() {
        return new KernelArguments(name, parameterBytes);
    }

    /**
     * Puts a launch into a stream; the arguments are copied before this returns. Allocates nothing on the Java heap.
     *
     * @param stream where
     * @param gridX blocks along x, at least 1; {@code gridY} and {@code gridZ} at most 65535
     * @param blockX threads of a block along x; a block has at most {@link #maxThreadsPerBlock()}
     * @param sharedBytes dynamic shared memory of a block; more than 48 KiB must be {@linkplain #allowSharedBytes
     *     allowed} first
     * @param arguments made by {@link #newArguments()} of this kernel
     * @throws CudaException when the driver refuses, or when earlier work of the context has failed
     */
    public void launch(
            final CudaStream stream,
            final int gridX,
            final int gridY,
            final int gridZ,
            final int blockX,
            final int blockY,
            final int blockZ,
            final int sharedBytes,
            final KernelArguments arguments) {
        arguments.requireFor(name, parameterBytes);
        module.use();
        final long queue = stream.use();
        final long parameters = arguments.pointers();
        final int result;
        try {
            result = (int) DriverCalls.LAUNCH_KERNEL.invokeExact(
                    raw, gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes, queue, parameters, 0L);
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature(call, ex);
        } finally {
            // the driver reads the arguments by their address, which keeps no object alive
            Reference.reachabilityFence(arguments);
        }
        if (result != 0) {
            throw module.context()
                    .failure(
                            result,
                            "cuLaunchKernel(" + name + ", grid " + gridX + " x " + gridY + " x " + gridZ + ", block "
                                    + blockX + " x " + blockY + " x " + blockZ + ", " + sharedBytes
                                    + " bytes of shared memory)",
                            stream);
        }
        stream.countLaunch();
    }

    /** The same along x alone. */
    public void launch(
            final CudaStream stream,
            final int grid,
            final int block,
            final int sharedBytes,
            final KernelArguments arguments) {
        launch(stream, grid, 1, 1, block, 1, 1, sharedBytes, arguments);
    }

    /**
     * Lets launches use up to {@code bytes} of dynamic shared memory per block.
     *
     * @throws CudaException when the GPU has less ({@link CudaDevice#maxSharedBytesPerBlock()})
     */
    public void allowSharedBytes(final int bytes) {
        module.use();
        final int attribute = CudaDriverApi.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES();
        final String setCall = "cuFuncSetAttribute(" + name + ", " + bytes + " bytes of dynamic shared memory)";
        module.context()
                .check(
                        NativeCall.run(
                                setCall, () -> (int) DriverCalls.FUNC_SET_ATTRIBUTE.invokeExact(raw, attribute, bytes)),
                        setCall,
                        null);
    }

    /** Registers per thread. */
    public int registers() {
        return attribute(CudaDriverApi.CU_FUNC_ATTRIBUTE_NUM_REGS());
    }

    /** Static shared memory per block in bytes. */
    public int sharedBytes() {
        return attribute(CudaDriverApi.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES());
    }

    /** Local memory per thread in bytes: what is spilled or indexed. 0 in a kernel as it should be. */
    public int localBytes() {
        return attribute(CudaDriverApi.CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES());
    }

    /** The most threads a block of this kernel may have, from its launch bounds and its registers. */
    public int maxThreadsPerBlock() {
        return attribute(CudaDriverApi.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK());
    }

    /** The architecture of the code that was chosen: 90 for sm_90. */
    public int binaryVersion() {
        return attribute(CudaDriverApi.CU_FUNC_ATTRIBUTE_BINARY_VERSION());
    }

    private int attribute(final int attribute) {
        module.use();
        final MemorySegment out = module.context().scratch();
        module.context()
                .check(
                        NativeCall.run("cuFuncGetAttribute", () ->
                                (int) DriverCalls.FUNC_GET_ATTRIBUTE.invokeExact(out.address(), attribute, raw)),
                        "cuFuncGetAttribute(" + name + ")",
                        null);
        return out.get(JAVA_INT, 0);
    }

    /** Asks for parameter 0, 1, … until the driver has no more. */
    private int[] readParameters() {
        final MemorySegment out = module.context().scratch();
        final int[] bytes = new int[MAX_PARAMETERS];
        for (int i = 0; i < MAX_PARAMETERS; i++) {
            final long index = i;
            final int result = NativeCall.run("cuFuncGetParamInfo", () -> (int)
                    DriverCalls.FUNC_GET_PARAM_INFO.invokeExact(raw, index, out.address(), out.address() + Long.BYTES));
            if (result == DriverCalls.INVALID_VALUE) {
                return Arrays.copyOf(bytes, i);
            }
            module.context().check(result, "cuFuncGetParamInfo(" + name + ", " + i + ")", null);
            bytes[i] = Math.toIntExact(out.get(JAVA_LONG, Long.BYTES));
        }
        throw new IllegalStateException(name + " has more than " + MAX_PARAMETERS + " parameters: pass a struct");
    }

    @Override
    public String toString() {
        return "kernel " + name;
    }
}
