package dev.tactus.cublaslt;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tactus.bindings.NativeBindingException;
import dev.tactus.bindings.NativeLibrary;
import dev.tactus.bindings.NativeSymbols;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Finds cuBLASLt, once per process. */
final class CublasLtLibrary {
    static final FunctionDescriptor GET_VERSION = FunctionDescriptor.of(JAVA_LONG);

    private static final String NAME = "libcublasLt.so.13";
    private static final String REMEDY = "install cuBLAS 13 (part of the CUDA toolkit), or name the folder with " + NAME
            + " in the environment variable " + CublasLt.FOLDER_VARIABLE;

    private static NativeLibrary library;
    private static long version;
    private static String failure = "";

    private CublasLtLibrary() {}

    /** The library's version; loads and binds it when that has not been done. */
    static synchronized long load(final String folder) {
        if (version != 0) {
            return version;
        }
        if (!failure.isEmpty()) {
            throw unavailable(List.of(failure));
        }
        final NativeLibrary found = find(folder, NAME);
        library = found;
        try {
            CublasLtCalls.bindAll();
        } catch (final ExceptionInInitializerError ex) {
            // the class stays broken for the rest of the process, so the reason is kept
            failure = found.name() + " is not complete: " + ex.getCause();
            throw unavailable(List.of(failure));
        }
        version = version(found);
        return version;
    }

    /** Where {@link CublasLtCalls} looks for its symbols. */
    static NativeLibrary opened() {
        return library;
    }

    /** The library of this name in {@code folder}, else the loader's, of a version that works. */
    static NativeLibrary find(final String folder, final String name) {
        final NativeLibrary found = open(folder, name);
        final long answer = version(found);
        if (answer < CublasLt.OLDEST_VERSION || answer >= CublasLt.FIRST_UNKNOWN_VERSION) {
            throw unavailable(List.of(found.name() + " is version " + text(answer) + ", expected "
                    + text(CublasLt.OLDEST_VERSION) + " or newer, below " + text(CublasLt.FIRST_UNKNOWN_VERSION)));
        }
        return found;
    }

    private static NativeLibrary open(final String folder, final String name) {
        try {
            return folder == null || folder.isEmpty()
                    ? NativeLibrary.open(name)
                    : NativeLibrary.open(Path.of(folder, name).toString(), name);
        } catch (final NativeBindingException ex) {
            throw unavailable(ex.reasons());
        }
    }

    private static long version(final NativeLibrary found) {
        final MethodHandle handle;
        try {
            handle = NativeSymbols.bind(found, "cublasLtGetVersion", GET_VERSION, false);
        } catch (final NativeBindingException ex) {
            throw unavailable(List.of(ex.getMessage()));
        }
        try {
            return (long) handle.invokeExact();
        } catch (final Throwable ex) {
            throw CublasLtCalls.wrongSignature("cublasLtGetVersion", ex);
        }
    }

    /** 10000 per major, 100 per minor version. */
    static String text(final long version) {
        return version / 10_000 + "." + version % 10_000 / 100 + "." + version % 100;
    }

    private static NativeBindingException unavailable(final List<String> reasons) {
        final List<String> all = new ArrayList<>(reasons);
        all.add(REMEDY);
        return new NativeBindingException("cuBLASLt cannot be used", all);
    }
}
