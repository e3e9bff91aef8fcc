package dev.tactus.cublaslt;

import dev.tactus.bindings.NativeLibrary;
import dev.tactus.bindings.OptionalLibrary;

/** Finds cuBLASLt, once per process. */
final class CublasLtLibrary {
    private static final String NAME = "libcublasLt.so.13";
    private static final OptionalLibrary LIBRARY = new OptionalLibrary(
            "cuBLASLt",
            NAME,
            "cublasLtGetVersion",
            CublasLt.OLDEST_VERSION,
            CublasLt.FIRST_UNKNOWN_VERSION,
            "install cuBLAS 13 (part of the CUDA toolkit), or name the folder with " + NAME
                    + " in the environment variable " + CublasLt.FOLDER_VARIABLE);

    private CublasLtLibrary() {}

    /** The library's version; loads and binds it when that has not been done. */
    static long load(final String folder) {
        return LIBRARY.load(folder, CublasLtCalls::bindAll);
    }

    /** Where {@link CublasLtCalls} looks for its symbols. */
    static NativeLibrary opened() {
        return LIBRARY.opened();
    }

    /** The library of this name in {@code folder}, else the loader's, of a version that works. */
    static NativeLibrary find(final String folder, final String name) {
        return LIBRARY.find(folder, name);
    }
}
