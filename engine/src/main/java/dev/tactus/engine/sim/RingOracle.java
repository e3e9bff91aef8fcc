package dev.tactus.engine.sim;

import dev.tactus.engine.EngineContext;
import dev.tactus.scheduler.IngressRecord;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.agrona.concurrent.ringbuffer.RecordDescriptor;
import org.agrona.concurrent.ringbuffer.RingBuffer;

/** The ingress ring as its writers saw it: what is in it, in order, and which claims nobody will commit. */
final class RingOracle {
    /** The kind of a claim whose owner died. */
    static final int DEAD = 0;

    /** A record that was accepted. */
    record Entry(long end, int type, long value, SimSession session, SeatOracle.Media media) {}

    /** A record with its header, and as much again for what is lost where the buffer wraps. */
    private static final int ROOM = 2 * (IngressRecord.LENGTH + 8);

    private static final int RECORD = IngressRecord.LENGTH + RecordDescriptor.HEADER_LENGTH;
    private static final int CAPTURE_AT = 8;
    private static final int NUMBER_AT = 20;
    private static final int FLAGS_AT = 27;

    private final Checks checks;
    private final long patienceNs;
    private final Deque<Entry> entries = new ArrayDeque<>();
    private RingBuffer ring;
    private Entry blocking;
    private long blockedSinceNs;

    RingOracle(final Checks checks, final long patienceNs) {
        this.checks = checks;
        this.patienceNs = patienceNs;
    }

    /** The ring of an engine that was just launched. */
    void attach(final RingBuffer newRing) {
        ring = newRing;
        entries.clear();
        blocking = null;
    }

    /** Whether so many records are sure to be accepted. */
    boolean hasRoom(final int records) {
        return ring.capacity() - ring.size() >= records * ROOM;
    }

    /** Whether nothing waits in the ring. */
    boolean isEmpty() {
        return entries.isEmpty();
    }

    /** Where the ring's writers are: it moves when a record is accepted. */
    long position() {
        return ring.producerPosition();
    }

    /** A record was accepted. */
    void add(final int type, final long value, final SimSession session, final SeatOracle.Media media) {
        entries.add(new Entry(ring.producerPosition(), type, value, session, media));
    }

    /**
     * The capture time of the media that was accepted last: the producer's, unless that lies more than a period ahead
     * of the commit, which was between these two times.
     */
    long stampNs(final int session, final long capturedNs, final long beforeNs, final long afterNs) {
        final long stampNs = ring.buffer().getLong(last() + CAPTURE_AT);
        final boolean kept = stampNs == capturedNs && capturedNs - afterNs <= EngineContext.PERIOD_NS;
        final boolean replaced =
                stampNs >= beforeNs && stampNs <= afterNs && capturedNs - beforeNs > EngineContext.PERIOD_NS;
        checks.that(
                kept || replaced,
                Check.QUEUES,
                session,
                "media captured at " + capturedNs + " and committed up to " + afterNs + " to be stamped so",
                Long.toString(stampNs));
        return stampNs;
    }

    /** The number of the media that was accepted last. */
    int number() {
        return ring.buffer().getInt(last() + NUMBER_AT);
    }

    /** Its flags, as {@link IngressRecord} has them. */
    int flags() {
        return ring.buffer().getByte(last() + FLAGS_AT);
    }

    /** Takes its flags away: a bug that is planted. */
    void unflag() {
        ring.buffer().putByte(last() + FLAGS_AT, (byte) 0);
    }

    private int last() {
        return (int) (ring.producerPosition() - RECORD & ring.capacity() - 1) + RecordDescriptor.HEADER_LENGTH;
    }

    /** A producer dies between claim and commit. */
    void die() {
        if (ring.tryClaim(IngressRecord.MEDIA, IngressRecord.LENGTH) >= 0) {
            add(DEAD, 0, null, null);
        }
    }

    /** A producer of a session that is gone commits after all: it was slow between its look and its write. */
    void haunt(final SimSession gone) {
        final int index = ring.tryClaim(IngressRecord.MEDIA, IngressRecord.LENGTH);
        if (index >= 0) {
            IngressRecord.putMedia(
                    ring.buffer(), index, gone.index(), gone.engineSession.generation(), 0, 0, 0, 0, 0, 0, 0);
            ring.commit(index);
            add(IngressRecord.MEDIA, 0, null, null);
        }
    }

    /**
     * A seal drained the ring: tells of what it read, in order, and checks that a dead claim does not block for longer
     * than the ring's patience.
     *
     * @param startNs no later than the seal's own reading of the clock
     * @param endNs no earlier than it
     */
    void drained(final long startNs, final long endNs, final Consumer<Entry> reader) {
        final long position = ring.consumerPosition();
        boolean unblocked = false;
        while (!entries.isEmpty() && entries.peek().end() <= position) {
            final Entry entry = entries.remove();
            unblocked |= entry.type() == DEAD;
            reader.accept(entry);
        }
        final Entry head = entries.peek();
        if (head == null) {
            blocking = null;
            return;
        }
        if (head.type() != DEAD) {
            checks.fail(
                    Check.QUEUES,
                    Checks.ENGINE,
                    "a seal that drains all committed records",
                    entries.size() + " left, the first of type " + head.type());
        }
        if (head == blocking) {
            checks.that(
                    startNs - blockedSinceNs < patienceNs,
                    Check.QUEUES,
                    Checks.ENGINE,
                    "a dead claim to be given up within " + patienceNs + " ns",
                    "one that blocks the ring for " + (startNs - blockedSinceNs) + " ns");
        } else if (!unblocked) {
            blocking = head;
            blockedSinceNs = endNs;
        }
    }
}
