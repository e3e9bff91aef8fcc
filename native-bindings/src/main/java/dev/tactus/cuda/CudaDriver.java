package dev.tactus.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tactus.bindings.NativeBindingException;
import dev.tactus.bindings.NativeCall;
import dev.tactus.bindings.NativeLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/**
 * The NVIDIA driver of this machine, loaded on the first {@link #load()} and kept until the process ends.
 *
 * <p>The library is the one that the system property {@value #LIBRARY_PROPERTY} names (an absolute path), else what the
 * loader finds as {@code libcuda.so.1}. One process uses one driver. Any thread may call this class; what it opens
 * belongs to threads as said there.
 */
public final class CudaDriver {
    /** The system property that names a driver library by its absolute path, for tests and unusual machines. */
    public static final String LIBRARY_PROPERTY = "tactus.cuda.library";

    /**
     * The oldest CUDA that a driver must speak, counted as the driver counts: 1000 per major, 10 per minor version. The
     * kernels are compiled by CUDA 13.0, and a driver runs what compilers of its own major version or older made; every
     * call used here is older than that.
     */
    public static final int OLDEST_VERSION = 13_000;

    static final String DEFAULT_LIBRARY = "libcuda.so.1";

    private static CudaDriver loaded;
    private static NativeBindingException incomplete;

    /** Read by {@link DriverCalls} when it is initialised, on the thread that holds the lock of {@link #load()}. */
    private static NativeLibrary candidate;

    private final NativeLibrary library;
    private final int version;
    private final int deviceCount;

    private CudaDriver(final NativeLibrary library, final DriverProbe.Answer answer) {
        this.library = library;
        this.version = answer.version();
        this.deviceCount = answer.deviceCount();
    }

    /**
     * The driver; loaded and initialised by the first call. Without the property a later call gets what is loaded.
     *
     * @throws CudaUnavailableException when no GPU can be used, with every reason and the remedy. A later call tries
     *     again
     */
    public static CudaDriver load() {
        final String named = System.getProperty(LIBRARY_PROPERTY);
        final DeviceNodes nodes = DeviceNodes.in(Path.of("/dev"));
        return named == null || named.isEmpty() ? loadAny(nodes) : load(named, nodes);
    }

    private static synchronized CudaDriver loadAny(final DeviceNodes nodes) {
        return loaded != null ? loaded : load(DEFAULT_LIBRARY, nodes);
    }

    static synchronized CudaDriver load(final String name, final DeviceNodes nodes) {
        if (loaded != null && loaded.library.name().equals(name)) {
            return loaded;
        }
        final NativeLibrary library = DriverProbe.open(name, nodes);
        final DriverProbe.Answer answer = DriverProbe.ask(library, nodes);
        if (loaded != null) {
            throw DriverProbe.otherDriver(name, loaded.library.name());
        }
        bindCalls(library);
        loaded = new CudaDriver(library, answer);
        return loaded;
    }

    /** Where {@link DriverCalls} looks for its symbols. */
    static NativeLibrary loadedLibrary() {
        return candidate;
    }

    /** The generated classes and ours are initialised once per process, so a failure is kept to be told again. */
    private static void bindCalls(final NativeLibrary library) {
        if (incomplete != null) {
            throw DriverProbe.notADriver(incomplete.getMessage());
        }
        candidate = library;
        try {
            DriverCalls.loses(0);
        } catch (final ExceptionInInitializerError ex) {
            incomplete = new NativeBindingException(
                    library.name() + " is not complete", List.of(String.valueOf(ex.getCause())));
            throw DriverProbe.notADriver(incomplete.getMessage());
        }
    }

    /** The library that was loaded: a path, or the name given to the loader. */
    public String library() {
        return library.name();
    }

    /** The newest CUDA the driver speaks, as it counts: 13000 is 13.0. */
    public int version() {
        return version;
    }

    /** The version as people write it: {@code 13.0}. */
    public String versionText() {
        return versionText(version);
    }

    static String versionText(final int version) {
        return version / 1000 + "." + version % 1000 / 10;
    }

    /** How many GPUs this process may see, at least 1. */
    public int deviceCount() {
        return deviceCount;
    }

    /**
     * A GPU.
     *
     * @param ordinal from 0, below {@link #deviceCount()}
     */
    public CudaDevice device(final int ordinal) {
        if (ordinal < 0 || ordinal >= deviceCount) {
            throw new IllegalArgumentException("no GPU " + ordinal + ": this process sees " + deviceCount
                    + ", numbered from 0 (CUDA_VISIBLE_DEVICES hides others)");
        }
        return new CudaDevice(this, ordinal);
    }

    /** Throws what {@code result} means unless it is success. For calls that belong to no context. */
    void check(final int result, final String call) {
        if (result != 0) {
            throw failure(result, call, "");
        }
    }

    /** The exception for an error; asks the driver for its name and its text. */
    CudaException failure(final int error, final String call, final String stream) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment out = arena.allocate(JAVA_LONG);
            final int named = NativeCall.run(
                    "cuGetErrorName", () -> (int) DriverCalls.GET_ERROR_NAME.invokeExact(error, out.address()));
            final String name = named == 0 ? text(out) : "an unknown error";
            final int explained = NativeCall.run(
                    "cuGetErrorString", () -> (int) DriverCalls.GET_ERROR_STRING.invokeExact(error, out.address()));
            final String explanation = explained == 0 ? text(out) : "";
            return new CudaException(name, error, call, stream, DriverCalls.loses(error), explanation);
        }
    }

    private static String text(final MemorySegment pointer) {
        final long address = pointer.get(JAVA_LONG, 0);
        return address == 0
                ? ""
                : MemorySegment.ofAddress(address)
                        .reinterpret(DriverProbe.LONGEST_TEXT)
                        .getString(0);
    }

    /** The number that a call writes through its pointer. */
    int number(final String call, final NumberCall body) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment out = arena.allocate(JAVA_INT);
            check(NativeCall.run(call, () -> body.call(out.address())), call);
            return out.get(JAVA_INT, 0);
        }
    }

    /** A call that writes one number. */
    interface NumberCall {
        int call(long out) throws Throwable;
    }
}
