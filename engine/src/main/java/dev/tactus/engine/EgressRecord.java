package dev.tactus.engine;

import dev.tactus.engine.ledger.LedgerRow;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * What a session's consumer reads, from the session's own ring.
 *
 * <pre>
 *  TICK   0  int64      session tick
 *         8  int32      silence reason
 *        12  int32      output positions n
 *        16  byte[192]  ledger row
 *       208  int32      samples of speech
 *       212  int32      number of the speech slot that holds them
 *       216  int32      interruptions that the session had had when the tick was sealed
 *       220  int32×2n   token id, or that of a block of speech, and the machine state it was drawn in, per position
 *  220 + 8n  float32×n  log-probability of each token, for a session that asked for them
 * </pre>
 */
final class EgressRecord {
    static final int TICK = 1;
    static final int ROW = 16;

    private static final int NUMBER = 0;
    private static final int REASON = 8;
    private static final int COUNT = 12;
    private static final int SAMPLES = ROW + LedgerRow.LENGTH;
    private static final int SLOT = SAMPLES + Integer.BYTES;
    private static final int INTERRUPTIONS = SLOT + Integer.BYTES;
    private static final int TOKENS = INTERRUPTIONS + Integer.BYTES;
    private static final int TOKEN_BYTES = 8;

    private EgressRecord() {}

    static int length(final int outputs, final boolean logProbabilities) {
        return TOKENS + outputs * (TOKEN_BYTES + (logProbabilities ? Float.BYTES : 0));
    }

    static void begin(final MutableDirectBuffer buffer, final int offset, final long tick, final int count) {
        buffer.putLong(offset + NUMBER, tick);
        buffer.putInt(offset + COUNT, count);
    }

    static void reason(final MutableDirectBuffer buffer, final int offset, final int code) {
        buffer.putInt(offset + REASON, code);
    }

    static void speech(final MutableDirectBuffer buffer, final int offset, final int samples, final int slot) {
        buffer.putInt(offset + SAMPLES, samples);
        buffer.putInt(offset + SLOT, slot);
    }

    static int samples(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + SAMPLES);
    }

    static int slot(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + SLOT);
    }

    static void interruptions(final MutableDirectBuffer buffer, final int offset, final int count) {
        buffer.putInt(offset + INTERRUPTIONS, count);
    }

    static int interruptions(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + INTERRUPTIONS);
    }

    static void token(
            final MutableDirectBuffer buffer, final int offset, final int i, final int id, final int drawnIn) {
        buffer.putInt(offset + TOKENS + i * TOKEN_BYTES, id);
        buffer.putInt(offset + TOKENS + i * TOKEN_BYTES + Integer.BYTES, drawnIn);
    }

    static void logProbability(
            final MutableDirectBuffer buffer, final int offset, final int count, final int i, final float value) {
        buffer.putFloat(offset + logProbabilityAt(count, i), value);
    }

    private static int logProbabilityAt(final int count, final int i) {
        return TOKENS + count * TOKEN_BYTES + i * Float.BYTES;
    }

    static long number(final DirectBuffer buffer, final int offset) {
        return buffer.getLong(offset + NUMBER);
    }

    static int reason(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + REASON);
    }

    static int count(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + COUNT);
    }

    static int tokenId(final DirectBuffer buffer, final int offset, final int i) {
        return buffer.getInt(offset + TOKENS + i * TOKEN_BYTES);
    }

    static float logProbability(final DirectBuffer buffer, final int offset, final int i) {
        return buffer.getFloat(offset + logProbabilityAt(count(buffer, offset), i));
    }

    static int drawnIn(final DirectBuffer buffer, final int offset, final int i) {
        return buffer.getInt(offset + TOKENS + i * TOKEN_BYTES + Integer.BYTES);
    }
}
