package dev.tactus.engine.sim;

import dev.tactus.engine.device.PassRows;
import dev.tactus.engine.device.RowKind;
import dev.tactus.engine.device.TickOutput;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.memory.OffHeap;
import dev.tactus.scheduler.MissedTickPolicy;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.TickRecord;

/** Holds the rows that a tick was planned as to MODEL.md 2.2, position by position. */
final class PlanCheck {
    private final Checks checks;
    private final InteractionConfig ids;
    private TickPlan plan;
    private SimSession session;
    private LoneTick tick;
    private int row;
    private int end;

    PlanCheck(final Checks checks, final InteractionConfig ids) {
        this.checks = checks;
        this.ids = ids;
    }

    /** Checks an entry, and moves the session's position past its rows. */
    void check(final TickPlan ofPlan, final int entry, final SimSession ofSession, final LoneTick ofTick) {
        plan = ofPlan;
        session = ofSession;
        tick = ofTick;
        row = plan.rows().firstRow(entry);
        end = row + plan.rows().rowsOfSegment(entry);
        if (session.pending == TickOutput.BLOCK) {
            next(RowKind.SPEECH);
        } else if (session.pending >= 0) {
            token(session.pending);
        }
        for (int i = 0; i < tick.skippedBefore; i++) {
            skipped();
        }
        token(ids.tickTokenId());
        if ((tick.flags & TickRecord.CUT) != 0) {
            token(ids.cutTokenId());
        }
        if (session.has(Modality.AUDIO)) {
            audio();
        }
        if (session.has(Modality.VIDEO)) {
            video();
        }
        if (tick.text.length > 0) {
            token(ids.textInTokenId());
        }
        for (final int id : tick.text) {
            token(id);
        }
        equal("rows left", 0, end - row);
        output(entry);
    }

    private void skipped() {
        token(ids.tickTokenId());
        if (session.has(Modality.AUDIO)) {
            token(ids.audioGapTokenId());
        }
        if (session.has(Modality.VIDEO)) {
            token(ids.videoGapTokenId());
        }
        token(ids.quietTokenId());
    }

    private void audio() {
        boolean any = false;
        for (final long sound : tick.audio) {
            any |= sound != 0;
        }
        long left = tick.skippedBefore == 0 ? session.leftStamp : 0;
        if (!any) {
            token(ids.audioGapTokenId());
        }
        for (final long sound : tick.audio) {
            if (sound != 0) {
                final int source = row < end ? plan.rows().value(row) : 0;
                next(RowKind.AUDIO);
                equal("the stamp of the 50 ms before", left, stamp(plan.audioLeft(source)));
                equal("the stamp of 50 ms", sound, stamp(plan.audioRight(source)));
            } else if (any) {
                token(ids.audioGapTokenId());
            }
            left = sound;
        }
        session.leftStamp = left;
    }

    private static long stamp(final long address) {
        return address == 0 ? 0 : OffHeap.getLong(address);
    }

    private void video() {
        if (tick.video == 0) {
            token(ids.videoGapTokenId());
            return;
        }
        final long before = session.frameStamp == 0 ? tick.video : session.frameStamp;
        for (int i = 0; i < ids.videoRows() * ids.videoCols(); i++) {
            final int source = row < end ? plan.rows().value(row) : 0;
            next(RowKind.PATCH);
            equal("the patch", i, plan.patchRow(source) * ids.videoCols() + plan.patchCol(source));
            equal("the stamp of the frame before", before, stamp(plan.patchPrevious(source)));
            equal("the stamp of the frame", tick.video, stamp(plan.patchCurrent(source)));
        }
        session.frameStamp = tick.video;
    }

    private void token(final int id) {
        if (row < end) {
            equal("the token", id, plan.rows().value(row));
        }
        next(RowKind.TOKEN);
    }

    private void next(final int kind) {
        if (row >= end) {
            equal("a row of kind", kind, -1);
        }
        final PassRows rows = plan.rows();
        equal("a row of kind", kind, rows.kind(row));
        equal("the position", session.nextPosition, rows.position(row));
        if (rows.outputRow(row) != PassRows.NO_OUTPUT && row != end - 1) {
            checks.fail(Check.PLAN, session.index(), "an output of the last row alone", "one of row " + row);
        }
        session.nextPosition++;
        row++;
    }

    private void output(final int entry) {
        final boolean held = (tick.flags & TickRecord.HELD) != 0;
        final boolean muted = (tick.flags & (TickRecord.MUTED | TickRecord.LADDER_HELD)) != 0;
        final int policy = held ? OutputMachine.HELD : muted ? OutputMachine.MUTED : OutputMachine.FREE;
        equal("the policy", policy, plan.policy(entry));
        final boolean talking =
                session.pending == TickOutput.BLOCK && tick.skippedBefore == 0 && (tick.flags & TickRecord.CUT) == 0;
        equal("talking", talking ? 1 : 0, plan.talking(entry) ? 1 : 0);
        equal("samples held back", session.pending == TickOutput.BLOCK ? 1 : 0, plan.holdsBack(entry) ? 1 : 0);
        equal("the tick", tick.tick, plan.tick(entry));
        equal("the seed", session.spec.seed(), plan.seed(entry));
        equal("the text budget", MissedTickPolicy.DEFAULT.text(tick.step, ids.textOutMax()), plan.textBudget(entry));
    }

    private void equal(final String what, final long expected, final long found) {
        checks.equal(Check.PLAN, session.index(), what, tick.tick, expected, found);
    }
}
