package dev.tactus.app;

import dev.tactus.app.cli.BadInputException;
import dev.tactus.app.cli.Table;
import dev.tactus.app.cli.Terminal;
import dev.tactus.app.run.Interrupt;
import dev.tactus.app.train.TrainJob;
import dev.tactus.app.train.TrainSettings;
import dev.tactus.engine.tuning.recipe.DataKinds;
import dev.tactus.engine.tuning.recipe.RecipeGuide;
import dev.tactus.scenario.training.ScenarioSource;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tactus train}: makes or tunes a model as a recipe says. */
@Command(
        name = "train",
        sortOptions = false,
        description = "Train a model, or an adapter beside one, as a recipe says: one JSON file.",
        footer = {
            "",
            "The folder gets recipe.json, losses.csv, losses.svg, checkpoints/ and, in the end, model/, which tactus"
                    + " run takes, or adapter/; held-out data of several sorts get evaluations.csv. Ctrl-C finishes"
                    + " the step, writes a checkpoint and exits with 130. --resume goes on bit for bit, after a kill"
                    + " or a full disk as well.",
            "examples/recipes/ has recipes that run within a minute, models/mini/ that of our own model, which needs"
                    + " espeak-ng; --explain lists their fields."
        })
public final class TrainCommand implements Callable<Integer> {
    /** The step in flight, its checkpoint and the picture; a step of a large model takes its time. */
    private static final long LONGEST_END_S = 600;

    private static final int MOST_THREADS = 256;

    @Spec
    private CommandSpec spec;

    @Option(names = "--recipe", paramLabel = "FILE", description = "What to train, on what, and how.")
    private Path recipe;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "A new or an empty folder for the results. Default: the recipe's out.")
    private Path out;

    @Option(names = "--resume", description = "Go on with the run in that folder, from its newest good checkpoint.")
    private boolean resume;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that compute, 1 to 256. Default: all processors. The bits do not depend on it.")
    private Integer threads;

    @Option(
            names = {"-q", "--quiet"},
            description = "No progress, only the beginning and the end.")
    private boolean quiet;

    @Option(names = "--explain", description = "List the fields of a recipe and end.")
    private boolean explain;

    /** Trains; 0, or 130 when it was broken off. */
    @Override
    public Integer call() {
        final PrintWriter screen = spec.commandLine().getOut();
        if (explain) {
            final Table table = new Table("lll");
            RecipeGuide.fields().forEach(field -> table.row(field.path(), field.allowed(), field.meaning()));
            table.lines("").forEach(screen::println);
            screen.flush();
            return Main.EXIT_OK;
        }
        if (recipe == null) {
            throw new BadInputException(
                    "no recipe: name one with --recipe FILE; examples/recipes/ has some, --explain lists the fields");
        }
        VectorModule.load();
        final TrainSettings settings = new TrainSettings(recipe, out, resume, threads(), quiet, Terminal.isThere());
        try (Interrupt interrupt = new Interrupt(LONGEST_END_S)) {
            final TrainJob job = new TrainJob(settings, kinds(), screen, interrupt);
            interrupt.install();
            return job.execute() ? Main.EXIT_INTERRUPTED : Main.EXIT_OK;
        }
    }

    private static DataKinds kinds() {
        return DataKinds.standard().with(ScenarioSource.KIND, ScenarioSource::open);
    }

    private int threads() {
        if (threads == null) {
            return Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
        }
        if (threads < 1 || threads > MOST_THREADS) {
            throw BadInputException.of("--threads", threads, "1 to " + MOST_THREADS);
        }
        return threads;
    }
}
