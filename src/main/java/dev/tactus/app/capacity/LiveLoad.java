package dev.tactus.app.capacity;

import dev.tactus.app.doctor.CpuContention;
import dev.tactus.engine.AdmissionException;
import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.SessionSpec;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.scheduler.LoopCounters;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Any number of live sessions on an engine that runs by the clock. They stay open from one measurement to the next, so
 * that their contexts are full. One thread.
 */
final class LiveLoad {
    /** Passes before {@code <say>}: {@code <speak>} and two pieces of text. */
    static final int TEXT_PASSES = 3;

    /** The thread that feeds must not take the cores that it measures. */
    private static final long LOOK_NS = TimeUnit.MILLISECONDS.toNanos(5);

    private static final long OPEN_NS = TimeUnit.SECONDS.toNanos(5);
    private static final long MOST_MICROS = TimeUnit.MINUTES.toMicros(1);
    private static final double FULL = 0.98;
    private static final int DIGITS = 3;

    /** Its multiples spread over 0 to 1 evenly, and so do those of 2, 4, 8 and 16 times it: slots of the period. */
    private static final double ROOT_OF_TWO = 1.414_213_562_373_095_1;

    private final Engine engine;
    private final EngineContext context;
    private final int modalities;
    private final double speaking;
    private final List<FedSession> sessions = new ArrayList<>();
    private final Histogram ends = new Histogram(MOST_MICROS, DIGITS);
    private int restarted;

    /** What a number of sessions did while it was measured. */
    record Point(int sessions, long ticks, long missed, double endMs, double positions, int restarted, String steal) {
        /** Whether less than one tick in a thousand missed its deadline. */
        boolean holds() {
            return ticks > 0 && missed * 1_000 < ticks;
        }
    }

    LiveLoad(final Engine engine, final EngineContext context, final CapacitySettings settings) {
        this.engine = engine;
        this.context = context;
        this.modalities = settings.modalities();
        this.speaking = settings.speaking();
        ends.setAutoResize(true);
    }

    /** Whether session {@code number} of a load is one that speaks. */
    static boolean speaks(final int number, final double share) {
        final double place = number * ROOT_OF_TWO;
        return place - Math.floor(place) < share;
    }

    /** Makes it so many sessions. */
    void resize(final int count) {
        while (sessions.size() > count) {
            sessions.remove(sessions.size() - 1).close();
        }
        while (sessions.size() < count) {
            sessions.add(open(sessions.size()));
        }
    }

    private FedSession open(final int number) {
        final long untilNs = context.clock().nanoTime() + OPEN_NS;
        while (true) {
            try {
                final SessionSpec spec = new SessionSpec(modalities, number, SamplingParameters.GREEDY, script(number));
                return new FedSession(engine.open(spec), modalities, ends);
            } catch (final AdmissionException ex) {
                // sessions that were closed a moment ago keep their places until their next beat
                if (context.clock().nanoTime() > untilNs) {
                    throw ex;
                }
                drive();
            }
        }
    }

    private int[] script(final int number) {
        final InteractionConfig ids = context.interaction();
        if (!speaks(number, speaking)) {
            return new int[] {ids.quietTokenId()};
        }
        final Set<Integer> reserved = ids.reservedIds(context.model().config());
        int text = 0;
        while (reserved.contains(text)) {
            text++;
        }
        return new int[] {ids.speakTokenId(), text, text, ids.sayTokenId()};
    }

    /** Lets them live for a while; {@code progress} is told now and then. */
    void live(final long ns, final Runnable progress) {
        final long untilNs = context.clock().nanoTime() + ns;
        while (context.clock().nanoTime() < untilNs) {
            drive();
            progress.run();
        }
    }

    private void drive() {
        if (engine.failure() != null) {
            throw new IllegalStateException("the engine failed: " + engine.failure(), engine.failure());
        }
        for (int i = 0; i < sessions.size(); i++) {
            sessions.get(i).drive(context.clock().nanoTime());
            if (sessions.get(i).isEnded()) {
                restarted++;
                sessions.remove(i);
                sessions.add(i, open(i));
            }
        }
        LockSupport.parkNanos(LOOK_NS);
    }

    /** Lets them live until their contexts are full. */
    void fill(final long ns, final Runnable progress) {
        final long untilNs = context.clock().nanoTime() + ns;
        while (context.clock().nanoTime() < untilNs
                && positions() < FULL * context.interaction().globalWindow()) {
            drive();
            progress.run();
        }
    }

    /** Positions that a session remembers, on average. */
    private double positions() {
        final long window = context.interaction().globalWindow();
        return sessions.stream()
                .mapToLong(session -> Math.min(window, session.positions()))
                .average()
                .orElse(0);
    }

    /** Measures them as they are. */
    Point measure(final long ns, final Runnable progress) {
        final long ticks = ticks();
        final long missed = engine.counters().get(LoopCounters.MISSED);
        final CpuContention steal = CpuContention.start();
        restarted = 0;
        ends.reset();
        live(ns, progress);
        return new Point(
                sessions.size(),
                ticks() - ticks,
                engine.counters().get(LoopCounters.MISSED) - missed,
                ends.getValueAtPercentile(99.9) / 1e3,
                positions(),
                restarted,
                steal.shares().stealText());
    }

    private long ticks() {
        return engine.counters().get(LoopCounters.TICKS) + engine.counters().get(LoopCounters.SKIPPED);
    }

    /** Ends all of them. */
    void close() {
        resize(0);
    }
}
