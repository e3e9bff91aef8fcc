package dev.tactus.kernel;

import dev.tactus.kernel.reference.ReferenceKernels;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The plain set against the suite. */
@ParameterizedClass
@EnumSource(GuardedMemory.Edge.class)
class ReferenceKernelsTest extends KernelConformanceTest {
    ReferenceKernelsTest(final GuardedMemory.Edge edge) {
        super(edge);
    }

    @Override
    KernelSet kernels() {
        return new ReferenceKernels();
    }
}
