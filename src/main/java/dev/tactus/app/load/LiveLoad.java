package dev.tactus.app.load;

import dev.tactus.engine.AdmissionException;
import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.scheduler.BeatGrid;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Sessions that live by the clock: one thread commits each session's media some time before its tick ends, at the place
 * of its slot in the period, and polls all of them, whatever the engine does (an open loop).
 *
 * <pre>
 *    slot 0   |---- tick b ----|--- tick b+1 ---|
 *    slot 1       |---- tick b ----|--- tick b+1 ---|
 *                           ^   ^
 *                           |   '- media of slot 1, {@link Pace#leadNs} before the end of its tick
 *                           '----- media of slot 0
 * </pre>
 *
 * A session that is opened when its first media was due already gets it at once. Capture times are the nominal ones, so
 * that a thread that feeds late is no clock that drifts.
 *
 * <p>Not thread-safe. Feeding and polling allocate nothing.
 */
public final class LiveLoad {
    private static final long SLOT_NS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long LAUNCH_PARK_NS = 500_000;

    /** To open a session takes less. */
    private static final long NEAR_NS = 1_000_000;

    /** A session that is closed keeps its place until a beat of it is sealed. */
    private static final int PERIODS_TO_LEAVE = 2;

    /** Its multiples spread over 0 to 1 evenly, and so do those of 2, 4, 8 and 16 times it: slots of the period. */
    private static final double ROOT_OF_TWO = 1.414_213_562_373_095_1;

    /** With it, a quarter, a half and three quarters of 4, 8, 16, 32 sessions are that many, give or take one. */
    private static final double FIRST = 0.138;

    /**
     * When a load feeds and polls.
     *
     * @param leadNs how long before its tick ends media is there
     * @param lookNs longest time between two polls: the thread must not take the cores that it measures
     */
    public record Pace(long leadNs, long lookNs) {
        /** As a device gives media: just in time, so that what is measured has what a listener waits for. */
        public static final Pace JUST_IN_TIME =
                new Pace(TimeUnit.MILLISECONDS.toNanos(5), TimeUnit.MICROSECONDS.toNanos(500));

        /**
         * A period and a half ahead, with few looks: on a machine that is filled to its capacity the thread that feeds
         * may itself be late, and the load must not become less by that. Slots of three ticks wait: those of a tick
         * that is computed until its deadline, of the next, and of the one after it.
         */
        public static final Pace AHEAD = new Pace(EngineContext.PERIOD_NS * 3 / 2, TimeUnit.MILLISECONDS.toNanos(5));
    }

    /** Told once per slot of the period, after its sessions were fed. */
    public interface Listener {
        /** Sessions may be opened and dropped. The feeding thread. */
        void onSlot();
    }

    private final Engine engine;
    private final BeatGrid grid;
    private final LiveTimes times;
    private final Pace pace;
    private final List<Seat> seats = new ArrayList<>();

    /** What {@link #run} feeds next: this tick of the sessions of this slot. */
    private long beat;

    private int phase;

    /** A session and the first beat that it is fed for. */
    private record Seat(SessionFeed feed, long firstBeat) {}

    /**
     * No sessions yet; waits until the engine's clock has begun.
     *
     * @param engine launched, and run by the clock
     * @param times gets what the sessions put out
     */
    public LiveLoad(final Engine engine, final LiveTimes times, final Pace pace) {
        this.engine = engine;
        this.grid = engine.grid();
        this.times = times;
        this.pace = pace;
        while (grid.originNs() == 0) {
            checkEngine();
            LockSupport.parkNanos(LAUNCH_PARK_NS);
        }
        beat = grid.beatFrom(System.nanoTime() + pace.leadNs() - grid.periodNs(), 0);
    }

    /** Whether session {@code number} of a load is of the share that speaks: as many in every slot of the period. */
    public static boolean speaks(final int number, final double share) {
        final double place = FIRST + number * ROOT_OF_TWO;
        return place - Math.floor(place) < share;
    }

    /**
     * Opens a session that is fed from its first tick on.
     *
     * @throws AdmissionException when it is not let in
     */
    public SessionFeed open(final TickShape shape, final long seed) {
        while (true) {
            awaitMiddleOfSlot();
            final SessionFeed feed = new SessionFeed(engine, shape, seed, false);
            final int slot = feed.session().phase();
            final long first = grid.beatFrom(feed.openedFromNs(), slot);
            if (first == grid.beatFrom(feed.openedToNs(), slot)) {
                times.opened(feed.session().index());
                seats.add(new Seat(feed, first));
                final long next = slot < phase ? beat + 1 : beat;
                for (long due = first; due < next; due++) {
                    feed(feed, due);
                }
                return feed;
            }
            // its first beat began while it was opened: nobody knows which one it is
            feed.close();
            run(PERIODS_TO_LEAVE);
        }
    }

    /** Leaves the moment alone in which beats begin. */
    private void awaitMiddleOfSlot() {
        final long slotNs = grid.periodNs() / grid.phases();
        final long leftNs = slotNs - Math.floorMod(System.nanoTime() - grid.originNs(), slotNs);
        if (leftNs < NEAR_NS) {
            LockSupport.parkNanos(leftNs);
        }
    }

    /** Forgets a session that was closed. */
    public void drop(final SessionFeed feed) {
        seats.removeIf(seat -> seat.feed == feed);
    }

    /** Sessions that have not ended. */
    public int live() {
        return (int) seats.stream().filter(seat -> seat.feed.end() == null).count();
    }

    /** How many ticks the session farthest from the clock is behind it; one is on its way. */
    public long behind(final long nowNs) {
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
    public long refused() {
        return seats.stream().mapToLong(seat -> seat.feed.refused()).sum();
    }

    /** Positions that a session remembers, on average, where it remembers {@code most}. */
    public double positions(final long most) {
        return seats.stream()
                .mapToLong(seat -> Math.min(most, seat.feed.position()))
                .average()
                .orElse(0);
    }

    /**
     * Feeds and polls until {@code untilNs}, and on to the next slot of the period.
     *
     * @throws IllegalStateException when the engine fails
     */
    public void run(final long untilNs, final Listener listener) {
        while (System.nanoTime() < untilNs) {
            final long dueNs = grid.endNs(beat, phase) - pace.leadNs();
            while (System.nanoTime() < dueNs) {
                poll();
                LockSupport.parkNanos(Math.min(pace.lookNs(), Math.max(1, dueNs - System.nanoTime())));
            }
            for (int i = 0; i < seats.size(); i++) {
                final Seat seat = seats.get(i);
                if (seat.feed.session().phase() == phase && seat.firstBeat <= beat && seat.feed.end() == null) {
                    feed(seat.feed, beat);
                }
            }
            poll();
            phase = (phase + 1) % grid.phases();
            beat += phase == 0 ? 1 : 0;
            listener.onSlot();
        }
    }

    /** Runs for so many periods. */
    public void run(final int periods) {
        run(System.nanoTime() + periods * EngineContext.PERIOD_NS, () -> {});
    }

    private void feed(final SessionFeed feed, final long tick) {
        feed.feed(grid.endNs(tick, feed.session().phase()) - pace.leadNs(), SLOT_NS);
    }

    private void poll() {
        checkEngine();
        for (int i = 0; i < seats.size(); i++) {
            seats.get(i).feed.poll(times);
        }
    }

    private void checkEngine() {
        if (engine.failure() != null) {
            throw new IllegalStateException(
                    "the engine failed: " + engine.failure().getMessage(), engine.failure());
        }
    }
}
