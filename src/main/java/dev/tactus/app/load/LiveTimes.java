package dev.tactus.app.load;

import dev.tactus.engine.EngineContext;
import dev.tactus.engine.SessionHandler;
import dev.tactus.engine.TickEvent;
import dev.tactus.engine.ledger.LedgerRow;
import dev.tactus.engine.ledger.Stage;
import dev.tactus.scheduler.SilenceReason;
import dev.tactus.scheduler.TickRecord;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * Collects the ledger rows of sessions that run by the clock.
 *
 * <p><em>Latency</em> of a session's tick is from the tick's end to its emit: what the listener waits. A skipped tick
 * has none. A tick is <em>missed</em> when it was put out after its deadline, one period after its end, or skipped;
 * twice <em>in a row</em> when the one before was, too. <em>Device</em> time is that of whole batches, each counted
 * once.
 *
 * <p>One thread. Nothing is allocated after construction.
 */
public final class LiveTimes implements SessionHandler {
    private static final int DIGITS = 3;
    private static final int SLOTS = 256;

    /** A tick that waits longer counts as this; the histogram never grows. */
    private static final long MOST_NS = TimeUnit.MINUTES.toNanos(1);

    private final Histogram latency = new Histogram(MOST_NS, DIGITS);
    private final long[] slotDeadlineNs = new long[SLOTS];
    private final long[] slotWorkedNs = new long[SLOTS];
    private final boolean[] missedBefore;
    private long ticks;
    private long missed;
    private long missedInARow;
    private long stepped;
    private long skipped;
    private long deviceNs;

    /**
     * Nothing collected yet.
     *
     * @param maxSessions most sessions of the engine: their indices are below it
     */
    public LiveTimes(final int maxSessions) {
        missedBefore = new boolean[maxSessions];
    }

    @Override
    public void onTick(final TickEvent event) {
        final long deadlineNs = LedgerRow.deadlineNs(event.row(), event.rowOffset());
        final long emitNs = LedgerRow.emitNs(event.row(), event.rowOffset());
        final int session = LedgerRow.session(event.row(), event.rowOffset());
        final boolean late = event.reason() == SilenceReason.STALLED || emitNs > deadlineNs;
        ticks++;
        if ((LedgerRow.flags(event.row(), event.rowOffset()) & TickRecord.SKIPPED) != 0) {
            skipped++;
        } else {
            latency.recordValue(Math.clamp(emitNs - (deadlineNs - EngineContext.PERIOD_NS), 0, MOST_NS));
        }
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

    /** Latencies in nanoseconds of the ticks since the last {@link #reset} that ran; its own, not a copy. */
    public Histogram latency() {
        return latency;
    }

    /** Session ticks that were polled, skipped ones included. */
    public long ticks() {
        return ticks;
    }

    /** Of them, missed. */
    public long missed() {
        return missed;
    }

    /** Of them, missed right after a missed one of the same session. */
    public long missedInARow() {
        return missedInARow;
    }

    /** Of them, with a step of the ladder. */
    public long stepped() {
        return stepped;
    }

    /** Of them, skipped: nothing was computed, nothing came out. */
    public long skipped() {
        return skipped;
    }

    /** What the device worked for them. */
    public long deviceNs() {
        return deviceNs;
    }

    /** Forgets what was counted, as after the ticks that do not count. */
    public void reset() {
        latency.reset();
        ticks = 0;
        missed = 0;
        missedInARow = 0;
        stepped = 0;
        skipped = 0;
        deviceNs = 0;
    }
}
