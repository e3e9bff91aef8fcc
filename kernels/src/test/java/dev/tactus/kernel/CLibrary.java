package dev.tactus.kernel;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.kernel.c.CKernels;
import dev.tactus.kernel.c.Isa;
import dev.tactus.kernel.c.NativeKernels;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** The C kernels for tests, which are skipped where there are none. */
final class CLibrary {
    private CLibrary() {}

    /** Every instruction set with buffers at either edge of their pages. */
    static Stream<Arguments> cases() {
        return Arrays.stream(Isa.values())
                .flatMap(isa -> Arrays.stream(GuardedMemory.Edge.values()).map(edge -> Arguments.of(isa, edge)));
    }

    static KernelSet kernels(final Isa isa) {
        final NativeKernels library = NativeKernels.load();
        assumeTrue(library.isAvailable(), () -> "no C kernels: " + String.join("; ", library.reasons()));
        assumeTrue(library.supported().contains(isa), () -> "this CPU has no " + isa.label());
        return new CKernels(isa);
    }
}
