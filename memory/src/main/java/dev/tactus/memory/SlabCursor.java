package dev.tactus.memory;

import java.util.Objects;

/** How far a slab is cut, and whether it may still be: offsets, no memory. */
final class SlabCursor {
    private final String slab;
    private final long bytes;
    private final long maxAlignment;
    private long used;
    private volatile FreezableArena.State state = FreezableArena.State.INIT;

    /** A cursor at the start of {@code bytes} bytes, the first of which is aligned to {@code maxAlignment}. */
    SlabCursor(final String slab, final long bytes, final long maxAlignment) {
        this.slab = slab;
        this.bytes = bytes;
        this.maxAlignment = maxAlignment;
    }

    /** The offset of the next {@code length} bytes. */
    long take(final long length, final long alignment) {
        if (state != FreezableArena.State.INIT) {
            throw new IllegalStateException(slab + " is " + state + ": cannot cut " + length
                    + " bytes; everything a tick needs is cut before the freeze");
        }
        if (length < 0 || Long.bitCount(alignment) != 1 || alignment < 1 || alignment > maxAlignment) {
            throw new IllegalArgumentException(slab + ": a slice of " + length + " bytes aligned to " + alignment
                    + "; expected at least 0 bytes and a power of two up to " + maxAlignment);
        }
        final long start = (used + alignment - 1) & -alignment;
        if (start > bytes || length > bytes - start) {
            throw new IllegalArgumentException(slab + " has " + bytes + " bytes, " + used
                    + " of them used: no room for " + length + " more aligned to " + alignment);
        }
        used = start + length;
        return start;
    }

    /** {@code offset} when the range lies inside. */
    long check(final long offset, final long length) {
        if (state == FreezableArena.State.CLOSED) {
            throw new IllegalStateException(slab + " is CLOSED");
        }
        return Objects.checkFromIndexSize(offset, length, bytes);
    }

    void freeze() {
        if (state == FreezableArena.State.CLOSED) {
            throw new IllegalStateException(slab + " is CLOSED: it cannot be frozen");
        }
        state = FreezableArena.State.FROZEN;
    }

    void close() {
        state = FreezableArena.State.CLOSED;
    }

    FreezableArena.State state() {
        return state;
    }

    long bytes() {
        return bytes;
    }

    long usedBytes() {
        return used;
    }
}
