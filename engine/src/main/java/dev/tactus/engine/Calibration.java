package dev.tactus.engine;

import dev.tactus.engine.CalibrationTick.Kind;
import dev.tactus.engine.device.Backend;
import dev.tactus.engine.device.TickOutput;
import dev.tactus.scheduler.Admission;
import dev.tactus.scheduler.BatchWork;
import dev.tactus.scheduler.CostModel;
import dev.tactus.scheduler.Demand;
import dev.tactus.scheduler.SessionLoad;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.NanoClock;

/**
 * What ticks cost on this machine, measured at launch: ticks of 1, 2, 4, … sessions that are quiet, see, caption or
 * speak, on the device that will run them, with their contexts full. A {@link CostModel} is fitted to the medians.
 *
 * <p>At most {@value #MOST_ROUNDS} ticks of each kind, within a time that is given. Less than half of it decides how
 * many sessions are tried: {@value #ALWAYS} at least, if there may be so many, and no more than a slot of the period
 * could ever hold; from there on the model is extended by its lines.
 */
public final class Calibration {
    private static final int MOST_ROUNDS = 9;

    /** Ticks of so many sessions are timed however long they take: fewer say too little of what a session costs. */
    private static final int ALWAYS = 4;

    private static final double GROWING = 0.4;
    private static final int MOST_FORECAST = 4_096;

    /** As the loop idles, so that waking up costs what it costs there. */
    private static final long POLL_PARK_NS = 200_000;

    private static final double WORST_RANK = 0.99;
    private static final double PERCENT = 100;
    private static final double NS_PER_SECOND = 1e9;

    private final EngineContext context;
    private final CostModel model;
    private final int mostSessions;
    private final int kinds;
    private final int ticks;
    private final double spread;
    private final double fitError;
    private final long tookNs;

    private Calibration(final Run run) {
        final List<CostModel.Sample> medians = new ArrayList<>();
        final List<Double> spreads = new ArrayList<>();
        final List<Double> excesses = new ArrayList<>();
        int counted = 0;
        for (final Series series : run.series) {
            if (series.count > 0) {
                final double median = series.median();
                medians.add(new CostModel.Sample(series.work, median));
                series.spreadsInto(median, spreads, excesses);
                counted += series.count;
            }
        }
        context = run.context;
        model = CostModel.fit(medians, rank(excesses, WORST_RANK));
        mostSessions = run.sizes.get(run.sizes.size() - 1);
        kinds = medians.size();
        ticks = counted;
        // one tick of a kind is its own median
        spread = counted < 2 * kinds ? Double.NaN : rank(spreads, 0.5);
        final List<Double> errors = new ArrayList<>();
        for (final CostModel.Sample sample : medians) {
            errors.add(Math.abs(model.meanNs(sample.work()) / sample.ns() - 1));
        }
        fitError = rank(errors, 0.5);
        tookNs = run.clock.nanoTime() - run.startNs;
    }

    /**
     * Calibrates an engine that has no session yet and whose device is idle.
     *
     * @param budgetNs longest time to spend, unless ticks of {@value #ALWAYS} sessions take longer
     * @throws IllegalStateException when the device fails, or the clock does not move
     */
    static Calibration run(
            final EngineContext context, final EngineMemory memory, final Backend backend, final long budgetNs) {
        final Run run = new Run(context, memory, backend, budgetNs);
        run.measure();
        return new Calibration(run);
    }

    private static double rank(final List<Double> values, final double rank) {
        final double[] sorted =
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return sorted[(int) Math.min(sorted.length - 1L, (long) (rank * sorted.length))];
    }

    /** What a tick costs; corrected by the ticks of a live engine. */
    public CostModel model() {
        return model;
    }

    /** Median distance of a tick from the median of its kind, relative to it; NaN with one tick of a kind. */
    public double spread() {
        return spread;
    }

    /** Median distance of the model from the median of a kind, relative to it. */
    public double fitError() {
        return fitError;
    }

    /** How long it took. */
    public long tookNs() {
        return tookNs;
    }

    /** Sessions of the largest tick. */
    public int mostSessions() {
        return mostSessions;
    }

    /**
     * How many sessions of a kind the engine's settings would admit, whatever memory there is: the p99.9 of every slot
     * holds its deadline with the margin.
     *
     * @param modalities bits of the modalities
     * @param demand what they put out
     */
    public int forecast(final int modalities, final Demand demand) {
        return new Admission(model, demand, AdmissionDesk.timing(context), MOST_FORECAST)
                .fitting(AdmissionDesk.load(context, modalities));
    }

    /** How much of the period so many sessions of a kind keep the device busy; above 1 when they cannot. */
    public double utilisation(final int modalities, final Demand demand, final int sessions) {
        final Admission admission = new Admission(model, demand, AdmissionDesk.timing(context), sessions);
        final SessionLoad load = AdmissionDesk.load(context, modalities);
        for (int i = 0; i < sessions; i++) {
            admission.enter(i % context.phases(), load);
        }
        return admission.busyNs() / EngineContext.PERIOD_NS;
    }

    /** One line: what was measured, and how far it is to be trusted. */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%d ticks of %d kinds with 1 to %d sessions in %.2f s, spread %s, fit within %.1f %%",
                ticks,
                kinds,
                mostSessions,
                tookNs / NS_PER_SECOND,
                Double.isNaN(spread) ? "unknown" : String.format(Locale.ROOT, "%.1f %%", PERCENT * spread),
                PERCENT * fitError);
    }

    /** Ticks of the same kind with the same number of sessions. */
    private static final class Series {
        private final int sessions;
        private final Kind kind;
        private final BatchWork work = new BatchWork();
        private final long[] ns = new long[1 + MOST_ROUNDS];
        private int count;
        private long lastNs;

        Series(final int sessions, final Kind kind) {
            this.sessions = sessions;
            this.kind = kind;
        }

        double median() {
            final long[] sorted = Arrays.copyOf(ns, count);
            Arrays.sort(sorted);
            return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2.0;
        }

        void spreadsInto(final double median, final List<Double> spreads, final List<Double> excesses) {
            for (int i = 0; i < count; i++) {
                spreads.add(Math.abs(ns[i] / median - 1));
                excesses.add(CostModel.excess(ns[i], median));
            }
        }
    }

    /** The measurement. */
    private static final class Run {
        private final EngineContext context;
        private final EngineMemory memory;
        private final Backend backend;
        private final NanoClock clock;
        private final CalibrationTick tick;
        private final long startNs;
        private final long budgetNs;
        private final List<Series> series = new ArrayList<>();
        private final List<Integer> sizes = new ArrayList<>();

        Run(final EngineContext context, final EngineMemory memory, final Backend backend, final long budgetNs) {
            this.context = context;
            this.memory = memory;
            this.backend = backend;
            this.clock = context.clock();
            this.tick = new CalibrationTick(context, memory);
            this.startNs = clock.nanoTime();
            this.budgetNs = budgetNs;
        }

        void measure() {
            final int most = context.maxSessions();
            try {
                grow(most);
                for (int round = 0; round < MOST_ROUNDS; round++) {
                    for (final Series one : series) {
                        if (spentNs() + one.lastNs > budgetNs && (one.sessions > ALWAYS || round > 0)) {
                            return;
                        }
                        count(one);
                    }
                }
            } finally {
                tick.reclaim();
            }
        }

        /**
         * Runs every kind once with more and more sessions. With the first few this does not count: memory and caches
         * are cold.
         */
        private void grow(final int most) {
            long lastNs = 0;
            long quietNs = 0;
            for (int size = 1; size <= most; size = size < most ? Math.min(most, 2 * size) : most + 1) {
                // twice the sessions take about twice the time
                final boolean late = spentNs() + 2 * lastNs > GROWING * budgetNs;
                if (size > ALWAYS && (late || quietNs > 2 * EngineContext.PERIOD_NS / context.phases())) {
                    return;
                }
                final long fromNs = clock.nanoTime();
                sizes.add(size);
                tick.prepare(size);
                for (final Kind kind : Kind.values()) {
                    if (kind.isPossible(context) && (size > 1 || kind != Kind.HALF_SPEAK)) {
                        final Series one = new Series(size, kind);
                        series.add(one);
                        if (size > ALWAYS) {
                            count(one);
                        } else {
                            time(one);
                        }
                        quietNs = kind == Kind.QUIET ? one.lastNs : quietNs;
                    }
                }
                lastNs = clock.nanoTime() - fromNs;
            }
        }

        private void count(final Series one) {
            one.ns[one.count++] = time(one);
            CostMeter.describe(memory.plan, memory.output, one.work);
        }

        private long spentNs() {
            return clock.nanoTime() - startNs;
        }

        private long time(final Series one) {
            tick.fill(memory.plan, one.sessions, one.kind);
            final long fromNs = clock.nanoTime();
            final long ticket = backend.submit(memory.plan, memory.output);
            int status = backend.poll(ticket);
            while (status == Backend.PENDING) {
                if (context.computeThreads() > 0) {
                    LockSupport.parkNanos(POLL_PARK_NS);
                }
                status = backend.poll(ticket);
            }
            final long ns = clock.nanoTime() - fromNs;
            if (status == Backend.FAILED) {
                throw new IllegalStateException("the device failed while it was calibrated", backend.failure());
            }
            for (int entry = 0; entry < one.sessions; entry++) {
                if (memory.output.error(entry) != TickOutput.OK) {
                    throw new IllegalStateException("the model put out what is not finite while it was calibrated, in a"
                            + " tick of " + one.sessions + " sessions that were " + one.kind);
                }
            }
            if (ns <= 0) {
                throw new IllegalStateException("the clock says that a tick took " + ns
                        + " ns: an engine whose clock stands still cannot be calibrated; launch it without admission");
            }
            one.lastNs = ns;
            return ns;
        }
    }
}
