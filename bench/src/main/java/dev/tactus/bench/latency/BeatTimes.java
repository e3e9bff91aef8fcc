package dev.tactus.bench.latency;

import dev.tactus.engine.SessionHandler;
import dev.tactus.engine.TickEvent;
import dev.tactus.engine.ledger.LedgerRow;
import dev.tactus.engine.ledger.Stage;
import org.HdrHistogram.Histogram;

/**
 * Collects the ledger rows of every beat.
 *
 * <p>Of one beat: <em>whole</em> is from the start of the seal to the last emit; <em>device</em> is what the device
 * worked, preprocess + fuse + generate + speak of the session that was complete last; <em>overhead</em> is whole less
 * device, so all that is not kernels: seal, plan, waking up, picking results up, emit, and what no stage accounts for.
 */
final class BeatTimes implements SessionHandler {
    private static final int DIGITS = 3;

    final Histogram whole = new Histogram(DIGITS);
    final Histogram device = new Histogram(DIGITS);
    final Histogram overhead = new Histogram(DIGITS);
    private final long[] stageSumNs = new long[Stage.COUNT];
    private long unattributedSumNs;
    private long rowCount;
    private long sealStartNs;
    private long lastEmitNs;
    private long deviceNs;

    void beginBeat() {
        sealStartNs = Long.MAX_VALUE;
        lastEmitNs = Long.MIN_VALUE;
        deviceNs = 0;
    }

    @Override
    public void onTick(final TickEvent event) {
        final long before = event.stageNs(Stage.CAPTURE) + event.stageNs(Stage.QUEUE);
        final long startNs = LedgerRow.startNs(event.row(), event.rowOffset());
        sealStartNs = Math.min(sealStartNs, startNs + before);
        lastEmitNs = Math.max(lastEmitNs, LedgerRow.emitNs(event.row(), event.rowOffset()));
        deviceNs = Math.max(
                deviceNs,
                event.stageNs(Stage.PREPROCESS)
                        + event.stageNs(Stage.FUSE)
                        + event.stageNs(Stage.GENERATE)
                        + event.stageNs(Stage.SPEAK));
        for (int i = 0; i < Stage.COUNT; i++) {
            stageSumNs[i] += event.stageNs(Stage.of(i));
        }
        unattributedSumNs += event.unattributedNs();
        rowCount++;
    }

    void endBeat() {
        final long wholeNs = lastEmitNs - sealStartNs;
        whole.recordValue(wholeNs);
        device.recordValue(deviceNs);
        overhead.recordValue(Math.max(0, wholeNs - deviceNs));
    }

    /** Mean duration of a stage per session tick. */
    double meanNs(final Stage stage) {
        return (double) stageSumNs[stage.ordinal()] / rowCount;
    }

    /** Mean of what no stage accounts for. */
    double meanUnattributedNs() {
        return (double) unattributedSumNs / rowCount;
    }
}
