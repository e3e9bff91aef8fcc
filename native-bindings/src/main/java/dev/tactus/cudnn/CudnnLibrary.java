package dev.tactus.cudnn;

import dev.tactus.bindings.NativeLibrary;
import dev.tactus.bindings.OptionalLibrary;

/** Finds cuDNN, once per process. */
final class CudnnLibrary {
    private static final String NAME = "libcudnn.so.9";
    private static final OptionalLibrary LIBRARY = new OptionalLibrary(
            "cuDNN",
            NAME,
            "cudnnGetVersion",
            Cudnn.OLDEST_VERSION,
            Cudnn.FIRST_UNKNOWN_VERSION,
            "install cuDNN 9 for CUDA 13, or name the folder with " + NAME + " in the environment variable "
                    + Cudnn.FOLDER_VARIABLE);

    private CudnnLibrary() {}

    /** The library's version; loads and binds it when that has not been done. */
    static long load(final String folder) {
        return LIBRARY.load(folder, CudnnCalls::bindAll);
    }

    /** Where {@link CudnnCalls} looks for its symbols. */
    static NativeLibrary opened() {
        return LIBRARY.opened();
    }

    /** The library of this name in {@code folder}, else the loader's, of a version that works. */
    static NativeLibrary find(final String folder, final String name) {
        return LIBRARY.find(folder, name);
    }
}
