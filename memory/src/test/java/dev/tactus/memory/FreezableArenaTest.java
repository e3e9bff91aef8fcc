package dev.tactus.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class FreezableArenaTest {
    @Test
    void shouldHandOutZeroedAlignedMemory(final MemoryLedger ledger) {
        try (FreezableArena arena = new FreezableArena(ledger)) {
            for (final long alignment : new long[] {1, 64, 4096}) {
                final MemorySegment segment = arena.allocate(MemoryTag.TEST, 1001, alignment);
                assertEquals(0, segment.address() % alignment);
                assertEquals(1001, segment.byteSize());
                assertTrue(segment.toArray(ValueLayout.JAVA_BYTE).length == 1001
                        && segment.mismatch(MemorySegment.ofArray(new byte[1001])) == -1);
            }
        }
    }

    @Test
    void shouldCountBytesPerTagUntilClosed(final MemoryLedger ledger) {
        final FreezableArena arena = new FreezableArena(ledger);
        arena.allocate(MemoryTag.KV, 100, 8);
        arena.allocate(MemoryTag.KV, 20, 8);
        arena.allocate(MemoryTag.RING, 3, 1);
        assertEquals(120, arena.bytes(MemoryTag.KV));
        assertEquals(123, arena.bytes());
        assertEquals(120, ledger.liveBytes(MemoryTag.KV));
        assertEquals(2, ledger.allocations(MemoryTag.KV));
        arena.close();
        arena.close();
        assertEquals(0, ledger.liveBytes());
        assertEquals(2, ledger.allocations(MemoryTag.KV));
    }

    @Test
    void shouldRefuseToAllocateOnceFrozen(final MemoryLedger ledger) {
        try (FreezableArena arena = new FreezableArena(ledger)) {
            final MemorySegment segment = arena.allocate(MemoryTag.PLAN, 16, 8);
            assertEquals(FreezableArena.State.INIT, arena.state());
            arena.freeze();
            arena.freeze();
            assertEquals(FreezableArena.State.FROZEN, arena.state());
            final String message = assertThrows(IllegalStateException.class, () -> arena.allocate(MemoryTag.PLAN, 8, 8))
                    .getMessage();
            assertTrue(message.contains("FROZEN") && message.contains("8 bytes") && message.contains("PLAN"), message);
            assertEquals(16, arena.bytes());
            segment.set(ValueLayout.JAVA_LONG, 8, 5);
            assertEquals(5, segment.get(ValueLayout.JAVA_LONG, 8));
        }
    }

    @Test
    void shouldInvalidateMemoryWhenClosed(final MemoryLedger ledger) {
        final FreezableArena arena = new FreezableArena(ledger);
        final MemorySegment segment = arena.allocate(MemoryTag.TEST, 8, 8);
        arena.freeze();
        arena.close();
        assertFalse(segment.scope().isAlive());
        assertEquals(FreezableArena.State.CLOSED, arena.state());
        assertThrows(IllegalStateException.class, () -> arena.allocate(MemoryTag.TEST, 8, 8));
        assertThrows(IllegalStateException.class, arena::freeze);
    }

    @Test
    void shouldLockAllMemoryOrSayWhyNot() {
        try (FreezableArena arena = new FreezableArena(new MemoryLedger())) {
            arena.allocate(MemoryTag.KV, 8192, 4096);
            arena.allocate(MemoryTag.STATE, 0, 64);
            assertThrows(IllegalStateException.class, arena::lock);
            arena.freeze();
            final String refusal = arena.lock();
            assertTrue(refusal.isEmpty() || refusal.contains("mlock"), refusal);
        }
    }
}
