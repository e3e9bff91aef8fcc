package dev.tactus.engine.sim;

import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.EnginePorts;
import dev.tactus.engine.device.Backend;
import dev.tactus.engine.ledger.Ledger;
import dev.tactus.engine.ledger.LedgerRow;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.IngressRing;
import dev.tactus.scheduler.LoopCounters;
import dev.tactus.scheduler.MediaSlots;
import dev.tactus.scheduler.SealedBeat;
import dev.tactus.scheduler.TickExecutor;
import dev.tactus.scheduler.TickLoop;
import org.agrona.concurrent.UnsafeBuffer;

/** The checkers' eyes on the two ports of an engine's loop: every call passes here, is checked, and goes on. */
final class Watch implements EnginePorts, TickExecutor, MediaSlots {
    private final SimWorld world;
    private final Checks checks;
    private final RowCheck rowCheck;
    private final PlanCheck planCheck;
    private final EventHash log;
    private final long[] counted;
    private final Plant plant;
    private final MemoryLedger memory;
    private SimDevice device;
    private Engine engine;
    private TickExecutor executor;
    private MediaSlots slots;
    private PlantedPorts planted;
    private boolean inFlight;
    private long accounted;
    private long submittedNs;

    Watch(
            final SimWorld world,
            final Checks checks,
            final EventHash log,
            final long[] counted,
            final Plant plant,
            final MemoryLedger memory,
            final InteractionConfig ids) {
        this.world = world;
        this.checks = checks;
        this.rowCheck = new RowCheck(checks);
        this.planCheck = new PlanCheck(checks, ids);
        this.log = log;
        this.counted = counted;
        this.plant = plant;
        this.memory = memory;
    }

    @Override
    public Backend device(final EngineContext context, final OutputMachine machine) {
        device = new SimDevice(context, machine, world.pace(), world.workload().notFinite, plant, checks);
        return device;
    }

    @Override
    public void ingress(final IngressRing ring) {
        world.ring().attach(ring.ring());
    }

    @Override
    public TickExecutor executor(final TickExecutor real) {
        planted = plant == Plant.NONE ? null : new PlantedPorts(plant, real, (MediaSlots) real, memory);
        executor = planted == null ? real : planted;
        return this;
    }

    @Override
    public MediaSlots slots(final MediaSlots real) {
        slots = planted == null ? real : planted;
        return this;
    }

    /** The engine that was launched with this. */
    void attach(final Engine launched) {
        engine = launched;
    }

    SimDevice device() {
        return device;
    }

    /** Slots of the period whose account is closed. */
    long accounted() {
        return accounted;
    }

    /** Whether a beat is between submit and account. */
    boolean isInFlight() {
        return inFlight;
    }

    @Override
    public long submit(final SealedBeat beat) {
        sealed(beat);
        checks.that(!inFlight, Check.QUEUES, Checks.ENGINE, "one beat in flight", "a second submit");
        inFlight = true;
        final UnsafeBuffer records = beat.records();
        // the bug that a plant puts between the seal and the record's reader is there once it was read
        final boolean before = plant != Plant.MEDIA_LOST;
        if (before) {
            seal(beat, records);
        }
        final long ticket = executor.submit(beat);
        submittedNs = world.clock().nowNs();
        if (!before) {
            seal(beat, records);
        }
        for (int i = 0; i < beat.count(); i++) {
            final SimSession session = world.session(beat.session(i));
            planCheck.check(device.plan(), i, session, session.inFlight);
        }
        return ticket;
    }

    private void sealed(final SealedBeat beat) {
        final int phases = world.workload().phases;
        checks.equal(
                Check.EVENTS,
                Checks.ENGINE,
                "the slots of the period sealed in order",
                accounted,
                beat.beat() * phases + beat.cohort());
        world.sealed(accounted);
    }

    private void seal(final SealedBeat beat, final UnsafeBuffer records) {
        final long endNs = engine.grid().endNs(beat.beat(), beat.cohort());
        for (int i = 0; i < beat.count(); i++) {
            final int index = beat.session(i);
            final SimSession session = world.session(index);
            mustTick(session, "a tick");
            final int at = beat.recordOffset(index);
            session.submitted(records, at, session.seat.seal(records, at, endNs));
            log.add(EventHash.Kind.SEALED, session.number, fold(records, at, LedgerRow.LENGTH / 2));
        }
    }

    private void mustTick(final SimSession session, final String found) {
        if (session.mustEnd != null) {
            checks.fail(Check.ENDS, session.index(), "the end " + session.mustEnd, found);
        }
        if (session.due != SimSession.TICK && session.due != SimSession.PERHAPS) {
            checks.fail(Check.EVENTS, session.index(), "nothing of a session that is not due", found);
        }
        session.due = SimSession.NOTHING;
    }

    private static long fold(final UnsafeBuffer buffer, final int at, final int length) {
        long hash = 0;
        for (int i = 0; i < length; i += Long.BYTES) {
            hash = Mix.fold(hash, buffer.getLong(at + i));
        }
        return hash;
    }

    @Override
    public int poll(final long ticket) {
        final int status = executor.poll(ticket);
        counted[LoopCounters.DEVICE_FAILURES] += status == FAILED ? 1 : 0;
        return status;
    }

    @Override
    public boolean isComplete(final long ticket, final int index) {
        return executor.isComplete(ticket, index);
    }

    @Override
    public EndReason emit(final SealedBeat beat, final int index, final boolean failed) {
        final SimSession session = world.session(beat.session(index));
        final LoneTick tick = session.inFlight;
        checks.that(tick != null, Check.EVENTS, session.index(), "one emit per tick", "another one");
        final boolean whole = !failed && device.isFinite(index);
        tick.output = device.outputHash(index, whole);
        final long silent = device.silentHash(index, whole);
        tick.complete = !failed;
        final boolean spoke = whole && device.spoke(index);
        if (whole) {
            session.pending = device.lastToken(index);
            session.nextPosition += device.outputs(index) - 1;
        }
        final long lost = session.engineSession.lostRecords();
        stuck();
        final EndReason end = executor.emit(beat, index, failed);
        session.inFlight = null;
        counted[LoopCounters.TICKS]++;
        final EndReason right = failed ? EndReason.DEVICE_FAILED : whole ? null : EndReason.NOT_FINITE;
        if (end != right) {
            checks.fail(Check.ENDS, session.index(), "the end " + right, "the end " + end);
        }
        if (!world.isStuck()) {
            session.mustEnd = end;
            session.due = end == null ? SimSession.NOTHING : SimSession.END;
        }
        final UnsafeBuffer row = engine.ledger().rows(session.index());
        final int at = Ledger.offset(tick.tick);
        rowCheck.balance(session, row, at, tick.tick, beat.beat());
        rowCheck.deadline(session, row, at, beat.beat(), world.slotOriginNs(beat.cohort()));
        rowCheck.gaps(session, row, at, tick);
        rowCheck.reason(session, row, at, spoke, !whole);
        counted[LoopCounters.MISSED] += failed || LedgerRow.emitNs(row, at) > LedgerRow.deadlineNs(row, at) ? 1 : 0;
        final int samples = whole ? device.samples(index) : 0;
        if (samples > 0) {
            session.seat.said(SimSession.speechEnd(tick.tick, samples));
        }
        told(session, tick.tick, tick.output, silent, row, at, samples, lost);
        log.add(EventHash.Kind.EMITTED, session.number, fold(row, at, LedgerRow.LENGTH));
        return end;
    }

    /** Notices once that the engine gave its device up: right only after it was given its time. */
    private void stuck() {
        if (world.isStuck() || device.failure() != null || engine.failure() == null) {
            return;
        }
        final long waitedNs = world.clock().nowNs() - submittedNs;
        checks.that(
                device.isBusy() && waitedNs > world.deviceTimeoutNs(),
                Check.ENDS,
                Checks.ENGINE,
                "a device that has " + world.deviceTimeoutNs() + " ns to return",
                "it given up after " + waitedNs + " ns");
        counted[LoopCounters.DEVICE_FAILURES]++;
        world.stuck();
    }

    private void told(
            final SimSession session,
            final long tick,
            final long output,
            final long silent,
            final UnsafeBuffer row,
            final int at,
            final int samples,
            final long lostBefore) {
        final long lost = session.engineSession.lostRecords() - lostBefore;
        if (lost < 0 || lost > 1) {
            checks.fail(Check.EVENTS, session.index(), "one event at most lost", lost + " lost");
        }
        session.emitted(tick, output, silent, LedgerRow.reason(row, at), samples, lost == 1);
        world.told(LedgerRow.reason(row, at), lost == 1);
    }

    @Override
    public void emitSkipped(final SealedBeat beat, final int index) {
        sealed(beat);
        final SimSession session = world.session(beat.session(index));
        mustTick(session, "a skipped tick");
        final long tick = session.seat.nextTick;
        session.seat.skip(beat.records(), beat.recordOffset(session.index()));
        final long lost = session.engineSession.lostRecords();
        executor.emitSkipped(beat, index);
        counted[LoopCounters.MISSED]++;
        final UnsafeBuffer row = engine.ledger().rows(session.index());
        final int at = Ledger.offset(tick);
        rowCheck.balance(session, row, at, tick, beat.beat());
        rowCheck.deadline(session, row, at, beat.beat(), world.slotOriginNs(beat.cohort()));
        rowCheck.skipped(session, row, at);
        rowCheck.reason(session, row, at, false, true);
        final long output = Mix.fold(tick, 0);
        told(session, tick, output, output, row, at, 0, lost);
        if (session.seat.skippedInARow > TickLoop.MAX_SKIPPED) {
            session.mustEnd = EndReason.STALLED;
            session.due = SimSession.END;
        }
        log.add(EventHash.Kind.SKIPPED, session.number, fold(row, at, LedgerRow.LENGTH));
    }

    @Override
    public void end(final int index, final int generation, final EndReason reason) {
        stuck();
        world.sealed(accounted);
        final SimSession session = world.session(index);
        checks.equal(Check.ENDS, index, "the end of generation", session.engineSession.generation(), generation);
        checks.that(
                session.due == SimSession.END && session.mustEnd == reason,
                Check.ENDS,
                index,
                session.mustEnd == null ? "no end" : "the end " + session.mustEnd,
                reason.toString());
        session.due = SimSession.NOTHING;
        executor.end(index, generation, reason);
        session.ended(reason);
        world.end(reason);
        log.add(EventHash.Kind.ENDED, session.number, reason.code());
    }

    @Override
    public boolean heard(final int session, final long untilSample) {
        return executor.heard(session, untilSample);
    }

    @Override
    public void account(final SealedBeat beat) {
        executor.account(beat);
        accounted++;
        inFlight = false;
    }

    @Override
    public void release(final int index, final int modality, final int slot) {
        final SimSession session = world.session(index);
        session.released(modality, slot);
        log.add(EventHash.Kind.RETURNED, session.number, modality << 16 | slot);
        slots.release(index, modality, slot);
    }

    @Override
    public int textId(final int session, final int slot, final int index) {
        return slots.textId(session, slot, index);
    }
}
