package dev.tactus.memory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A fixed pool of equally sized media slots over one region of native memory.
 *
 * <p>One thread claims (the producer), one thread releases (the tick thread); the free list is a single-producer,
 * single-consumer ring of slot numbers between the two. Neither call allocates or waits.
 */
public final class SlotPool {
    private static final VarHandle HEAD;
    private static final VarHandle TAIL;

    static {
        try {
            HEAD = MethodHandles.lookup().findVarHandle(SlotPool.class, "head", long.class);
            TAIL = MethodHandles.lookup().findVarHandle(SlotPool.class, "tail", long.class);
        } catch (final ReflectiveOperationException ex) {
            throw new ExceptionInInitializerError(ex);
        }
    }

    private final long base;
    private final long slotBytes;
    private final int slots;
    private final int[] free;
    private final boolean[] claimed;
    private volatile long head;
    private volatile long tail;

    /**
     * A pool with every slot free.
     *
     * @param base address of slot 0; the owner of that memory outlives the pool
     * @param slotBytes distance between slots
     * @param slots how many, at least 1
     */
    public SlotPool(final long base, final long slotBytes, final int slots) {
        if (slots < 1 || slotBytes < 1) {
            throw new IllegalArgumentException("a pool needs slots: got " + slots + " of " + slotBytes + " bytes");
        }
        this.base = base;
        this.slotBytes = slotBytes;
        this.slots = slots;
        this.free = new int[slots];
        this.claimed = new boolean[slots];
        reset();
    }

    /** Makes every slot free again. Only while neither thread uses the pool. */
    public void reset() {
        for (int i = 0; i < slots; i++) {
            free[i] = i;
            claimed[i] = false;
        }
        HEAD.setRelease(this, 0L);
        TAIL.setRelease(this, (long) slots);
    }

    /** Takes a free slot; -1 when all are in use. Producer's thread. */
    public int claim() {
        final long next = (long) HEAD.get(this);
        if (next == (long) TAIL.getAcquire(this)) {
            return -1;
        }
        final int slot = free[(int) (next % slots)];
        claimed[slot] = true;
        HEAD.setRelease(this, next + 1);
        return slot;
    }

    /**
     * Gives a slot back. Tick thread only.
     *
     * @throws IllegalStateException when the slot is not in use: a double release would hand one slot to two ticks
     */
    public void release(final int slot) {
        if (slot < 0 || slot >= slots || !claimed[slot]) {
            throw new IllegalStateException("slot " + slot + " of " + slots + " is not in use");
        }
        claimed[slot] = false;
        final long next = (long) TAIL.get(this);
        free[(int) (next % slots)] = slot;
        TAIL.setRelease(this, next + 1);
    }

    /** The address of a slot's first byte. */
    public long address(final int slot) {
        return base + slot * slotBytes;
    }

    /** Bytes per slot. */
    public long slotBytes() {
        return slotBytes;
    }

    /** Number of slots. */
    public int slots() {
        return slots;
    }

    /** Slots that are free now, as seen from any thread. */
    public int available() {
        return (int) ((long) TAIL.getAcquire(this) - (long) HEAD.getAcquire(this));
    }
}
