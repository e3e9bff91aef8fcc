package dev.tactus.app.capacity;

import dev.tactus.app.cli.BadInputException;
import dev.tactus.app.cli.Units;
import dev.tactus.app.doctor.CpuContention;
import dev.tactus.app.load.LiveLoad;
import dev.tactus.app.load.TickShape;
import dev.tactus.engine.Calibration;
import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.scheduler.Demand;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.Pacing;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;

/** One run of {@code tactus capacity}: calibrates, predicts, measures, compares. */
public final class CapacityJob implements CapacityMeasurement.Listener {
    private static final long ALLOWANCE_NS = 0;
    private static final long WARM_UP_NS = TimeUnit.SECONDS.toNanos(5);

    /** Enough sessions to see whether the settings make sense. */
    private static final int FEW = 8;

    /** Passes before {@code <say>}: {@code <hear>}, {@code <speak>} and a piece of text. */
    private static final int TEXT_PASSES = 3;

    private static final double PERCENT = 100;
    private static final double NS_PER_MS = 1e6;
    private static final String[] COSTS = {"a tick", "session", "row", "patch", "pass", "decode row", "speech block"};

    private final CapacitySettings settings;
    private final PrintWriter out;
    private final PrintWriter err;
    private final CpuContention contention = CpuContention.start();
    private long startNs = System.nanoTime();

    /**
     * A job that has not started.
     *
     * @param out the report
     * @param err progress, where it is a terminal
     */
    public CapacityJob(final CapacitySettings settings, final PrintWriter out, final PrintWriter err) {
        this.settings = settings;
        this.out = out;
        this.err = err;
    }

    /**
     * Runs.
     *
     * @throws BadInputException when the model cannot do what is asked
     * @throws IllegalStateException when the engine failed
     */
    public void execute() {
        final MemoryLedger ledger = new MemoryLedger();
        try (LoadedModel model = LoadedModel.open(settings.model(), ledger)) {
            check(context(model, ledger, FEW));
            final CapacityMeasurement.Times times = new CapacityMeasurement.Times(
                    settings.calibrationNs(), settings.fillNs(), settings.settleNs(), settings.pointNs());
            tail(CapacityMeasurement.run(new Asked(model, ledger), times, this));
        }
    }

    /** What the settings ask for. */
    private final class Asked implements CapacityMeasurement.Setting {
        private final LoadedModel model;
        private final MemoryLedger ledger;

        private Asked(final LoadedModel model, final MemoryLedger ledger) {
            this.model = model;
            this.ledger = ledger;
        }

        @Override
        public EngineContext context(final int sessions) {
            return CapacityJob.this.context(model, ledger, sessions);
        }

        @Override
        public TickShape shape(final EngineContext context, final int number) {
            final boolean speaks = LiveLoad.speaks(number, settings.speaking());
            final TickShape shape = TickShape.listening(
                    model.weights(), context.interaction(), settings.modalities(), speaks ? TEXT_PASSES : 0);
            return speaks ? shape.speaking(context.interaction()) : shape;
        }

        @Override
        public int forecast(final Calibration calibration) {
            return calibration.forecast(settings.modalities(), Demand.steady(settings.speaking(), TEXT_PASSES));
        }
    }

    private void check(final EngineContext context) {
        try {
            context.conclude();
        } catch (final IllegalArgumentException ex) {
            throw new BadInputException(ex.getMessage(), ex);
        }
        if (Modality.AUDIO.in(settings.modalities())
                && context.model().weights().audio().isEmpty()) {
            throw BadInputException.of("--modalities", "audio", "what the model has: it does not hear");
        }
        if (Modality.VIDEO.in(settings.modalities())
                && context.model().weights().vision().isEmpty()) {
            throw BadInputException.of("--modalities", "video", "what the model has: it does not see");
        }
        if (settings.speaking() > 0 && !context.speaks()) {
            throw BadInputException.of("--speaking", settings.speaking(), "0 for a model that does not speak");
        }
    }

    private EngineContext context(final LoadedModel model, final MemoryLedger ledger, final int sessions) {
        final EngineContext context = new EngineContext()
                .model(model)
                .interaction(interaction(model))
                .maxSessions(sessions)
                .threads(settings.threads())
                .kernels(settings.kernels())
                .pacing(Pacing.REALTIME)
                .allowanceNs(ALLOWANCE_NS)
                .warmUpNs(WARM_UP_NS)
                .admission(false)
                .ledger(ledger);
        if (settings.phases() > 0) {
            context.phases(settings.phases());
        }
        return context;
    }

    private InteractionConfig interaction(final LoadedModel model) {
        final InteractionConfig own = InteractionConfig.resolve(settings.interaction(), model.config());
        return settings.context() == 0 ? own : own.withContext(own.sinkPositions(), settings.context());
    }

    @Override
    public void onLaunch(final EngineContext context, final Engine engine) {
        final Calibration calibration = engine.calibration();
        startNs = System.nanoTime();
        clear();
        out.println(settings.model() + ": "
                + Units.count(context.model().weights().parameters()) + " parameters, "
                + engine.backendName() + ", " + Units.plural(settings.threads(), "thread") + ", "
                + Units.plural(context.phases(), "slot") + " of the period");
        out.println("sessions     " + modalityNames()
                + String.format(Locale.ROOT, ", %.0f %% of them speak in every tick", PERCENT * settings.speaking()));
        out.println("context      " + Units.exact(context.interaction().globalWindow()) + " positions, "
                + Units.bytes(context.layout().bytesPerSession()) + " per session");
        out.println(
                "calibration  " + calibration + ", steal " + contention.shares().stealText());
        final StringJoiner costs = new StringJoiner(", ");
        final double[] ns = calibration.model().coefficientsNs();
        for (int i = 0; i < ns.length; i++) {
            costs.add(String.format(Locale.ROOT, "%s %.3f", COSTS[i], ns[i] / NS_PER_MS));
        }
        out.println("costs, ms    " + costs);
        if (!engine.warmUpNote().isEmpty()) {
            out.println(engine.warmUpNote());
        }
        out.println();
        out.println(" sessions    missed  p99.9 end  context   steal");
        out.flush();
    }

    private String modalityNames() {
        final StringJoiner names = new StringJoiner("+").setEmptyValue("no media");
        for (int i = 0; i < Modality.COUNT; i++) {
            if (Modality.of(i).in(settings.modalities())) {
                names.add(Modality.of(i).name().toLowerCase(Locale.ROOT));
            }
        }
        return names.toString();
    }

    @Override
    public void onPoint(final CapacityPoint point) {
        clear();
        out.println(String.format(
                Locale.ROOT,
                "%9d  %7.3f %%  %6.1f ms  %7.0f  %6s  %s",
                point.sessions(),
                PERCENT * point.missed() / Math.max(1, point.ticks()),
                point.endMs(),
                point.positions(),
                point.contention().stealText(),
                (point.holds() ? "holds" : "does not hold")
                        + (point.restarted() == 0 ? "" : ", " + point.restarted() + " ended and were opened again")));
        out.flush();
    }

    @Override
    public void onProgress(final String what) {
        show(what + ": second " + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startNs));
    }

    private void tail(final CapacityMeasurement.Result result) {
        final String steal = result.contention().stealText();
        out.println();
        out.printf(Locale.ROOT, "predicted  %d, steal %s%n", result.predicted(), steal);
        if (result.isOutOfMemory()) {
            out.printf(
                    Locale.ROOT,
                    "measured   %d or more: there is no memory for others, steal %s%n",
                    result.holds(),
                    steal);
        } else {
            out.printf(
                    Locale.ROOT, "measured   %d (%d do not hold), steal %s%n", result.holds(), result.fails(), steal);
        }
        if (result.holds() > 0) {
            out.printf(
                    Locale.ROOT,
                    "ratio      %.2f predicted / measured%n",
                    (double) result.predicted() / result.holds());
        }
        out.printf(
                Locale.ROOT,
                "corrected  %d: by the live ticks, which took %.2f times what was calibrated%n",
                result.corrected(),
                result.drift());
        out.flush();
    }

    private void show(final String line) {
        if (settings.terminal()) {
            err.print("\r\u001B[K" + line);
            err.flush();
        }
    }

    private void clear() {
        show("");
    }
}
