package dev.tactus.app.capacity;

import dev.tactus.app.doctor.CpuContention;
import dev.tactus.app.load.LiveLoad;
import dev.tactus.app.load.LiveTimes;
import dev.tactus.app.load.SessionFeed;
import dev.tactus.app.load.TickShape;
import dev.tactus.engine.AdmissionException;
import dev.tactus.engine.Engine;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/**
 * A load of live sessions whose number changes. They stay open from one measurement to the next, so that their contexts
 * are full; one that ends by itself is opened again. One thread.
 */
final class CapacityLoad {
    private static final long OPEN_NS = TimeUnit.SECONDS.toNanos(5);
    /** Sessions that end by themselves are opened again this often. */
    private static final long STEP_NS = TimeUnit.SECONDS.toNanos(1);

    private static final double FULL = 0.98;
    private static final double TAIL = 99.9;
    private static final double NS_PER_MS = 1e6;

    private final LiveTimes times;
    private final LiveLoad load;
    private final IntFunction<TickShape> shapes;
    private final long window;
    private final List<SessionFeed> sessions = new ArrayList<>();
    private int restarted;

    /**
     * No sessions yet.
     *
     * @param engine run by the clock, without admission
     * @param maxSessions of the engine
     * @param window positions that a session remembers
     * @param shapes what session number i does
     */
    CapacityLoad(final Engine engine, final int maxSessions, final long window, final IntFunction<TickShape> shapes) {
        this.times = new LiveTimes(maxSessions);
        this.load = new LiveLoad(engine, times, LiveLoad.Pace.AHEAD);
        this.window = window;
        this.shapes = shapes;
    }

    /** Makes it so many sessions. */
    void resize(final int count) {
        while (sessions.size() > count) {
            close(sessions.remove(sessions.size() - 1));
        }
        while (sessions.size() < count) {
            sessions.add(open(sessions.size()));
        }
    }

    private void close(final SessionFeed session) {
        load.drop(session);
        session.close();
    }

    private SessionFeed open(final int number) {
        final long untilNs = System.nanoTime() + OPEN_NS;
        while (true) {
            try {
                return load.open(shapes.apply(number), number);
            } catch (final AdmissionException ex) {
                // sessions that were closed a moment ago keep their places until their next beat
                if (System.nanoTime() > untilNs) {
                    throw ex;
                }
                load.run(1);
            }
        }
    }

    /** Lets them live for a while; {@code progress} is told now and then. */
    void live(final long ns, final Runnable progress) {
        load.run(System.nanoTime() + ns, progress::run);
        for (int i = 0; i < sessions.size(); i++) {
            if (sessions.get(i).end() != null) {
                restarted++;
                close(sessions.get(i));
                sessions.set(i, open(i));
            }
        }
    }

    /** Lets them live until their contexts are full. */
    void fill(final long ns, final Runnable progress) {
        final long untilNs = System.nanoTime() + ns;
        while (System.nanoTime() < untilNs && load.positions(window) < FULL * window) {
            live(Math.min(STEP_NS, untilNs - System.nanoTime()), progress);
        }
    }

    /** Measures them as they are. */
    CapacityPoint measure(final long ns, final Runnable progress) {
        final CpuContention contention = CpuContention.start();
        restarted = 0;
        times.reset();
        final long untilNs = System.nanoTime() + ns;
        while (System.nanoTime() < untilNs) {
            live(Math.min(STEP_NS, untilNs - System.nanoTime()), progress);
        }
        return new CapacityPoint(
                sessions.size(),
                times.ticks(),
                times.missed(),
                times.latency().getValueAtPercentile(TAIL) / NS_PER_MS,
                load.positions(window),
                restarted,
                contention.shares());
    }
}
