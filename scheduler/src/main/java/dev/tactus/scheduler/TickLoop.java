package dev.tactus.scheduler;

import java.util.function.IntSupplier;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The beat. An agent that seals what every session heard, saw and read, has it planned and run, and emits what comes
 * out:
 *
 * <pre>
 *   seal → plan and submit → poll → emit → account
 * </pre>
 *
 * {@link #doWork()} never blocks, never allocates and never computes: the device does, behind {@link TickExecutor}. One
 * thread calls it; or three threads call {@link #sealing()}, {@link #emitting()} and {@link #accounting()}, between
 * which a beat is handed on: each part works only when it is its turn.
 */
public final class TickLoop implements Agent {
    /** Ticks that may be skipped in a row before a session ends as stalled. */
    public static final int MAX_SKIPPED = 5;

    /** Between two polls at most so much of the device's time counts: a machine that was stopped is no stuck device. */
    private static final int POLLS_PER_PERIOD = 4;

    private static final int DRAIN_LIMIT = Integer.MAX_VALUE;

    /** Whose turn it is: nothing in flight, on the device, or emitted. */
    private static final int SEALING = 0;

    private static final int EMITTING = 1;
    private static final int ACCOUNTING = 2;

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
    private final long deviceTimeoutNs;
    private final MissedTickPolicy policy;
    private final Ladder[] ladders;
    private final boolean[] emitted;
    private final MessageHandler onIngress = this::onIngress;

    private volatile long released;
    private volatile long completed;
    private long nextBeat;
    private int nextPhase;
    private boolean started;
    private volatile int turn = SEALING;
    private int left;
    private int status;
    private long polledNs;
    private long pendingNs;
    private long lastEmitNs;
    private volatile boolean stuck;

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
        this.deviceTimeoutNs = parts.deviceTimeoutNs();
        this.policy = parts.missedTicks();
        this.ladders = new Ladder[grid.phases()];
        for (int i = 0; i < ladders.length; i++) {
            ladders[i] = new Ladder(policy, grid.periodNs(), grid.sealNs(0) - grid.endNs(0));
        }
        this.records = parts.records();
        this.seats = new SessionSeat[parts.maxSessions()];
        for (int i = 0; i < seats.length; i++) {
            seats[i] = new SessionSeat(
                    i,
                    parts.videoSlots(),
                    parts.textSlots(),
                    parts.videoAllowanceNs(),
                    parts.textAllowanceNs(),
                    parts.mediaSlots(),
                    counters);
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
        return sealIfDue() + emitWhatIsComplete() + accountIfEmitted();
    }

    private int sealIfDue() {
        if (turn != SEALING || !isDue()) {
            return 0;
        }
        final int work = seal() + submit();
        turn = EMITTING;
        return work;
    }

    private int emitWhatIsComplete() {
        if (turn != EMITTING) {
            return 0;
        }
        final int work = poll() + emit();
        if (left == 0 && status != TickExecutor.PENDING) {
            turn = ACCOUNTING;
        }
        return work;
    }

    private int accountIfEmitted() {
        if (turn != ACCOUNTING) {
            return 0;
        }
        account();
        turn = SEALING;
        return 1;
    }

    /** The part that seals and submits, for a thread of its own. It starts the grid. */
    public Agent sealing() {
        return new Part(roleName(), this::sealIfDue, this::onStart);
    }

    /** The part that polls the device and emits. */
    public Agent emitting() {
        return new Part("tactus-emit", this::emitWhatIsComplete, () -> {});
    }

    /** The part that closes accounts. */
    public Agent accounting() {
        return new Part("tactus-account", this::accountIfEmitted, () -> {});
    }

    private record Part(String roleName, IntSupplier work, Runnable start) implements Agent {
        @Override
        public void onStart() {
            start.run();
        }

        @Override
        public int doWork() {
            return work.getAsInt();
        }
    }

    /** Lets one more beat happen, in {@link Pacing#STEPPED}; returns its number. Any one thread. */
    public long release() {
        final long number = released;
        released = number + 1;
        return number;
    }

    /** Beats whose account is closed in all slots: beat b is done once this exceeds b. Any thread. */
    public long completed() {
        return completed;
    }

    /**
     * Whether the device did not return from a tick in time. All sessions have ended then, later ones end at the next
     * seal, and nothing is submitted any more. Any thread.
     */
    public boolean isStuck() {
        return stuck;
    }

    /**
     * The ladder of a slot of the period, for whoever dictates its steps or reads them between two beats. Tick thread.
     */
    public Ladder ladder(final int phase) {
        return ladders[phase];
    }

    /** The grid. */
    public BeatGrid grid() {
        return grid;
    }

    private boolean isDue() {
        if (!started) {
            onStart();
        }
        return pacing == Pacing.STEPPED ? released > nextBeat : clock.nanoTime() >= grid.sealNs(nextBeat, nextPhase);
    }

    private int seal() {
        final long nowNs = clock.nanoTime();
        if (pacing == Pacing.STEPPED) {
            grid.endAt(nextBeat, nowNs);
        }
        beat.beat = nextBeat;
        beat.cohort = nextPhase;
        beat.count = 0;
        beat.sealStartNs = nowNs;
        beat.deadlineNs = grid.deadlineNs(nextBeat, nextPhase);
        ingress.drain(onIngress, DRAIN_LIMIT);
        // half a period: two seals are one period apart, give or take their jitter
        if (ingress.unblockIfStuck(nowNs, grid.periodNs() / 2)) {
            ingress.drain(onIngress, DRAIN_LIMIT);
        }
        if (pacing == Pacing.REALTIME) {
            ladders[nextPhase].atSeal(grid.sealNs(nextBeat, nextPhase), nowNs);
        }
        for (final SessionSeat seat : seats) {
            if (seat.active && seat.phase == nextPhase && !endIfAsked(seat) && seat.firstBeat <= nextBeat) {
                sealSeat(seat);
            }
        }
        nextPhase = (nextPhase + 1) % grid.phases();
        nextBeat += nextPhase == 0 ? 1 : 0;
        beat.sealEndNs = clock.nanoTime();
        return 1;
    }

    private boolean endIfAsked(final SessionSeat seat) {
        if (stuck) {
            seat.ending = EndReason.DEVICE_STUCK;
        }
        if (seat.ending == null) {
            return false;
        }
        seat.active = false;
        executor.end(seat.session, seat.generation, seat.ending);
        return true;
    }

    private void sealSeat(final SessionSeat seat) {
        final int entry = beat.count;
        beat.sessions[entry] = seat.session;
        final int offset = beat.recordOffset(seat.session);
        // nobody waits for a stepped beat
        final LadderStep step =
                pacing == Pacing.REALTIME ? ladders[beat.cohort].stepOf(seat.skippedInARow) : LadderStep.NONE;
        if (step == LadderStep.SKIP_TICK) {
            seat.skip(records, offset, policy.isOn() ? step : LadderStep.NONE);
            counters.increment(LoopCounters.SKIPPED);
            counters.increment(LoopCounters.MISSED);
            executor.emitSkipped(beat, entry);
            if (seat.skippedInARow > MAX_SKIPPED) {
                seat.ending = EndReason.STALLED;
                endIfAsked(seat);
            }
        } else {
            // a stepped beat takes whatever was committed before its step
            final long tickEndNs = pacing == Pacing.STEPPED ? Long.MAX_VALUE : grid.endNs(beat.beat, beat.cohort);
            seat.seal(records, offset, tickEndNs, policy.text(step, textInMax), policy.text(step, textOutMax), step);
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
        polledNs = beat.submittedNs;
        pendingNs = 0;
        return left;
    }

    private int poll() {
        if (status != TickExecutor.PENDING) {
            return 0;
        }
        status = executor.poll(beat.ticket);
        if (status == TickExecutor.PENDING && hasTimedOut()) {
            stuck = true;
            status = TickExecutor.FAILED;
        }
        if (status == TickExecutor.FAILED) {
            counters.increment(LoopCounters.DEVICE_FAILURES);
        }
        return status == TickExecutor.PENDING ? 0 : 1;
    }

    private boolean hasTimedOut() {
        if (deviceTimeoutNs == 0) {
            return false;
        }
        final long nowNs = clock.nanoTime();
        pendingNs += Math.min(nowNs - polledNs, grid.periodNs() / POLLS_PER_PERIOD);
        polledNs = nowNs;
        return pendingNs > deviceTimeoutNs;
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
        lastEmitNs = Math.max(lastEmitNs, beat.emittedNs);
        if (failed || beat.emittedNs > beat.deadlineNs) {
            counters.increment(LoopCounters.MISSED);
        }
        emitted[entry] = true;
        left--;
        seat.complete();
        if (end != null) {
            seat.ending = end;
        }
        if (end != null || stuck) {
            endIfAsked(seat);
        }
    }

    private void account() {
        executor.account(beat);
        if (pacing == Pacing.REALTIME) {
            ladders[beat.cohort].atEnd(grid.sealNs(beat.beat, beat.cohort), lastEmitNs, beat.deadlineNs);
        }
        for (int i = 0; stuck && i < seats.length; i++) {
            if (seats[i].active) {
                endIfAsked(seats[i]);
            }
        }
        completed = nextBeat;
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
            final int opening = IngressRecord.sequence(buffer, index);
            final int phase = IngressRecord.phase(opening);
            if (phase >= grid.phases()) {
                counters.increment(LoopCounters.STALE);
                return;
            }
            seat.open(generation, IngressRecord.modalities(opening), phase, firstBeat(openedNs, phase));
        } else if (!seat.active || seat.generation != generation) {
            counters.increment(LoopCounters.STALE);
        } else if (type == IngressRecord.MEDIA) {
            seat.onMedia(
                    Modality.of(IngressRecord.modality(buffer, index)),
                    IngressRecord.flags(buffer, index),
                    IngressRecord.slot(buffer, index),
                    IngressRecord.sequence(buffer, index),
                    IngressRecord.captureNs(buffer, index),
                    IngressRecord.commitNs(buffer, index),
                    IngressRecord.length(buffer, index));
        } else {
            onControl(type, seat, IngressRecord.value(buffer, index));
        }
    }

    /** Tick 0 covers its slot's first beat that starts after the session opened; a stepped one, all before it. */
    private long firstBeat(final long openedNs, final int phase) {
        if (pacing == Pacing.STEPPED) {
            return nextBeat;
        }
        final long next = phase < nextPhase ? nextBeat + 1 : nextBeat;
        return Math.max(next, grid.beatFrom(openedNs, phase));
    }

    private void onControl(final int type, final SessionSeat seat, final long value) {
        if (type == IngressRecord.HOLD) {
            seat.held = value != 0;
        } else if (type == IngressRecord.MUTE) {
            seat.muted = value != 0;
        } else if (type == IngressRecord.CUT) {
            executor.heard(seat.session, Long.MIN_VALUE);
            seat.cut = true;
        } else if (type == IngressRecord.HEARD) {
            seat.cut |= executor.heard(seat.session, value);
        } else if (type == IngressRecord.STOP) {
            seat.ending = EndReason.STOPPED;
        } else if (type == IngressRecord.CLOSE) {
            seat.ending = seat.ending == null ? EndReason.CLOSED : seat.ending;
        }
    }
}
