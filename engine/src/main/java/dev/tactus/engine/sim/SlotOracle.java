package dev.tactus.engine.sim;

import dev.tactus.scheduler.Modality;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Who has each slot of a session's pool: the pool, the producer, or the engine. And what was written into it. */
final class SlotOracle {
    private static final byte FREE = 0;
    private static final byte CLAIMED = 1;
    private static final byte ENGINE = 2;

    private final Checks checks;
    private final int session;
    private final Modality modality;
    private final byte[] holder;
    private final long[] stamps;
    private final long base;
    private int held;

    /**
     * A pool with all its slots free.
     *
     * @param base address of slot 0
     */
    SlotOracle(final Checks checks, final int session, final Modality modality, final int slots, final long base) {
        this.checks = checks;
        this.session = session;
        this.modality = modality;
        this.holder = new byte[slots];
        this.stamps = new long[slots];
        this.base = base;
    }

    /** A producer claimed that memory; returns the slot's number. */
    int claimed(final MemorySegment memory) {
        final int slot = (int) ((memory.address() - base) / memory.byteSize());
        if (slot < 0 || slot >= holder.length) {
            checks.fail(Check.SLOTS, session, modality + " slots of its own pool", "slot " + slot);
        }
        if (holder[slot] == ENGINE) {
            checks.fail(
                    Check.SLOTS,
                    session,
                    modality + " slot " + slot + " to stay with the engine until the tick that reads it is complete",
                    "a producer that claims it");
        }
        holder[slot] = CLAIMED;
        return slot;
    }

    /** A producer was refused a slot: right only when none is free. */
    void refused() {
        int free = 0;
        for (final byte who : holder) {
            free += who == FREE ? 1 : 0;
        }
        if (free > 0) {
            checks.fail(Check.RETURNED, session, free + " free " + modality + " slots", "a claim that is refused");
        }
    }

    /** A producer wrote a stamp into the slot it claimed. */
    void wrote(final int slot, final long stamp) {
        stamps[slot] = stamp;
    }

    /** The slot went into the engine. */
    void committed(final int slot) {
        holder[slot] = ENGINE;
        held++;
    }

    /** The engine gave the slot back. */
    void released(final int slot) {
        if (slot < 0 || slot >= holder.length || holder[slot] != ENGINE) {
            checks.fail(
                    Check.SLOTS,
                    session,
                    modality + " slot " + slot + " to come back once",
                    "a slot the engine has not");
        }
        holder[slot] = FREE;
        held--;
    }

    long stamp(final int slot) {
        return stamps[slot];
    }

    /** Slots that the engine has. */
    int held() {
        return held;
    }

    @Override
    public String toString() {
        return modality + " " + Arrays.toString(holder);
    }
}
