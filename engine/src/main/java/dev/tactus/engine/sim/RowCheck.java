package dev.tactus.engine.sim;

import dev.tactus.engine.EngineContext;
import dev.tactus.engine.ledger.LedgerRow;
import dev.tactus.engine.ledger.Stage;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.SilenceReason;
import dev.tactus.scheduler.TickRecord;
import org.agrona.DirectBuffer;

/** Holds a ledger row that was just closed to what DESIGN promises of it. */
final class RowCheck {
    /** Less than this share of the wall time may be unattributed: one part in so many. */
    private static final long SHARE = 100;

    private final Checks checks;

    RowCheck(final Checks checks) {
        this.checks = checks;
    }

    /** That output was due two periods after the beat of the session's slot began. */
    void deadline(
            final SimSession session, final DirectBuffer row, final int at, final long beat, final long slotOriginNs) {
        checks.equal(
                Check.REASONS,
                session.index(),
                "the deadline",
                LedgerRow.tick(row, at),
                slotOriginNs + (beat + 2) * EngineContext.PERIOD_NS,
                LedgerRow.deadlineNs(row, at));
    }

    /** Who and when, and that the stages sum to the wall time. */
    void balance(final SimSession session, final DirectBuffer row, final int at, final long tick, final long beat) {
        final int index = session.index();
        checks.equal(Check.EVENTS, index, "a row of session tick", tick, LedgerRow.tick(row, at));
        checks.equal(Check.EVENTS, index, "a row of beat", beat, LedgerRow.beat(row, at));
        checks.equal(
                Check.EVENTS,
                index,
                "a row of generation",
                session.engineSession.generation(),
                LedgerRow.generation(row, at));
        long sum = 0;
        for (final Stage stage : Stage.values()) {
            final long ns = LedgerRow.stageNs(row, at, stage);
            if (ns < 0) {
                checks.fail(Check.BALANCE, index, stage + " of session tick " + tick + " from 0 ns on", ns + " ns");
            }
            sum += ns;
        }
        final long wall = LedgerRow.wallNs(row, at);
        final long unattributed = LedgerRow.unattributedNs(row, at);
        final long lasted = LedgerRow.emitNs(row, at) - LedgerRow.startNs(row, at);
        checks.equal(Check.BALANCE, index, "wall ns", tick, lasted, wall);
        checks.equal(Check.BALANCE, index, "stages and unattributed ns", tick, wall, sum + unattributed);
        if (unattributed < 0 || unattributed * SHARE > wall) {
            checks.fail(
                    Check.BALANCE,
                    index,
                    "0 to 1 % of " + wall + " ns of session tick " + tick + " unattributed",
                    unattributed + " ns");
        }
        final long previous = session.previousEmitNs;
        final long emit = LedgerRow.emitNs(row, at);
        checks.equal(
                Check.BALANCE,
                index,
                "jitter",
                tick,
                previous == 0 ? 0 : Math.abs(emit - previous - EngineContext.PERIOD_NS),
                LedgerRow.jitterNs(row, at));
        session.previousEmitNs = emit;
    }

    /** That gaps are counted as they stand in the record, which was checked when it was sealed. */
    void gaps(final SimSession session, final DirectBuffer row, final int at, final LoneTick tick) {
        int audio = 0;
        for (int i = 0; i < tick.audio.length && session.has(Modality.AUDIO); i++) {
            audio += tick.audio[i] == 0 ? 1 : 0;
        }
        final int video = session.has(Modality.VIDEO) && tick.video == 0 ? 1 : 0;
        final int index = session.index();
        checks.equal(Check.GAPS, index, "audio gaps", tick.tick, audio, LedgerRow.audioGaps(row, at));
        checks.equal(Check.GAPS, index, "video gaps", tick.tick, video, LedgerRow.videoGaps(row, at));
        checks.equal(Check.GAPS, index, "flags", tick.tick, tick.flags, LedgerRow.flags(row, at));
    }

    /** That a tick that was skipped is one gap of everything. */
    void skipped(final SimSession session, final DirectBuffer row, final int at) {
        final int audio = session.has(Modality.AUDIO) ? TickRecord.AUDIO_POSITIONS : 0;
        final long tick = LedgerRow.tick(row, at);
        checks.equal(Check.GAPS, session.index(), "audio gaps", tick, audio, LedgerRow.audioGaps(row, at));
        checks.equal(
                Check.GAPS,
                session.index(),
                "video gaps",
                tick,
                session.has(Modality.VIDEO) ? 1 : 0,
                LedgerRow.videoGaps(row, at));
        checks.equal(Check.GAPS, session.index(), "flags", tick, TickRecord.SKIPPED, LedgerRow.flags(row, at));
    }

    /** That a silence has the first reason that applies. */
    void reason(
            final SimSession session, final DirectBuffer row, final int at, final boolean spoke, final boolean failed) {
        final int flags = LedgerRow.flags(row, at);
        final SilenceReason reason;
        if (failed || LedgerRow.emitNs(row, at) > LedgerRow.deadlineNs(row, at)) {
            reason = SilenceReason.STALLED;
        } else if (spoke) {
            reason = SilenceReason.NONE;
        } else if ((flags & (TickRecord.HELD | TickRecord.LADDER_HELD)) != 0) {
            reason = SilenceReason.HELD;
        } else if ((flags & TickRecord.MUTED) != 0) {
            reason = SilenceReason.MUTED;
        } else {
            reason = (flags & TickRecord.STARVED) != 0 ? SilenceReason.STARVED : SilenceReason.CHOSE;
        }
        final SilenceReason found = SilenceReason.of(LedgerRow.reason(row, at));
        if (reason != found) {
            checks.fail(
                    Check.REASONS,
                    session.index(),
                    reason + " for session tick " + LedgerRow.tick(row, at),
                    found.toString());
        }
    }
}
