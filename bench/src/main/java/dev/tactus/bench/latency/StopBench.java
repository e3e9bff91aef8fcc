package dev.tactus.bench.latency;

import dev.tactus.app.load.TickShape;
import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.Session;
import dev.tactus.engine.SessionHandler;
import dev.tactus.engine.SessionSpec;
import dev.tactus.engine.TickEvent;
import dev.tactus.engine.ledger.LedgerRow;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.scheduler.BeatGrid;
import dev.tactus.scheduler.EndReason;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Stops a speaking session at every millisecond of its tick, beside others that go on speaking, and measures how long
 * it still put out: promise 5, no generation and no speech after the end of the tick in which it was stopped.
 *
 * <p>The sessions are given no media, other than under a {@link dev.tactus.app.load.LiveLoad}: what they put out is
 * held to a script, and the thread that stops them by the millisecond does nothing else.
 */
public final class StopBench {
    /** Ticks that a session speaks before it is stopped. */
    private static final int TICKS_BEFORE = 3;

    private static final long MS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long PARK_NS = 100_000;

    /**
     * What was measured over all offsets.
     *
     * @param lastOutput from the stop to the last emit of the session, in nanoseconds, 0 when none came after it
     * @param end from the stop to the moment when the consumer was told of the end
     * @param stops how often a session was stopped
     * @param late how often something was put out after the end of the tick in which it was stopped
     */
    public record Result(Histogram lastOutput, Histogram end, int stops, int late) {}

    private final Engine engine;
    private final BeatGrid grid;
    private final SessionSpec spec;
    private final Histogram lastOutput = new Histogram(3);
    private final Histogram end = new Histogram(3);
    private int late;

    private StopBench(final Engine engine, final SessionSpec spec) {
        this.engine = engine;
        this.grid = engine.grid();
        this.spec = spec;
    }

    /** Stops one session at each of {@code offsetsMs} of its tick; {@code others} speak beside it. */
    public static Result run(
            final LoadedModel model,
            final InteractionConfig interaction,
            final LiveSetting setting,
            final int others,
            final int offsets,
            final Runnable afterStop) {
        final TickShape base = TickShape.of(model.weights(), interaction, setting.rows(), setting.passes());
        final TickShape shape = model.weights().voice().isPresent() ? base.speaking(interaction) : base;
        final SessionSpec spec = new SessionSpec(shape.modalities(), 1, SamplingParameters.GREEDY, shape.script());
        try (Engine engine = Engine.launch(setting.context(model, interaction, others + 1))) {
            final StopBench bench = new StopBench(engine, spec);
            final Session[] beside = new Session[others];
            for (int i = 0; i < others; i++) {
                beside[i] = engine.open(spec);
            }
            for (int i = 0; i < offsets; i++) {
                bench.stopAt(i * EngineContext.PERIOD_NS / offsets, beside);
                afterStop.run();
            }
            return new Result(bench.lastOutput, bench.end, offsets, bench.late);
        }
    }

    /** What a session put out, and when it was told of its end. */
    private static final class Heard implements SessionHandler {
        private long ticks;
        private long lastEmitNs;
        private long lastDeadlineNs;
        private long endNs;

        @Override
        public void onTick(final TickEvent event) {
            ticks++;
            lastDeadlineNs = LedgerRow.deadlineNs(event.row(), event.rowOffset());
            if (event.tokens() > 0) {
                lastEmitNs = LedgerRow.emitNs(event.row(), event.rowOffset());
            }
        }

        @Override
        public void onEnd(final EndReason reason, final long lived) {
            if (reason != EndReason.STOPPED) {
                throw new IllegalStateException("the session ended as " + reason + ": expected STOPPED");
            }
            endNs = System.nanoTime();
        }
    }

    private void stopAt(final long offsetNs, final Session[] beside) {
        final Session session = engine.open(spec);
        final Heard heard = new Heard();
        while (heard.ticks < TICKS_BEFORE) {
            poll(session, heard, beside);
        }
        // the tick that is being heard now ends at the deadline of the one put out last, or one period later
        final long nowNs = System.nanoTime();
        long tickEndNs = heard.lastDeadlineNs;
        while (tickEndNs - EngineContext.PERIOD_NS + offsetNs < nowNs + MS) {
            tickEndNs += EngineContext.PERIOD_NS;
        }
        final long atNs = tickEndNs - EngineContext.PERIOD_NS + offsetNs;
        while (System.nanoTime() < atNs) {
            poll(session, heard, beside);
        }
        final long stopNs = System.nanoTime();
        final long stoppedTickEndNs = grid.endNs(grid.beatFrom(stopNs, session.phase()) - 1, session.phase());
        session.stop();
        while (heard.endNs == 0) {
            poll(session, heard, beside);
        }
        lastOutput.recordValue(Math.max(0, heard.lastEmitNs - stopNs));
        end.recordValue(heard.endNs - stopNs);
        late += heard.lastEmitNs > stoppedTickEndNs ? 1 : 0;
    }

    private void poll(final Session session, final Heard heard, final Session[] beside) {
        if (engine.failure() != null) {
            throw new IllegalStateException(
                    "the engine failed: " + engine.failure().getMessage(), engine.failure());
        }
        session.poll(heard);
        for (final Session other : beside) {
            other.poll(event -> {});
        }
        LockSupport.parkNanos(PARK_NS);
    }
}
