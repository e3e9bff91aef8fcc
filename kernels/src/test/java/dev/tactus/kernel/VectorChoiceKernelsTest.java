package dev.tactus.kernel;

import dev.tactus.kernel.vector.VectorKernels;

/** The Vector API set against the suite of ops that choose. */
class VectorChoiceKernelsTest extends ChoiceConformanceTest {
    @Override
    KernelSet kernels() {
        return new VectorKernels();
    }
}
