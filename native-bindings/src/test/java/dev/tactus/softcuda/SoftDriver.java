package dev.tactus.softcuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.bindings.NativeLibrary;
import dev.tactus.bindings.NativeSymbols;
import dev.tactus.cuda.NativeBuild;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * softcuda called as any program calls a driver, function by function, without the facades: they refuse many mistakes
 * before the driver sees them. The library is a copy of the build's, so that its state is apart from other tests'.
 *
 * <p>One at a time, used by the thread that opened it.
 */
final class SoftDriver implements AutoCloseable {
    static final int SUCCESS = 0;
    static final int INVALID_VALUE = 1;
    static final int INVALID_IMAGE = 200;
    static final int INVALID_CONTEXT = 201;
    static final int INVALID_HANDLE = 400;
    static final int NOT_READY = 600;
    static final int ILLEGAL_ADDRESS = 700;
    static final int LAUNCH_TIMEOUT = 702;
    static final int CONTEXT_IS_DESTROYED = 709;
    static final int LAUNCH_FAILED = 719;
    static final int CAPTURE_UNSUPPORTED = 900;
    static final int CAPTURE_INVALIDATED = 901;
    static final int CAPTURE_UNJOINED = 904;

    static final Path SOURCES = Path.of("src/test/softcuda").toAbsolutePath();
    static final Path KERNELS = Path.of("src/test/cuda/soft").toAbsolutePath();
    static final Path OUT = Path.of("target/softcuda").toAbsolutePath();
    private static final Path COPY = Path.of("target/softcuda-alone").toAbsolutePath();

    private static NativeLibrary library;

    private final Map<String, MethodHandle> handles = new HashMap<>();
    private final Arena arena = Arena.ofShared();
    private final MemorySegment cell = arena.allocate(64, 64);
    private final long context;

    private SoftDriver() {
        set("MODE", "lazy");
        set("SEED", "0");
        set("THREADS", "1");
        set("TIMEOUT_MS", "10000");
        set("RECORD", "");
        reset();
        check("cuInit", 0);
        check("cuDevicePrimaryCtxRetain", cell, 0);
        context = cell.get(JAVA_LONG, 0);
        check("cuCtxSetCurrent", context);
    }

    /** A driver with a new context; skips the test where there is no g++. */
    static SoftDriver open() {
        build();
        return new SoftDriver();
    }

    /** Builds what is stale; what the build says when it makes nothing is the reason to skip. */
    static synchronized void build() {
        if (library != null) {
            return;
        }
        final String said = run(List.of("sh", SOURCES.resolve("build.sh").toString(), OUT.toString()));
        assumeTrue(Files.exists(OUT.resolve("libcuda.so.1")), said);
        kernels("faults", false);
        kernels("samples", false);
        try {
            Files.createDirectories(COPY);
            final Path copy = COPY.resolve("libcuda.so.1");
            Files.copy(OUT.resolve("libcuda.so.1"), copy, StandardCopyOption.REPLACE_EXISTING);
            library = NativeLibrary.open(copy.toString());
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
        load("faults");
        load("samples");
    }

    /** The library of a .cu file of the tests, built if stale. */
    static Path kernels(final String name, final boolean threadSanitizer) {
        final List<String> command =
                new ArrayList<>(List.of("sh", SOURCES.resolve("build.sh").toString()));
        if (threadSanitizer) {
            command.add("--thread-sanitizer");
        }
        command.addAll(List.of(
                "--kernels", name, OUT.toString(), KERNELS.resolve(name + ".cu").toString()));
        final String said = run(command);
        final Path built = OUT.resolve("lib" + name + (threadSanitizer ? "-tsan.so" : "-soft.so"));
        assumeTrue(Files.exists(built), said);
        return built;
    }

    private static void load(final String kernels) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment path =
                    arena.allocateFrom(OUT.resolve("lib" + kernels + "-soft.so").toString());
            final MemorySegment problem = (MemorySegment)
                    NativeSymbols.bind(library, "softcuda_load", FunctionDescriptor.of(ADDRESS, ADDRESS), false)
                            .invoke(path);
            assertEquals("", text(problem));
        } catch (final Throwable ex) {
            throw new AssertionError(ex);
        }
    }

    /** Builds and loads the kernels of another .cu file of the tests. */
    void loadMore(final String kernels) {
        kernels(kernels, false);
        load(kernels);
    }

    /** Runs a command that must succeed and returns what it said. */
    static String run(final List<String> command) {
        final NativeBuild.Outcome outcome = outcome(command);
        assertEquals(0, outcome.code(), () -> command + ": " + outcome.output());
        return outcome.output();
    }

    static NativeBuild.Outcome outcome(final List<String> command) {
        try {
            return NativeBuild.run(Files.createDirectories(OUT), command);
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        } catch (final InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new AssertionError(ex);
        }
    }

    private static String text(final MemorySegment pointer) {
        return pointer.address() == 0 ? "" : pointer.reinterpret(Long.MAX_VALUE).getString(0);
    }

    /**
     * Calls a function of the driver.
     *
     * @param arguments Integer, Long, MemorySegment (its address) or String
     * @return its result
     */
    int call(final String function, final Object... arguments) {
        final MemoryLayout[] layouts = new MemoryLayout[arguments.length];
        final Object[] values = new Object[arguments.length];
        try (Arena strings = Arena.ofConfined()) {
            for (int i = 0; i < arguments.length; i++) {
                final Object argument = arguments[i];
                layouts[i] = argument instanceof Integer ? JAVA_INT : JAVA_LONG;
                if (argument instanceof MemorySegment segment) {
                    values[i] = segment.address();
                } else if (argument instanceof String string) {
                    values[i] = strings.allocateFrom(string).address();
                } else {
                    values[i] = argument;
                }
            }
            final MethodHandle handle = handles.computeIfAbsent(
                    function + Arrays.toString(layouts),
                    key -> NativeSymbols.bind(library, function, FunctionDescriptor.of(JAVA_INT, layouts), false));
            return (int) handle.invokeWithArguments(values);
        } catch (final Throwable ex) {
            throw new AssertionError(function, ex);
        }
    }

    /** A call that must succeed. */
    void check(final String function, final Object... arguments) {
        assertEquals(SUCCESS, call(function, arguments), () -> function + ": " + message());
    }

    /** Calls with {@link #cell()} as the first argument, and returns what was written there. */
    long make(final String function, final Object... arguments) {
        final Object[] all = new Object[arguments.length + 1];
        all[0] = cell;
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        cell.fill((byte) 0);
        check(function, all);
        return cell.get(JAVA_LONG, 0);
    }

    /** 64 bytes for what a function writes. */
    MemorySegment cell() {
        return cell;
    }

    long context() {
        return context;
    }

    long device(final long bytes) {
        return make("cuMemAlloc_v2", bytes);
    }

    MemorySegment pinned(final long bytes) {
        return MemorySegment.ofAddress(make("cuMemHostAlloc", bytes, 0)).reinterpret(bytes);
    }

    /** Memory of Java's, of whole pages. */
    MemorySegment host(final long bytes) {
        return arena.allocate(bytes, 4096);
    }

    long stream() {
        return make("cuStreamCreateWithPriority", 1, 0);
    }

    /** A kernel of the loaded libraries. */
    long function(final String name) {
        return make("cuModuleGetFunction", make("cuModuleLoadData", "softcuda"), name);
    }

    /** Launches along x; parameters are Integer, Long or Float. */
    int launch(
            final long function,
            final long stream,
            final int grid,
            final int block,
            final int shared,
            final Object... parameters) {
        try (Arena values = Arena.ofConfined()) {
            final MemorySegment pointers = values.allocate(JAVA_LONG, Math.max(1, parameters.length));
            for (int i = 0; i < parameters.length; i++) {
                final MemorySegment value = values.allocate(8, 8);
                if (parameters[i] instanceof Integer number) {
                    value.set(JAVA_INT, 0, number);
                } else if (parameters[i] instanceof Float number) {
                    value.set(JAVA_INT, 0, Float.floatToRawIntBits(number));
                } else {
                    value.set(JAVA_LONG, 0, (Long) parameters[i]);
                }
                pointers.setAtIndex(JAVA_LONG, i, value.address());
            }
            return call("cuLaunchKernel", function, grid, 1, 1, block, 1, 1, shared, stream, pointers, 0L);
        }
    }

    /** Launches in the null stream and waits; the first result that is not success. */
    int run(final String kernel, final int grid, final int block, final int shared, final Object... parameters) {
        final int launched = launch(function(kernel), 0, grid, block, shared, parameters);
        return launched != SUCCESS ? launched : call("cuCtxSynchronize");
    }

    void upload(final long to, final int... words) {
        check("cuMemcpyHtoD_v2", to, arena.allocateFrom(JAVA_INT, words), 4L * words.length);
    }

    void upload(final long to, final float... numbers) {
        final int[] words = new int[numbers.length];
        for (int i = 0; i < words.length; i++) {
            words[i] = Float.floatToRawIntBits(numbers[i]);
        }
        upload(to, words);
    }

    int[] download(final long from, final int count) {
        final MemorySegment to = arena.allocate(JAVA_INT, count);
        check("cuMemcpyDtoH_v2", to, from, 4L * count);
        return to.toArray(JAVA_INT);
    }

    float[] downloadFloats(final long from, final int count) {
        final int[] words = download(from, count);
        final float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = Float.intBitsToFloat(words[i]);
        }
        return numbers;
    }

    /** What softcuda knows of the last failure. */
    String message() {
        return text(pointer("softcuda_message"));
    }

    /** The name of a result. */
    String name(final int result) {
        cell.fill((byte) 0);
        call("cuGetErrorName", result, cell);
        return text(cell.get(ADDRESS, 0));
    }

    /** The text of a result. */
    String explanation(final int result) {
        check("cuGetErrorString", result, cell);
        return text(cell.get(ADDRESS, 0));
    }

    void set(final String name, final String value) {
        try (Arena strings = Arena.ofConfined()) {
            final MemorySegment problem = (MemorySegment)
                    NativeSymbols.bind(library, "softcuda_set", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS), false)
                            .invoke(strings.allocateFrom(name), strings.allocateFrom(value));
            assertEquals("", text(problem));
        } catch (final Throwable ex) {
            throw new AssertionError(ex);
        }
    }

    /** Forgets statistics, queued work and that the context is lost. */
    void reset() {
        try {
            NativeSymbols.bind(library, "softcuda_reset", FunctionDescriptor.ofVoid(), false)
                    .invoke();
        } catch (final Throwable ex) {
            throw new AssertionError(ex);
        }
    }

    long[] statistics() {
        final MemorySegment values = arena.allocate(JAVA_LONG, 12);
        try {
            NativeSymbols.bind(library, "softcuda_stats", FunctionDescriptor.ofVoid(ADDRESS), false)
                    .invoke(values);
        } catch (final Throwable ex) {
            throw new AssertionError(ex);
        }
        return values.toArray(JAVA_LONG);
    }

    private MemorySegment pointer(final String function) {
        try {
            return (MemorySegment) NativeSymbols.bind(library, function, FunctionDescriptor.of(ADDRESS), false)
                    .invoke();
        } catch (final Throwable ex) {
            throw new AssertionError(ex);
        }
    }

    /** Gives the context back, with all that is in it. */
    @Override
    public void close() {
        reset();
        check("cuCtxSetCurrent", 0L);
        check("cuDevicePrimaryCtxRelease_v2", 0);
        arena.close();
    }
}
