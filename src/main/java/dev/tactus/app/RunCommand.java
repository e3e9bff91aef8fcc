package dev.tactus.app;

import dev.tactus.app.cli.BadInputException;
import dev.tactus.app.cli.ByteSize;
import dev.tactus.app.cli.ComputeOptions;
import dev.tactus.app.cli.ModelOptions;
import dev.tactus.app.cli.Terminal;
import dev.tactus.app.run.Interrupt;
import dev.tactus.app.run.MediaOptions;
import dev.tactus.app.run.Run;
import dev.tactus.app.run.RunSettings;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.SessionSpec;
import dev.tactus.engine.model.GenerationConfig;
import dev.tactus.kernel.SamplingParameters;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tactus run}: lets a model hear, see and read files or a pipe, and shows what it puts out. */
@Command(
        name = "run",
        sortOptions = false,
        abbreviateSynopsis = true,
        description =
                "Let a model hear, see and read files or standard input, and show what it puts out, tick by" + " tick.",
        footer = {
            "",
            "The run ends with the longest medium, or after --seconds. Ctrl-C ends the sessions, closes the files and"
                    + " exits with 130.",
            "With a model that speaks, --out gets speech.wav: what it said, aligned to the session's time."
        })
public final class RunCommand implements Callable<Integer> {
    private static final int MOST_SESSIONS = 4096;
    private static final double MOST_SECONDS = 1e7;
    private static final double NS_PER_SECOND = 1e9;
    private static final SamplingParameters USUAL_SAMPLING = new SamplingParameters(1, 50, 0.95f);

    @Spec
    private CommandSpec spec;

    @Mixin
    private MediaOptions media;

    @Mixin
    private ComputeOptions compute;

    @Mixin
    private ModelOptions model;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            description = "Run this long, whatever the media; rounded up to ticks of 0.2 s.")
    private Double seconds;

    @Option(
            names = "--sessions",
            paramLabel = "N",
            defaultValue = "1",
            description = "Copies of the session; copy i has the seed plus i. Default: ${DEFAULT-VALUE}.")
    private int sessions;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Seed of the draws: the same seed and media give the same output. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--temperature",
            paramLabel = "X",
            description =
                    "Of the draws; 0 takes the likeliest id. Default: what the model's generation_config.json says,"
                            + " else 1.")
    private Float temperature;

    @Option(
            names = "--top-k",
            paramLabel = "N",
            description = "Draw among the N likeliest, 1 to 256. Default: as for --temperature, else 50.")
    private Integer topK;

    @Option(
            names = "--top-p",
            paramLabel = "X",
            description = "Draw among the likeliest with this much probability together. Default: as for"
                    + " --temperature, else 0.95.")
    private Float topP;

    @Option(
            names = "--realtime",
            description = "Pace by the clock, as a live session; the default is as fast as it goes.")
    private boolean realtime;

    @Option(
            names = "--memory-budget",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description = "Most memory beside the weights, as 2G or 512M; more is refused. Default: no limit.")
    private Long memoryBudget;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Write events.jsonl, ledger.csv and, of a model that speaks, speech.wav there;"
                    + " existing ones are replaced when the run ends.")
    private Path out;

    @Option(
            names = {"-q", "--quiet"},
            description = "No line per tick, only the summary.")
    private boolean quiet;

    /** Runs; 0, or 130 when it was broken off. */
    @Override
    public Integer call() {
        VectorModule.load();
        final RunSettings settings = settings();
        try (Interrupt interrupt = new Interrupt()) {
            final Run run = new Run(settings, media, spec.commandLine().getOut(), System.in, interrupt);
            return run.execute() ? Main.EXIT_INTERRUPTED : Main.EXIT_OK;
        }
    }

    private RunSettings settings() {
        if (!media.isAnyNamed() && seconds == null) {
            throw new BadInputException(
                    "nothing to do: give --audio, --video or --text, or --seconds for a session without any");
        }
        if (sessions < 1 || sessions > MOST_SESSIONS) {
            throw BadInputException.of("--sessions", sessions, "1 to " + MOST_SESSIONS);
        }
        final Path chosen = model.folder();
        return new RunSettings(
                chosen,
                model.adapter(),
                model.interaction(),
                sessions,
                SessionSpec.of().withSeed(seed).withSampling(sampling(chosen)),
                tickLimit(),
                compute.threads(),
                compute.kernels(),
                memoryBudget == null ? Long.MAX_VALUE : memoryBudget,
                realtime,
                out,
                quiet,
                Terminal.isThere());
    }

    private SamplingParameters sampling(final Path folder) {
        final SamplingParameters own = GenerationConfig.read(folder, USUAL_SAMPLING);
        try {
            return new SamplingParameters(
                    temperature == null ? own.temperature() : temperature,
                    topK == null ? own.topK() : topK,
                    topP == null ? own.topP() : topP);
        } catch (final IllegalArgumentException ex) {
            throw new BadInputException("--" + ex.getMessage(), ex);
        }
    }

    private long tickLimit() {
        if (seconds == null) {
            return -1;
        }
        if (!(seconds > 0 && seconds <= MOST_SECONDS)) {
            throw BadInputException.of("--seconds", seconds, "more than 0, at most 10000000");
        }
        return (long) Math.ceil(Math.rint(seconds * NS_PER_SECOND) / EngineContext.PERIOD_NS);
    }
}
