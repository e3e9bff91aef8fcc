package dev.tactus.scheduler;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * What the seal decided for one session and tick. The tick is a pure function of the session's state, this record and
 * the bytes of the media slots it names; a replay feeds these records.
 *
 * <pre>
 *    0  int32   session index            4  int32   session generation
 *    8  int64   session tick k
 *   16  int32   flags                   20  int32   ladder step
 *   24  int32   text ids it may emit    28  int32   skipped ticks before this one
 *   32  int32×4 audio slots, -1: gap
 *   48  int32   audio slot before the first one, -1: none
 *   52  int32   video slot, -1: gap     56  int32   video slot of the previous frame, -1: none
 *   60  int32   text ids
 *   64  int64   oldest capture ns       72  int64   its commit ns
 *   80  int32   media dropped at this seal (late, early, duplicate, superseded)
 *   84  int32   video sequence of the frame
 *   88  int64   reserved
 *   96  int32×n text ids, n = the engine's text_in_max
 * </pre>
 */
public final class TickRecord {
    /** Audio positions per tick: 200 ms of 50 ms slots. */
    public static final int AUDIO_POSITIONS = 4;

    /** No slot. */
    public static final int GAP = -1;

    /** The listener did not hear all of the speech. */
    public static final int CUT = 1;

    /** The session is held. */
    public static final int HELD = 2;

    /** The session is muted. */
    public static final int MUTED = 4;

    /** The tick was skipped: nothing runs, its gaps go before the next prefill. */
    public static final int SKIPPED = 8;

    /** A declared modality had a gap. */
    public static final int STARVED = 16;

    /** The ladder keeps the session from speaking, see {@link LadderStep#HOLD_SPEECH}. */
    public static final int LADDER_HELD = 32;

    private static final int SESSION = 0;
    private static final int GENERATION = 4;
    private static final int TICK = 8;
    private static final int FLAGS = 16;
    private static final int LADDER_STEP = 20;
    private static final int TEXT_BUDGET = 24;
    private static final int SKIPPED_BEFORE = 28;
    private static final int AUDIO_SLOTS = 32;
    private static final int AUDIO_LEFT = 48;
    private static final int VIDEO_SLOT = 52;
    private static final int VIDEO_PREVIOUS = 56;
    private static final int TEXT_COUNT = 60;
    private static final int OLDEST_CAPTURE_NS = 64;
    private static final int OLDEST_COMMIT_NS = 72;
    private static final int DROPPED = 80;
    private static final int VIDEO_SEQUENCE = 84;
    private static final int TEXT_IDS = 96;

    private TickRecord() {}

    /** Bytes of a record with room for {@code textInMax} ids, a multiple of 32. */
    public static int length(final int textInMax) {
        return (TEXT_IDS + textInMax * Integer.BYTES + 31) & ~31;
    }

    static void begin(
            final MutableDirectBuffer buffer,
            final int offset,
            final int session,
            final int generation,
            final long tick,
            final int textBudget) {
        buffer.putInt(offset + SESSION, session);
        buffer.putInt(offset + GENERATION, generation);
        buffer.putLong(offset + TICK, tick);
        buffer.putInt(offset + FLAGS, 0);
        buffer.putInt(offset + LADDER_STEP, 0);
        buffer.putInt(offset + TEXT_BUDGET, textBudget);
        buffer.putInt(offset + SKIPPED_BEFORE, 0);
        for (int i = 0; i < AUDIO_POSITIONS; i++) {
            audioSlot(buffer, offset, i, GAP);
        }
        buffer.putInt(offset + AUDIO_LEFT, GAP);
        buffer.putInt(offset + VIDEO_SLOT, GAP);
        buffer.putInt(offset + VIDEO_PREVIOUS, GAP);
        buffer.putInt(offset + TEXT_COUNT, 0);
        buffer.putLong(offset + OLDEST_CAPTURE_NS, Long.MAX_VALUE);
        buffer.putLong(offset + OLDEST_COMMIT_NS, Long.MAX_VALUE);
        buffer.putInt(offset + DROPPED, 0);
        buffer.putInt(offset + VIDEO_SEQUENCE, 0);
    }

    /** Session index. */
    public static int session(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + SESSION);
    }

    /** Session generation: how often the index was used before. */
    public static int generation(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + GENERATION);
    }

    /** Session tick. */
    public static long tick(final DirectBuffer buffer, final int offset) {
        return buffer.getLong(offset + TICK);
    }

    /** {@link #CUT}, {@link #HELD}, … */
    public static int flags(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + FLAGS);
    }

    static void flags(final MutableDirectBuffer buffer, final int offset, final int flags) {
        buffer.putInt(offset + FLAGS, flags);
    }

    /** The code of the {@link LadderStep} that was taken; 0 is none. */
    public static int ladderStep(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + LADDER_STEP);
    }

    static void ladderStep(final MutableDirectBuffer buffer, final int offset, final int step) {
        buffer.putInt(offset + LADDER_STEP, step);
    }

    /** Text ids that HEAR and SPEAK may emit together. */
    public static int textBudget(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + TEXT_BUDGET);
    }

    /** Ticks skipped between the last one that ran and this one. */
    public static int skippedBefore(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + SKIPPED_BEFORE);
    }

    static void skippedBefore(final MutableDirectBuffer buffer, final int offset, final int ticks) {
        buffer.putInt(offset + SKIPPED_BEFORE, ticks);
    }

    /** The slot of audio position {@code i}, or {@link #GAP}. */
    public static int audioSlot(final DirectBuffer buffer, final int offset, final int i) {
        return buffer.getInt(offset + AUDIO_SLOTS + i * Integer.BYTES);
    }

    static void audioSlot(final MutableDirectBuffer buffer, final int offset, final int i, final int slot) {
        buffer.putInt(offset + AUDIO_SLOTS + i * Integer.BYTES, slot);
    }

    /** The slot before audio position 0, or {@link #GAP}. */
    public static int audioLeft(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + AUDIO_LEFT);
    }

    static void audioLeft(final MutableDirectBuffer buffer, final int offset, final int slot) {
        buffer.putInt(offset + AUDIO_LEFT, slot);
    }

    /** The slot of the tick's frame, or {@link #GAP}. */
    public static int videoSlot(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + VIDEO_SLOT);
    }

    /** The slot of the frame before it, or {@link #GAP} when it is the session's first. */
    public static int videoPrevious(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + VIDEO_PREVIOUS);
    }

    /** The producer's number of the tick's frame. */
    public static int videoSequence(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + VIDEO_SEQUENCE);
    }

    static void video(
            final MutableDirectBuffer buffer,
            final int offset,
            final int slot,
            final int previous,
            final int sequence) {
        buffer.putInt(offset + VIDEO_SLOT, slot);
        buffer.putInt(offset + VIDEO_PREVIOUS, previous);
        buffer.putInt(offset + VIDEO_SEQUENCE, sequence);
    }

    /** Number of text ids. */
    public static int textCount(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + TEXT_COUNT);
    }

    /** Text id {@code i}. */
    public static int textId(final DirectBuffer buffer, final int offset, final int i) {
        return buffer.getInt(offset + TEXT_IDS + i * Integer.BYTES);
    }

    static void addTextId(final MutableDirectBuffer buffer, final int offset, final int id) {
        final int count = textCount(buffer, offset);
        buffer.putInt(offset + TEXT_IDS + count * Integer.BYTES, id);
        buffer.putInt(offset + TEXT_COUNT, count + 1);
    }

    /** When the oldest media of the tick was captured; {@link Long#MAX_VALUE} when it has none. */
    public static long oldestCaptureNs(final DirectBuffer buffer, final int offset) {
        return buffer.getLong(offset + OLDEST_CAPTURE_NS);
    }

    /** When that media was committed. */
    public static long oldestCommitNs(final DirectBuffer buffer, final int offset) {
        return buffer.getLong(offset + OLDEST_COMMIT_NS);
    }

    static void captured(
            final MutableDirectBuffer buffer, final int offset, final long captureNs, final long commitNs) {
        if (captureNs < oldestCaptureNs(buffer, offset)) {
            buffer.putLong(offset + OLDEST_CAPTURE_NS, captureNs);
            buffer.putLong(offset + OLDEST_COMMIT_NS, commitNs);
        }
    }

    /** Media records that this seal dropped: late, too early, duplicate or superseded. */
    public static int dropped(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + DROPPED);
    }

    static void dropped(final MutableDirectBuffer buffer, final int offset, final int count) {
        buffer.putInt(offset + DROPPED, count);
    }
}
