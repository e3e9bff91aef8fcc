package dev.tactus.bench.micro;

import dev.tactus.engine.KernelChoice;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.kernel.vector.VectorKernels;

/** The kernel sets by the name of a bench parameter. */
final class KernelChoices {
    private KernelChoices() {}

    /** The set of that choice, AUTO being the vector kernels. */
    static KernelSet of(final KernelChoice choice) {
        return choice == KernelChoice.REFERENCE ? new ReferenceKernels() : new VectorKernels();
    }
}
