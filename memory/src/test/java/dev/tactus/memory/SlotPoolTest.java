package dev.tactus.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class SlotPoolTest {
    private static final long BASE = 1 << 20;

    @Test
    void shouldHandOutEverySlotOnceThenNone() {
        final SlotPool pool = new SlotPool(BASE, 4800, 7);
        final Set<Integer> slots = new HashSet<>();
        for (int i = 0; i < 7; i++) {
            assertEquals(7 - i, pool.available());
            slots.add(pool.claim());
        }
        assertEquals(Set.of(0, 1, 2, 3, 4, 5, 6), slots);
        assertEquals(-1, pool.claim());
        assertEquals(0, pool.available());
    }

    @Test
    void shouldReuseReleasedSlotsInTheOrderOfRelease() {
        final SlotPool pool = new SlotPool(BASE, 16, 3);
        for (int i = 0; i < 3; i++) {
            pool.claim();
        }
        pool.release(2);
        pool.release(0);
        assertEquals(2, pool.claim());
        assertEquals(0, pool.claim());
        assertEquals(-1, pool.claim());
    }

    @Test
    void shouldRefuseWhatIsNotInUse() {
        final SlotPool pool = new SlotPool(BASE, 16, 2);
        final int slot = pool.claim();
        pool.release(slot);
        assertThrows(IllegalStateException.class, () -> pool.release(slot));
        assertThrows(IllegalStateException.class, () -> pool.release(-1));
        assertThrows(IllegalStateException.class, () -> pool.release(2));
        assertThrows(IllegalArgumentException.class, () -> new SlotPool(BASE, 16, 0));
        assertEquals(2, pool.available());
    }

    @Test
    void shouldPlaceSlotsBehindEachOtherBeyondTwoGiga() {
        final SlotPool pool = new SlotPool(BASE, 1 << 30, 5);
        assertEquals(BASE + (4L << 30), pool.address(4));
        assertEquals(1 << 30, pool.slotBytes());
        assertEquals(5, pool.slots());
    }

    @Test
    void shouldMakeEverySlotFreeOnReset() {
        final SlotPool pool = new SlotPool(BASE, 16, 3);
        pool.claim();
        pool.release(pool.claim());
        pool.reset();
        assertEquals(3, pool.available());
        assertEquals(0, pool.claim());
    }

    /** A slot claimed twice would be overwritten while its first content is still on its way. */
    @Test
    @Timeout(60)
    void shouldNeverHandOneSlotToTwoOwners(final MemoryLedger ledger) throws InterruptedException {
        final int rounds = 200_000;
        final int slots = 5;
        try (FreezableArena arena = new FreezableArena(ledger)) {
            final SlotPool pool =
                    new SlotPool(arena.allocate(MemoryTag.TEST, slots * 8L, 8).address(), 8, slots);
            final OneToOneConcurrentArrayQueue<Integer> committed = new OneToOneConcurrentArrayQueue<>(8);
            final AtomicReference<Throwable> failure = new AtomicReference<>();
            final Thread producer = new Thread(() -> produce(pool, committed, rounds, failure));
            producer.start();
            for (int sequence = 0; sequence < rounds && failure.get() == null; ) {
                final Integer slot = committed.poll();
                if (slot == null) {
                    Thread.yield();
                    continue;
                }
                assertEquals(sequence, OffHeap.getLong(pool.address(slot)), "slot " + slot);
                pool.release(slot);
                sequence++;
            }
            producer.join();
            assertNull(failure.get());
            assertEquals(slots, pool.available());
        }
    }

    private static void produce(
            final SlotPool pool,
            final OneToOneConcurrentArrayQueue<Integer> committed,
            final int rounds,
            final AtomicReference<Throwable> failure) {
        try {
            for (int sequence = 0; sequence < rounds; ) {
                final int slot = pool.claim();
                if (slot < 0) {
                    Thread.yield();
                    continue;
                }
                OffHeap.putLong(pool.address(slot), sequence++);
                assertTrue(committed.offer(slot), "the queue is larger than the pool");
            }
        } catch (final Throwable ex) {
            failure.set(ex);
        }
    }
}
