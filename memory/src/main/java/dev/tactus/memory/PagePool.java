package dev.tactus.memory;

/**
 * The frozen pool of KV pages that sessions take from when they open and return when they close.
 *
 * <p>Not thread-safe: the engine opens sessions under a lock. A page is a number; its memory is {@code base + page ·
 * pageBytes}.
 */
public final class PagePool {
    private final long base;
    private final long pageBytes;
    private final int[] free;
    private final boolean[] taken;
    private int available;

    /** A pool of {@code pages} free pages at {@code base}, whose owner outlives the pool. */
    public PagePool(final long base, final long pageBytes, final int pages) {
        if (pages < 0 || pageBytes < 1) {
            throw new IllegalArgumentException("a pool needs pages: got " + pages + " of " + pageBytes + " bytes");
        }
        this.base = base;
        this.pageBytes = pageBytes;
        this.free = new int[pages];
        this.taken = new boolean[pages];
        for (int i = 0; i < pages; i++) {
            free[i] = pages - 1 - i;
        }
        this.available = pages;
    }

    /** Pages that are free. */
    public int available() {
        return available;
    }

    /** Bytes of one page. */
    public long pageBytes() {
        return pageBytes;
    }

    /**
     * Takes a page and returns its address.
     *
     * @throws IllegalStateException when none is left; admission checks {@link #available()} first
     */
    public long acquire() {
        if (available == 0) {
            throw new IllegalStateException("no KV page left: " + free.length + " of " + free.length + " are in use");
        }
        final int page = free[--available];
        taken[page] = true;
        return base + page * pageBytes;
    }

    /**
     * Returns a page by its address.
     *
     * @throws IllegalStateException when it is not one of this pool's pages in use
     */
    public void release(final long address) {
        final long offset = address - base;
        final long number = offset / pageBytes;
        if (offset < 0 || offset % pageBytes != 0 || number >= free.length || !taken[(int) number]) {
            throw new IllegalStateException("address " + Long.toHexString(address) + " is not a page in use");
        }
        final int page = (int) number;
        taken[page] = false;
        free[available++] = page;
    }
}
