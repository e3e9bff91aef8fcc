package dev.tactus.kernel;

import dev.tactus.kernel.vector.VectorKernels;

/** The Vector API set against the suite of attention. */
class VectorAttentionKernelsTest extends AttentionConformanceTest {
    @Override
    KernelSet kernels() {
        return new VectorKernels();
    }
}
