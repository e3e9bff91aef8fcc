package dev.tactus.engine;

import dev.tactus.engine.device.PassRows;
import dev.tactus.engine.device.RowKind;
import dev.tactus.engine.device.TickOutput;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.memory.SlotPool;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.TickRecord;
import org.agrona.DirectBuffer;

/**
 * Turns a sealed {@link TickRecord} into the rows of a session's tick (MODEL.md 2.2):
 *
 * <pre>
 *   [last output of the previous tick] [skipped ticks] &lt;tick&gt; [&lt;cut&gt;] audio video text
 * </pre>
 *
 * A pure function of the session's state, the record and the media it names. Tick thread.
 */
final class Planner {
    private final InteractionConfig ids;
    private final Tau tau;
    private final int maxOutputs;

    private PassRows rows;
    private long position;

    Planner(final InteractionConfig ids, final Tau tau) {
        this.ids = ids;
        this.tau = tau;
        this.maxOutputs = OutputMachine.maxOutputs(ids);
    }

    /** Most rows of one session in one prefill, {@code maxSkipped} skipped ticks included. */
    static int maxRows(final InteractionConfig ids, final int maxSkipped) {
        final int skipped = maxSkipped * 4;
        final int audio = TickRecord.AUDIO_POSITIONS;
        final int video = ids.videoRows() * ids.videoCols();
        return 1 + skipped + 1 + 1 + audio + video + 1 + ids.textInMax();
    }

    /** Adds the session to the plan and moves its position past the rows of the prefill. */
    void plan(final DirectBuffer records, final int record, final SessionState session, final TickPlan plan) {
        final int entry = plan.addEntry(
                session.index,
                session.stateAddress,
                session.localTable,
                session.globalTable,
                TickRecord.tick(records, record),
                session.seed,
                session.sampling);
        plan.adapter(entry, session.adapter);
        rows = plan.rows();
        position = session.nextPosition;
        final int flags = TickRecord.flags(records, record);
        if (session.pendingToken == TickOutput.BLOCK) {
            rows.addSpeech(session.lastBlock(), position, tau.of(position));
            position++;
        } else if (session.pendingToken >= 0) {
            token(session.pendingToken);
        }
        for (int i = 0; i < TickRecord.skippedBefore(records, record); i++) {
            skippedTick(session.modalities);
        }
        token(ids.tickTokenId());
        if ((flags & TickRecord.CUT) != 0) {
            token(ids.cutTokenId());
        }
        if (Modality.AUDIO.in(session.modalities)) {
            audio(records, record, session.pool(Modality.AUDIO), plan);
        }
        if (Modality.VIDEO.in(session.modalities)) {
            video(records, record, session.pool(Modality.VIDEO), plan);
        }
        text(records, record);
        rows.wantOutput();
        session.nextPosition = position;
        output(records, record, entry, session, plan, flags);
    }

    private void token(final int id) {
        add(RowKind.TOKEN, id);
    }

    private void add(final int kind, final int value) {
        rows.add(kind, value, position, tau.of(position));
        position++;
    }

    private void skippedTick(final int modalities) {
        token(ids.tickTokenId());
        if (Modality.AUDIO.in(modalities)) {
            token(ids.audioGapTokenId());
        }
        if (Modality.VIDEO.in(modalities)) {
            token(ids.videoGapTokenId());
        }
        token(ids.quietTokenId());
    }

    private void audio(final DirectBuffer records, final int record, final SlotPool pool, final TickPlan plan) {
        int present = 0;
        for (int i = 0; i < TickRecord.AUDIO_POSITIONS; i++) {
            present += TickRecord.audioSlot(records, record, i) == TickRecord.GAP ? 0 : 1;
        }
        if (present == 0) {
            token(ids.audioGapTokenId());
            return;
        }
        int left = TickRecord.audioLeft(records, record);
        for (int i = 0; i < TickRecord.AUDIO_POSITIONS; i++) {
            final int slot = TickRecord.audioSlot(records, record, i);
            if (slot == TickRecord.GAP) {
                token(ids.audioGapTokenId());
            } else {
                final long before = left == TickRecord.GAP ? 0 : pool.address(left);
                add(RowKind.AUDIO, plan.addAudio(before, pool.address(slot)));
            }
            left = slot;
        }
    }

    private void video(final DirectBuffer records, final int record, final SlotPool pool, final TickPlan plan) {
        final int slot = TickRecord.videoSlot(records, record);
        if (slot == TickRecord.GAP) {
            token(ids.videoGapTokenId());
            return;
        }
        final int previous = TickRecord.videoPrevious(records, record);
        final long current = pool.address(slot);
        final long before = previous == TickRecord.GAP ? current : pool.address(previous);
        for (int row = 0; row < ids.videoRows(); row++) {
            for (int col = 0; col < ids.videoCols(); col++) {
                add(RowKind.PATCH, plan.addPatch(before, current, row, col));
            }
        }
    }

    private void text(final DirectBuffer records, final int record) {
        final int count = TickRecord.textCount(records, record);
        if (count == 0) {
            return;
        }
        token(ids.textInTokenId());
        for (int i = 0; i < count; i++) {
            token(TickRecord.textId(records, record, i));
        }
    }

    private void output(
            final DirectBuffer records,
            final int record,
            final int entry,
            final SessionState session,
            final TickPlan plan,
            final int flags) {
        final boolean held = (flags & TickRecord.HELD) != 0;
        final boolean muted = (flags & (TickRecord.MUTED | TickRecord.LADDER_HELD)) != 0;
        final int policy = held ? OutputMachine.HELD : muted ? OutputMachine.MUTED : OutputMachine.FREE;
        final boolean cut = (flags & TickRecord.CUT) != 0;
        // a skipped tick is a quiet one, and what was cut is over: to say more the model has to begin anew
        final boolean talking = session.talking && !cut && TickRecord.skippedBefore(records, record) == 0;
        plan.output(entry, policy, talking, TickRecord.textBudget(records, record));
        if (session.speaks()) {
            plan.speech(entry, session.blocks(), session.speech.next(), session.talking);
        }
        if (cut) {
            plan.discardHeldBack(entry);
        }
        if (session.scriptLength > 0) {
            plan.script(entry, session.script.addressOffset(), session.scriptLength);
        }
        if (session.logProbabilities) {
            plan.wantLogProbabilities(entry);
        }
        for (int p = 0; p < maxOutputs; p++) {
            plan.outputTau(entry, p, tau.of(position + p));
        }
    }
}
