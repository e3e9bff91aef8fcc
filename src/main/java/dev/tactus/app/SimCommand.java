package dev.tactus.app;

import dev.tactus.app.cli.BadInputException;
import dev.tactus.app.cli.OutputPath;
import dev.tactus.app.run.Interrupt;
import dev.tactus.app.sim.SimJob;
import dev.tactus.app.sim.SimSettings;
import dev.tactus.engine.sim.Plant;
import dev.tactus.engine.sim.Scenario;
import dev.tactus.engine.sim.Simulation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tactus sim}: the engine's own loop under a virtual clock, with everything that can go wrong, from a seed. */
@Command(
        name = "sim",
        sortOptions = false,
        description = "Run the engine's loop, rings, seals and planner under a virtual clock, with a device whose"
                + " outputs are hashes, while producers are late, bursty, lost or dead, microphones run fast or slow,"
                + " listeners interrupt, the device is slow, stuck or fails, rings are full, consumers are lazy, and"
                + " sessions come and go; and check at every tick that all promises hold. Everything is drawn from the"
                + " seed.",
        footer = {
            "",
            "Each seed is run twice, which must give the same hash, and each of its sessions once more alone, which"
                    + " must give the same bits. Exit code 1 when a checker found something: the line says what, and"
                    + " the next one how to replay it."
        })
public final class SimCommand implements Callable<Integer> {
    private static final Pattern RANGE = Pattern.compile("([0-9]{1,18})\\.\\.([0-9]{1,18})");
    private static final String ALL = "all";

    /** What --scenario takes. */
    static final class ScenarioNames extends ArrayList<String> {
        private static final long serialVersionUID = 1;

        ScenarioNames() {
            for (final Scenario one : Scenario.values()) {
                add(one.label());
            }
            add(ALL);
        }
    }

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Everything is drawn from it. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(names = "--seeds", paramLabel = "FROM..TO", description = "Instead: all seeds of a range, ends included.")
    private String seeds;

    @Option(
            names = "--ticks",
            paramLabel = "N",
            defaultValue = "200",
            description = "Ticks of a run, 1 to " + Simulation.MOST_TICKS + ". Default: ${DEFAULT-VALUE}.")
    private int ticks;

    @Option(
            names = "--scenario",
            paramLabel = "NAME",
            defaultValue = "chaos",
            completionCandidates = ScenarioNames.class,
            description = "What goes wrong: ${COMPLETION-CANDIDATES}; swarm is a mix that the seed draws, all is each"
                    + " in turn. Default: ${DEFAULT-VALUE}.")
    private String scenario;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the reports there.")
    private Path json;

    @Option(
            names = {"-q", "--quiet"},
            description = "No line for a seed in which nothing is found.")
    private boolean quiet;

    @Option(names = "--plant", paramLabel = "NAME", defaultValue = "none", hidden = true)
    private String plant;

    /** Runs; 0, 1 when a checker found something, or 130 when it was broken off. */
    @Override
    public Integer call() {
        VectorModule.load();
        final SimSettings settings = settings();
        try (Interrupt interrupt = new Interrupt()) {
            interrupt.install();
            final SimJob job = new SimJob(settings, spec.commandLine().getOut(), interrupt::isAsked);
            return switch (job.execute()) {
                case HELD -> Main.EXIT_OK;
                case VIOLATED -> Main.EXIT_FAILED;
                case INTERRUPTED -> Main.EXIT_INTERRUPTED;
            };
        }
    }

    private SimSettings settings() {
        if (ticks < 1 || ticks > Simulation.MOST_TICKS) {
            throw BadInputException.of("--ticks", ticks, "1 to " + Simulation.MOST_TICKS);
        }
        if (json != null) {
            OutputPath.requireFile("--json", json);
        }
        long from = seed;
        long to = seed;
        if (seeds != null) {
            if (spec.commandLine().getParseResult().hasMatchedOption("--seed")) {
                throw BadInputException.of("--seeds", "--seed beside it", "one of the two");
            }
            final Matcher matcher = RANGE.matcher(seeds);
            if (!matcher.matches() || Long.parseLong(matcher.group(1)) > Long.parseLong(matcher.group(2))) {
                throw BadInputException.of("--seeds", seeds, "FROM..TO, two numbers in rising order, as 1..300");
            }
            from = Long.parseLong(matcher.group(1));
            to = Long.parseLong(matcher.group(2));
        }
        return new SimSettings(from, to, scenarios(), ticks, plant(), json, quiet);
    }

    private List<Scenario> scenarios() {
        if (scenario.equals(ALL)) {
            return List.of(Scenario.values());
        }
        final Scenario found = Scenario.of(scenario.toLowerCase(Locale.ROOT));
        if (found == null) {
            final String names =
                    Arrays.stream(Scenario.values()).map(Scenario::label).collect(Collectors.joining(", "));
            throw BadInputException.of("--scenario", scenario, names + ", " + ALL);
        }
        return List.of(found);
    }

    private Plant plant() {
        final String name = plant.toUpperCase(Locale.ROOT).replace('-', '_');
        for (final Plant found : Plant.values()) {
            if (found.name().equals(name)) {
                return found;
            }
        }
        throw BadInputException.of("--plant", plant, Arrays.toString(Plant.values()));
    }
}
