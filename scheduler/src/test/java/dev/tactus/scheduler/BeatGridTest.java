package dev.tactus.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class BeatGridTest {
    @Test
    void shouldPlaceEndSealAndDeadlineOfABeat() {
        final BeatGrid grid = new BeatGrid(200, 30);
        grid.originNs(1000);
        assertEquals(1200, grid.endNs(0));
        assertEquals(1230, grid.sealNs(0));
        assertEquals(1400, grid.deadlineNs(0));
        assertEquals(1000 + 200L * 1_000_001, grid.endNs(1_000_000));
        assertEquals(grid.endNs(7), grid.deadlineNs(6));
    }

    @Test
    void shouldMoveSoThatASteppedBeatEndsNow() {
        final BeatGrid grid = new BeatGrid(200, 0);
        grid.endAt(3, 10_000);
        assertEquals(10_000, grid.endNs(3));
        assertEquals(10_000, grid.sealNs(3));
        assertEquals(10_200, grid.deadlineNs(3));
    }

    @Test
    void shouldRefuseAnAllowanceOfABeatOrMore() {
        assertThrows(IllegalArgumentException.class, () -> new BeatGrid(200, 200));
        assertThrows(IllegalArgumentException.class, () -> new BeatGrid(200, -1));
        assertThrows(IllegalArgumentException.class, () -> new BeatGrid(0, 0));
        assertEquals(199, new BeatGrid(200, 199).sealNs(0) - new BeatGrid(200, 199).endNs(0));
    }
}
