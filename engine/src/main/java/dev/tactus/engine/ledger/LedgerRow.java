package dev.tactus.engine.ledger;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * One session's tick, accounted. Times are nanoseconds of the engine clock.
 *
 * <pre>
 *    0  int32     session index          4  int32     session generation
 *    8  int64     session tick          16  int64     beat
 *   24  int64     start: oldest capture, or the seal's begin when no media came
 *   32  int64×10  stage durations, in the order of {@link Stage}
 *  112  int64     wall: start → emit   120  int64     unattributed: wall - Σ stages
 *  128  int64     deadline             136  int64     emit
 *  144  int32     silence reason       148  int32     flags of the tick record
 *  152  int32     rows of this session in the prefill
 *  156  int32     output positions     160  int32     media dropped
 *  164  int32     ladder step          168  int32     audio gaps
 *  172  int32     video gaps           176  int64     jitter: |(emit - previous emit) - T|
 *  184  int64     reserved
 * </pre>
 */
public final class LedgerRow {
    /** Bytes of a row. */
    public static final int LENGTH = 192;

    private static final int SESSION = 0;
    private static final int GENERATION = 4;
    private static final int TICK = 8;
    private static final int BEAT = 16;
    private static final int START_NS = 24;
    private static final int STAGES = 32;
    private static final int WALL_NS = 112;
    private static final int UNATTRIBUTED_NS = 120;
    private static final int DEADLINE_NS = 128;
    private static final int EMIT_NS = 136;
    private static final int REASON = 144;
    private static final int FLAGS = 148;
    private static final int ROWS = 152;
    private static final int OUTPUTS = 156;
    private static final int DROPPED = 160;
    private static final int LADDER_STEP = 164;
    private static final int AUDIO_GAPS = 168;
    private static final int VIDEO_GAPS = 172;
    private static final int JITTER_NS = 176;

    private LedgerRow() {}

    /** Writes who and when. */
    public static void begin(
            final MutableDirectBuffer buffer,
            final int offset,
            final int session,
            final int generation,
            final long tick,
            final long beat,
            final long startNs,
            final long deadlineNs) {
        buffer.putInt(offset + SESSION, session);
        buffer.putInt(offset + GENERATION, generation);
        buffer.putLong(offset + TICK, tick);
        buffer.putLong(offset + BEAT, beat);
        buffer.putLong(offset + START_NS, startNs);
        buffer.putLong(offset + DEADLINE_NS, deadlineNs);
        for (int i = 0; i < Stage.COUNT; i++) {
            buffer.putLong(offset + STAGES + i * Long.BYTES, 0);
        }
    }

    /** Writes the duration of a stage. */
    public static void stage(final MutableDirectBuffer buffer, final int offset, final Stage stage, final long ns) {
        buffer.putLong(offset + STAGES + stage.ordinal() * Long.BYTES, ns);
    }

    /** Writes what happened. */
    public static void counts(
            final MutableDirectBuffer buffer,
            final int offset,
            final int flags,
            final int rows,
            final int outputs,
            final int dropped,
            final int ladderStep,
            final int audioGaps,
            final int videoGaps) {
        buffer.putInt(offset + FLAGS, flags);
        buffer.putInt(offset + ROWS, rows);
        buffer.putInt(offset + OUTPUTS, outputs);
        buffer.putInt(offset + DROPPED, dropped);
        buffer.putInt(offset + LADDER_STEP, ladderStep);
        buffer.putInt(offset + AUDIO_GAPS, audioGaps);
        buffer.putInt(offset + VIDEO_GAPS, videoGaps);
    }

    /** Closes the row: writes the reason, the emit time, and what follows from them. */
    public static void close(
            final MutableDirectBuffer buffer,
            final int offset,
            final int reason,
            final long emitNs,
            final long previousEmitNs,
            final long periodNs) {
        long sum = 0;
        for (int i = 0; i < Stage.COUNT; i++) {
            sum += buffer.getLong(offset + STAGES + i * Long.BYTES);
        }
        final long wall = emitNs - startNs(buffer, offset);
        buffer.putInt(offset + REASON, reason);
        buffer.putLong(offset + EMIT_NS, emitNs);
        buffer.putLong(offset + WALL_NS, wall);
        buffer.putLong(offset + UNATTRIBUTED_NS, wall - sum);
        final long jitter = previousEmitNs == 0 ? 0 : Math.abs(emitNs - previousEmitNs - periodNs);
        buffer.putLong(offset + JITTER_NS, jitter);
    }

    /** Session index. */
    public static int session(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + SESSION);
    }

    /** Session generation. */
    public static int generation(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + GENERATION);
    }

    /** Session tick. */
    public static long tick(final DirectBuffer buffer, final int offset) {
        return buffer.getLong(offset + TICK);
    }

    /** Beat of the engine. */
    public static long beat(final DirectBuffer buffer, final int offset) {
        return buffer.getLong(offset + BEAT);
    }

    /** Where the wall time starts. */
    public static long startNs(final DirectBuffer buffer, final int offset) {
        return buffer.getLong(offset + START_NS);
    }

    /** Duration of a stage. */
    public static long stageNs(final DirectBuffer buffer, final int offset, final Stage stage) {
        return buffer.getLong(offset + STAGES + stage.ordinal() * Long.BYTES);
    }

    /** Wall time. */
    public static long wallNs(final DirectBuffer buffer, final int offset) {
        return buffer.getLong(offset + WALL_NS);
    }

    /** What no stage accounts for. */
    public static long unattributedNs(final DirectBuffer buffer, final int offset) {
        return buffer.getLong(offset + UNATTRIBUTED_NS);
    }

    /** When output was due. */
    public static long deadlineNs(final DirectBuffer buffer, final int offset) {
        return buffer.getLong(offset + DEADLINE_NS);
    }

    /** When output was emitted. */
    public static long emitNs(final DirectBuffer buffer, final int offset) {
        return buffer.getLong(offset + EMIT_NS);
    }

    /** Code of the silence reason. */
    public static int reason(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + REASON);
    }

    /** Flags of the tick record. */
    public static int flags(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + FLAGS);
    }

    /** Rows of the session in the prefill. */
    public static int rows(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + ROWS);
    }

    /** Output positions. */
    public static int outputs(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + OUTPUTS);
    }

    /** Media dropped at the seal. */
    public static int dropped(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + DROPPED);
    }

    /** Ladder step. */
    public static int ladderStep(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + LADDER_STEP);
    }

    /** Audio positions without a slot. */
    public static int audioGaps(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + AUDIO_GAPS);
    }

    /** 1 when a frame was missing. */
    public static int videoGaps(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + VIDEO_GAPS);
    }

    /** Jitter of the emit. */
    public static long jitterNs(final DirectBuffer buffer, final int offset) {
        return buffer.getLong(offset + JITTER_NS);
    }
}
