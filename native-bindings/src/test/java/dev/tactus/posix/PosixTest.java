package dev.tactus.posix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PosixTest {
    @BeforeEach
    void needPosix() {
        assumeTrue(Posix.isSupported(), "POSIX calls exist on Linux and macOS");
    }

    @Test
    void shouldReportAPageOfAPowerOfTwo() {
        final int bytes = Posix.pageBytes();
        assertTrue(bytes >= 4096 && Integer.bitCount(bytes) == 1, () -> bytes + " bytes");
    }

    @Test
    void shouldReportAnOrderedLimit() {
        final ResourceLimit limit = Posix.memoryLockLimit();
        assertTrue(limit.softBytes() >= 0 && limit.softBytes() <= limit.hardBytes(), limit::toString);
        assertTrue(limit.allows(0) && limit.allows(limit.softBytes()), limit::toString);
    }

    @Test
    void shouldCountTheCpusOfThisThread() {
        final int cpus = Posix.affinityCount();
        assertTrue(cpus >= 1 && cpus >= Runtime.getRuntime().availableProcessors(), () -> cpus + " CPUs");
    }

    @Test
    void shouldLockAndUnlockAPage() {
        final int page = Posix.pageBytes();
        assumeTrue(Posix.memoryLockLimit().allows(page), "this process may lock nothing");
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment segment = arena.allocate(page, page);
            Posix.lock(segment);
            Posix.unlock(segment);
        }
    }

    @Test
    void shouldSayWhatToRaiseWhenLockingFails() {
        // the last page of the address space is never mapped for a process
        final MemorySegment nowhere =
                MemorySegment.ofAddress(-2L * Posix.pageBytes()).reinterpret(Posix.pageBytes());
        final PosixException ex = assertThrows(PosixException.class, () -> Posix.lock(nowhere));
        assertTrue(ex.errno() > 0, ex::getMessage);
        assertTrue(ex.call().startsWith("mlock("), ex::getMessage);
        assertTrue(ex.getMessage().contains("ulimit -l"), ex::getMessage);
    }

    @Test
    void shouldRefuseMemoryOnTheHeap() {
        final MemorySegment heap = MemorySegment.ofArray(new byte[8]);
        final String message = assertThrows(IllegalArgumentException.class, () -> Posix.lock(heap))
                .getMessage();
        assertEquals("memory on the Java heap cannot be locked: expected a native segment", message);
    }
}
