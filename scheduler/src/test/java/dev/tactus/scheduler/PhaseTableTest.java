package dev.tactus.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PhaseTableTest {
    @Test
    void shouldSpreadFewSessionsFarApart() {
        final PhaseTable table = new PhaseTable(8);
        final List<Integer> slots = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            slots.add(table.emptiest());
            table.enter(table.emptiest());
        }
        assertEquals(List.of(0, 4, 2, 6, 1, 3, 5, 7, 0, 4, 2, 6, 1, 3, 5, 7), slots);
        assertEquals(2, table.sessions(5));
    }

    @Test
    void shouldTakeTheSlotThatOthersLeft() {
        final PhaseTable table = new PhaseTable(4);
        for (final int slot : new int[] {0, 0, 1, 1, 2, 3, 3}) {
            table.enter(slot);
        }
        assertEquals(2, table.emptiest());
        table.clear();
        assertEquals(0, table.emptiest());
    }

    @Test
    void shouldRefuseAPeriodWithoutSlots() {
        assertThrows(IllegalArgumentException.class, () -> new PhaseTable(0));
    }
}
