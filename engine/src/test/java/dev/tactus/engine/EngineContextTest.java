package dev.tactus.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.c.CKernels;
import dev.tactus.kernel.c.Isa;
import dev.tactus.kernel.c.NativeKernels;
import org.junit.jupiter.api.Test;

/** Kernels that cannot run are refused when the context is concluded, before anything is allocated. */
class EngineContextTest {
    private static void assertRefused(final EngineContext context, final String part) {
        final IllegalArgumentException ex = assertThrows(IllegalArgumentException.class, context::conclude);
        assertTrue(ex.getMessage().contains(part), ex.getMessage());
        assertThrows(IllegalArgumentException.class, () -> Engine.launch(context), "nor is it launched");
    }

    @Test
    void shouldRefuseAnInstructionSetThatThisMachineLacks() {
        final NativeKernels kernels = NativeKernels.load();
        assumeTrue(kernels.isAvailable(), () -> "no C kernels: " + kernels.reasons());
        try (EngineFixture fixture = new EngineFixture("text-dense")) {
            final long held = fixture.ledger.liveBytes();
            for (final Isa isa : Isa.values()) {
                final EngineContext context =
                        fixture.context(1).kernels(KernelChoice.AUTO).isa(isa);
                if (kernels.supported().contains(isa)) {
                    assertSame(context, context.conclude());
                    assertEquals(isa, context.cpuKernels().set() instanceof CKernels c ? c.isa() : null);
                } else {
                    assertRefused(context, "this machine cannot run " + isa.label() + " kernels");
                }
            }
            assertEquals(held, fixture.ledger.liveBytes());
        }
    }

    @Test
    void shouldRefuseWhatOnlyTheCKernelsCan() {
        try (EngineFixture fixture = new EngineFixture("text-dense")) {
            for (final KernelChoice choice : new KernelChoice[] {KernelChoice.REFERENCE, KernelChoice.VECTOR}) {
                assertRefused(
                        fixture.context(1).kernels(choice).numerics(NumericClass.FAST_INT8), "fast-int8 is chosen");
                assertRefused(fixture.context(1).kernels(choice).isa(Isa.AVX2), "an instruction set is chosen");
            }
        }
    }
}
