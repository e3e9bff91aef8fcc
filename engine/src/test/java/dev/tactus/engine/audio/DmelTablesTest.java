package dev.tactus.engine.audio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import org.junit.jupiter.api.Test;

class DmelTablesTest {
    @Test
    void shouldHoldOneTurnInBothBases() {
        try (FreezableArena arena = new FreezableArena(new MemoryLedger())) {
            final DmelTables tables = new DmelTables(arena, 80, 16);
            for (int k = 0; k < 801; k++) {
                for (int n = 0; n <= 800; n++) {
                    final double angle = 2 * Math.PI * ((long) k * n % 1600) / 1600;
                    assertEquals(Math.cos(angle), at(tables.cos(), k * 801 + n), 6e-8);
                    if (n >= 1 && n < 800) {
                        assertEquals(Math.sin(angle), at(tables.sin(), k * 799 + n - 1), 6e-8);
                    }
                }
            }
            for (int n = 0; n < 1600; n++) {
                final double half = Math.sin(Math.PI * n / 1600);
                assertEquals(half * half, at(tables.hann(), n), 6e-8);
            }
            assertEquals(0f, at(tables.hann(), 0));
            assertEquals(1f, at(tables.hann(), 800));
        }
    }

    /** Values of librosa 0.11 {@code filters.mel(sr=16000, n_fft=1600, n_mels=80)} and of transformers 5.18. */
    @Test
    void shouldHoldSlaneyFilters() {
        try (FreezableArena arena = new FreezableArena(new MemoryLedger())) {
            final long filters = new DmelTables(arena, 80, 16).filters();
            assertEquals(0.014422118663787842f, at(filters, 2), 2e-9f);
            assertEquals(0.021633177995681763f, at(filters, 3), 2e-9f);
            assertEquals(0.026587553322315216f, at(filters, 10 * 801 + 41), 2e-9f);
            assertEquals(0.018183259293437004f, at(filters, 20 * 801 + 77), 2e-9f);
            assertEquals(0.002728930441662669f, at(filters, 60 * 801 + 380), 2e-9f);
            assertEquals(0.0011218975996598601f, at(filters, 79 * 801 + 790), 2e-9f);
            int positive = 0;
            double sum = 0;
            for (int i = 0; i < 80 * 801; i++) {
                final float value = at(filters, i);
                assertTrue(value >= 0, "element " + i);
                positive += value > 0 ? 1 : 0;
                sum += value;
            }
            assertEquals(1565, positive);
            assertEquals(7.999275779882737, sum, 1e-7);
        }
    }

    @Test
    void shouldPlaceThresholdsBetweenCentres() {
        try (FreezableArena arena = new FreezableArena(new MemoryLedger())) {
            final DmelTables tables = new DmelTables(arena, 80, 16);
            assertEquals(15, tables.thresholdCount());
            for (int i = 0; i < 15; i++) {
                final double below = -7 + 0.6 * i;
                final float want = (float) Math.pow(10, below + 0.3);
                assertEquals(want, at(tables.thresholds(), i), Math.ulp(want), "threshold " + i);
            }
            assertEquals(1, new DmelTables(arena, 1, 2).thresholdCount());
        }
    }

    @Test
    void shouldCountItsMemoryAndGiveItBack() {
        final MemoryLedger ledger = new MemoryLedger();
        try (FreezableArena arena = new FreezableArena(ledger)) {
            final DmelTables tables = new DmelTables(arena, 80, 16);
            assertEquals(4L * (1600 + 801 * 801 + 801 * 799 + 80 * 801 + 15), ledger.liveBytes(MemoryTag.TABLE));
            for (final long address :
                    new long[] {tables.hann(), tables.cos(), tables.sin(), tables.filters(), tables.thresholds()}) {
                assertEquals(0, address % 64);
            }
        }
        assertEquals(0, ledger.liveBytes());
    }

    @Test
    void shouldRefuseSizesThatNoModelHas() {
        try (FreezableArena arena = new FreezableArena(new MemoryLedger())) {
            assertThrows(IllegalArgumentException.class, () -> new DmelTables(arena, 0, 16));
            assertThrows(IllegalArgumentException.class, () -> new DmelTables(arena, 257, 16));
            assertThrows(IllegalArgumentException.class, () -> new DmelTables(arena, 80, 1));
            assertThrows(IllegalArgumentException.class, () -> new DmelTables(arena, 80, 257));
        }
    }

    private static float at(final long table, final int index) {
        return OffHeap.getFloat(table + 4L * index);
    }
}
