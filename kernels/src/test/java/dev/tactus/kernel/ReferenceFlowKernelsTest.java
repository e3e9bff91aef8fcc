package dev.tactus.kernel;

import dev.tactus.kernel.reference.ReferenceKernels;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The reference set against the suite of the flow head. */
@ParameterizedClass
@EnumSource(GuardedMemory.Edge.class)
class ReferenceFlowKernelsTest extends FlowConformanceTest {
    ReferenceFlowKernelsTest(final GuardedMemory.Edge edge) {
        super(edge);
    }

    @Override
    KernelSet kernels() {
        return new ReferenceKernels();
    }
}
