package dev.tactus.app.capacity;

import dev.tactus.app.capacity.LiveLoad.Point;
import dev.tactus.app.cli.BadInputException;
import dev.tactus.app.cli.Units;
import dev.tactus.app.doctor.CpuContention;
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
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;

/** One run of {@code tactus capacity}: calibrates, predicts, measures, compares. */
public final class CapacityJob {
    private static final long ALLOWANCE_NS = 0;
    private static final long WARM_UP_NS = TimeUnit.SECONDS.toNanos(5);
    private static final int FIRST_SESSIONS = 8;
    private static final int MOST_SESSIONS = 4_096;

    /** How much more than was predicted there is memory for. */
    private static final double ROOM = 1.7;

    private static final int ROOM_AT_LEAST = 4;

    /** The search ends when what holds and what does not are this close, relative to the former. */
    private static final double RESOLUTION = 0.03;

    /** Contexts are filled by fewer sessions than are thought to hold, so that none falls behind. */
    private static final double FILLING = 0.8;

    private static final double STEP_UP = 1.2;
    private static final double STEP_DOWN = 0.8;
    private static final double PERCENT = 100;
    private static final double NS_PER_MS = 1e6;
    private static final String[] COSTS = {"a tick", "session", "row", "patch", "pass", "decode row", "speech block"};

    private final CapacitySettings settings;
    private final PrintWriter out;
    private final PrintWriter err;
    private long startNs;

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
        final CpuContention steal = CpuContention.start();
        try (LoadedModel model = LoadedModel.open(settings.model(), ledger)) {
            final int first = firstForecast(model, ledger);
            final int places = places(model, ledger, first);
            final EngineContext context = context(model, ledger, places, settings.calibrationNs());
            show("calibrating up to " + Units.plural(places, "session"));
            try (Engine engine = Engine.launch(context)) {
                startNs = context.clock().nanoTime();
                head(context, engine, steal.shares().stealText());
                final int predicted = engine.calibration().forecast(settings.modalities(), demand());
                final LiveLoad load = new LiveLoad(engine, context, settings);
                load.resize((int) Math.max(1, FILLING * Math.min(places, predicted)));
                load.fill(settings.fillNs(), () -> show("filling contexts: second " + second(context)));
                final Search search = new Search(places, Math.max(1, Math.min(places, predicted)));
                while (search.next > 0) {
                    search.take(point(load, context, search));
                }
                load.close();
                tail(search, predicted, steal.shares().stealText(), engine.calibration());
            }
        }
    }

    private Demand demand() {
        return Demand.steady(settings.speaking(), LiveLoad.TEXT_PASSES);
    }

    /** What few sessions let one expect of many, so that there is memory for them. */
    private int firstForecast(final LoadedModel model, final MemoryLedger ledger) {
        final EngineContext context = context(model, ledger, FIRST_SESSIONS, settings.calibrationNs() / 4);
        check(context);
        show("calibrating");
        try (Engine engine = Engine.launch(context)) {
            return engine.calibration().forecast(settings.modalities(), demand());
        }
    }

    private void check(final EngineContext context) {
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

    private EngineContext context(
            final LoadedModel model, final MemoryLedger ledger, final int sessions, final long calibrationNs) {
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
                .calibrationNs(calibrationNs)
                .ledger(ledger);
        if (settings.phases() > 0) {
            context.phases(settings.phases());
        }
        try {
            return context.conclude();
        } catch (final IllegalArgumentException ex) {
            throw new BadInputException(ex.getMessage(), ex);
        }
    }

    private InteractionConfig interaction(final LoadedModel model) {
        final InteractionConfig own = InteractionConfig.resolve(settings.interaction(), model.config());
        return settings.context() == 0 ? own : own.withContext(own.sinkPositions(), settings.context());
    }

    /** Sessions that there is memory for: more than were predicted, but not more than half of the machine's memory. */
    private int places(final LoadedModel model, final MemoryLedger ledger, final int predicted) {
        final long half = ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                        .getTotalMemorySize()
                / 2;
        int places = (int) Math.min(MOST_SESSIONS, ROOM * predicted + ROOM_AT_LEAST);
        while (places > 1 && context(model, ledger, places, 0).memoryPlan().bytes() > half) {
            places -= Math.max(1, places / 8);
        }
        return places;
    }

    private void head(final EngineContext context, final Engine engine, final String steal) {
        final Calibration calibration = engine.calibration();
        clear();
        out.println(settings.model() + ": "
                + Units.count(context.model().weights().parameters()) + " parameters, "
                + engine.backendName() + ", " + Units.plural(settings.threads(), "thread") + ", "
                + Units.plural(context.phases(), "slot") + " of the period");
        out.println("sessions     " + modalityNames()
                + String.format(Locale.ROOT, ", %.0f %% of them speak in every tick", PERCENT * settings.speaking()));
        out.println("context      " + Units.exact(context.interaction().globalWindow()) + " positions, "
                + Units.bytes(context.layout().bytesPerSession()) + " per session");
        out.println("calibration  " + calibration + ", steal " + steal);
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

    private Point point(final LiveLoad load, final EngineContext context, final Search search) {
        final String what = Units.plural(search.next, "session");
        load.resize(search.next);
        load.live(settings.settleNs(), () -> show(what + ", settling: second " + second(context)));
        final Point point =
                load.measure(settings.pointNs(), () -> show(what + ", measuring: second " + second(context)));
        clear();
        out.println(String.format(
                Locale.ROOT,
                "%9d  %7.3f %%  %6.1f ms  %7.0f  %6s  %s",
                point.sessions(),
                PERCENT * point.missed() / Math.max(1, point.ticks()),
                point.endMs(),
                point.positions(),
                point.steal(),
                (point.holds() ? "holds" : "does not hold")
                        + (point.restarted() == 0 ? "" : ", " + point.restarted() + " ended and were opened again")));
        out.flush();
        return point;
    }

    private long second(final EngineContext context) {
        return TimeUnit.NANOSECONDS.toSeconds(context.clock().nanoTime() - startNs);
    }

    private void tail(final Search search, final int predicted, final String steal, final Calibration calibration) {
        out.println();
        out.printf(Locale.ROOT, "predicted  %d, steal %s%n", predicted, steal);
        if (search.fails > search.most) {
            out.printf(
                    Locale.ROOT,
                    "measured   %d or more: there is no memory for others, steal %s%n",
                    search.holds,
                    steal);
        } else {
            out.printf(Locale.ROOT, "measured   %d (%d do not hold), steal %s%n", search.holds, search.fails, steal);
        }
        if (search.holds > 0) {
            out.printf(Locale.ROOT, "ratio      %.2f predicted / measured%n", (double) predicted / search.holds);
        }
        out.printf(
                Locale.ROOT,
                "corrected  %d: by the live ticks, which took %.2f times what was calibrated%n",
                calibration.forecast(settings.modalities(), demand()),
                calibration.model().drift());
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

    /** Where the largest number that holds is looked for. */
    static final class Search {
        final int most;
        int holds;
        int fails;

        /** The next number to try; 0 when the search is over. */
        int next;

        Search(final int most, final int first) {
            this.most = most;
            this.fails = most + 1;
            this.next = first;
        }

        void take(final Point point) {
            take(point.sessions(), point.holds());
        }

        void take(final int sessions, final boolean held) {
            holds = held ? Math.max(holds, sessions) : holds;
            fails = held ? fails : Math.min(fails, sessions);
            if (fails - holds <= Math.max(1, RESOLUTION * holds)) {
                next = 0;
            } else if (fails > most) {
                next = Math.min(most, (int) Math.ceil(STEP_UP * holds));
            } else {
                next = holds == 0 ? Math.max(1, (int) (STEP_DOWN * fails)) : (holds + fails) / 2;
            }
        }
    }
}
