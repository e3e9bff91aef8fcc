package dev.tactus.kernel.c;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.tactus.bindings.NativeBindingException;
import dev.tactus.bindings.NativeLibrary;
import dev.tactus.bindings.NativeSymbols;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * The library of C kernels as this process found it: loaded, or the reasons why not.
 *
 * <p>It comes out of the jar, where the build puts it if it has a C compiler, or from the file that the system property
 * {@value #LIBRARY_PROPERTY} names. Loading happens once; any thread may ask.
 */
public final class NativeKernels {
    /** System property: the absolute path of a library to use instead of the jar's. */
    public static final String LIBRARY_PROPERTY = "tactus.kernels.library";

    private static final String RESOURCE = "linux-x86_64/libtactus-kernels.so";

    private final NativeLibrary library;
    private final Isa detected;
    private final List<String> reasons;

    private NativeKernels(final NativeLibrary library, final Isa detected, final List<String> reasons) {
        this.library = library;
        this.detected = detected;
        this.reasons = reasons;
    }

    /** The library, loaded at the first call; later calls return the same answer. */
    public static NativeKernels load() {
        return Loaded.ANSWER;
    }

    /** Whether kernels can run: the library is loaded and the CPU has {@link Isa#AVX2} at least. */
    public boolean isAvailable() {
        return detected != null;
    }

    /** Why kernels cannot run, one sentence each; empty when they can. */
    public List<String> reasons() {
        return reasons;
    }

    /**
     * The best instruction set that this CPU has and this system lets it use.
     *
     * @throws NativeBindingException when kernels cannot run, with the reasons
     */
    public Isa detected() {
        requireAvailable();
        return detected;
    }

    /** The instruction sets that can be used, {@link #detected()} and those before it; none when kernels cannot run. */
    public Set<Isa> supported() {
        return isAvailable() ? EnumSet.range(Isa.AVX2, detected) : EnumSet.noneOf(Isa.class);
    }

    /**
     * The library, for binding.
     *
     * @throws NativeBindingException when kernels cannot run, with the reasons
     */
    NativeLibrary library() {
        requireAvailable();
        return library;
    }

    private void requireAvailable() {
        if (!isAvailable()) {
            throw new NativeBindingException("there are no C kernels", reasons);
        }
    }

    private static NativeKernels find() {
        final String os = System.getProperty("os.name");
        final String architecture = System.getProperty("os.arch");
        if (!os.equals("Linux") || !architecture.equals("amd64")) {
            return without("they exist for Linux on x86-64 only, and this is " + os + " on " + architecture);
        }
        try {
            final NativeLibrary library = open();
            final int isa = cpuIsa(library);
            return isa < 0
                    ? without("they need AVX2, FMA and F16C, and this CPU lacks one of them")
                    : new NativeKernels(library, Isa.values()[Math.min(isa, Isa.values().length - 1)], List.of());
        } catch (final NativeBindingException ex) {
            return new NativeKernels(null, null, ex.reasons());
        } catch (final IOException ex) {
            return without("the library could not be copied out of the jar: " + ex);
        }
    }

    private static NativeKernels without(final String reason) {
        return new NativeKernels(null, null, List.of(reason));
    }

    private static NativeLibrary open() throws IOException {
        final String path = System.getProperty(LIBRARY_PROPERTY);
        if (path != null) {
            return NativeLibrary.open(path);
        }
        try (InputStream resource = NativeKernels.class.getResourceAsStream(RESOURCE)) {
            if (resource == null) {
                throw new NativeBindingException(
                        "there are no C kernels", List.of("this build has none: it found no C compiler for them"));
            }
            return openCopy(resource);
        }
    }

    /** Loads a private copy, whose file is not needed once it is mapped. */
    private static NativeLibrary openCopy(final InputStream resource) throws IOException {
        final Path file = Files.createTempFile("libtactus-kernels", ".so");
        try {
            Files.copy(resource, file, StandardCopyOption.REPLACE_EXISTING);
            return NativeLibrary.open(file.toString());
        } catch (final NativeBindingException ex) {
            throw new NativeBindingException(
                    "the C kernels could not be loaded",
                    List.of(
                            String.join("; ", ex.reasons()),
                            "if " + file.getParent() + " is mounted noexec, choose another folder with"
                                    + " -Djava.io.tmpdir"));
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static int cpuIsa(final NativeLibrary library) {
        final MethodHandle cpuIsa =
                NativeSymbols.bind(library, "tactus_cpu_isa", FunctionDescriptor.of(JAVA_INT), false);
        try {
            return (int) cpuIsa.invokeExact();
        } catch (final Throwable ex) {
            throw new AssertionError("tactus_cpu_isa cannot fail", ex);
        }
    }

    /** Runs the search once. */
    private static final class Loaded {
        static final NativeKernels ANSWER = find();
    }
}
