package dev.tactus.cuda;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Copies, fills, events and words of memory between streams and the host. */
@Timeout(60)
class CudaStreamTest {
    private static final int N = 1000;

    private CudaContext context;
    private CudaStream stream;

    @BeforeEach
    void open() {
        context = TestDriver.openContext();
        stream = context.openStream("main");
    }

    @AfterEach
    void close() {
        if (context != null) {
            stream.close();
            context.close();
        }
    }

    @Test
    void shouldCopyThereAndBack() {
        try (PinnedMemory in = context.allocatePinned("in", N * 4);
                PinnedMemory out = context.allocatePinned("out", N * 4);
                DeviceMemory first = context.allocateDevice("first", N * 4);
                DeviceMemory second = context.allocateDevice("second", N * 4)) {
            for (int i = 0; i < N; i++) {
                in.segment().setAtIndex(JAVA_INT, i, 31 * i + 7);
            }
            stream.copyToDevice(first.address(), in.segment());
            stream.copyOnDevice(second.address(), first.address(), N * 4);
            stream.copyToHost(out.segment(), second.address());
            stream.synchronize();
            assertTrue(stream.isDone());
            assertEquals(-1, in.segment().mismatch(out.segment()));
            assertEquals(2, context.hostCopies());
            assertEquals(2L * N * 4, context.hostCopyBytes());
        }
    }

    @Test
    void shouldCopyMemoryThatIsNotPinned() {
        try (Arena arena = Arena.ofConfined();
                DeviceMemory memory = context.allocateDevice("a", N)) {
            final MemorySegment in = arena.allocate(N).fill((byte) 5);
            final MemorySegment out = arena.allocate(N);
            stream.copyToDevice(memory.address(), in);
            stream.copyToHost(out, memory.address());
            stream.synchronize();
            assertEquals(-1, in.mismatch(out));
        }
    }

    @Test
    void shouldFill() {
        try (PinnedMemory out = context.allocatePinned("out", 64);
                DeviceMemory memory = context.allocateDevice("a", 64)) {
            stream.fillBytes(memory.address(), (byte) 0x11, 64);
            stream.fillInts(memory.address(16, 32), 0x22334455, 8);
            stream.copyToHost(out.segment(), memory.address());
            stream.synchronize();
            assertEquals(0x11111111, out.segment().getAtIndex(JAVA_INT, 3));
            assertEquals(0x22334455, out.segment().getAtIndex(JAVA_INT, 4));
            assertEquals(0x22334455, out.segment().getAtIndex(JAVA_INT, 11));
            assertEquals(0x11, out.segment().get(JAVA_BYTE, 48));
        }
    }

    @Test
    void shouldRefuseCopiesThatCannotBe() {
        try (Arena arena = Arena.ofConfined();
                DeviceMemory memory = context.allocateDevice("a", 64)) {
            final long address = memory.address();
            assertThrows(
                    IllegalArgumentException.class,
                    () -> stream.copyToDevice(address, MemorySegment.ofArray(new byte[4])));
            assertThrows(IllegalArgumentException.class, () -> stream.copyToDevice(address, arena.allocate(0)));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> stream.copyToHost(arena.allocate(8).asReadOnly(), address));
            assertThrows(IllegalArgumentException.class, () -> stream.copyOnDevice(address, address + 32, 0));
            assertThrows(IllegalArgumentException.class, () -> stream.fillBytes(address, (byte) 1, -1));
            assertThrows(IllegalArgumentException.class, () -> stream.fillInts(address + 2, 1, 1));
            assertThrows(IllegalArgumentException.class, () -> stream.write(0, 1));
            assertThrows(IllegalArgumentException.class, () -> stream.waitUntilAtLeast(address + 1, 1));
            assertEquals(0, context.hostCopies());
        }
    }

    @Test
    void shouldNameTheStreamOfAnError() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment in = arena.allocate(64);
            final CudaException ex = assertThrows(CudaException.class, () -> stream.copyToDevice(4096, in));
            assertEquals("main", ex.stream());
            assertEquals("cuMemcpyHtoDAsync_v2", ex.call());
            assertTrue(ex.number() != 0 && ex.name().startsWith("CUDA_ERROR_"), ex::getMessage);
            for (final String part : new String[] {ex.name(), "" + ex.number(), ex.call(), "on stream main"}) {
                assertTrue(ex.getMessage().contains(part), ex::getMessage);
            }
            assertFalse(ex.contextLost());
            assertEquals(0, context.hostCopies());
        }
    }

    @Test
    void shouldOrderStreamsByEvents() {
        try (CudaStream other = context.openStream("other", -1);
                CudaEvent event = context.openEvent("filled", false);
                PinnedMemory out = context.allocatePinned("out", 4);
                DeviceMemory memory = context.allocateDevice("a", 4)) {
            assertTrue(event.isDone(), "an event without a mark is done");
            stream.fillInts(memory.address(), 77, 1);
            event.record(stream);
            other.waitFor(event);
            other.copyToHost(out.segment(), memory.address());
            other.synchronize();
            assertEquals(77, out.segment().get(JAVA_INT, 0));
            event.synchronize();
            assertTrue(event.isDone());
        }
    }

    @Test
    void shouldMeasureTimeBetweenEvents() {
        try (CudaEvent start = context.openEvent("start", true);
                CudaEvent end = context.openEvent("end", true);
                CudaEvent bare = context.openEvent("bare", false);
                DeviceMemory memory = context.allocateDevice("a", 1 << 20)) {
            start.record(stream);
            stream.fillBytes(memory.address(), (byte) 1, 1 << 20);
            end.record(stream);
            end.synchronize();
            final float milliseconds = end.millisecondsSince(start);
            assertTrue(milliseconds >= 0 && milliseconds < 10_000, milliseconds + " ms");
            assertThrows(IllegalStateException.class, () -> end.millisecondsSince(bare));
        }
    }

    /** What a tick does: the host rings, the stream goes on and leaves word. */
    @Test
    void shouldTalkThroughPinnedWords() {
        try (PinnedMemory words = context.allocatePinned("words", 64)) {
            stream.waitUntilAtLeast(words.deviceAddress(0, 4), 3);
            stream.write(words.deviceAddress(32, 4), 9);
            assertFalse(stream.isDone());
            assertEquals(0, words.segment().get(JAVA_INT, 32));
            words.segment().set(JAVA_INT, 0, 3);
            stream.synchronize();
            assertEquals(9, words.segment().get(JAVA_INT, 32));
        }
    }
}
