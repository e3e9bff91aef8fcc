package dev.tactus.app.sim;

import dev.tactus.app.cli.BadInputException;
import dev.tactus.app.cli.Failures;
import dev.tactus.engine.sim.Scenario;
import dev.tactus.engine.sim.SimReport;
import dev.tactus.engine.sim.Simulation;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.BooleanSupplier;

/** Runs a range of seeds and tells of each. */
public final class SimJob {
    /** How it came out. */
    public enum Result {
        /** Nothing was found. */
        HELD,
        /** A checker found something. */
        VIOLATED,
        /** It was broken off. */
        INTERRUPTED
    }

    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private final SimSettings settings;
    private final PrintWriter out;
    private final BooleanSupplier isAsked;
    private int runs;
    private int violations;
    private long sessionTicks;
    private long folded;

    /**
     * A job.
     *
     * @param out a line for every seed, and one for all
     * @param isAsked whether it is to be broken off
     */
    public SimJob(final SimSettings settings, final PrintWriter out, final BooleanSupplier isAsked) {
        this.settings = settings;
        this.out = out;
        this.isAsked = isAsked;
    }

    /**
     * Runs all seeds, also after one in which something was found.
     *
     * @throws BadInputException when the file for the reports cannot be written
     */
    public Result execute() {
        try (SimJson json = settings.json() == null ? null : new SimJson(settings);
                Simulation simulation = new Simulation()) {
            for (long seed = settings.from(); seed <= settings.to(); seed++) {
                for (final Scenario scenario : settings.scenarios()) {
                    if (isAsked.getAsBoolean()) {
                        return Result.INTERRUPTED;
                    }
                    told(simulation.run(scenario, seed, settings.ticks(), settings.plant()), json);
                }
            }
            if (json != null) {
                json.end(violations, folded);
            }
        } catch (final IOException ex) {
            throw new BadInputException(
                    "--json " + settings.json() + ": cannot be written: " + Failures.reason(ex), ex);
        }
        if (runs > 1) {
            out.printf(
                    Locale.ROOT,
                    "%,d runs  %,d session ticks  %d violations  folded hash %s%n",
                    runs,
                    sessionTicks,
                    violations,
                    SimLine.hash(folded));
        }
        out.flush();
        return violations == 0 ? Result.HELD : Result.VIOLATED;
    }

    private void told(final SimReport report, final SimJson json) {
        runs++;
        sessionTicks += report.sessionTicks();
        // the order of seeds matters, as that of events does within one
        folded = (folded ^ report.hash()) * GOLDEN;
        folded ^= folded >>> 32;
        if (json != null) {
            json.run(report);
        }
        if (report.violation().isPresent()) {
            violations++;
            out.println(report.violation().get());
            out.println(SimLine.replay(report, settings.plant()));
        } else if (!settings.quiet()) {
            out.println(SimLine.of(report));
        }
        out.flush();
    }
}
