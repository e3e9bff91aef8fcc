package dev.tactus.app;

import dev.tactus.app.cli.BadInputException;
import dev.tactus.app.cli.ComputeOptions;
import dev.tactus.app.cli.ModelOptions;
import dev.tactus.app.cli.Terminal;
import dev.tactus.app.eval.EpisodeExport;
import dev.tactus.app.eval.EvalHelp;
import dev.tactus.app.eval.EvalJob;
import dev.tactus.app.eval.EvalSettings;
import dev.tactus.app.run.Interrupt;
import dev.tactus.scenario.Family;
import dev.tactus.scenario.eval.GeneratedTrials;
import dev.tactus.scenario.speech.Split;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** {@code tactus eval}: how well a model listens, answers and stops, in episodes with a known truth. */
@Command(
        name = "eval",
        sortOptions = false,
        abbreviateSynopsis = true,
        modelTransformer = EvalHelp.class,
        description = "Let a model go through spoken and seen episodes in closed loop, and print how well it did,"
                + " family by family. Episodes are made from a seed, with espeak-ng, or read from a folder.")
public final class EvalCommand implements Callable<Integer> {
    private static final int MOST_SESSIONS = 256;
    private static final int MOST_MINUTES = 24 * 60;
    private static final int MOST_WORDS = 1_000_000;
    private static final int DEFAULT_EPISODES = 40;
    private static final List<String> GENERATED = List.of("--family", "--episodes", "--words", "--split", "--phrases");

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOptions model;

    @Option(
            names = "--family",
            paramLabel = "NAME",
            description = "captions, hesitation, answer, interruption, backchannel, correction, flashes, crossing,"
                    + " timed, silence or tour; may be given several times. Default: all that the model has"
                    + " organs for.")
    private List<String> families = new ArrayList<>();

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Seed of the episodes: the same seed, model and options give the same scores."
                    + " Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(names = "--episodes", paramLabel = "N", description = "Episodes of each family, 1 to 2000. Default: 40.")
    private Integer episodes;

    @Option(
            names = "--words",
            paramLabel = "N",
            description = "Instead: as many episodes of each family as it takes to say N words, or --episodes of them.")
    private Integer words;

    @Option(
            names = "--split",
            paramLabel = "NAME",
            defaultValue = "held-out",
            description = "Whose voices: held-out, unseen-accent or train. Default: ${DEFAULT-VALUE}.")
    private String split;

    @Option(
            names = "--phrases",
            paramLabel = "NAME",
            defaultValue = "mixed",
            description = "Words of a phrase spoken one by one (joined), in one go (whole), or as in training (mixed)."
                    + " Default: ${DEFAULT-VALUE}.")
    private String phrases;

    @Option(
            names = "--folder",
            paramLabel = "DIR",
            description = "Recorded episodes instead: a folder with timeline.json, input.wav and frames/, or a folder"
                    + " of such folders. Bad ones are left out, a line each, and the exit code is 1.")
    private Path folder;

    @Option(
            names = "--write",
            paramLabel = "DIR",
            description = "Play nothing: write the episodes there, a folder each, to listen to and to look at, and as a"
                    + " pattern for recordings. Needs no model.")
    private Path write;

    @Option(
            names = "--minutes",
            paramLabel = "N",
            defaultValue = "0",
            description = "Context: every session first goes through N minutes of other episodes, and then lasts for"
                    + " many episodes, with a \"stop\" between. Default: ${DEFAULT-VALUE}, a session of its own for"
                    + " each.")
    private int minutes;

    @Option(
            names = "--sessions",
            paramLabel = "N",
            defaultValue = "8",
            description = "Sessions at once, 1 to 256. Default: ${DEFAULT-VALUE}. Without --minutes the scores do not"
                    + " depend on it.")
    private int sessions;

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Write everything there: scores, intervals, definitions, and what every episode was and"
                    + " brought.")
    private Path json;

    @Option(
            names = {"-q", "--quiet"},
            description = "No progress, only the table.")
    private boolean quiet;

    @Mixin
    private ComputeOptions compute;

    /** Evaluates; 0, 1 when some recordings were bad, or 130 when it was broken off. */
    @Override
    public Integer call() {
        VectorModule.load();
        final EvalSettings settings = settings();
        try (Interrupt interrupt = new Interrupt()) {
            if (write != null) {
                interrupt.install();
                final boolean whole = EpisodeExport.write(
                        settings, write, EvalJob.espeak(), spec.commandLine().getOut(), interrupt::isAsked);
                return whole ? Main.EXIT_OK : Main.EXIT_INTERRUPTED;
            }
            final EvalJob job = new EvalJob(
                    settings,
                    EvalJob::espeak,
                    spec.commandLine().getOut(),
                    spec.commandLine().getErr(),
                    interrupt);
            return switch (job.execute()) {
                case WHOLE -> Main.EXIT_OK;
                case SOME_BAD -> Main.EXIT_FAILED;
                case INTERRUPTED -> Main.EXIT_INTERRUPTED;
            };
        }
    }

    private EvalSettings settings() {
        final ParseResult line = spec.commandLine().getParseResult();
        if (write != null && (folder != null || line.hasMatchedOption("--minutes") || json != null)) {
            throw BadInputException.of(
                    "--write", "--folder, --minutes or --json beside it", "episodes that are made, and nothing played");
        }
        for (final String option : GENERATED) {
            if (folder != null && line.hasMatchedOption(option)) {
                throw BadInputException.of(
                        "--folder", option + " beside it", "recorded episodes as they are, or generated ones");
            }
        }
        range("--episodes", episodes, 1, GeneratedTrials.MOST_EPISODES);
        range("--words", words, 1, MOST_WORDS);
        range("--minutes", minutes, 0, MOST_MINUTES);
        range("--sessions", sessions, 1, MOST_SESSIONS);
        final int most = words == null ? DEFAULT_EPISODES : GeneratedTrials.MOST_EPISODES;
        return new EvalSettings(
                write == null ? model.folder() : null,
                model.adapter(),
                model.interaction(),
                families.stream()
                        .map(name -> one("--family", name, Family.values()))
                        .toList(),
                seed,
                episodes == null ? most : episodes,
                words == null ? 0 : words,
                split.equals("held-out") ? Split.HELD_OUT_VOICES : one("--split", split, otherSplits()),
                one("--phrases", phrases, EvalSettings.Phrases.values()),
                folder,
                minutes,
                sessions,
                compute.threads(),
                compute.kernels(),
                json,
                quiet,
                Terminal.isThere());
    }

    private static Split[] otherSplits() {
        return new Split[] {Split.UNSEEN_ACCENT, Split.TRAIN};
    }

    private static <E extends Enum<E>> E one(final String option, final String name, final E[] values) {
        final List<String> names = Arrays.stream(values)
                .map(value -> value.name().toLowerCase(Locale.ROOT).replace('_', '-'))
                .toList();
        final int index = names.indexOf(name.toLowerCase(Locale.ROOT));
        if (index < 0) {
            final String first = option.equals("--split") ? "held-out, " : "";
            throw BadInputException.of(option, name, first + String.join(", ", names));
        }
        return values[index];
    }

    private static void range(final String option, final Integer value, final int min, final int max) {
        if (value != null && (value < min || value > max)) {
            throw BadInputException.of(option, value, min + " to " + max);
        }
    }
}
