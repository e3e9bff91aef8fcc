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
 *       208  int32×2n   token id and the machine state it was drawn in, per position
 * </pre>
 */
final class EgressRecord {
    static final int TICK = 1;
    static final int ROW = 16;

    private static final int NUMBER = 0;
    private static final int REASON = 8;
    private static final int COUNT = 12;
    private static final int TOKENS = ROW + LedgerRow.LENGTH;
    private static final int TOKEN_BYTES = 8;

    private EgressRecord() {}

    static int length(final int outputs) {
        return TOKENS + outputs * TOKEN_BYTES;
    }

    static void begin(final MutableDirectBuffer buffer, final int offset, final long tick, final int count) {
        buffer.putLong(offset + NUMBER, tick);
        buffer.putInt(offset + COUNT, count);
    }

    static void reason(final MutableDirectBuffer buffer, final int offset, final int code) {
        buffer.putInt(offset + REASON, code);
    }

    static void token(
            final MutableDirectBuffer buffer, final int offset, final int i, final int id, final int drawnIn) {
        buffer.putInt(offset + TOKENS + i * TOKEN_BYTES, id);
        buffer.putInt(offset + TOKENS + i * TOKEN_BYTES + Integer.BYTES, drawnIn);
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

    static int drawnIn(final DirectBuffer buffer, final int offset, final int i) {
        return buffer.getInt(offset + TOKENS + i * TOKEN_BYTES + Integer.BYTES);
    }
}
