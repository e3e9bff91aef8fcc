package dev.tactus.cudnn;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tactus.bindings.NativeCall;
import dev.tactus.bindings.OptionalLibrary;
import dev.tactus.cuda.CudaContext;
import dev.tactus.cuda.CudaStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * cuDNN in a CUDA context. The library is optional: it is looked for in the folder that the environment variable
 * {@value #FOLDER_VARIABLE} names, then by the loader as {@code libcudnn.so.9}.
 *
 * <p>Belongs to the thread that owns the context, and is closed after its convolutions and before the context.
 */
public final class Cudnn implements AutoCloseable {
    /** The environment variable that names the folder with the library, an absolute path. */
    public static final String FOLDER_VARIABLE = "TACTUS_CUDNN";

    /** The oldest version that works, as the library counts: 10000 per major, 100 per minor version. */
    public static final long OLDEST_VERSION = 90_000;

    /** The first version that may have changed what is used here. */
    public static final long FIRST_UNKNOWN_VERSION = 100_000;

    private static final long MESSAGE_BYTES = 1024;

    private final CudaContext context;
    private final long version;
    private final long raw;
    private int convolutions;
    private long stream;
    private boolean closed;

    private Cudnn(final CudaContext context, final long version, final long raw) {
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
     * @throws CudnnException when it refuses this GPU or driver
     */
    public static Cudnn open(final CudaContext context) {
        context.requireUsable();
        final long version = CudnnLibrary.load(System.getenv(FOLDER_VARIABLE));
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment out = arena.allocate(JAVA_LONG);
            check(
                    NativeCall.run("cudnnCreate", () -> (int) CudnnCalls.CREATE.invokeExact(out.address())),
                    "cudnnCreate");
            return new Cudnn(context, version, out.get(JAVA_LONG, 0));
        }
    }

    /** The version as people write it: {@code 9.24.0}. */
    public String version() {
        return OptionalLibrary.text(version);
    }

    /** The context it works in. */
    public CudaContext context() {
        return context;
    }

    /**
     * Prepares a convolution: its algorithm is chosen, and its working memory allocated, here and never again.
     *
     * @param shape the shape, fixed
     * @param type of input, weights and output
     * @throws CudnnException when the library has no algorithm whose result is the same every time
     */
    public CudnnConv1d conv1d(final Conv1d shape, final CudnnType type) {
        use();
        return CudnnConv1d.open(this, shape, type);
    }

    /** The library's handle, set to work in {@code queue}. */
    long use(final CudaStream queue) {
        use();
        final long wanted = queue.handle();
        if (queue.context() != context) {
            throw new IllegalArgumentException(queue + " belongs to another context");
        }
        if (wanted != stream) {
            final int result;
            try {
                result = (int) CudnnCalls.SET_STREAM.invokeExact(raw, wanted);
            } catch (final Throwable ex) {
                throw NativeCall.wrongSignature("cudnnSetStream", ex);
            }
            check(result, "cudnnSetStream");
            stream = wanted;
        }
        return raw;
    }

    /** The library's handle. */
    long use() {
        if (closed) {
            throw new IllegalStateException("cuDNN is closed");
        }
        context.requireUsable();
        return raw;
    }

    void count(final int change) {
        convolutions += change;
    }

    /**
     * Gives the handle back. Calling it again does nothing.
     *
     * @throws IllegalStateException while a convolution is open
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (convolutions != 0) {
            throw new IllegalStateException("close the " + convolutions + " convolutions of cuDNN first");
        }
        context.delist(this);
        closed = true;
        final int result = NativeCall.run("cudnnDestroy", () -> (int) CudnnCalls.DESTROY.invokeExact(raw));
        if (!context.isLost()) {
            check(result, "cudnnDestroy");
        }
    }

    /** Throws what {@code status} means unless it is success. */
    static void check(final int status, final String call) {
        if (status != 0) {
            throw failure(status, call);
        }
    }

    static CudnnException failure(final int status, final String call) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment message = arena.allocate(MESSAGE_BYTES);
            final long name;
            try {
                name = (long) CudnnCalls.GET_ERROR_STRING.invokeExact(status);
                CudnnCalls.GET_LAST_ERROR_STRING.invokeExact(message.address(), MESSAGE_BYTES);
            } catch (final Throwable ex) {
                throw NativeCall.wrongSignature("cudnnGetErrorString", ex);
            }
            final String text = name == 0
                    ? "an unknown status"
                    : MemorySegment.ofAddress(name).reinterpret(MESSAGE_BYTES).getString(0);
            return new CudnnException(text, status, call, message.getString(0));
        }
    }

    @Override
    public String toString() {
        return "cuDNN " + version();
    }
}
