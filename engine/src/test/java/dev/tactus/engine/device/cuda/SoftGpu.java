package dev.tactus.engine.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.cuda.CudaContext;
import dev.tactus.cuda.CudaDriver;
import dev.tactus.cuda.CudaException;
import dev.tactus.cuda.CudaStream;
import dev.tactus.kernel.cuda.CudaKernels;
import dev.tactus.kernel.cuda.PassLaunches;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The GPU of the engine's tests: softcuda with the kernels, as the build has put it, unless the system property
 * {@code tactus.test.device} is {@code gpu}. Tests are skipped where there is neither.
 */
public final class SoftGpu {
    private static final String DEVICE = "tactus.test.device";
    private static final String FOLDER = "tactus.softcuda";
    private static final String UNSET = "nothing was built";
    private static final int COUNTS = 12;
    private static final String REASON = load();

    private SoftGpu() {}

    /** Skips the test where there is no GPU to test on, with the reason. */
    public static void require() {
        if (!isReal()) {
            assumeTrue(!REASON.startsWith(UNSET), () -> "no softcuda: " + REASON);
            assertEquals("", REASON);
        }
        assumeTrue(CudaKernels.arePackaged(), "this build has no CUDA kernels");
    }

    /** Whether tests run on a GPU of this machine. */
    public static boolean isReal() {
        return "gpu".equals(System.getProperty(DEVICE));
    }

    /** What a JVM of its own must be told, so that it finds the same GPU. */
    public static List<String> properties() {
        final List<String> properties = new ArrayList<>();
        for (final String name : new String[] {DEVICE, FOLDER}) {
            if (System.getProperty(name) != null) {
                properties.add("-D" + name + "=" + System.getProperty(name));
            }
        }
        return properties;
    }

    private static Path folder() {
        final String named = System.getProperty(FOLDER);
        return named != null ? Path.of(named) : Path.of("..", "kernels", "target", "softcuda");
    }

    /** Empty when softcuda is there, or a real GPU is wanted. */
    private static String load() {
        if (isReal()) {
            return "";
        }
        final Path driver = folder().resolve("libcuda.so.1").toAbsolutePath().normalize();
        final Path kernels =
                folder().resolve("libtactus-kernels-soft.so").toAbsolutePath().normalize();
        if (!Files.exists(driver) || !Files.exists(kernels)) {
            return UNSET + " at " + folder() + ": g++ 12 or newer is needed";
        }
        System.setProperty(CudaDriver.LIBRARY_PROPERTY, driver.toString());
        return loaded(kernels.toString());
    }

    /**
     * What the driver itself has counted since {@link #reset()}.
     *
     * @param kernels launches of kernels, those of graphs included
     * @param graphs launches of graphs
     * @param copies between host and device
     * @param allocations of device and pinned memory
     * @param directKernels launches of kernels outside of graphs
     * @param waits calls that waited
     * @param liveBytes device and pinned memory that is not freed
     */
    public record Counts(
            long kernels, long graphs, long copies, long allocations, long directKernels, long waits, long liveBytes) {}

    /** What softcuda has counted; null on a real GPU, whose driver does not tell. */
    public static Counts counts() {
        if (isReal()) {
            return null;
        }
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment all = arena.allocate(ValueLayout.JAVA_LONG, COUNTS);
            bind("softcuda_stats", FunctionDescriptor.ofVoid(ValueLayout.ADDRESS))
                    .invoke(all);
            final long[] n = all.toArray(ValueLayout.JAVA_LONG);
            return new Counts(n[0], n[1], n[2] + n[3], n[4], n[6], n[8], n[5]);
        } catch (final Throwable ex) {
            throw new AssertionError(ex);
        }
    }

    /** Forgets what was counted, and a lost context; nothing on a real GPU, where it stays lost. */
    public static void reset() {
        if (isReal()) {
            return;
        }
        try {
            bind("softcuda_reset", FunctionDescriptor.ofVoid()).invoke();
        } catch (final Throwable ex) {
            throw new AssertionError(ex);
        }
    }

    /** Changes a setting of softcuda; nothing on a real GPU. */
    static void set(final String name, final String value) {
        if (isReal()) {
            return;
        }
        final FunctionDescriptor settings =
                FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.ADDRESS);
        try (Arena arena = Arena.ofConfined()) {
            assertEquals("", read((MemorySegment)
                    bind("softcuda_set", settings).invoke(arena.allocateFrom(name), arena.allocateFrom(value))));
        } catch (final Throwable ex) {
            throw new AssertionError(ex);
        }
    }

    /** Has a kernel fail, in a context of its own on the same GPU: everything there is lost until {@link #reset()}. */
    public static void breakDown() {
        try (CudaContext context = CudaDriver.load().device(0).openContext();
                CudaStream stream = context.openStream("broken");
                CudaKernels kernels = CudaKernels.load(context)) {
            final long nowhere = 64;
            PassLaunches.gather(kernels, nowhere, nowhere, nowhere, 1, 1).launch(stream);
            assertThrows(CudaException.class, stream::synchronize);
        }
    }

    private static MethodHandle bind(final String function, final FunctionDescriptor descriptor) {
        final Path driver = folder().resolve("libcuda.so.1").toAbsolutePath().normalize();
        final MemorySegment address = SymbolLookup.libraryLookup(driver, Arena.global())
                .find(function)
                .orElseThrow();
        return Linker.nativeLinker().downcallHandle(address, descriptor);
    }

    private static String loaded(final String kernels) {
        try (Arena arena = Arena.ofConfined()) {
            return read((MemorySegment)
                    bind("softcuda_load", FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS))
                            .invoke(arena.allocateFrom(kernels)));
        } catch (final Throwable ex) {
            throw new AssertionError(ex);
        }
    }

    private static String read(final MemorySegment text) {
        return text.address() == 0 ? "" : text.reinterpret(Long.MAX_VALUE).getString(0);
    }
}
