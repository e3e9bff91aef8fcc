package dev.tactus.app.eval;

import dev.tactus.app.cli.BadInputException;
import dev.tactus.app.cli.Failures;
import dev.tactus.app.cli.OutputPath;
import dev.tactus.app.cli.Units;
import dev.tactus.app.run.Interrupt;
import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.SessionSpec;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.text.TextTokenizer;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.scenario.Family;
import dev.tactus.scenario.GeneratorSettings;
import dev.tactus.scenario.ScenarioGenerator;
import dev.tactus.scenario.eval.ContextEpisodes;
import dev.tactus.scenario.eval.Evaluation;
import dev.tactus.scenario.eval.GeneratedTrials;
import dev.tactus.scenario.eval.RecordedTrials;
import dev.tactus.scenario.eval.Scores;
import dev.tactus.scenario.eval.ScoresJson;
import dev.tactus.scenario.eval.Trial;
import dev.tactus.scenario.language.Vocabulary;
import dev.tactus.scenario.speech.EspeakSpeech;
import dev.tactus.scenario.speech.SpeechSource;
import dev.tactus.scheduler.Pacing;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** One evaluation, from loading the model to the table. */
public final class EvalJob {
    private static final String ADAPTER = "adapter";
    private static final long WARM_UP_NS = TimeUnit.MILLISECONDS.toNanos(600);

    private final EvalSettings settings;
    private final Supplier<SpeechSource> speech;
    private final PrintWriter out;
    private final PrintWriter err;
    private final Interrupt interrupt;
    private long ticks;

    /**
     * An evaluation that has not started.
     *
     * @param speech who speaks in generated episodes; asked only when there are some
     * @param err where lines about bad recordings go
     * @param interrupt how it is broken off; closed by the caller
     */
    public EvalJob(
            final EvalSettings settings,
            final Supplier<SpeechSource> speech,
            final PrintWriter out,
            final PrintWriter err,
            final Interrupt interrupt) {
        this.settings = settings;
        this.speech = speech;
        this.out = out;
        this.err = err;
        this.interrupt = interrupt;
    }

    /** How an evaluation ended. */
    public enum End {
        /** All episodes were played. */
        WHOLE,
        /** Some recordings could not be read. */
        SOME_BAD,
        /** It was broken off. */
        INTERRUPTED
    }

    /** Their voice that speaks in generated episodes. */
    public static SpeechSource espeak() {
        return new EspeakSpeech();
    }

    /** Evaluates. */
    public End execute() {
        if (settings.json() != null) {
            OutputPath.requireFile("--json", settings.json());
        }
        final MemoryLedger ledger = new MemoryLedger();
        try (LoadedModel model = LoadedModel.open(settings.model(), ledger)) {
            final InteractionConfig interaction = InteractionConfig.resolve(settings.interaction(), model.config());
            requireWords(model, interaction);
            final List<Family> families = families(model);
            final EngineContext context = context(model, interaction, ledger);
            final ScenarioGenerator generator = settings.folder() == null || settings.minutes() > 0
                    ? generator(settings, interaction.audioOut().isPresent(), speech.get())
                    : null;
            final RecordedTrials recorded = recorded();
            final Iterator<Trial> trials = recorded != null
                    ? recorded
                    : new GeneratedTrials(generator, families, settings.seed(), settings.episodes(), settings.words());
            try (Engine engine = Engine.launch(context)) {
                return execute(engine, context, generator, families, trials, recorded);
            }
        }
    }

    private End execute(
            final Engine engine,
            final EngineContext context,
            final ScenarioGenerator generator,
            final List<Family> families,
            final Iterator<Trial> trials,
            final RecordedTrials recorded) {
        head(engine, context);
        interrupt.install();
        final long startNs = context.clock().nanoTime();
        final EvalProgress progress = new EvalProgress(out, settings.quiet(), settings.terminal(), startNs);
        final Evaluation evaluation = new Evaluation(
                engine,
                context,
                settings.adapter() == null ? SessionSpec.BASE : ADAPTER,
                settings.minutes() == 0
                        ? ContextEpisodes.none()
                        : new ContextEpisodes(generator, settings.minutes(), settings.seed()),
                (done, all, group) -> {
                    ticks = all;
                    progress.beat(done, all, group, context.clock().nanoTime());
                    return !interrupt.isAsked();
                });
        final Scores scores;
        try {
            scores = evaluation.run(trials);
        } finally {
            progress.end();
        }
        final List<String> problems = recorded == null ? List.of() : recorded.problems();
        problems.forEach(problem -> err.println("tactus: " + problem));
        err.flush();
        EvalTable.lines(scores).forEach(out::println);
        final long endNs = context.clock().nanoTime();
        out.println();
        out.println((evaluation.isStopped() ? "broken off after " : "")
                + Units.plural(scores.trials().size(), "episode")
                + " in " + Units.seconds(endNs - startNs) + ", " + progress.pace(ticks, endNs)
                + " times as fast as they last");
        if (settings.json() != null) {
            write(context, engine, families, evaluation.isStopped(), problems, scores);
        }
        out.flush();
        if (evaluation.isStopped()) {
            return End.INTERRUPTED;
        }
        return problems.isEmpty() ? End.WHOLE : End.SOME_BAD;
    }

    private void head(final Engine engine, final EngineContext context) {
        out.println(settings.model() + ": "
                + Units.count(context.model().weights().parameters()) + " parameters, "
                + (settings.adapter() == null ? "" : "with adapter " + settings.adapter() + ", ")
                + engine.backendName() + ", " + Units.plural(settings.threads(), "thread") + ", "
                + Units.plural(settings.sessions(), "session") + " at once");
        out.println(
                settings.folder() != null
                        ? "recordings in " + settings.folder()
                        : "voices " + lower(settings.split()) + ", phrases " + lower(settings.phrases()) + ", seed "
                                + settings.seed()
                                + (settings.minutes() == 0
                                        ? ""
                                        : ", after " + Units.plural(settings.minutes(), "minute") + " of context"));
        out.flush();
    }

    private static String lower(final Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Sessions hear and, in some families, see: what the model cannot is left out, or refused if it was asked for. */
    private List<Family> families(final LoadedModel model) {
        final boolean sees = model.weights().vision().isPresent();
        for (final Family family : settings.families()) {
            if (family.hasVideo() && !sees) {
                throw BadInputException.of(
                        "--family", lower(family), "families without pictures: " + settings.model() + " does not see");
            }
        }
        if (!sees && settings.families().isEmpty() && settings.folder() == null) {
            out.println("the model does not see: families with pictures are left out");
        }
        final List<Family> chosen =
                settings.families().isEmpty() ? Arrays.asList(Family.values()) : settings.families();
        // a session lasts for all families that see or do not: the fewer changes, the less context
        return chosen.stream()
                .distinct()
                .filter(family -> sees || !family.hasVideo())
                .sorted(Comparator.comparing(Family::hasVideo).thenComparing(Family::ordinal))
                .toList();
    }

    /** What makes the episodes, for a model that speaks or only writes. */
    static ScenarioGenerator generator(final EvalSettings settings, final boolean speaks, final SpeechSource source) {
        final GeneratorSettings like = GeneratorSettings.training();
        final double whole =
                switch (settings.phrases()) {
                    case MIXED -> like.wholePhrases();
                    case JOINED -> 0;
                    case WHOLE -> 1;
                };
        return new ScenarioGenerator(
                like.with(settings.split()).withWholePhrases(whole).withVoice(speaks), source);
    }

    private RecordedTrials recorded() {
        if (settings.folder() == null) {
            return null;
        }
        try {
            return new RecordedTrials(settings.folder());
        } catch (final IOException ex) {
            throw Failures.unreadable("--folder " + settings.folder(), ex);
        }
    }

    /** Words are compared by their ids, so they must be those of the scenarios. */
    private void requireWords(final LoadedModel model, final InteractionConfig interaction) {
        final int vocabulary = model.config().text().unpaddedVocab();
        final int last = Vocabulary.FIRST_WORD_ID + Vocabulary.all().size() - 1;
        if (vocabulary <= last) {
            throw BadInputException.of(
                    "--model " + settings.model(),
                    vocabulary + " ids",
                    "the vocabulary of the scenarios, whose words have ids up to " + last);
        }
        try (TextTokenizer tokenizer =
                TextTokenizer.open(settings.model(), vocabulary, interaction.reservedIds(model.config()))) {
            for (final String word : Vocabulary.all()) {
                final int[] ids = tokenizer.isPresent() ? tokenizer.encode(word) : Vocabulary.ids(List.of(word));
                if (!Arrays.equals(ids, Vocabulary.ids(List.of(word)))) {
                    throw BadInputException.of(
                            settings.model().resolve(TextTokenizer.FILE_NAME) + ": \"" + word + '"',
                            "ids " + Arrays.toString(ids),
                            "the vocabulary of the scenarios, where it is " + Vocabulary.id(word));
                }
            }
        }
    }

    private EngineContext context(
            final LoadedModel model, final InteractionConfig interaction, final MemoryLedger ledger) {
        final EngineContext context = new EngineContext()
                .model(model)
                .interaction(interaction)
                .maxSessions(settings.sessions())
                .threads(settings.threads())
                .kernels(settings.kernels())
                .pacing(Pacing.STEPPED)
                .warmUpNs(WARM_UP_NS)
                .ledger(ledger);
        if (settings.adapter() != null) {
            context.adapter(ADAPTER, settings.adapter());
        }
        try {
            return context.conclude();
        } catch (final IllegalArgumentException ex) {
            throw new BadInputException(ex.getMessage(), ex);
        }
    }

    /** Nothing in it depends on the clock: the same evaluation writes the same bytes. */
    private void write(
            final EngineContext context,
            final Engine engine,
            final List<Family> families,
            final boolean stopped,
            final List<String> problems,
            final Scores scores) {
        final Map<String, Object> about = new LinkedHashMap<>();
        about.put("model", settings.model().toString());
        about.put("parameters", context.model().weights().parameters());
        about.put(
                "adapter", settings.adapter() == null ? "" : settings.adapter().toString());
        about.put("kernels", engine.backendName());
        about.put("sessions", settings.sessions());
        about.put("context_minutes", settings.minutes());
        about.put("seed", settings.seed());
        about.put("complete", !stopped);
        if (settings.folder() != null) {
            about.put("folder", settings.folder().toString());
            about.put("problems", problems);
        } else {
            about.put("families", families.stream().map(EvalJob::lower).toList());
            about.put("episodes", settings.episodes());
            about.put("words", settings.words());
            about.put("split", lower(settings.split()));
            about.put("phrases", lower(settings.phrases()));
        }
        try {
            Files.write(settings.json(), ScoresJson.write(about, scores));
        } catch (final IOException ex) {
            throw new BadInputException(
                    "--json " + settings.json() + ": cannot be written: " + Failures.reason(ex), ex);
        }
    }
}
