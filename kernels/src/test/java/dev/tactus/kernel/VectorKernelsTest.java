package dev.tactus.kernel;

import dev.tactus.kernel.vector.VectorKernels;

/** The Vector API set against the suite. */
class VectorKernelsTest extends KernelConformanceTest {
    @Override
    KernelSet kernels() {
        return new VectorKernels();
    }
}
