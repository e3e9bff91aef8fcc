package dev.tactus.memory;

import dev.tactus.posix.Posix;
import dev.tactus.posix.PosixException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * An arena with three states: {@code INIT} (allocates), {@code FROZEN} (refuses to allocate), {@code CLOSED} (freed).
 *
 * <p>An engine allocates everything it will ever need, freezes its arena, and from then on an allocation on the data
 * path is an error rather than a cost. Memory is zeroed. Allocation is done by one thread, before the freeze; the
 * memory may be used by any thread until {@link #close()}, which the owner calls once all threads that use it have
 * stopped.
 */
public final class FreezableArena implements AutoCloseable {
    /** The life of an arena, in order. */
    public enum State {
        /** Allocates. */
        INIT,
        /** In use; an allocation throws. */
        FROZEN,
        /** Freed. */
        CLOSED
    }

    private final Arena arena;
    private final MemoryLedger ledger;
    private final long[] bytesByTag = new long[MemoryTag.values().length];
    private final List<MemorySegment> segments = new ArrayList<>();
    private volatile State state = State.INIT;

    /** An empty arena that reports to {@code ledger}. */
    public FreezableArena(final MemoryLedger ledger) {
        this(ledger, Arena.ofShared());
    }

    /**
     * An empty arena over memory from elsewhere, such as a device's.
     *
     * @param source gives zeroed memory; closed with this arena
     */
    public FreezableArena(final MemoryLedger ledger, final Arena source) {
        this.ledger = ledger;
        this.arena = source;
    }

    /**
     * Allocates zeroed memory.
     *
     * @param tag what it is for
     * @param bytes at least 0
     * @param alignment in bytes, a power of two
     * @throws IllegalStateException once frozen or closed
     */
    public MemorySegment allocate(final MemoryTag tag, final long bytes, final long alignment) {
        if (state != State.INIT) {
            throw new IllegalStateException("arena is " + state + ": cannot allocate " + bytes + " bytes for " + tag
                    + "; everything a tick needs is allocated before the freeze");
        }
        final MemorySegment segment = arena.allocate(bytes, alignment);
        if (bytes > 0) {
            segments.add(segment);
        }
        bytesByTag[tag.ordinal()] += bytes;
        ledger.onAllocate(tag, bytes);
        return segment;
    }

    /** Ends allocation. Calling it again does nothing. */
    public void freeze() {
        if (state == State.CLOSED) {
            throw new IllegalStateException("arena is CLOSED: it cannot be frozen");
        }
        state = State.FROZEN;
    }

    /**
     * Locks all memory of a frozen arena into RAM, so that no access to it waits for a page. Freed memory is unlocked
     * by the system. What was locked before a refusal stays so.
     *
     * @return empty when all is locked, else how the system refused, with the remedy
     */
    public String lock() {
        if (state != State.FROZEN) {
            throw new IllegalStateException(
                    "arena is " + state + ": expected FROZEN, all of its memory is locked once");
        }
        if (!Posix.isSupported()) {
            return "this system has no mlock";
        }
        try {
            segments.forEach(Posix::lock);
            return "";
        } catch (final PosixException ex) {
            return ex.getMessage();
        }
    }

    /** The state as any thread sees it. */
    public State state() {
        return state;
    }

    /** Bytes this arena holds under {@code tag}. */
    public long bytes(final MemoryTag tag) {
        return bytesByTag[tag.ordinal()];
    }

    /** Bytes this arena holds. */
    public long bytes() {
        return Arrays.stream(bytesByTag).sum();
    }

    /** Frees all memory of the arena; segments from it are invalid afterwards. Calling it again does nothing. */
    @Override
    public void close() {
        if (state == State.CLOSED) {
            return;
        }
        // first, because it throws while another thread is inside a native call with this memory: nothing is freed then
        arena.close();
        state = State.CLOSED;
        for (final MemoryTag tag : MemoryTag.values()) {
            if (bytesByTag[tag.ordinal()] != 0) {
                ledger.onFree(tag, bytesByTag[tag.ordinal()]);
                bytesByTag[tag.ordinal()] = 0;
            }
        }
    }
}
