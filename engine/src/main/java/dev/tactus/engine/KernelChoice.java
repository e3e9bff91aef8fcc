package dev.tactus.engine;

/** Which kernels the CPU backend uses; in the EXACT class all of them give the same bits. */
public enum KernelChoice {
    /**
     * C where the library and the CPU allow it; else the vector kernels, or the reference kernels where the JVM has no
     * C2, without which vectors are objects.
     */
    AUTO,
    /** Plain Java. */
    REFERENCE,
    /** The Vector API. */
    VECTOR,
    /** C, whole passes per call. */
    C
}
