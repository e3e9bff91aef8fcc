package dev.tactus.engine;

/** Which kernels the CPU backend uses; all of them give the same bits. */
public enum KernelChoice {
    /** The vector kernels, or the reference kernels where the JVM has no C2, without which vectors are objects. */
    AUTO,
    /** Plain Java. */
    REFERENCE,
    /** The Vector API. */
    VECTOR
}
