package dev.tactus.engine.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A planted bug is found, by the checker that is meant for it. */
class SimCanaryTest {
    private static final int SEEDS = 12;
    private static final int TICKS = 80;

    @ParameterizedTest
    @EnumSource(value = Plant.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void shouldFindThePlant(final Plant plant) {
        try (Simulation simulation = new Simulation()) {
            Optional<Violation> found = Optional.empty();
            for (int seed = 0; seed < SEEDS && found.isEmpty(); seed++) {
                found = simulation.run(Scenario.CHAOS, seed, TICKS, plant).violation();
            }
            assertTrue(found.isPresent(), () -> plant + " was not found in seeds 0 to " + (SEEDS - 1));
            assertEquals(plant.finder(), found.get().check(), found.get()::toString);
        }
    }

    @Test
    void shouldSayWhatItFoundInOneLine() {
        try (Simulation simulation = new Simulation()) {
            final SimReport report = simulation.run(Scenario.CALM, 7, TICKS, Plant.ALLOCATION);
            final String line = report.violation().orElseThrow().toString();
            assertEquals(1, line.lines().count());
            for (final String part :
                    new String[] {"seed 7", "calm", "tick 1", "engine", "memory", "expected", "found"}) {
                assertTrue(line.contains(part), () -> part + " in: " + line);
            }
        }
    }
}
