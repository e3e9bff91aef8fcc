package dev.tactus.scheduler;

import org.agrona.MutableDirectBuffer;

/**
 * The record by which anything that may change an output reaches the tick thread.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +---------------------------------------------------------------+
 *  |                         session index                         |  0
 *  +---------------------------------------------------------------+
 *  |                       session generation                      |  4
 *  +---------------------------------------------------------------+
 *  |                           capture ns                          |  8
 *  |                                                               |
 *  +---------------------------------------------------------------+
 *  |             commit delay ns (unsigned, saturating)            | 16
 *  +---------------------------------------------------------------+
 *  |           sequence, or the low half of a control's value      | 20
 *  +-------------------------------+---------------+---------------+
 *  |              slot             |    modality   |     flags     | 24
 *  +-------------------------------+---------------+---------------+
 *  | length (bytes, or text ids), or the high half of that value   | 28
 *  +---------------------------------------------------------------+
 * </pre>
 *
 * The kind of record is the ring's message type: one of the constants here.
 *
 * <p>The commit delay saturates at 4.29 s. Of media that was captured longer ago, {@link #commitNs} is that much after
 * its capture and so too early: in the ledger the rest counts as waiting for the seal, not as capturing. It decides
 * nothing, for media so old is due at the next seal by either time.
 */
public final class IngressRecord {
    /**
     * Bytes of a record: 32 with fields, and as many as make it a cache line with the ring's header. So every record's
     * header lies at a multiple of 64, where no field of another one ever lies: what a producer writes whose claim was
     * given up meanwhile falls on fields, and never on what the ring goes by.
     */
    public static final int LENGTH = 56;

    /** A committed media slot. */
    public static final int MEDIA = 1;

    /** A session begins; the sequence field holds its {@link #opening}, the capture field when it was opened. */
    public static final int OPEN = 2;

    /** A session ends at the next seal. */
    public static final int CLOSE = 3;

    /** No generation after the current tick; the session ends. */
    public static final int STOP = 4;

    /** Hold (value 1) or release (0): while held the model listens and stays quiet. */
    public static final int HOLD = 5;

    /** Mute (value 1) or unmute (0): while muted the model may caption but not speak. */
    public static final int MUTE = 6;

    /** The listener did not hear all of the speech: the next tick's input says so. */
    public static final int CUT = 7;

    /**
     * The listener stopped hearing speech at a place on the session's timeline, the value in samples: if anything was
     * said that lies behind it, the next tick's input says so.
     */
    public static final int HEARD = 8;

    /** Flag of an audio slot before which its producer passed positions over, since its clock is slow. */
    public static final int DRIFT_GAP = 1;

    /** Flag of an audio slot that has no place, since its producer's clock is fast: the seal drops it. */
    public static final int DRIFT_DROP = 2;

    private static final int SESSION = 0;
    private static final int GENERATION = 4;
    private static final int CAPTURE_NS = 8;
    private static final int COMMIT_DELAY_NS = 16;
    private static final int SEQUENCE = 20;
    private static final int SLOT = 24;
    private static final int MODALITY = 26;
    private static final int FLAGS = 27;
    private static final int PAYLOAD_LENGTH = 28;
    private static final long MAX_UNSIGNED_INT = 0xFFFF_FFFFL;

    private IngressRecord() {}

    /** Writes a control record at {@code offset}. */
    public static void putControl(
            final MutableDirectBuffer buffer,
            final int offset,
            final int session,
            final int generation,
            final long atNs,
            final long value) {
        putMedia(buffer, offset, session, generation, 0, 0, 0, (int) value, atNs, atNs, (int) (value >>> Integer.SIZE));
    }

    /** Writes a media record at {@code offset}; {@code flags} is 0, {@link #DRIFT_GAP} or {@link #DRIFT_DROP}. */
    public static void putMedia(
            final MutableDirectBuffer buffer,
            final int offset,
            final int session,
            final int generation,
            final int modality,
            final int flags,
            final int slot,
            final int sequence,
            final long captureNs,
            final long commitNs,
            final int length) {
        buffer.putInt(offset + SESSION, session);
        buffer.putInt(offset + GENERATION, generation);
        buffer.putLong(offset + CAPTURE_NS, captureNs);
        final long delayNs = Math.max(0, Math.min(commitNs - captureNs, MAX_UNSIGNED_INT));
        buffer.putInt(offset + COMMIT_DELAY_NS, (int) delayNs);
        buffer.putInt(offset + SEQUENCE, sequence);
        buffer.putShort(offset + SLOT, (short) slot);
        buffer.putByte(offset + MODALITY, (byte) modality);
        buffer.putByte(offset + FLAGS, (byte) flags);
        buffer.putInt(offset + PAYLOAD_LENGTH, length);
    }

    /** What an {@link #OPEN} says: the set of modalities, and the slot of the period in which the session ticks. */
    public static int opening(final int modalities, final int phase) {
        return phase << Byte.SIZE | modalities;
    }

    static int modalities(final int opening) {
        return opening & 0xFF;
    }

    static int phase(final int opening) {
        return opening >>> Byte.SIZE;
    }

    static int session(final MutableDirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + SESSION);
    }

    static int generation(final MutableDirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + GENERATION);
    }

    static long captureNs(final MutableDirectBuffer buffer, final int offset) {
        return buffer.getLong(offset + CAPTURE_NS);
    }

    static long commitNs(final MutableDirectBuffer buffer, final int offset) {
        return captureNs(buffer, offset) + (buffer.getInt(offset + COMMIT_DELAY_NS) & MAX_UNSIGNED_INT);
    }

    static int sequence(final MutableDirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + SEQUENCE);
    }

    static long value(final MutableDirectBuffer buffer, final int offset) {
        return (long) length(buffer, offset) << Integer.SIZE | sequence(buffer, offset) & MAX_UNSIGNED_INT;
    }

    static int flags(final MutableDirectBuffer buffer, final int offset) {
        return buffer.getByte(offset + FLAGS);
    }

    static int slot(final MutableDirectBuffer buffer, final int offset) {
        return buffer.getShort(offset + SLOT) & 0xFFFF;
    }

    static int modality(final MutableDirectBuffer buffer, final int offset) {
        return buffer.getByte(offset + MODALITY);
    }

    static int length(final MutableDirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + PAYLOAD_LENGTH);
    }
}
