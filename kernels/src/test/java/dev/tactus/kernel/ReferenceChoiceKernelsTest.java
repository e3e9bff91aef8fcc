package dev.tactus.kernel;

import dev.tactus.kernel.reference.ReferenceKernels;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The plain set against the suite of ops that choose. */
@ParameterizedClass
@EnumSource(GuardedMemory.Edge.class)
class ReferenceChoiceKernelsTest extends ChoiceConformanceTest {
    ReferenceChoiceKernelsTest(final GuardedMemory.Edge edge) {
        super(edge);
    }

    @Override
    KernelSet kernels() {
        return new ReferenceKernels();
    }
}
