package dev.tactus.kernel.cuda;

import dev.tactus.cuda.CudaContext;
import dev.tactus.cuda.CudaFunction;
import dev.tactus.cuda.CudaModule;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The engine's CUDA kernels, loaded into a context: {@code kernels.cu}, compiled by {@code build.sh} for the
 * architectures that its manifest names, with PTX for others.
 *
 * <p>Loading resolves every kernel of the manifest and compares its parameters, so that a launch meets no surprise. The
 * thread that owns the context loads, prepares launches and closes; closing comes before the context's.
 */
public final class CudaKernels implements AutoCloseable {
    private static final String IMAGE = "tactus-kernels.fatbin";
    private static final String MANIFEST = "tactus-kernels.json";

    private final CudaModule module;
    private final KernelManifest manifest;
    private final Map<String, CudaFunction> functions = new LinkedHashMap<>();

    private CudaKernels(final CudaModule module, final KernelManifest manifest) {
        this.module = module;
        this.manifest = manifest;
        for (final String name : manifest.kernels()) {
            final CudaFunction function = module.function(name);
            if (!Arrays.equals(function.parameterBytes(), manifest.parameterBytes(name))) {
                throw new IllegalStateException(IMAGE + " and " + MANIFEST + " are of different builds: " + name
                        + " has parameters of " + Arrays.toString(function.parameterBytes()) + " bytes, not "
                        + Arrays.toString(manifest.parameterBytes(name)));
            }
            functions.put(name, function);
        }
    }

    /** Whether this build of the library has CUDA kernels; one without nvcc whose sources had changed has none. */
    public static boolean arePackaged() {
        return CudaKernels.class.getResource(IMAGE) != null && CudaKernels.class.getResource(MANIFEST) != null;
    }

    /**
     * Loads the kernels.
     *
     * @param context of the GPU they are to run on; the caller's thread owns it
     * @throws IllegalStateException when this library was built without them, or from another manifest's sources
     * @throws dev.tactus.cuda.CudaException when the driver cannot run them
     */
    public static CudaKernels load(final CudaContext context) {
        final KernelManifest manifest = KernelManifest.parse(new String(resource(MANIFEST), StandardCharsets.UTF_8));
        final CudaModule module = context.loadModule("tactus-kernels", MemorySegment.ofArray(resource(IMAGE)));
        try {
            return new CudaKernels(module, manifest);
        } catch (final RuntimeException | Error ex) {
            try {
                module.close();
            } catch (final RuntimeException second) {
                ex.addSuppressed(second);
            }
            throw ex;
        }
    }

    private static byte[] resource(final String name) {
        try (InputStream in = CudaKernels.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("this build has no CUDA kernels (" + name
                        + "): build it where nvcc is, or from a commit that has them");
            }
            return in.readAllBytes();
        } catch (final IOException ex) {
            throw new UncheckedIOException("cannot read " + name, ex);
        }
    }

    /**
     * A kernel.
     *
     * @param name as in {@code kernels.cu}
     * @throws IllegalArgumentException when there is no such kernel
     */
    public CudaFunction function(final String name) {
        final CudaFunction function = functions.get(name);
        if (function == null) {
            throw new IllegalArgumentException("there is no kernel " + name + " among " + functions.keySet());
        }
        return function;
    }

    /** The names of all kernels. */
    public Set<String> names() {
        return Set.copyOf(functions.keySet());
    }

    /** The SHA-256 of the sources that they were compiled from. */
    public String sources() {
        return manifest.sources();
    }

    /** Unloads the kernels. No launch that was prepared with them may follow. */
    @Override
    public void close() {
        module.close();
    }
}
