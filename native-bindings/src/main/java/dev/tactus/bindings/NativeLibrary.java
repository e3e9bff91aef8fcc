package dev.tactus.bindings;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A native library that is loaded, and stays loaded until the process ends.
 *
 * <p>Unloading is not offered: a driver that still owns threads or signal handlers must not be unmapped. Any thread may
 * use it.
 */
public final class NativeLibrary {
    private final String name;
    private final SymbolLookup symbols;

    private NativeLibrary(final String name, final SymbolLookup symbols) {
        this.name = name;
        this.symbols = symbols;
    }

    /** The C library and what else the process has already linked. */
    public static NativeLibrary process() {
        return new NativeLibrary("the C library", Linker.nativeLinker().defaultLookup());
    }

    /**
     * Loads the first of {@code candidates} that can be loaded.
     *
     * @param candidates file names for the system's loader ({@code libcuda.so.1}) or paths, which must then be absolute
     * @throws NativeBindingException when none can be, with the reason for each
     */
    public static NativeLibrary open(final String... candidates) {
        if (candidates.length == 0) {
            throw new IllegalArgumentException("no library name given: expected at least one");
        }
        final List<String> reasons = new ArrayList<>();
        for (final String candidate : candidates) {
            try {
                return new NativeLibrary(candidate, load(candidate));
            } catch (final IllegalArgumentException | IllegalCallerException | UnsatisfiedLinkError ex) {
                reasons.add(candidate + ": " + reason(candidate, ex));
            }
        }
        throw new NativeBindingException("no native library could be loaded", reasons);
    }

    /** The candidate that was loaded. */
    public String name() {
        return name;
    }

    /** The address of {@code symbol}, or nothing when the library does not have it. */
    public Optional<MemorySegment> find(final String symbol) {
        return symbols.find(symbol);
    }

    @Override
    public String toString() {
        return name;
    }

    private static SymbolLookup load(final String candidate) {
        return candidate.indexOf('/') >= 0 || candidate.indexOf('\\') >= 0
                ? SymbolLookup.libraryLookup(Path.of(candidate), Arena.global())
                : SymbolLookup.libraryLookup(candidate, Arena.global());
    }

    /** The JDK says only "Cannot open library"; the part it leaves out is what a user can act on. */
    private static String reason(final String candidate, final Throwable ex) {
        if (ex instanceof IllegalCallerException) {
            return "native access is not enabled (start java with --enable-native-access=ALL-UNNAMED)";
        }
        if (candidate.indexOf('/') < 0 && candidate.indexOf('\\') < 0) {
            return "the system's loader does not find it, or cannot load it on this machine";
        }
        final Path file = Path.of(candidate);
        if (!file.isAbsolute()) {
            return "a path must be absolute";
        }
        if (!Files.exists(file)) {
            return "no such file";
        }
        return Files.isReadable(file) ? "the file is not a library this machine can load" : "the file is not readable";
    }
}
