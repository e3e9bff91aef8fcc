package dev.tactus.cuda;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.bindings.NativeLibrary;
import dev.tactus.bindings.NativeSymbols;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The driver that the tests of the facades run on, and the kernels of {@code facade.cu} in a form that it loads.
 *
 * <p>It is softcuda, from the folder that the system property {@code tactus.softcuda} names or else built from this
 * tree, unless {@code tactus.test.device} is {@code gpu}: then it is the machine's own, which also needs nvcc.
 */
public final class TestDriver {
    private static final Path OUT = Path.of("target", "softcuda").toAbsolutePath();
    private static final Path KERNELS = Path.of("src/test/cuda/facade.cu").toAbsolutePath();
    private static final byte[] HOST_BUILD = "softcuda\0".getBytes(StandardCharsets.US_ASCII);

    private static byte[] image;
    private static boolean compiled;

    private TestDriver() {}

    /** Whether the tests run on a real GPU. */
    public static boolean isGpu() {
        return "gpu".equals(System.getProperty("tactus.test.device"));
    }

    /** A context of the calling thread; skips the test where softcuda cannot be built. */
    public static CudaContext openContext() {
        try {
            prepare();
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        } catch (final InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while building softcuda", ex);
        }
        return CudaDriver.load().device(0).openContext();
    }

    /** The kernels of {@code facade.cu}. */
    public static CudaModule openModule(final CudaContext context) {
        return context.loadModule("facade", MemorySegment.ofArray(image));
    }

    /** Whether nvcc has compiled the kernels, so that bounds and registers are known. */
    public static boolean isCompiled() {
        return compiled;
    }

    private static synchronized void prepare() throws IOException, InterruptedException {
        if (image != null) {
            return;
        }
        if (!isGpu()) {
            final String named = System.getProperty("tactus.softcuda");
            if (named == null) {
                build("the driver", List.of(OUT.toString()));
            }
            final Path folder = named == null ? OUT : Path.of(named).toAbsolutePath();
            assumeTrue(Files.exists(folder.resolve("libcuda.so.1")), "there is no softcuda in " + folder);
            System.setProperty(
                    CudaDriver.LIBRARY_PROPERTY, folder.resolve("libcuda.so.1").toString());
        }
        final CudaDriver driver = CudaDriver.load();
        final boolean soft = loadKernels(driver);
        final Optional<Path> nvcc = NativeBuild.onPath("nvcc");
        assumeTrue(soft || nvcc.isPresent(), "a real GPU needs nvcc to compile the kernels of these tests");
        compiled = nvcc.isPresent();
        image = compiled ? compile(nvcc.get(), driver.device(0)) : HOST_BUILD;
    }

    /** Gives softcuda the kernels as a host compiler makes them; false on another driver. */
    private static boolean loadKernels(final CudaDriver driver) throws IOException, InterruptedException {
        final NativeLibrary library = NativeLibrary.open(driver.library());
        if (library.find("softcuda_load").isEmpty()) {
            return false;
        }
        build("kernels", List.of("--kernels", "facade", OUT.toString(), KERNELS.toString()));
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment path =
                    arena.allocateFrom(OUT.resolve("libfacade-soft.so").toString());
            final long problem = (long)
                    NativeSymbols.bind(library, "softcuda_load", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG), false)
                            .invokeExact(path.address());
            if (problem != 0) {
                throw new AssertionError(MemorySegment.ofAddress(problem)
                        .reinterpret(DriverProbe.LONGEST_TEXT)
                        .getString(0));
            }
            return true;
        } catch (final RuntimeException | Error ex) {
            throw ex;
        } catch (final Throwable ex) {
            throw new AssertionError(ex);
        }
    }

    private static void build(final String what, final List<String> arguments)
            throws IOException, InterruptedException {
        Files.createDirectories(OUT);
        final List<String> command = new ArrayList<>(List.of(
                "sh", Path.of("src/test/softcuda/build.sh").toAbsolutePath().toString()));
        command.addAll(arguments);
        final NativeBuild.Outcome outcome = NativeBuild.run(OUT, command);
        if (outcome.code() != 0) {
            throw new AssertionError("building " + what + " of softcuda: " + outcome.output());
        }
    }

    private static byte[] compile(final Path nvcc, final CudaDevice device) throws IOException, InterruptedException {
        Files.createDirectories(OUT);
        final Path cubin = OUT.resolve("facade.cubin");
        final String architecture = "sm_" + device.computeMajor() + device.computeMinor();
        final NativeBuild.Outcome outcome = NativeBuild.run(
                OUT,
                List.of(
                        nvcc.toString(),
                        "-arch=" + architecture,
                        "-cubin",
                        "-o",
                        cubin.toString(),
                        KERNELS.toString()));
        if (outcome.code() != 0) {
            throw new AssertionError("nvcc on facade.cu: " + outcome.output());
        }
        return Files.readAllBytes(cubin);
    }
}
