package dev.tactus.scheduler;

import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RecordDescriptor;
import org.agrona.concurrent.ringbuffer.RingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * The one way into the tick thread: {@link IngressRecord}s from any number of producers.
 *
 * <p>Offering never blocks and never allocates; a full ring refuses, and the caller counts it. Drained by the tick
 * thread.
 *
 * <p>A producer that stays away between claim and commit for longer than the seals wait ({@link #unblockIfStuck}) may
 * be slow and not dead: its record is refused then, as if the ring had been full.
 */
public final class IngressRing {
    private static final int RECORD_BYTES =
            org.agrona.BitUtil.align(IngressRecord.LENGTH + RecordDescriptor.HEADER_LENGTH, RecordDescriptor.ALIGNMENT);

    private static final long NOT_STUCK = -1;

    private final ManyToOneRingBuffer ring;
    private long stuckPosition = NOT_STUCK;
    private long stuckSinceNs;
    private volatile long unblocked;

    /** A ring over {@code buffer}, whose size is what {@link #requiredBytes} returned. */
    public IngressRing(final AtomicBuffer buffer) {
        this.ring = new ManyToOneRingBuffer(buffer);
    }

    /** Bytes for at least {@code records} records: a power of two plus the ring's trailer. */
    public static int requiredBytes(final int records) {
        final long bytes = (long) Math.max(records, 64) * RECORD_BYTES;
        return Math.toIntExact(Long.highestOneBit(bytes - 1) << 1) + RingBufferDescriptor.TRAILER_LENGTH;
    }

    /** Records the ring holds. */
    public int capacity() {
        return ring.capacity() / RECORD_BYTES;
    }

    /** Bytes waiting. */
    public int size() {
        return ring.size();
    }

    /** The ring itself: for who watches its positions or, in a simulation, dies between claim and commit. */
    public RingBuffer ring() {
        return ring;
    }

    /** Offers a media slot without flags; false when it is not taken. Any thread. */
    public boolean offerMedia(
            final int session,
            final int generation,
            final int modality,
            final int slot,
            final int sequence,
            final long captureNs,
            final long commitNs,
            final int length) {
        return offerMedia(session, generation, modality, 0, slot, sequence, captureNs, commitNs, length);
    }

    /** Offers a media slot with flags of {@link IngressRecord}; false when it is not taken. Any thread. */
    public boolean offerMedia(
            final int session,
            final int generation,
            final int modality,
            final int flags,
            final int slot,
            final int sequence,
            final long captureNs,
            final long commitNs,
            final int length) {
        final int index = ring.tryClaim(IngressRecord.MEDIA, IngressRecord.LENGTH);
        if (index < 0) {
            return false;
        }
        IngressRecord.putMedia(
                ring.buffer(),
                index,
                session,
                generation,
                modality,
                flags,
                slot,
                sequence,
                captureNs,
                commitNs,
                length);
        return commit(index);
    }

    /** Offers a control record; false when it is not taken. Any thread. */
    public boolean offerControl(
            final int type, final int session, final int generation, final long atNs, final long value) {
        final int index = ring.tryClaim(type, IngressRecord.LENGTH);
        if (index < 0) {
            return false;
        }
        IngressRecord.putControl(ring.buffer(), index, session, generation, atNs, value);
        return commit(index);
    }

    /** Shows a claimed record to the tick thread; false when that has given the claim up. */
    boolean commit(final int index) {
        try {
            ring.commit(index);
            return true;
        } catch (final IllegalStateException ex) {
            return false; // what the ring says of a claim that is none any more
        }
    }

    /** Hands at most {@code limit} records to {@code handler}; returns how many. Tick thread. */
    int drain(final MessageHandler handler, final int limit) {
        final int read = ring.read(handler, limit);
        // a read ends where the buffer does: what was written past the wrap takes a second one
        return read + ring.read(handler, limit - read);
    }

    /**
     * Frees the ring from a producer that died between claim and commit, or does not come back: called once per beat,
     * after the drain; acts when the same record stood in the way {@code patienceNs} ago. Time and not beats, since
     * stepped beats may follow one another faster than a live producer commits. Tick thread.
     *
     * @return whether records that waited behind the dead claim can be drained now
     */
    boolean unblockIfStuck(final long nowNs, final long patienceNs) {
        final long position = ring.consumerPosition();
        if (ring.producerPosition() == position) {
            stuckPosition = NOT_STUCK;
            return false;
        }
        if (position != stuckPosition) {
            stuckPosition = position;
            stuckSinceNs = nowNs;
            return false;
        }
        if (nowNs - stuckSinceNs < patienceNs || !ring.unblock()) {
            return false;
        }
        unblocked++;
        stuckPosition = NOT_STUCK;
        return true;
    }

    /** Claims that were given up because their producer did not come back. */
    public long unblocked() {
        return unblocked;
    }
}
