package dev.tactus.app.run;

import dev.tactus.app.cli.BadInputException;
import dev.tactus.app.cli.Units;
import dev.tactus.engine.DeviceChoice;
import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.Session;
import dev.tactus.engine.SessionSpec;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.text.TextTokenizer;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.Pacing;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** One run, from loading the model to the summary. */
public final class Run {
    /** Reading this much takes long enough that somebody wonders. */
    private static final long LARGE_MODEL_BYTES = 1L << 30;

    /** What the one adapter of a run is known by. */
    private static final String ADAPTER = "adapter";

    private final RunSettings settings;
    private final MediaOptions media;
    private final PrintWriter out;
    private final InputStream stdin;
    private final Interrupt interrupt;

    /**
     * A run that has not started.
     *
     * @param media what the sessions hear, see and read
     * @param out the screen
     * @param stdin what {@code -} means
     * @param interrupt how the run is broken off; closed by the caller, after everything is printed
     */
    public Run(
            final RunSettings settings,
            final MediaOptions media,
            final PrintWriter out,
            final InputStream stdin,
            final Interrupt interrupt) {
        this.settings = settings;
        this.media = media;
        this.out = out;
        this.stdin = stdin;
        this.interrupt = interrupt;
    }

    /**
     * Runs.
     *
     * @return whether it was broken off
     * @throws BadInputException and what the readers throw, when something given is wrong; nothing is left behind
     * @throws IllegalStateException when the engine failed, or sessions ended that nobody had ended
     */
    public boolean execute() {
        if (settings.out() != null) {
            RunOutput.check(settings.out());
        }
        RunInputs.check(media);
        announce();
        final MemoryLedger ledger = new MemoryLedger();
        try (LoadedModel model = LoadedModel.open(settings.model(), ledger)) {
            final InteractionConfig interaction = InteractionConfig.resolve(settings.interaction(), model.config());
            try (TextTokenizer tokenizer = TextTokenizer.open(
                            settings.model(),
                            model.config().text().unpaddedVocab(),
                            interaction.reservedIds(model.config()));
                    RunInputs inputs = RunInputs.open(media, model, interaction, tokenizer, stdin, Run::daemon)) {
                return execute(context(model, interaction, ledger), tokenizer, inputs);
            }
        }
    }

    private static Thread daemon(final Runnable body) {
        final Thread thread = new Thread(body, "tactus-reader");
        thread.setDaemon(true);
        return thread;
    }

    /** Says that a large model is being read, which takes as long as the disk needs. */
    private void announce() {
        if (settings.quiet() || !Files.isDirectory(settings.model())) {
            return;
        }
        long bytes = 0;
        try (DirectoryStream<Path> weights = Files.newDirectoryStream(settings.model(), "*.safetensors")) {
            for (final Path file : weights) {
                bytes += Files.size(file);
            }
        } catch (final IOException ex) {
            // loading says better what is wrong
            bytes = 0;
        }
        if (bytes > LARGE_MODEL_BYTES) {
            out.println("loading " + settings.model() + " (" + Units.bytes(bytes) + ") …");
            out.flush();
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
                .memoryBudget(settings.memoryBudget())
                .pacing(settings.realtime() ? Pacing.REALTIME : Pacing.STEPPED)
                .allowanceNs(settings.realtime() ? RealtimeRun.ALLOWANCE_NS : 0)
                // by the clock the first deadlines count, so every kernel is compiled before
                .warmUpNs(TimeUnit.MILLISECONDS.toNanos(settings.realtime() ? 5_000 : 600))
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

    private boolean execute(final EngineContext context, final TextTokenizer tokenizer, final RunInputs inputs) {
        try (Engine engine = Engine.launch(context)) {
            head(context, tokenizer, engine);
            interrupt.install();
            final RunLoop loop = settings.realtime()
                    ? new RealtimeRun(engine, context, inputs, interrupt, settings.tickLimit())
                    : new SteppedRun(engine, context, inputs, interrupt, settings.tickLimit());
            final RunStats stats = new RunStats();
            final LiveView live = settings.quiet() ? null : new LiveView(out, settings.terminal());
            final long elapsedNs;
            try (RunOutput output = settings.out() == null ? null : RunOutput.open(settings.out(), voices(context))) {
                loop.beforeOpen();
                final List<LiveSession> sessions = open(engine, inputs.modalities(), tokenizer, stats, output, live);
                final long startNs = context.clock().nanoTime();
                loop.drive(sessions);
                elapsedNs = context.clock().nanoTime() - startNs;
                loop.end(sessions);
                sessions.forEach(session -> stats.droppedBefore(session.feed().dropped()));
                if (output != null) {
                    output.commit();
                }
            } finally {
                if (live != null) {
                    live.end();
                }
            }
            tail(context, engine, stats, elapsedNs);
            requireOrderlyEnd(stats);
            return interrupt.isAsked();
        }
    }

    private int voices(final EngineContext context) {
        return context.speaks() ? settings.sessions() : 0;
    }

    private List<LiveSession> open(
            final Engine engine,
            final int modalities,
            final TextTokenizer tokenizer,
            final RunStats stats,
            final RunOutput output,
            final LiveView live) {
        final List<LiveSession> sessions = new ArrayList<>();
        final SessionSpec spec = settings.spec();
        for (int i = 0; i < settings.sessions(); i++) {
            final SessionSpec one = new SessionSpec(modalities, spec.seed() + i, spec.sampling())
                    .withAdapter(settings.adapter() == null ? SessionSpec.BASE : ADAPTER);
            final Session session = engine.open(one);
            sessions.add(new LiveSession(
                    session,
                    new SessionFeed(session),
                    new SessionTap(i, session, tokenizer, stats, output, i == 0 ? live : null)));
        }
        return sessions;
    }

    private void head(final EngineContext context, final TextTokenizer tokenizer, final Engine engine) {
        if (settings.quiet()) {
            return;
        }
        out.println(settings.model() + ": "
                + Units.count(context.model().weights().parameters()) + " parameters, "
                + (settings.adapter() == null ? "" : "with adapter " + settings.adapter() + ", ")
                + (tokenizer.isPresent() ? "" : "no tokenizer (ids are shown), ")
                + Summary.compute(engine.backendName(), threads()) + ", "
                + Units.plural(settings.sessions(), "session") + ", "
                + Units.bytes(context.memoryPlan().bytes()) + " beside the weights");
        if (!engine.launchNote().isEmpty()) {
            out.println(engine.launchNote());
        }
        out.flush();
    }

    /** Threads that compute; 0 where a GPU does. */
    private int threads() {
        return settings.kernels().device() == DeviceChoice.CUDA ? 0 : settings.threads();
    }

    private void tail(final EngineContext context, final Engine engine, final RunStats stats, final long elapsedNs) {
        final Summary summary = new Summary(
                stats,
                settings.sessions(),
                elapsedNs,
                engine.backendName(),
                threads(),
                context.layout().bytesPerSession(),
                engine.warmUpNote(),
                interrupt.isAsked(),
                settings.out() == null ? "" : RunOutput.describe(settings.out(), voices(context)));
        if (!settings.quiet()) {
            out.println();
        }
        summary.lines().forEach(out::println);
        out.flush();
    }

    /** A session that ends without being told has failed, whatever it put out before. */
    private static void requireOrderlyEnd(final RunStats stats) {
        final List<String> failures = new ArrayList<>();
        failure(
                failures,
                stats.count(EndReason.STALLED),
                "stalled: too many ticks in a row came too late; use fewer"
                        + " sessions, more threads or a smaller model");
        failure(failures, stats.count(EndReason.NOT_FINITE), "ended because the model produced NaN or infinity");
        failure(failures, stats.count(EndReason.DEVICE_FAILED), "ended because the device failed");
        failure(failures, stats.count(EndReason.DEVICE_STUCK), "ended because the device did not return from a tick");
        if (!failures.isEmpty()) {
            throw new IllegalStateException(String.join("; ", failures));
        }
    }

    private static void failure(final List<String> failures, final long count, final String what) {
        if (count > 0) {
            failures.add(Units.plural(count, "session") + " " + what);
        }
    }
}
