package dev.tactus.memory;

import java.util.Locale;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The account of off-heap memory: live bytes and the number of allocations, per {@link MemoryTag}.
 *
 * <p>Thread-safe. One ledger belongs to one engine (or one test); arenas and mappings report to the ledger they were
 * given.
 */
public final class MemoryLedger {
    private static final int TAGS = MemoryTag.values().length;

    private final AtomicLongArray liveBytes = new AtomicLongArray(TAGS);
    private final AtomicLongArray allocations = new AtomicLongArray(TAGS);

    /** Bytes under {@code tag} that were allocated and not yet freed. */
    public long liveBytes(final MemoryTag tag) {
        return liveBytes.get(tag.ordinal());
    }

    /** Bytes under all tags that were allocated and not yet freed. */
    public long liveBytes() {
        long sum = 0;
        for (int i = 0; i < TAGS; i++) {
            sum += liveBytes.get(i);
        }
        return sum;
    }

    /** How many allocations were made under {@code tag} since the ledger exists. */
    public long allocations(final MemoryTag tag) {
        return allocations.get(tag.ordinal());
    }

    /** Records an allocation of {@code bytes}; called by whoever owns the memory. */
    public void onAllocate(final MemoryTag tag, final long bytes) {
        liveBytes.addAndGet(tag.ordinal(), bytes);
        allocations.incrementAndGet(tag.ordinal());
    }

    /** Records that {@code bytes} under {@code tag} were freed. */
    public void onFree(final MemoryTag tag, final long bytes) {
        liveBytes.addAndGet(tag.ordinal(), -bytes);
    }

    /** One line per tag in use, largest first is not promised: the order is that of {@link MemoryTag}. */
    @Override
    public String toString() {
        final StringBuilder out = new StringBuilder();
        for (final MemoryTag tag : MemoryTag.values()) {
            if (liveBytes(tag) != 0) {
                out.append(String.format(Locale.ROOT, "%-10s %,15d bytes%n", tag, liveBytes(tag)));
            }
        }
        return out.toString();
    }
}
