package dev.tactus.kernel;

import dev.tactus.kernel.reference.ReferenceKernels;

/** The plain set against the suite. */
class ReferenceKernelsTest extends KernelConformanceTest {
    @Override
    KernelSet kernels() {
        return new ReferenceKernels();
    }
}
