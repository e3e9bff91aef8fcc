package dev.tactus.scheduler;

import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The beat. One agent that seals what every session heard, saw and read, has it planned and run, and emits what comes
 * out:
 *
 * <pre>
 *   seal → plan and submit → poll → emit → account
 * </pre>
 *
 * {@link #doWork()} never blocks, never allocates and never computes: the device does, behind {@link TickExecutor}. One
 * thread calls it.
 */
public final class TickLoop implements Agent {
    /** Ticks that may be skipped in a row before a session ends as stalled. */
    public static final int MAX_SKIPPED = 5;

    private static final int DRAIN_LIMIT = Integer.MAX_VALUE;

    private final NanoClock clock;
    private final BeatGrid grid;
    private final Pacing pacing;
    private final IngressRing ingress;
    private final TickExecutor executor;
    private final LoopCounters counters;
    private final SessionSeat[] seats;
    private final SealedBeat beat;
    private final UnsafeBuffer records;
    private final int textInMax;
    private final int textOutMax;
    private final boolean[] emitted;
    private final MessageHandler onIngress = this::onIngress;

    private volatile long released;
    private volatile long completed;
    private long nextBeat;
    private boolean started;
    private boolean inFlight;
    private int left;
    private int status;

    /** A loop as its parts define it. The records buffer holds one {@link TickRecord} per session. */
    public TickLoop(final TickLoopParts parts) {
        this.clock = parts.clock();
        this.grid = parts.grid();
        this.pacing = parts.pacing();
        this.ingress = parts.ingress();
        this.executor = parts.executor();
        this.counters = parts.counters();
        this.textInMax = parts.textInMax();
        this.textOutMax = parts.textOutMax();
        this.records = parts.records();
        this.seats = new SessionSeat[parts.maxSessions()];
        for (int i = 0; i < seats.length; i++) {
            seats[i] = new SessionSeat(i, parts.videoSlots(), parts.textSlots(), parts.mediaSlots(), counters);
        }
        this.beat = new SealedBeat(seats.length, records, TickRecord.length(textInMax));
        this.emitted = new boolean[seats.length];
    }

    @Override
    public String roleName() {
        return "tactus-tick";
    }

    /** Starts the grid: beat 0 begins now. Called on the tick thread before the first {@link #doWork()}. */
    @Override
    public void onStart() {
        grid.originNs(clock.nanoTime());
        started = true;
    }

    /** One turn of the loop; returns how much was done, 0 when there was nothing to do. */
    @Override
    public int doWork() {
        int work = 0;
        if (!inFlight && isDue()) {
            work += seal();
            work += submit();
        }
        if (inFlight) {
            work += poll();
            work += emit();
            work += account();
        }
        return work;
    }

    /** Lets one more beat happen, in {@link Pacing#STEPPED}; returns its number. Any one thread. */
    public long release() {
        final long number = released;
        released = number + 1;
        return number;
    }

    /** Beats whose account is closed: beat b is done once this exceeds b. Any thread. */
    public long completed() {
        return completed;
    }

    /** The grid. */
    public BeatGrid grid() {
        return grid;
    }

    private boolean isDue() {
        if (!started) {
            onStart();
        }
        return pacing == Pacing.STEPPED ? released > nextBeat : clock.nanoTime() >= grid.sealNs(nextBeat);
    }

    private int seal() {
        final long nowNs = clock.nanoTime();
        if (pacing == Pacing.STEPPED) {
            grid.endAt(nextBeat, nowNs);
        }
        beat.beat = nextBeat;
        beat.count = 0;
        beat.sealStartNs = nowNs;
        beat.deadlineNs = grid.deadlineNs(nextBeat);
        ingress.drain(onIngress, DRAIN_LIMIT);
        // half a period: two seals are one period apart, give or take their jitter
        if (ingress.unblockIfStuck(nowNs, grid.periodNs() / 2)) {
            ingress.drain(onIngress, DRAIN_LIMIT);
        }
        final boolean skip = pacing == Pacing.REALTIME && nowNs >= grid.sealNs(nextBeat + 1);
        for (final SessionSeat seat : seats) {
            if (seat.active && !endIfAsked(seat) && seat.firstBeat <= nextBeat) {
                sealSeat(seat, skip);
            }
        }
        nextBeat++;
        beat.sealEndNs = clock.nanoTime();
        return 1;
    }

    private boolean endIfAsked(final SessionSeat seat) {
        if (seat.ending == null) {
            return false;
        }
        seat.active = false;
        executor.end(seat.session, seat.generation, seat.ending);
        return true;
    }

    private void sealSeat(final SessionSeat seat, final boolean skip) {
        final int entry = beat.count;
        beat.sessions[entry] = seat.session;
        final int offset = beat.recordOffset(seat.session);
        if (skip) {
            seat.skip(records, offset);
            counters.increment(LoopCounters.SKIPPED);
            counters.increment(LoopCounters.MISSED);
            executor.emitSkipped(beat, entry);
            if (seat.skippedInARow > MAX_SKIPPED) {
                seat.ending = EndReason.STALLED;
                endIfAsked(seat);
            }
        } else {
            // a stepped beat takes whatever was committed before its step
            final long tickEndNs = pacing == Pacing.STEPPED ? Long.MAX_VALUE : grid.endNs(beat.beat);
            seat.seal(records, offset, tickEndNs, textInMax, textOutMax);
            emitted[entry] = false;
            beat.count++;
        }
    }

    private int submit() {
        left = beat.count;
        status = TickExecutor.PENDING;
        if (left > 0) {
            beat.ticket = executor.submit(beat);
        } else {
            status = TickExecutor.DONE;
        }
        beat.submittedNs = clock.nanoTime();
        inFlight = true;
        return left;
    }

    private int poll() {
        if (status != TickExecutor.PENDING) {
            return 0;
        }
        status = executor.poll(beat.ticket);
        if (status == TickExecutor.FAILED) {
            counters.increment(LoopCounters.DEVICE_FAILURES);
        }
        return status == TickExecutor.PENDING ? 0 : 1;
    }

    private int emit() {
        if (left == 0) {
            return 0;
        }
        int work = 0;
        for (int i = 0; i < beat.count; i++) {
            if (!emitted[i] && (status != TickExecutor.PENDING || executor.isComplete(beat.ticket, i))) {
                emitOne(i);
                work++;
            }
        }
        return work;
    }

    private void emitOne(final int entry) {
        final SessionSeat seat = seats[beat.sessions[entry]];
        final boolean failed = status == TickExecutor.FAILED && !executor.isComplete(beat.ticket, entry);
        counters.increment(LoopCounters.TICKS);
        // an executor that says when it was done says so later
        beat.emittedNs = clock.nanoTime();
        final EndReason end = executor.emit(beat, entry, failed);
        if (failed || beat.emittedNs > beat.deadlineNs) {
            counters.increment(LoopCounters.MISSED);
        }
        emitted[entry] = true;
        left--;
        seat.complete();
        if (end != null) {
            seat.ending = end;
            endIfAsked(seat);
        }
    }

    private int account() {
        if (left > 0 || status == TickExecutor.PENDING) {
            return 0;
        }
        executor.account(beat);
        inFlight = false;
        completed = nextBeat;
        return 1;
    }

    private void onIngress(final int type, final MutableDirectBuffer buffer, final int index, final int length) {
        final int session = IngressRecord.session(buffer, index);
        final int generation = IngressRecord.generation(buffer, index);
        if (session < 0 || session >= seats.length) {
            counters.increment(LoopCounters.STALE);
            return;
        }
        final SessionSeat seat = seats[session];
        if (type == IngressRecord.OPEN) {
            final long openedNs = IngressRecord.captureNs(buffer, index);
            seat.open(generation, IngressRecord.sequence(buffer, index), firstBeat(openedNs));
        } else if (!seat.active || seat.generation != generation) {
            counters.increment(LoopCounters.STALE);
        } else if (type == IngressRecord.MEDIA) {
            seat.onMedia(
                    Modality.of(IngressRecord.modality(buffer, index)),
                    IngressRecord.slot(buffer, index),
                    IngressRecord.sequence(buffer, index),
                    IngressRecord.captureNs(buffer, index),
                    IngressRecord.commitNs(buffer, index),
                    IngressRecord.length(buffer, index));
        } else {
            onControl(type, seat, IngressRecord.sequence(buffer, index));
        }
    }

    /** Tick 0 covers the first beat that starts after the session opened; a stepped one, all that came before it. */
    private long firstBeat(final long openedNs) {
        if (pacing == Pacing.STEPPED) {
            return nextBeat;
        }
        return Math.max(nextBeat, Math.ceilDiv(openedNs - grid.originNs(), grid.periodNs()));
    }

    private static void onControl(final int type, final SessionSeat seat, final int value) {
        if (type == IngressRecord.HOLD) {
            seat.held = value != 0;
        } else if (type == IngressRecord.MUTE) {
            seat.muted = value != 0;
        } else if (type == IngressRecord.CUT) {
            seat.cut = true;
        } else if (type == IngressRecord.STOP) {
            seat.ending = EndReason.STOPPED;
        } else if (type == IngressRecord.CLOSE) {
            seat.ending = seat.ending == null ? EndReason.CLOSED : seat.ending;
        }
    }
}
