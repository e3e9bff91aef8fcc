package dev.tactus.engine;

import dev.tactus.engine.model.OutputMachine;
import dev.tactus.kernel.vocoder.Vocoder;
import dev.tactus.memory.OffHeap;
import java.lang.foreign.MemorySegment;

/**
 * Where a session's speech lies until its consumer has read it: a ring of slots of one tick each. The device writes
 * into the slot that is next; the tick thread publishes it with the record that names it; the consumer releases it
 * after it has read that record. Allocated at launch, reused by one session after another.
 */
final class SpeechSlots {
    /** Samples of a slot: a whole tick. */
    static final int SLOT_SAMPLES = OutputMachine.SAY_BLOCKS * Vocoder.BLOCK_SAMPLES;

    /** Six seconds of speech that nobody has read yet. */
    private static final int SLOTS = 32;

    private static final long SLOT_BYTES = (long) SLOT_SAMPLES * Float.BYTES;

    /** Bytes of the slots of a session. */
    static final long BYTES = SLOTS * SLOT_BYTES;

    private final long base;
    private final MemorySegment[] segments = new MemorySegment[SLOTS];
    private long published;
    private volatile long released;

    /** Slots in {@link #BYTES} bytes of memory. */
    SpeechSlots(final long base) {
        this.base = base;
        for (int i = 0; i < SLOTS; i++) {
            segments[i] = OffHeap.ALL.asSlice(base + i * SLOT_BYTES, SLOT_BYTES).asReadOnly();
        }
    }

    /** Empties the slots for another session. */
    void reset() {
        published = 0;
        released = 0;
    }

    /** Address of the slot that the next tick is written into, which nobody reads. Tick thread. */
    long next() {
        return base + slot(published) * SLOT_BYTES;
    }

    private static int slot(final long number) {
        return (int) (number % SLOTS);
    }

    /** Whether the next slot can be published: another one stays free for the tick after. Tick thread. */
    boolean hasRoom() {
        return published - released < SLOTS - 1;
    }

    /** Publishes the next slot and returns its number. Tick thread. */
    int publish() {
        return slot(published++);
    }

    /** The slot of that number. */
    MemorySegment segment(final int number) {
        return segments[number];
    }

    /** Gives the oldest slot that was published back. Consumer. */
    void release() {
        final long before = released;
        released = before + 1;
    }
}
