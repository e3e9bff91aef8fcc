package dev.tactus.engine;

import dev.tactus.scheduler.IngressRecord;
import dev.tactus.scheduler.IngressRing;
import dev.tactus.scheduler.Modality;
import org.agrona.concurrent.NanoClock;

/**
 * What a session hears: slots of 800 float32 samples, 50 ms at 16 kHz, in [-1, 1]. Slot n of the session holds samples
 * [800n, 800n + 800) of its media clock and belongs to tick ⌊n/4⌋. One producer thread.
 *
 * <p><b>Clock drift.</b> A microphone's 16 kHz are not the engine's. Where beats go by the clock, {@link #commit}
 * compares the capture times it is given with the numbers it gives ({@link DriftFilter}) and, beyond half a slot,
 * passes a position over (the producer is slow) or drops the slot (it is fast). This is done here and not at the seal,
 * so that it is part of the records: what was numbered so stays so in every replay. The seal counts it
 * ({@link dev.tactus.scheduler.LoopCounters#DRIFT_GAP}, {@link dev.tactus.scheduler.LoopCounters#DRIFT_DROP}), and the
 * tick's ledger row has it among its audio gaps or its dropped media. It needs the capture time of each slot; producers
 * that stamp otherwise, such as all slots of a tick alike, are left alone, and so are stepped engines.
 */
public final class AudioInput extends MediaInput {
    /** Samples of a slot. */
    public static final int SLOT_SAMPLES = 800;

    private final DriftFilter drift = new DriftFilter();
    private final boolean followsClock;
    private int next;

    AudioInput(final SessionState state, final IngressRing ingress, final NanoClock clock) {
        super(state, Modality.AUDIO, ingress, clock);
        this.followsClock = state.realtime;
    }

    /**
     * Commits the claimed slot as the next 50 ms, with a correction where the producer's clock has drifted.
     *
     * @param captureNs when its last sample was captured, on the engine clock
     * @return false when it was refused: the ring is full or the session has ended
     */
    public boolean commit(final long captureNs) {
        final int due = followsClock ? drift.due() : 0;
        final int flags = due == 0 ? 0 : due > 0 ? IngressRecord.DRIFT_GAP : IngressRecord.DRIFT_DROP;
        final int number = next + Math.max(0, due);
        if (!commit(flags, number, captureNs, SLOT_SAMPLES * Float.BYTES)) {
            return false;
        }
        if (due != 0) {
            drift.corrected(due);
        }
        drift.observe(next + due, captureNs);
        next += due + 1;
        return true;
    }

    /**
     * Commits the claimed slot as slot {@code number} of the media clock, whichever came before it: for packets that
     * carry their number and come out of order, or twice. What {@link #commit(long)} fills next is after the highest
     * number so far.
     *
     * <p>A number that the producer gave is never changed, however far its clock has drifted: a packet that comes late
     * or twice must find the place that its first copy had. {@link #driftNs()} tells who numbers the packets when to
     * leave a number out or to drop one.
     *
     * @param captureNs when its last sample was captured, on the engine clock
     * @return false when it was refused: the ring is full or the session has ended
     */
    public boolean commitAs(final int number, final long captureNs) {
        if (!commit(0, number, captureNs, SLOT_SAMPLES * Float.BYTES)) {
            return false;
        }
        // a difference, so that numbers may wrap
        if (number - next >= 0) {
            // a copy, or what comes late, may have a number of before a correction, and would seem to be far off
            drift.observe(number, captureNs);
            next = number + 1;
        }
        return true;
    }

    /** Passes over {@code slots} slots that will never come; their positions become gaps. */
    public void skip(final int slots) {
        if (slots < 0) {
            throw new IllegalArgumentException("cannot skip " + slots + " slots: expected 0 or more");
        }
        next += slots;
    }

    /**
     * How much later slots are captured than their numbers say, compared with the session's first ones: positive where
     * the producer's clock is slow, and within half a slot while {@link #commit} corrects it. 0 until 24 slots were
     * stamped steadily. Producer's thread.
     */
    public long driftNs() {
        return drift.driftNs();
    }

    /** The number of the slot that the next commit fills, but for a correction of the clock. */
    public int nextSlot() {
        return next;
    }
}
