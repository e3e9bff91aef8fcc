package dev.tactus.bench.latency;

import dev.tactus.engine.EngineContext;
import dev.tactus.engine.SessionHandler;
import dev.tactus.engine.TickEvent;
import dev.tactus.engine.ledger.LedgerRow;
import dev.tactus.engine.ledger.Stage;
import dev.tactus.scheduler.SilenceReason;
import org.HdrHistogram.Histogram;

/**
 * Collects the ledger rows of sessions that run by the clock.
 *
 * <p><em>Latency</em> of a session's tick is from the tick's end to its emit: what the listener waits. A tick is
 * <em>missed</em> when it was put out after its deadline, one period after its end, or skipped; twice <em>in a row</em>
 * when the one before was, too. <em>Device</em> time is that of whole batches, each counted once.
 */
final class LiveTimes implements SessionHandler {
    private static final int DIGITS = 3;
    private static final int SLOTS = 256;

    final Histogram latency = new Histogram(DIGITS);
    long ticks;
    long missed;
    long missedInARow;
    long stepped;
    long deviceNs;
    private final long[] slotDeadlineNs = new long[SLOTS];
    private final long[] slotWorkedNs = new long[SLOTS];
    private final boolean[] missedBefore;

    LiveTimes(final int maxSessions) {
        missedBefore = new boolean[maxSessions];
    }

    @Override
    public void onTick(final TickEvent event) {
        final long deadlineNs = LedgerRow.deadlineNs(event.row(), event.rowOffset());
        final long emitNs = LedgerRow.emitNs(event.row(), event.rowOffset());
        final int session = LedgerRow.session(event.row(), event.rowOffset());
        final boolean late = event.reason() == SilenceReason.STALLED || emitNs > deadlineNs;
        ticks++;
        latency.recordValue(Math.max(0, emitNs - (deadlineNs - EngineContext.PERIOD_NS)));
        missed += late ? 1 : 0;
        missedInARow += late && missedBefore[session] ? 1 : 0;
        missedBefore[session] = late;
        stepped += LedgerRow.ladderStep(event.row(), event.rowOffset()) > 0 ? 1 : 0;
        busyUntil(event);
    }

    /** The device works for one slot at a time: its sessions begin together, the last one ends its work. */
    private void busyUntil(final TickEvent event) {
        final long workedNs = event.stageNs(Stage.PREPROCESS)
                + event.stageNs(Stage.FUSE)
                + event.stageNs(Stage.GENERATE)
                + event.stageNs(Stage.SPEAK);
        final long deadlineNs = LedgerRow.deadlineNs(event.row(), event.rowOffset());
        final int slot = (int) (deadlineNs % EngineContext.PERIOD_NS * SLOTS / EngineContext.PERIOD_NS);
        if (slotDeadlineNs[slot] != deadlineNs) {
            slotDeadlineNs[slot] = deadlineNs;
            slotWorkedNs[slot] = 0;
        }
        deviceNs += Math.max(0, workedNs - slotWorkedNs[slot]);
        slotWorkedNs[slot] = Math.max(workedNs, slotWorkedNs[slot]);
    }

    /** A session begins at that index. */
    void opened(final int session) {
        missedBefore[session] = false;
    }

    /** Forgets what was counted, as after the ticks that do not count. */
    void reset() {
        latency.reset();
        ticks = 0;
        missed = 0;
        missedInARow = 0;
        stepped = 0;
        deviceNs = 0;
    }
}
