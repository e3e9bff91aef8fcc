package dev.tactus.bench.latency;

import dev.tactus.app.doctor.CpuContention;
import dev.tactus.app.load.SessionFeed;
import dev.tactus.app.load.TickShape;
import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.ThreadingMode;
import dev.tactus.engine.ledger.Stage;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.scheduler.LoopCounters;
import dev.tactus.scheduler.Pacing;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * Runs the ticks of a {@link TickScenario} on an engine with its own threads, one beat after the other as fast as they
 * go, and measures them by their ledger rows.
 */
public final class TickBench {
    /** The thread that feeds must not take the cores it measures; it looks twice per millisecond. */
    private static final long LOOK_NS = 500_000;

    /** A second tick has what the first one lacks: a token fed back, a frame before it. */
    private static final int FEWEST_UNCOUNTED = 2;

    /** So many ticks in a row without allocation are taken for the end of compilation. */
    private static final int QUIET_TICKS = 10;

    /** What the bench is doing, in this order. */
    public enum Phase {
        /** Runs ticks until the engine's threads allocate nothing; how many that takes is not known. */
        SETTLING,
        /** Fills the context of new sessions. */
        FILLING,
        /** Measures. */
        MEASURING
    }

    /** Told how far the bench is. */
    public interface Progress {
        /**
         * Called after every tick.
         *
         * @param phase what the tick was for
         * @param done ticks of the phase that are done
         * @param of ticks of the phase; while settling, the nanoseconds it may take, and {@code done} those it took
         */
        void onTick(Phase phase, long done, long of);
    }

    private final LoadedModel model;
    private final InteractionConfig interaction;
    private final TickScenario scenario;
    private final TickShape shape;
    private final Progress progress;
    private final ThreadRoster roster = new ThreadRoster();

    private TickBench(
            final LoadedModel model,
            final InteractionConfig interaction,
            final TickScenario scenario,
            final Progress progress) {
        this.model = model;
        this.interaction = interaction;
        this.scenario = scenario;
        this.shape = TickShape.of(model.weights(), interaction, scenario.rows(), scenario.passes());
        this.progress = progress;
    }

    /**
     * Measures. The calling thread feeds the sessions.
     *
     * @throws IllegalArgumentException when the model does not allow the scenario
     * @throws IllegalStateException when a session ends, or a tick is not what it was meant to be
     */
    public static TickResult run(
            final LoadedModel model,
            final InteractionConfig interaction,
            final TickScenario scenario,
            final Progress progress) {
        return new TickBench(model, interaction, scenario, progress).run();
    }

    private TickResult run() {
        final EngineContext context = new EngineContext()
                .model(model)
                .interaction(interaction)
                .maxSessions(scenario.sessions())
                .threads(scenario.threads())
                .threadingMode(ThreadingMode.SHARED)
                .pacing(Pacing.STEPPED)
                .kernels(scenario.kernels())
                .warmUpNs(scenario.warmUpNs())
                .threadFactory(roster)
                .ledger(new MemoryLedger());
        final long launchNs = System.nanoTime();
        try (Engine engine = Engine.launch(context)) {
            return run(engine, System.nanoTime() - launchNs);
        }
    }

    private SessionFeed[] open(final Engine engine) {
        final SessionFeed[] feeds = new SessionFeed[scenario.sessions()];
        for (int i = 0; i < feeds.length; i++) {
            feeds[i] = new SessionFeed(engine, i < scenario.speaking() ? shape.speaking(interaction) : shape, i);
        }
        return feeds;
    }

    /**
     * Runs ticks of sessions that do not count; returns how many it took until nothing was allocated, -1 when time was
     * up.
     */
    private long settle(final Engine engine) {
        if (scenario.settleNs() == 0) {
            return 0;
        }
        final SessionFeed[] feeds = open(engine);
        final BeatTimes uncounted = new BeatTimes();
        final long startNs = System.nanoTime();
        long ticks = 0;
        long bytes = -1;
        int quiet = 0;
        long tookNs = 0;
        while (quiet < QUIET_TICKS && tookNs < scenario.settleNs()) {
            beat(engine, feeds, uncounted);
            ticks++;
            final long now = roster.totalAllocatedBytes();
            quiet = now == bytes ? quiet + 1 : 0;
            bytes = now;
            tookNs = System.nanoTime() - startNs;
            progress.onTick(Phase.SETTLING, tookNs, scenario.settleNs());
        }
        for (final SessionFeed feed : feeds) {
            feed.close();
        }
        awaitBeat(engine); // seals without them, which frees their places
        return quiet < QUIET_TICKS ? -1 : ticks;
    }

    private TickResult run(final Engine engine, final long launchNs) {
        final long settled = settle(engine);
        final SessionFeed[] feeds = open(engine);
        final long toFill =
                Math.max(FEWEST_UNCOUNTED, (scenario.context() + shape.positions()) / (long) shape.positions());
        final BeatTimes uncounted = new BeatTimes();
        for (long i = 0; i < toFill; i++) {
            beat(engine, feeds, uncounted);
            progress.onTick(Phase.FILLING, i + 1, toFill);
        }
        final long from = feeds[0].position();
        final long missedBefore = engine.counters().get(LoopCounters.MISSED);
        final CpuContention contention = CpuContention.start();
        final Map<String, Long> heap = roster.allocatedBytes();
        final BeatTimes times = new BeatTimes();
        for (int i = 0; i < scenario.ticks(); i++) {
            beat(engine, feeds, times);
            progress.onTick(Phase.MEASURING, i + 1, scenario.ticks());
        }
        final Map<String, Double> heapPerTick = heapPerTick(heap);
        final long to = feeds[0].position();
        final double seconds = times.device.getMean() / 1e9;
        final TickWork work = new TickWork(model, interaction, shape);
        return new TickResult(
                scenario,
                engine.backendName(),
                engine.warmUpNote(),
                launchNs,
                settled,
                from,
                to,
                times.whole,
                times.device,
                times.overhead,
                stages(times),
                times.meanUnattributedNs(),
                heapPerTick,
                speechless(work.macs(scenario.sessions(), (from + to) / 2) / seconds),
                speechless(work.weightBytes(scenario.sessions()) / seconds),
                engine.counters().get(LoopCounters.MISSED) - missedBefore,
                contention.shares());
    }

    /** What speech computes is not counted, so a rate of all would be none. */
    private double speechless(final double rate) {
        return scenario.speaking() == 0 ? rate : Double.NaN;
    }

    private void beat(final Engine engine, final SessionFeed[] feeds, final BeatTimes times) {
        for (final SessionFeed feed : feeds) {
            feed.feed();
        }
        final long beat = awaitBeat(engine);
        times.beginBeat();
        for (final SessionFeed feed : feeds) {
            final long before = feed.ticks();
            feed.poll(times);
            if (feed.ticks() != before + 1) {
                throw new IllegalStateException(
                        "beat " + beat + " put out " + (feed.ticks() - before) + " ticks of a session: expected 1");
            }
        }
        times.endBeat();
    }

    private static long awaitBeat(final Engine engine) {
        final long beat = engine.step();
        while (engine.completedBeats() <= beat) {
            if (engine.failure() != null) {
                throw new IllegalStateException("the engine failed in beat " + beat, engine.failure());
            }
            LockSupport.parkNanos(LOOK_NS);
        }
        return beat;
    }

    private Map<String, Double> heapPerTick(final Map<String, Long> before) {
        final Map<String, Double> perTick = new LinkedHashMap<>();
        roster.allocatedBytes().forEach((name, bytes) -> {
            final long since = bytes - before.getOrDefault(name, 0L);
            perTick.put(name, (double) since / scenario.ticks());
        });
        return perTick;
    }

    private static Map<Stage, Double> stages(final BeatTimes times) {
        final Map<Stage, Double> means = new EnumMap<>(Stage.class);
        for (final Stage stage : Stage.values()) {
            // how long media waited for a seal is the bench's own doing
            if (stage != Stage.CAPTURE && stage != Stage.QUEUE) {
                means.put(stage, times.meanNs(stage));
            }
        }
        return means;
    }
}
