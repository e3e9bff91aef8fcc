package dev.tactus.engine;

import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.kernel.vector.VectorKernels;

/** The kernel sets of the CPU backend. */
final class Kernels {
    private static final KernelSet REFERENCE = new ReferenceKernels();
    private static final KernelSet VECTOR = new VectorKernels();

    private Kernels() {}

    /** The set to start with; AUTO may fall back later. */
    static KernelSet of(final KernelChoice choice) {
        return choice == KernelChoice.REFERENCE ? REFERENCE : VECTOR;
    }

    /** What AUTO falls back to. */
    static KernelSet fallback() {
        return REFERENCE;
    }
}
