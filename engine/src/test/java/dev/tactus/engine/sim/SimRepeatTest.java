package dev.tactus.engine.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

/** What happens depends on seed, scenario and ticks alone. */
class SimRepeatTest {
    private static final int TICKS = 60;

    @Test
    void shouldGiveTheSameHashWhateverRanBefore() {
        final SimReport first;
        try (Simulation simulation = new Simulation()) {
            first = simulation.run(Scenario.CHAOS, 3, TICKS);
        }
        try (Simulation simulation = new Simulation()) {
            simulation.run(Scenario.STUCK_DEVICE, 8, TICKS);
            final SimReport second = simulation.run(Scenario.CHAOS, 3, TICKS);
            assertEquals(Long.toHexString(first.hash()), Long.toHexString(second.hash()));
            assertEquals(first.events(), second.events());
            assertArrayEquals(first.reasons(), second.reasons());
        }
    }

    @Test
    void shouldGiveAnotherHashForAnotherSeedOrScenario() {
        try (Simulation simulation = new Simulation()) {
            final long hash = simulation.run(Scenario.CHAOS, 3, TICKS).hash();
            assertNotEquals(hash, simulation.run(Scenario.CHAOS, 4, TICKS).hash());
            assertNotEquals(hash, simulation.run(Scenario.LOSSY, 3, TICKS).hash());
        }
    }

    @Test
    void shouldRefuseTicksOutOfRange() {
        try (Simulation simulation = new Simulation()) {
            assertThrows(IllegalArgumentException.class, () -> simulation.run(Scenario.CALM, 0, 0));
            assertThrows(
                    IllegalArgumentException.class, () -> simulation.run(Scenario.CALM, 0, Simulation.MOST_TICKS + 1));
        }
    }
}
