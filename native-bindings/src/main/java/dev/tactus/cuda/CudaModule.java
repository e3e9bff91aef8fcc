package dev.tactus.cuda;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tactus.bindings.NativeCall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Compiled kernels, loaded into a context. Its functions are of no use once it is closed. */
public final class CudaModule extends CudaHandle {
    private static final long IMAGE_ALIGNMENT = 16;

    private CudaModule(final CudaContext context, final String name, final long raw) {
        super(context, "module " + name, raw);
    }

    static CudaModule load(final CudaContext context, final String name, final MemorySegment image) {
        if (image.byteSize() == 0) {
            throw new IllegalArgumentException("module " + name + " is empty");
        }
        context.enter();
        final MemorySegment out = context.scratch();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment copy =
                    arena.allocate(image.byteSize(), IMAGE_ALIGNMENT).copyFrom(image);
            final int result = NativeCall.run("cuModuleLoadData", () ->
                    (int) DriverCalls.MODULE_LOAD_DATA.invokeExact(out.address(), copy.address()));
            context.check(
                    result,
                    "cuModuleLoadData(" + name + ", " + image.byteSize() + " bytes, for "
                            + context.device().name() + " of compute capability "
                            + context.device().computeCapability() + ")",
                    null);
        }
        return new CudaModule(context, name, out.get(JAVA_LONG, 0));
    }

    /**
     * A kernel of the module.
     *
     * @param kernel its name as exported with {@code extern "C"}
     * @throws CudaException {@code CUDA_ERROR_NOT_FOUND} names the module and the kernel
     */
    public CudaFunction function(final String kernel) {
        final long module = use();
        final MemorySegment out = context().scratch();
        final String call = "cuModuleGetFunction(" + this + ", " + kernel + ")";
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment text = arena.allocateFrom(kernel);
            final int result = NativeCall.run(call, () ->
                    (int) DriverCalls.MODULE_GET_FUNCTION.invokeExact(out.address(), module, text.address()));
            context().check(result, call, null);
        }
        return new CudaFunction(this, kernel, out.get(JAVA_LONG, 0));
    }

    @Override
    int destroy(final long handle) {
        return NativeCall.run("cuModuleUnload", () -> (int) DriverCalls.MODULE_UNLOAD.invokeExact(handle));
    }
}
