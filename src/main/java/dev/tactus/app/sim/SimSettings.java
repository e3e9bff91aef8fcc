package dev.tactus.app.sim;

import dev.tactus.engine.sim.Plant;
import dev.tactus.engine.sim.Scenario;
import java.nio.file.Path;
import java.util.List;

/**
 * What {@code tactus sim} was asked for.
 *
 * @param from the first seed
 * @param to the last seed, not below the first
 * @param scenarios in which each seed is run, at least one
 * @param ticks beats of a run
 * @param plant a bug for the checkers to find; {@link Plant#NONE} for the engine as it is
 * @param json where the reports go; null for nowhere
 * @param quiet no line for a seed in which nothing was found
 */
public record SimSettings(
        long from, long to, List<Scenario> scenarios, int ticks, Plant plant, Path json, boolean quiet) {
    /** Copies the list. */
    public SimSettings {
        scenarios = List.copyOf(scenarios);
    }
}
