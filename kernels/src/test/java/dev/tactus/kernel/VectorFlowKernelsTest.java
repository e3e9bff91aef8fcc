package dev.tactus.kernel;

import dev.tactus.kernel.vector.VectorKernels;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The Vector API set against the suite of the flow head. */
@ParameterizedClass
@EnumSource(GuardedMemory.Edge.class)
class VectorFlowKernelsTest extends FlowConformanceTest {
    VectorFlowKernelsTest(final GuardedMemory.Edge edge) {
        super(edge);
    }

    @Override
    KernelSet kernels() {
        return new VectorKernels();
    }
}
