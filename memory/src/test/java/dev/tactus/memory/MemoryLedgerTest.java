package dev.tactus.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class MemoryLedgerTest {
    private final MemoryLedger ledger = new MemoryLedger();

    @Test
    void shouldKeepTagsApart() {
        ledger.onAllocate(MemoryTag.KV, 5);
        ledger.onAllocate(MemoryTag.RING, 7);
        ledger.onFree(MemoryTag.KV, 2);
        assertEquals(3, ledger.liveBytes(MemoryTag.KV));
        assertEquals(7, ledger.liveBytes(MemoryTag.RING));
        assertEquals(0, ledger.liveBytes(MemoryTag.WEIGHTS));
        assertEquals(10, ledger.liveBytes());
        assertEquals(1, ledger.allocations(MemoryTag.KV));
    }

    @Test
    void shouldShowOneLinePerTagInUse() {
        ledger.onAllocate(MemoryTag.WEIGHTS, 1_234_567);
        ledger.onAllocate(MemoryTag.KV, 5);
        ledger.onFree(MemoryTag.KV, 5);
        assertEquals("WEIGHTS          1,234,567 bytes", ledger.toString().strip());
    }

    @Test
    void shouldBalanceWhenTwoThreadsCount() throws InterruptedException {
        final Runnable work = () -> {
            for (int i = 0; i < 100_000; i++) {
                ledger.onAllocate(MemoryTag.TEST, 3);
                ledger.onFree(MemoryTag.TEST, 3);
            }
        };
        final Thread other = new Thread(work);
        other.start();
        work.run();
        other.join();
        assertEquals(0, ledger.liveBytes(MemoryTag.TEST));
        assertEquals(200_000, ledger.allocations(MemoryTag.TEST));
    }
}
