package dev.tactus.kernel.c;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.bindings.NativeBindingException;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The library is there, or says why not; and it refuses what the CPU lacks. */
class NativeKernelsTest {
    @Test
    void shouldBeAvailableOrSayWhyNot() {
        final NativeKernels kernels = NativeKernels.load();
        assertSame(kernels, NativeKernels.load());
        assertEquals(kernels.isAvailable(), kernels.reasons().isEmpty());
        assertEquals(kernels.isAvailable(), kernels.supported().contains(Isa.AVX2));
        if (!kernels.isAvailable()) {
            final NativeBindingException ex = assertThrows(NativeBindingException.class, kernels::detected);
            assertEquals(kernels.reasons(), ex.reasons());
            assertThrows(NativeBindingException.class, () -> new CKernels(Isa.AVX2));
        }
    }

    @Test
    void shouldRefuseAnInstructionSetThatTheCpuLacks() {
        final NativeKernels kernels = NativeKernels.load();
        assumeTrue(kernels.isAvailable(), () -> "no C kernels: " + String.join("; ", kernels.reasons()));
        final Set<Isa> supported = kernels.supported();
        assertTrue(supported.contains(kernels.detected()));
        for (final Isa isa : Isa.values()) {
            if (supported.contains(isa)) {
                assertEquals("c/" + isa.label(), new CKernels(isa).name());
            } else {
                final IllegalArgumentException ex =
                        assertThrows(IllegalArgumentException.class, () -> new CKernels(isa));
                assertTrue(ex.getMessage().contains(isa.label()), ex.getMessage());
                assertFalse(ex.getMessage().contains("\n"), ex.getMessage());
            }
        }
    }
}
