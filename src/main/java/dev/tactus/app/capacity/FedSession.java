package dev.tactus.app.capacity;

import dev.tactus.engine.AudioInput;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.Session;
import dev.tactus.engine.SessionHandler;
import dev.tactus.engine.TickEvent;
import dev.tactus.engine.ledger.LedgerRow;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.TickRecord;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.HdrHistogram.Histogram;

/**
 * A session that hears and sees noise. Its media is given two ticks ahead, tick for tick as its ticks come out, so that
 * none is late whatever slot of the period it has. One thread.
 */
final class FedSession implements SessionHandler {
    private static final int TICKS_AHEAD = 2;

    /** 2³² over the golden ratio: its multiples look drawn. */
    private static final int SCRAMBLE = 0x9E37_79B9;

    private static final float QUIET = 0.1f / Integer.MAX_VALUE;

    private final Session session;
    private final int modalities;
    private final Histogram ends;
    private long fed;
    private long ticks;
    private long positions;
    private EndReason ended;

    /**
     * Takes a session over.
     *
     * @param ends gets how long after the end of its beat every tick came out, µs
     */
    FedSession(final Session session, final int modalities, final Histogram ends) {
        this.session = session;
        this.modalities = modalities;
        this.ends = ends;
    }

    /** Takes what came out and gives what is due. */
    void drive(final long nowNs) {
        session.poll(this);
        while (ended == null && fed < ticks + TICKS_AHEAD) {
            if (Modality.AUDIO.in(modalities)) {
                for (int i = 0; i < TickRecord.AUDIO_POSITIONS; i++) {
                    hear(nowNs);
                }
            }
            if (Modality.VIDEO.in(modalities)) {
                see(nowNs);
            }
            fed++;
        }
    }

    private void hear(final long nowNs) {
        final MemorySegment slot = session.audio().claim();
        for (int i = 0; slot != null && i < AudioInput.SLOT_SAMPLES; i++) {
            final int sample = (int) (fed * AudioInput.SLOT_SAMPLES + i) * SCRAMBLE;
            slot.setAtIndex(ValueLayout.JAVA_FLOAT, i, sample * QUIET);
        }
        if (slot == null || !session.audio().commit(nowNs)) {
            session.audio().skip(1);
        }
    }

    private void see(final long nowNs) {
        final MemorySegment slot = session.video().claim();
        if (slot != null) {
            final long words = (long) session.video().height() * session.video().width() * 3 / Integer.BYTES;
            for (long i = 0; i < words; i++) {
                slot.setAtIndex(ValueLayout.JAVA_INT, i, (int) (fed + i) * SCRAMBLE);
            }
            session.video().commit(nowNs);
        }
    }

    @Override
    public void onTick(final TickEvent event) {
        ticks++;
        positions += LedgerRow.rows(event.row(), event.rowOffset()) + Math.max(0, event.tokens() - 1);
        final long beatEndNs = LedgerRow.deadlineNs(event.row(), event.rowOffset()) - EngineContext.PERIOD_NS;
        ends.recordValue(Math.max(0, (LedgerRow.emitNs(event.row(), event.rowOffset()) - beatEndNs) / 1_000));
    }

    @Override
    public void onEnd(final EndReason reason, final long lived) {
        ended = reason;
    }

    /** Whether it has ended by itself. */
    boolean isEnded() {
        return ended != null;
    }

    /** Positions of its sequence so far. */
    long positions() {
        return positions;
    }

    /** Ends it; nobody polls it any more. */
    void close() {
        session.abandon();
    }
}
