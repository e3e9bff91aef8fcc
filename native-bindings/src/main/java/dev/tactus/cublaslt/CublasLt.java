package dev.tactus.cublaslt;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tactus.bindings.NativeCall;
import dev.tactus.bindings.OptionalLibrary;
import dev.tactus.cuda.CudaContext;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * cuBLASLt in a CUDA context. The library is optional: it is looked for in the folder that the environment variable
 * {@value #FOLDER_VARIABLE} names, then by the loader as {@code libcublasLt.so.13}.
 *
 * <p>Belongs to the thread that owns the context, and is closed after its products and before the context.
 */
public final class CublasLt implements AutoCloseable {
    /** The environment variable that names the folder with the library, an absolute path. */
    public static final String FOLDER_VARIABLE = "TACTUS_CUBLASLT";

    /** The oldest version that works, as the library counts: 10000 per major, 100 per minor version. */
    public static final long OLDEST_VERSION = 130_000;

    /** The first version that may have changed what is used here. */
    public static final long FIRST_UNKNOWN_VERSION = 140_000;

    private static final long MESSAGE_BYTES = 1024;

    private final CudaContext context;
    private final long version;
    private final long raw;
    private int products;
    private boolean closed;

    private CublasLt(final CudaContext context, final long version, final long raw) {
        this.context = context;
        this.version = version;
        this.raw = raw;
        context.enlist(this);
    }

    /**
     * Opens the library in a context.
     *
     * @throws dev.tactus.bindings.NativeBindingException when it is absent, of another version or incomplete; the
     *     message has every reason and the remedy
     * @throws CublasLtException when it refuses this GPU or driver
     */
    public static CublasLt open(final CudaContext context) {
        context.requireUsable();
        final long version = CublasLtLibrary.load(System.getenv(FOLDER_VARIABLE));
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment out = arena.allocate(JAVA_LONG);
            check(
                    NativeCall.run("cublasLtCreate", () -> (int) CublasLtCalls.CREATE.invokeExact(out.address())),
                    "cublasLtCreate");
            return new CublasLt(context, version, out.get(JAVA_LONG, 0));
        }
    }

    /** The version as people write it: {@code 13.1.0}. */
    public String version() {
        return OptionalLibrary.text(version);
    }

    /** The context it works in. */
    public CudaContext context() {
        return context;
    }

    /**
     * Prepares the products with one weight matrix: the algorithm is chosen, and working memory allocated, here and
     * never again.
     *
     * @param outputs N, the rows of the weights, a multiple of 8
     * @param inputs K, the columns of the weights, a multiple of 8
     * @param maxRows the most rows that are multiplied at once
     * @throws CublasLtException when no algorithm serves every row count without splitting K
     */
    public CublasLtLinear linear(final int outputs, final int inputs, final int maxRows) {
        use();
        return CublasLtLinear.open(this, outputs, inputs, maxRows);
    }

    /** The library's handle. */
    long use() {
        if (closed) {
            throw new IllegalStateException("cuBLASLt is closed");
        }
        context.requireUsable();
        return raw;
    }

    void count(final int change) {
        products += change;
    }

    /**
     * Gives the handle back. Calling it again does nothing.
     *
     * @throws IllegalStateException while a product is open
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (products != 0) {
            throw new IllegalStateException("close the " + products + " products of cuBLASLt first");
        }
        context.delist(this);
        closed = true;
        final int result = NativeCall.run("cublasLtDestroy", () -> (int) CublasLtCalls.DESTROY.invokeExact(raw));
        if (!context.isLost()) {
            check(result, "cublasLtDestroy");
        }
    }

    /** Throws what {@code status} means unless it is success. */
    static void check(final int status, final String call) {
        if (status != 0) {
            throw failure(status, call);
        }
    }

    static CublasLtException failure(final int status, final String call) {
        final long name;
        final long text;
        try {
            name = (long) CublasLtCalls.GET_STATUS_NAME.invokeExact(status);
            text = (long) CublasLtCalls.GET_STATUS_STRING.invokeExact(status);
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature("cublasLtGetStatusName", ex);
        }
        return new CublasLtException(name == 0 ? "an unknown status" : string(name), status, call, string(text));
    }

    private static String string(final long address) {
        return address == 0
                ? ""
                : MemorySegment.ofAddress(address).reinterpret(MESSAGE_BYTES).getString(0);
    }

    @Override
    public String toString() {
        return "cuBLASLt " + version();
    }
}
