package dev.tactus.kernel;

import dev.tactus.kernel.reference.ReferenceKernels;

/** The plain set against the suite of ops that choose. */
class ReferenceChoiceKernelsTest extends ChoiceConformanceTest {
    @Override
    KernelSet kernels() {
        return new ReferenceKernels();
    }
}
