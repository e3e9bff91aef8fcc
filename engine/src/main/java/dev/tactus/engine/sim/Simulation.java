package dev.tactus.engine.sim;

import java.util.Optional;

/**
 * Runs seeds through the real engine, on the thread that calls: its loop, ring, seats, planner, executor and sessions,
 * under a virtual clock and with a device whose outputs are hashes. Everything that happens is drawn from the seed.
 *
 * <p>A run is made twice, and must give the same hash of its events; every session of it is then lived again alone, and
 * must put out the same bits. What else is held: {@link Check}.
 *
 * <pre>{@code
 * try (Simulation simulation = new Simulation()) {
 *     SimReport report = simulation.run(Scenario.CHAOS, 42, 200);
 *     report.violation().ifPresent(System.out::println);
 * }
 * }</pre>
 */
public final class Simulation implements AutoCloseable {
    /** Most beats of a run: a day. */
    public static final int MOST_TICKS = 5 * 60 * 60 * 24;

    private final SimModel model = new SimModel();

    /** A simulation; it holds the smallest of models. */
    public Simulation() {}

    /**
     * Runs a seed.
     *
     * @param ticks beats, from 1 to {@link #MOST_TICKS}; it then takes a few more to end all sessions
     */
    public SimReport run(final Scenario scenario, final long seed, final int ticks) {
        return run(scenario, seed, ticks, Plant.NONE);
    }

    /** Runs a seed on an engine with a planted bug. */
    public SimReport run(final Scenario scenario, final long seed, final int ticks, final Plant plant) {
        if (ticks < 1 || ticks > MOST_TICKS) {
            throw new IllegalArgumentException("ticks is " + ticks + ": expected 1 to " + MOST_TICKS);
        }
        final SimWorld world = new SimWorld(model, scenario, seed, plant, 0);
        Violation violation = null;
        try {
            world.run(ticks);
            liveAgain(world, scenario, seed, plant);
            repeat(world, scenario, seed, ticks, plant);
        } catch (final SimViolationException ex) {
            violation = ex.violation();
        } catch (final RuntimeException | AssertionError ex) {
            violation = world.thrown(ex);
        }
        return report(world, scenario, seed, ticks, violation);
    }

    private void liveAgain(final SimWorld world, final Scenario scenario, final long seed, final Plant plant) {
        try (LoneRun alone = new LoneRun(model, scenario, seed, plant)) {
            for (final SimSession session : world.sessions()) {
                alone.check(session);
            }
        }
    }

    private void repeat(
            final SimWorld world, final Scenario scenario, final long seed, final int ticks, final Plant plant) {
        final SimWorld again = new SimWorld(model, scenario, seed, plant, 1);
        again.run(ticks);
        if (again.log().hash() != world.log().hash()) {
            throw new Checks(seed, scenario)
                    .fail(
                            Check.REPEAT,
                            Checks.ENGINE,
                            "the event hash of the first run, "
                                    + Long.toHexString(world.log().hash()),
                            Long.toHexString(again.log().hash()) + " in the second one");
        }
    }

    private static SimReport report(
            final SimWorld world,
            final Scenario scenario,
            final long seed,
            final int ticks,
            final Violation violation) {
        final SimWorld.Tally tally = world.tally();
        return new SimReport(
                seed,
                scenario,
                ticks,
                tally.beats,
                tally.sessions,
                tally.sessionTicks,
                world.log().events(),
                tally.counted.size(),
                tally.refusals,
                tally.refusedMedia,
                tally.lostEvents,
                tally.heardAll,
                tally.heardPart,
                world.sessions().stream().mapToLong(SimSession::takenBack).sum(),
                tally.counters(),
                tally.reasons,
                tally.ends,
                world.log().hash(),
                Optional.ofNullable(violation));
    }

    @Override
    public void close() {
        model.close();
    }
}
