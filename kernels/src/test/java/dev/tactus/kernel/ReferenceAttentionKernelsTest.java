package dev.tactus.kernel;

import dev.tactus.kernel.reference.ReferenceKernels;

/** The plain set against the suite of attention. */
class ReferenceAttentionKernelsTest extends AttentionConformanceTest {
    @Override
    KernelSet kernels() {
        return new ReferenceKernels();
    }
}
