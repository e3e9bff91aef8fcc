package dev.tactus.engine;

import dev.tactus.engine.device.Backend;
import dev.tactus.engine.device.TickOutput;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.engine.ledger.Ledger;
import dev.tactus.engine.ledger.LedgerRow;
import dev.tactus.engine.ledger.Stage;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.memory.OffHeap;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.MediaSlots;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.Pacing;
import dev.tactus.scheduler.SealedBeat;
import dev.tactus.scheduler.SilenceReason;
import dev.tactus.scheduler.TickExecutor;
import dev.tactus.scheduler.TickRecord;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Joins the beat to the device: plans sealed records, submits, and turns what comes out into egress records and ledger
 * rows. Tick thread only.
 */
final class EngineExecutor implements TickExecutor, MediaSlots {
    private final NanoClock clock;
    private final long periodNs;
    private final Pacing pacing;
    private final SessionState[] sessions;
    private final Planner planner;
    private final OutputMachine machine;
    private final TickPlan plan;
    private final TickOutput output;
    private final Backend backend;
    private final Ledger ledger;

    /** Null where costs are not known. */
    private final CostMeter costs;

    EngineExecutor(
            final NanoClock clock,
            final long periodNs,
            final Pacing pacing,
            final SessionState[] sessions,
            final Planner planner,
            final OutputMachine machine,
            final TickPlan plan,
            final TickOutput output,
            final Backend backend,
            final Ledger ledger,
            final CostMeter costs) {
        this.clock = clock;
        this.periodNs = periodNs;
        this.pacing = pacing;
        this.sessions = sessions;
        this.planner = planner;
        this.machine = machine;
        this.plan = plan;
        this.output = output;
        this.backend = backend;
        this.ledger = ledger;
        this.costs = costs;
    }

    @Override
    public long submit(final SealedBeat beat) {
        plan.clear(false);
        for (int i = 0; i < beat.count(); i++) {
            final int session = beat.session(i);
            planner.plan(beat.records(), beat.recordOffset(session), sessions[session], plan);
        }
        return backend.submit(plan, output);
    }

    @Override
    public int poll(final long ticket) {
        return backend.poll(ticket);
    }

    @Override
    public boolean isComplete(final long ticket, final int index) {
        return output.isComplete(index);
    }

    @Override
    public EndReason emit(final SealedBeat beat, final int index, final boolean failed) {
        final long emitStartNs = clock.nanoTime();
        final SessionState session = sessions[beat.session(index)];
        final int record = beat.recordOffset(session.index);
        final DirectBuffer records = beat.records();
        final long tick = TickRecord.tick(records, record);
        final boolean good = !failed && output.error(index) == TickOutput.OK;
        final int count = good ? output.count(index) : 0;
        if (good) {
            session.advance(count, output.token(index, count - 1), output.drawnIn(index, count - 1));
        }
        session.ticks = tick + 1;
        final UnsafeBuffer rows = ledger.rows(session.index);
        final int row = Ledger.offset(tick);
        beginRow(rows, row, beat, records, record);
        if (failed) {
            failedStages(rows, row, beat, emitStartNs);
        } else {
            deviceStages(rows, row, beat, index, emitStartNs);
        }
        counts(rows, row, session, records, record, failed ? 0 : rowsOf(index), count);
        final boolean spoke = good && spoke(index, count);
        finish(session, beat, index, rows, row, count, spoke, !good, emitStartNs);
        if (failed) {
            return EndReason.DEVICE_FAILED;
        }
        return good ? null : EndReason.NOT_FINITE;
    }

    private int rowsOf(final int entry) {
        return plan.rows().rowsOfSegment(entry);
    }

    private boolean spoke(final int index, final int count) {
        for (int i = 0; i < count; i++) {
            final int state = output.drawnIn(index, i);
            final boolean text = state != OutputMachine.START && !machine.isControl(output.token(index, i));
            if (text || state == OutputMachine.SAY) {
                return true;
            }
        }
        return false;
    }

    private static void beginRow(
            final MutableDirectBuffer rows,
            final int row,
            final SealedBeat beat,
            final DirectBuffer records,
            final int record) {
        final long oldest = TickRecord.oldestCaptureNs(records, record);
        final boolean media = oldest != Long.MAX_VALUE && oldest < beat.sealStartNs();
        final long startNs = media ? oldest : beat.sealStartNs();
        LedgerRow.begin(
                rows,
                row,
                TickRecord.session(records, record),
                TickRecord.generation(records, record),
                TickRecord.tick(records, record),
                beat.beat(),
                startNs,
                beat.deadlineNs());
        if (media) {
            final long commitNs = Math.min(TickRecord.oldestCommitNs(records, record), beat.sealStartNs());
            LedgerRow.stage(rows, row, Stage.CAPTURE, commitNs - startNs);
            LedgerRow.stage(rows, row, Stage.QUEUE, beat.sealStartNs() - commitNs);
        }
        LedgerRow.stage(rows, row, Stage.SEAL, beat.sealEndNs() - beat.sealStartNs());
    }

    private void deviceStages(
            final MutableDirectBuffer rows,
            final int row,
            final SealedBeat beat,
            final int index,
            final long emitStartNs) {
        final long startedNs = output.startedNs();
        // a device with threads of its own may start before submit returns on this one
        final long submittedNs = Math.min(beat.submittedNs(), startedNs);
        LedgerRow.stage(rows, row, Stage.PLAN, submittedNs - beat.sealEndNs());
        LedgerRow.stage(rows, row, Stage.PREPROCESS, output.preprocessNs());
        LedgerRow.stage(rows, row, Stage.FUSE, output.fuseNs());
        LedgerRow.stage(rows, row, Stage.GENERATE, output.generateNs(index));
        LedgerRow.stage(rows, row, Stage.SPEAK, output.speakNs(index));
        final long waitNs = startedNs - submittedNs + emitStartNs - output.completedNs(index);
        LedgerRow.stage(rows, row, Stage.WAIT, waitNs);
    }

    /** A device that failed tells nothing of the tick: all of it was a wait. */
    private static void failedStages(
            final MutableDirectBuffer rows, final int row, final SealedBeat beat, final long emitStartNs) {
        LedgerRow.stage(rows, row, Stage.PLAN, beat.submittedNs() - beat.sealEndNs());
        LedgerRow.stage(rows, row, Stage.WAIT, emitStartNs - beat.submittedNs());
    }

    private static void counts(
            final MutableDirectBuffer rows,
            final int row,
            final SessionState session,
            final DirectBuffer records,
            final int record,
            final int prefillRows,
            final int outputs) {
        int audioGaps = 0;
        for (int i = 0; i < TickRecord.AUDIO_POSITIONS && Modality.AUDIO.in(session.modalities); i++) {
            audioGaps += TickRecord.audioSlot(records, record, i) == TickRecord.GAP ? 1 : 0;
        }
        final boolean frameMissing =
                Modality.VIDEO.in(session.modalities) && TickRecord.videoSlot(records, record) == TickRecord.GAP;
        LedgerRow.counts(
                rows,
                row,
                TickRecord.flags(records, record),
                prefillRows,
                outputs,
                TickRecord.dropped(records, record),
                TickRecord.ladderStep(records, record),
                audioGaps,
                frameMissing ? 1 : 0);
    }

    private void finish(
            final SessionState session,
            final SealedBeat beat,
            final int index,
            final MutableDirectBuffer rows,
            final int row,
            final int count,
            final boolean spoke,
            final boolean failed,
            final long emitStartNs) {
        final int samples = failed ? 0 : output.samples(index);
        if (samples > 0) {
            session.spokenUntil = TickEvent.speechStartSample(LedgerRow.tick(rows, row)) + samples;
        }
        final int length = EgressRecord.length(count, session.logProbabilities);
        final boolean room = samples == 0 || session.speech.hasRoom();
        final int claim = room ? session.egress.tryClaim(EgressRecord.TICK, length) : 0;
        final MutableDirectBuffer ring = session.egress.buffer();
        if (claim > 0) {
            EgressRecord.begin(ring, claim, LedgerRow.tick(rows, row), count);
            EgressRecord.interruptions(ring, claim, session.interruptions);
            EgressRecord.speech(ring, claim, samples, samples == 0 ? 0 : session.speech.publish());
            for (int i = 0; i < count; i++) {
                EgressRecord.token(ring, claim, i, output.token(index, i), output.drawnIn(index, i));
            }
            for (int i = 0; session.logProbabilities && i < count; i++) {
                EgressRecord.logProbability(ring, claim, count, i, output.logProbabilityOf(index, i));
            }
        } else {
            session.lostRecords++;
        }
        final int flags = LedgerRow.flags(rows, row);
        final long emitNs = clock.nanoTime();
        beat.emitted(emitNs);
        // nobody waits for a stepped beat: what the machine needs for it changes no reason
        final boolean late = failed || pacing == Pacing.REALTIME && emitNs > beat.deadlineNs();
        final SilenceReason reason = SilenceReason.first(
                spoke,
                late,
                (flags & (TickRecord.HELD | TickRecord.LADDER_HELD)) != 0,
                (flags & TickRecord.MUTED) != 0,
                (flags & TickRecord.STARVED) != 0);
        LedgerRow.stage(rows, row, Stage.EMIT, emitNs - emitStartNs);
        LedgerRow.close(rows, row, reason.code(), emitNs, session.previousEmitNs, periodNs);
        session.previousEmitNs = emitNs;
        if (claim > 0) {
            EgressRecord.reason(ring, claim, reason.code());
            ring.putBytes(claim + EgressRecord.ROW, rows, row, LedgerRow.LENGTH);
            session.egress.commit(claim);
        }
    }

    @Override
    public void emitSkipped(final SealedBeat beat, final int index) {
        final long emitStartNs = clock.nanoTime();
        final SessionState session = sessions[beat.session(index)];
        final int record = beat.recordOffset(session.index);
        final DirectBuffer records = beat.records();
        final long tick = TickRecord.tick(records, record);
        session.ticks = tick + 1;
        final UnsafeBuffer rows = ledger.rows(session.index);
        final int row = Ledger.offset(tick);
        LedgerRow.begin(
                rows, row, session.index, session.generation, tick, beat.beat(), beat.sealStartNs(), beat.deadlineNs());
        LedgerRow.stage(rows, row, Stage.SEAL, emitStartNs - beat.sealStartNs());
        counts(rows, row, session, records, record, 0, 0);
        finish(session, beat, index, rows, row, 0, false, true, emitStartNs);
    }

    @Override
    public void end(final int index, final int generation, final EndReason reason) {
        final SessionState session = sessions[index];
        session.endReason = reason;
        session.phase = SessionState.ENDED;
    }

    @Override
    public boolean heard(final int index, final long untilSample) {
        final SessionState session = sessions[index];
        session.interruptions++;
        final boolean unheard = untilSample < session.spokenUntil;
        // all of it is settled: what was not heard then is told of once, and nobody will hear it any more
        session.spokenUntil = Long.MIN_VALUE;
        return unheard;
    }

    @Override
    public void account(final SealedBeat beat) {
        if (costs != null) {
            costs.account(beat, plan, output);
        }
        // rows close as sessions are emitted; histograms and exports of later versions hang on here
    }

    @Override
    public void release(final int session, final int modality, final int slot) {
        sessions[session].pools[modality].release(slot);
    }

    @Override
    public int textId(final int session, final int slot, final int index) {
        final long address = sessions[session].pool(Modality.TEXT).address(slot);
        return OffHeap.getInt(address + index * (long) Integer.BYTES);
    }
}
