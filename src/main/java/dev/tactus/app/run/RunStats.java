package dev.tactus.app.run;

import dev.tactus.engine.TickEvent;
import dev.tactus.engine.ledger.LedgerRow;
import dev.tactus.engine.ledger.Stage;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.SilenceReason;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** What all sessions of a run did, counted. One thread. */
final class RunStats {
    private static final int DIGITS = 3;

    private final Histogram computeNs = new Histogram(TimeUnit.HOURS.toNanos(1), DIGITS);
    private final long[] reasons = new long[SilenceReason.values().length];
    private final long[] ends = new long[EndReason.values().length];
    private long ticks;
    private long longestSession;
    private long textIds;
    private long audioGaps;
    private long videoGaps;
    private long dropped;
    private long lost;

    /** Counts a tick. */
    void tick(final TickEvent event) {
        ticks++;
        longestSession = Math.max(longestSession, event.tick() + 1);
        reasons[event.reason().code()]++;
        computeNs.recordValue(Math.clamp(computeNs(event), 0, computeNs.getHighestTrackableValue()));
        audioGaps += LedgerRow.audioGaps(event.row(), event.rowOffset());
        videoGaps += LedgerRow.videoGaps(event.row(), event.rowOffset());
        dropped += LedgerRow.dropped(event.row(), event.rowOffset());
        for (int i = 0; i < event.tokens(); i++) {
            textIds += event.isCaption(i) || event.isSpoken(i) ? 1 : 0;
        }
    }

    /** What the device did for the session: its stages without waiting. */
    static long computeNs(final TickEvent event) {
        return event.stageNs(Stage.PREPROCESS)
                + event.stageNs(Stage.FUSE)
                + event.stageNs(Stage.GENERATE)
                + event.stageNs(Stage.SPEAK);
    }

    /** Counts a session's end. */
    void end(final EndReason reason, final long lostRecords) {
        ends[reason.code()]++;
        lost += lostRecords;
    }

    /** Adds media that never reached the engine. */
    void droppedBefore(final long media) {
        dropped += media;
    }

    /** Session ticks. */
    long ticks() {
        return ticks;
    }

    /** Ticks of the session that lived longest. */
    long longestSession() {
        return longestSession;
    }

    /** Ticks with that reason. */
    long count(final SilenceReason reason) {
        return reasons[reason.code()];
    }

    /** Sessions that ended so. */
    long count(final EndReason reason) {
        return ends[reason.code()];
    }

    /** Ids of captions and of text. */
    long textIds() {
        return textIds;
    }

    /** Audio positions without a slot. */
    long audioGaps() {
        return audioGaps;
    }

    /** Ticks without a frame. */
    long videoGaps() {
        return videoGaps;
    }

    /** Media that were dropped: late, early, superseded or without room. */
    long dropped() {
        return dropped;
    }

    /** Ticks whose record was lost because this process read them too slowly. */
    long lost() {
        return lost;
    }

    /** Compute of a tick, so that {@code percent} of the ticks took no longer. */
    long computeNs(final double percent) {
        return computeNs.getValueAtPercentile(percent);
    }
}
