package dev.tactus.engine.ledger;

import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The last rows of every session, in native memory: row of tick k at k mod depth. Written by the tick thread, always
 * on.
 *
 * <p>Another thread may read a row it knows to be closed (its tick was polled) until {@code depth} further ticks ran.
 */
public final class Ledger {
    /** Rows kept per session: 51 seconds of ticks. */
    public static final int DEPTH = 256;

    private final UnsafeBuffer[] rows;

    /** A ledger for {@code maxSessions} sessions. */
    public Ledger(final FreezableArena arena, final int maxSessions) {
        rows = new UnsafeBuffer[maxSessions];
        for (int i = 0; i < maxSessions; i++) {
            final long address =
                    arena.allocate(MemoryTag.LEDGER, bytesPerSession(), 64).address();
            rows[i] = new UnsafeBuffer(address, (int) bytesPerSession());
        }
    }

    /** Bytes per session. */
    public static long bytesPerSession() {
        return (long) DEPTH * LedgerRow.LENGTH;
    }

    /** The buffer that holds a session's rows. */
    public UnsafeBuffer rows(final int session) {
        return rows[session];
    }

    /** Where in {@link #rows} the row of a tick lies. */
    public static int offset(final long tick) {
        return (int) (tick % DEPTH) * LedgerRow.LENGTH;
    }
}
