package dev.tactus.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/** Who owns what, and what happens to calls that come too late or from elsewhere. */
@Timeout(60)
class CudaContextTest {
    private CudaContext context;

    @BeforeEach
    void open() {
        context = TestDriver.openContext();
    }

    /** Fails a test that leaves something open. */
    @AfterEach
    void close() {
        if (context != null) {
            context.close();
        }
    }

    @Test
    void shouldDescribeTheDriverAndTheGpu() {
        final CudaDevice device = context.device();
        assertSame(CudaDriver.load(), device.driver());
        assertTrue(device.driver().version() >= CudaDriver.OLDEST_VERSION);
        assertTrue(device.driver().versionText().matches("\\d+\\.\\d+"), device.driver()::versionText);
        assertFalse(device.name().isEmpty());
        assertTrue(device.computeCapability().matches("\\d+\\.\\d"), device::computeCapability);
        assertTrue(device.multiprocessors() > 0 && device.maxSharedBytesPerBlock() >= 48 * 1024);
        assertTrue(device.canMapHostMemory());
        final long free = context.freeBytes();
        assertTrue(free > 0 && free <= device.totalBytes(), free + " of " + device.totalBytes());
        assertThrows(
                IllegalArgumentException.class,
                () -> device.driver().device(device.driver().deviceCount()));
        assertThrows(IllegalArgumentException.class, () -> device.driver().device(-1));
    }

    @Test
    void shouldRefuseEveryCallOfAnotherThread() throws InterruptedException {
        try (CudaStream stream = context.openStream("a");
                CudaEvent event = context.openEvent("b", false);
                DeviceMemory memory = context.allocateDevice("c", 64)) {
            final List<Executable> calls = List.of(
                    stream::synchronize,
                    stream::isDone,
                    stream::beginCapture,
                    () -> stream.fillBytes(64, (byte) 0, 1),
                    event::isDone,
                    () -> event.record(stream),
                    memory::address,
                    context::synchronize,
                    context::freeBytes,
                    context::detach,
                    () -> context.openStream("d"),
                    () -> context.allocatePinned("e", 64),
                    stream::close,
                    memory::close,
                    context::close);
            inAnotherThread(() -> {
                for (final Executable call : calls) {
                    final String message =
                            assertThrows(WrongThreadException.class, call).getMessage();
                    assertTrue(message.contains("belongs to thread"), message);
                }
            });
            assertFalse(stream.isClosed());
            stream.synchronize();
        }
    }

    @Test
    void shouldPassFromThreadToThread() throws InterruptedException {
        try (CudaStream stream = context.openStream("a")) {
            assertThrows(IllegalStateException.class, context::attach);
            context.detach();
            assertFalse(context.isOwner());
            assertThrows(WrongThreadException.class, stream::synchronize);
            inAnotherThread(() -> {
                context.attach();
                assertTrue(context.isOwner());
                stream.synchronize();
                context.detach();
            });
            context.attach();
            stream.synchronize();
        }
    }

    @Test
    void shouldRefuseVirtualThreads() throws InterruptedException {
        final AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread.ofVirtual()
                .start(() -> failure.set(catching(context.device()::openContext)))
                .join();
        assertTrue(failure.get() instanceof IllegalStateException, () -> "" + failure.get());
        assertTrue(failure.get().getMessage().contains("virtual thread"), failure.get()::getMessage);
    }

    @Test
    void shouldRefuseCallsOnWhatIsClosed() {
        final CudaStream stream = context.openStream("late");
        final CudaEvent event = context.openEvent("late", false);
        final DeviceMemory memory = context.allocateDevice("late", 64);
        final PinnedMemory pinned = context.allocatePinned("late", 64);
        final MemorySegment segment = pinned.segment();
        for (final CudaHandle handle : List.of(stream, event, memory, pinned)) {
            handle.close();
            handle.close();
            assertTrue(handle.isClosed());
        }
        for (final Executable call : List.<Executable>of(
                stream::synchronize,
                stream::isDone,
                stream::beginCapture,
                event::synchronize,
                memory::address,
                () -> memory.address(0, 1),
                pinned::deviceAddress)) {
            final String message =
                    assertThrows(IllegalStateException.class, call).getMessage();
            assertTrue(message.contains("late") && message.contains("closed"), message);
        }
        assertThrows(IllegalStateException.class, () -> segment.get(java.lang.foreign.ValueLayout.JAVA_BYTE, 0));
    }

    @Test
    void shouldBeClosedLast() {
        final CudaStream stream = context.openStream("early");
        final PinnedMemory pinned = context.allocatePinned("media", 4096);
        final String message =
                assertThrows(IllegalStateException.class, context::close).getMessage();
        assertTrue(message.contains("stream early") && message.contains("pinned memory for media"), message);
        stream.synchronize();
        pinned.close();
        stream.close();
        context.close();
        context.close();
        assertThrows(IllegalStateException.class, () -> context.openStream("too late"));
        assertThrows(IllegalStateException.class, context::attach);
    }

    @Test
    void shouldOpenAgainAfterClosing() {
        for (int i = 0; i < 3; i++) {
            context.close();
            context = TestDriver.openContext();
            try (CudaStream stream = context.openStream("again")) {
                stream.synchronize();
            }
        }
    }

    /** Two engines in one thread: closing either leaves the other as it was. */
    @Test
    void shouldShareAThreadAmongContextsOfOneGpu() {
        final CudaContext second = TestDriver.openContext();
        final CudaContext third = TestDriver.openContext();
        final CudaStream stream = third.openStream("third");
        assertThrows(IllegalStateException.class, third::close);
        second.detach();
        stream.synchronize();
        context.synchronize();
        second.attach();
        stream.close();
        third.close();
        second.synchronize();
        context.close();
        second.allocateDevice("second", 64).close();
        assertEquals(1, second.deviceAllocations());
        assertEquals(0, context.deviceAllocations());
        second.close();
    }

    @Test
    void shouldCountAllocations() {
        assertEquals(0, context.deviceAllocations());
        assertEquals(0, context.pinnedAllocations());
        try (Arena arena = Arena.ofConfined();
                DeviceMemory a = context.allocateDevice("a", 1);
                DeviceMemory b = context.allocateDevice("b", 1 << 20);
                PinnedMemory c = context.allocatePinned("c", 5000);
                PinnedMemory d = context.pin("d", arena.allocate(8192, 4096))) {
            assertEquals(2, context.deviceAllocations());
            assertEquals(2, context.pinnedAllocations());
            assertEquals(List.of(1L, 1L << 20, 5000L, 8192L), List.of(a.bytes(), b.bytes(), c.bytes(), d.bytes()));
            assertEquals(0, c.segment().address() % 4096);
            assertEquals(-1, c.segment().mismatch(MemorySegment.ofArray(new byte[5000])), "not zeroed");
            assertEquals(0, a.address() % 256);
        }
        assertEquals(2, context.deviceAllocations());
        assertEquals(0, context.hostCopies());
    }

    @Test
    void shouldCheckRangesOfMemory() {
        try (DeviceMemory memory = context.allocateDevice("a", 256);
                PinnedMemory pinned = context.allocatePinned("b", 256)) {
            assertEquals(memory.address() + 200, memory.address(200, 56));
            assertEquals(pinned.deviceAddress() + 256, pinned.deviceAddress(256, 0));
            for (final long[] range : new long[][] {{200, 57}, {-1, 1}, {0, -1}, {257, 0}, {1, Long.MAX_VALUE}}) {
                assertThrows(IndexOutOfBoundsException.class, () -> memory.address(range[0], range[1]));
                assertThrows(IndexOutOfBoundsException.class, () -> pinned.deviceAddress(range[0], range[1]));
            }
        }
    }

    @Test
    void shouldRefuseSizesAndMemoryThatCannotBe() {
        for (final long bytes : new long[] {0, -1}) {
            assertThrows(IllegalArgumentException.class, () -> context.allocateDevice("a", bytes));
            assertThrows(IllegalArgumentException.class, () -> context.allocatePinned("a", bytes));
        }
        assertThrows(IllegalArgumentException.class, () -> context.pin("a", MemorySegment.ofArray(new byte[4096])));
        final CudaException ex =
                assertThrows(CudaException.class, () -> context.allocateDevice("everything", Long.MAX_VALUE / 2));
        assertTrue(ex.getMessage().contains("everything"), ex::getMessage);
        assertEquals("CUDA_ERROR_OUT_OF_MEMORY", ex.name());
        assertEquals(2, ex.number());
        assertFalse(ex.contextLost());
        assertFalse(context.isLost());
        assertEquals(0, context.deviceAllocations());
    }

    private static void inAnotherThread(final Runnable work) throws InterruptedException {
        final List<Throwable> failures = new ArrayList<>();
        final Thread thread = new Thread(() -> {
            final Throwable failure = catching(work::run);
            if (failure != null) {
                failures.add(failure);
            }
        });
        thread.start();
        thread.join();
        assertEquals(List.of(), failures);
    }

    private static Throwable catching(final Executable call) {
        try {
            call.execute();
            return null;
        } catch (final Throwable ex) {
            return ex;
        }
    }
}
