package dev.tactus.bench.latency;

import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.scheduler.BeatGrid;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Sessions that live by the clock: one thread commits each session's media shortly before its tick ends, at the place
 * of its slot in the period, and polls all of them, whatever the engine does (an open loop).
 *
 * <p>Not thread-safe.
 */
final class LiveLoad {
    /** Media is there so long before the tick ends. */
    private static final long LEAD_NS = TimeUnit.MILLISECONDS.toNanos(5);

    private static final long SLOT_NS = TimeUnit.MILLISECONDS.toNanos(50);
    /** The thread that feeds must not take the cores it measures. */
    private static final long PARK_NS = 500_000;

    /** Told once per slot of the period, after its sessions were fed. */
    interface Listener {
        void onSlot(long nowNs);
    }

    private final Engine engine;
    private final BeatGrid grid;
    private final LiveTimes times;
    private final List<Seat> seats = new ArrayList<>();
    private long beat;
    private int phase;

    /** A session and the first beat that it is fed for. */
    private record Seat(SessionFeed feed, long firstBeat) {}

    LiveLoad(final Engine engine, final LiveTimes times) {
        this.engine = engine;
        this.grid = engine.grid();
        this.times = times;
        while (grid.originNs() == 0) {
            LockSupport.parkNanos(PARK_NS);
        }
        beat = grid.beatFrom(System.nanoTime(), 0) + 1;
    }

    /** Opens a session that is fed from its first tick on. */
    SessionFeed open(final TickShape shape, final long seed) {
        while (true) {
            final long fromNs = System.nanoTime();
            final SessionFeed feed = new SessionFeed(engine, shape, seed, false);
            final long toNs = System.nanoTime();
            final int slot = feed.session().phase();
            final long first = grid.beatFrom(fromNs, slot);
            if (first == grid.beatFrom(toNs, slot)) {
                times.opened(feed.session().index());
                seats.add(new Seat(feed, first));
                return feed;
            }
            // its first beat began while it was opened: nobody knows which one it is
            feed.close();
        }
    }

    /** Forgets a session that was closed. */
    void drop(final SessionFeed feed) {
        seats.removeIf(seat -> seat.feed == feed);
    }

    /** Sessions that have not ended. */
    int live() {
        return (int) seats.stream().filter(seat -> seat.feed.end() == null).count();
    }

    /** How many ticks the session farthest from the clock is behind it; one is on its way. */
    long behind(final long nowNs) {
        long most = 0;
        for (final Seat seat : seats) {
            final long due = grid.beatFrom(nowNs, seat.feed.session().phase()) - 1 - seat.firstBeat;
            if (seat.feed.end() == null) {
                most = Math.max(most, due - seat.feed.ticks());
            }
        }
        return most;
    }

    /** Media that was refused. */
    long refused() {
        return seats.stream().mapToLong(seat -> seat.feed.refused()).sum();
    }

    /**
     * Feeds and polls until {@code untilNs}.
     *
     * @throws IllegalStateException when the engine fails
     */
    void run(final long untilNs, final Listener listener) {
        while (System.nanoTime() < untilNs) {
            final long dueNs = grid.endNs(beat, phase) - LEAD_NS;
            while (System.nanoTime() < dueNs) {
                poll();
                LockSupport.parkNanos(Math.min(PARK_NS, Math.max(1, dueNs - System.nanoTime())));
            }
            for (final Seat seat : seats) {
                if (seat.feed.session().phase() == phase && seat.firstBeat <= beat && seat.feed.end() == null) {
                    seat.feed.feed(grid.endNs(beat, phase) - LEAD_NS, SLOT_NS);
                }
            }
            poll();
            listener.onSlot(System.nanoTime());
            phase = (phase + 1) % grid.phases();
            beat += phase == 0 ? 1 : 0;
        }
    }

    private void poll() {
        if (engine.failure() != null) {
            throw new IllegalStateException(
                    "the engine failed: " + engine.failure().getMessage(), engine.failure());
        }
        for (final Seat seat : seats) {
            seat.feed.poll(times);
        }
    }

    /** Runs for so many periods. */
    void run(final int periods) {
        run(System.nanoTime() + periods * EngineContext.PERIOD_NS, nowNs -> {});
    }
}
