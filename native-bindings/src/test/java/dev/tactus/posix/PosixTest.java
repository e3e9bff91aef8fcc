package dev.tactus.posix;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
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
    void shouldListTheCpusOfThisThreadInOrder() {
        final int[] cpus = Posix.affinity();
        assertEquals(isLinux(), cpus.length > 0, "only Linux tells");
        final int[] expected =
                Arrays.stream(cpus).filter(cpu -> cpu >= 0).distinct().sorted().toArray();
        assertArrayEquals(expected, cpus);
    }

    @Test
    void shouldKeepAThreadOnOneCpuAndNoOther() throws InterruptedException {
        assumeTrue(isLinux(), "only Linux pins");
        final int[] before = Posix.affinity();
        for (final int cpu : before) {
            final AtomicReference<int[]> pinned = new AtomicReference<>();
            final Thread thread = new Thread(() -> {
                Posix.pinThread(cpu);
                pinned.set(Posix.affinity());
            });
            thread.start();
            thread.join();
            assertArrayEquals(new int[] {cpu}, pinned.get(), () -> "pinned to " + cpu);
        }
        assertArrayEquals(before, Posix.affinity(), "this thread stays where it may be");
    }

    @Test
    void shouldRefuseACpuThatThereIsNot() {
        assumeTrue(isLinux(), "only Linux pins");
        final int[] before = Posix.affinity();
        final int absent = 8191;
        final PosixException ex = assertThrows(PosixException.class, () -> Posix.pinThread(absent));
        assertEquals("sched_setaffinity(CPU 8191)", ex.call());
        assertTrue(ex.getMessage().contains("choose one of the CPUs"), ex.getMessage());
        assertThrows(RuntimeException.class, () -> Posix.pinThread(-1));
        assertArrayEquals(before, Posix.affinity());
    }

    private static boolean isLinux() {
        return System.getProperty("os.name").startsWith("Linux");
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
