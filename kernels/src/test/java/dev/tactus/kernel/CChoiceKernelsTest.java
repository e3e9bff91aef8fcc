package dev.tactus.kernel;

import dev.tactus.kernel.c.Isa;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The C set against the suite of ops that choose, once for each instruction set of this CPU. */
@ParameterizedClass
@MethodSource("dev.tactus.kernel.CLibrary#cases")
class CChoiceKernelsTest extends ChoiceConformanceTest {
    private final KernelSet kernels;

    CChoiceKernelsTest(final Isa isa, final GuardedMemory.Edge edge) {
        super(edge);
        kernels = CLibrary.kernels(isa);
    }

    @Override
    KernelSet kernels() {
        return kernels;
    }
}
