package dev.tactus.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.kernel.AdapterFactors.Module;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AdapterFactorsTest {
    private static final List<Module> MODULES = List.of(new Module("first", 1, 4, 3), new Module("second", 8, 2, 5));

    private final FreezableArena arena = new FreezableArena(new MemoryLedger());

    @AfterEach
    void close() {
        arena.close();
    }

    @Test
    void shouldGiveWhatWasSetAndNothingElse() {
        final AdapterFactors factors = new AdapterFactors(arena, 3, MODULES, 7);
        factors.set(2, 1, 64, 128, 7, 0.5f);
        factors.set(3, 0, 192, 256, 1, -2f);
        for (int adapter = 1; adapter <= 3; adapter++) {
            for (int module = 0; module < 2; module++) {
                final boolean set = adapter == 2 && module == 1 || adapter == 3 && module == 0;
                assertEquals(set, factors.a(adapter, module) != 0, adapter + ", " + module);
            }
        }
        assertEquals(64, factors.a(2, 1));
        assertEquals(128, factors.b(2, 1));
        assertEquals(7, factors.rank(2, 1));
        assertEquals(0.5f, factors.scale(2, 1));
        assertEquals(-2f, factors.scale(3, 0));
    }

    @Test
    void shouldRefuseWhatHasNoPlaceInTheTable() {
        final AdapterFactors factors = new AdapterFactors(arena, 2, MODULES, 7);
        for (final int[] wrong : new int[][] {{0, 0}, {3, 0}, {1, -1}, {1, 2}}) {
            assertThrows(IndexOutOfBoundsException.class, () -> factors.set(wrong[0], wrong[1], 64, 64, 1, 1f));
        }
        refused("has rank 8: expected 1 to 7", () -> factors.set(1, 0, 64, 64, 8, 1f));
        refused("has rank 0", () -> factors.set(1, 0, 64, 64, 0, 1f));
        refused("a factor is missing", () -> factors.set(1, 0, 0, 64, 1, 1f));
        refused("a factor is missing", () -> factors.set(1, 0, 64, 0, 1, 1f));
        refused("that 4 does not divide", () -> factors.set(1, 0, 66, 64, 1, 1f));
        assertEquals(0, factors.a(1, 0), "nothing was set");
        refused("at least 1 of each", () -> new AdapterFactors(arena, 0, MODULES, 7));
        refused("at least 1 of each", () -> new AdapterFactors(arena, 1, List.of(), 7));
        refused("at least 1 of each", () -> new AdapterFactors(arena, 1, MODULES, 0));
        refused("expected positive sizes", () -> new Module("none", 1, 0, 3));
    }

    private static void refused(final String part, final Runnable body) {
        final IllegalArgumentException ex = assertThrows(IllegalArgumentException.class, body::run, part);
        assertTrue(ex.getMessage().contains(part), ex.getMessage());
    }
}
