package dev.tactus.engine;

import dev.tactus.scheduler.IngressRing;
import dev.tactus.scheduler.Modality;
import org.agrona.concurrent.NanoClock;

/**
 * What a session hears: slots of 800 float32 samples, 50 ms at 16 kHz, in [-1, 1]. Slot n of the session holds samples
 * [800n, 800n + 800) of its media clock and belongs to tick ⌊n/4⌋. One producer thread.
 */
public final class AudioInput extends MediaInput {
    /** Samples of a slot. */
    public static final int SLOT_SAMPLES = 800;

    private int next;

    AudioInput(final SessionState state, final IngressRing ingress, final NanoClock clock) {
        super(state, Modality.AUDIO, ingress, clock);
    }

    /**
     * Commits the claimed slot as the next 50 ms.
     *
     * @param captureNs when its last sample was captured, on the engine clock
     * @return false when it was refused: the ring is full or the session has ended
     */
    public boolean commit(final long captureNs) {
        final boolean accepted = commit(next, captureNs, SLOT_SAMPLES * Float.BYTES);
        next += accepted ? 1 : 0;
        return accepted;
    }

    /**
     * Commits the claimed slot as slot {@code number} of the media clock, whichever came before it: for packets that
     * carry their number and come out of order, or twice. What {@link #commit(long)} fills next is after the highest
     * number so far.
     *
     * @param captureNs when its last sample was captured, on the engine clock
     * @return false when it was refused: the ring is full or the session has ended
     */
    public boolean commitAs(final int number, final long captureNs) {
        final boolean accepted = commit(number, captureNs, SLOT_SAMPLES * Float.BYTES);
        // a difference, so that numbers may wrap
        next = accepted && number - next >= 0 ? number + 1 : next;
        return accepted;
    }

    /** Passes over {@code slots} slots that will never come; their positions become gaps. */
    public void skip(final int slots) {
        if (slots < 0) {
            throw new IllegalArgumentException("cannot skip " + slots + " slots: expected 0 or more");
        }
        next += slots;
    }

    /** The number of the slot that the next commit fills. */
    public int nextSlot() {
        return next;
    }
}
