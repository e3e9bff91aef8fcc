package dev.tactus.kernel;

import dev.tactus.kernel.c.Isa;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The C set against the suite of the flow head, once for each instruction set of this CPU. */
@ParameterizedClass
@MethodSource("dev.tactus.kernel.CLibrary#cases")
class CFlowKernelsTest extends FlowConformanceTest {
    private final KernelSet kernels;

    CFlowKernelsTest(final Isa isa, final GuardedMemory.Edge edge) {
        super(edge);
        kernels = CLibrary.kernels(isa);
    }

    @Override
    KernelSet kernels() {
        return kernels;
    }
}
