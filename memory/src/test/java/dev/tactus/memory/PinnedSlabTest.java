package dev.tactus.memory;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.cuda.CudaContext;
import dev.tactus.cuda.CudaDriver;
import dev.tactus.cuda.CudaException;
import dev.tactus.cuda.CudaStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Both kinds of slab, on softcuda as native-bindings' tests have built it, or on a GPU (tactus.test.device=gpu). */
@ExtendWith(LeakCheck.class)
class PinnedSlabTest {
    private static final Path SOFTCUDA =
            Path.of(System.getProperty("tactus.softcuda", "../native-bindings/target/softcuda"), "libcuda.so.1");
    private static final long BYTES = 1 << 16;

    private CudaContext context;
    private CudaStream stream;

    @BeforeEach
    void open() {
        if (!"gpu".equals(System.getProperty("tactus.test.device"))) {
            assumeTrue(Files.exists(SOFTCUDA), "softcuda is not built: run the tests of native-bindings first");
            System.setProperty(
                    CudaDriver.LIBRARY_PROPERTY,
                    SOFTCUDA.toAbsolutePath().normalize().toString());
        }
        context = CudaDriver.load().device(0).openContext();
        stream = context.openStream("slabs");
    }

    @AfterEach
    void close() {
        if (context != null) {
            stream.close();
            context.close();
        }
    }

    @Test
    void shouldCutZeroedAlignedSlicesThatTheGpuSees(final MemoryLedger ledger) {
        try (PinnedSlab pinned = new PinnedSlab(context, ledger, MemoryTag.MEDIA, BYTES);
                DeviceSlab device = new DeviceSlab(context, ledger, MemoryTag.STATE, BYTES)) {
            final MemorySegment first = pinned.slice(100, 4);
            final MemorySegment second = pinned.slice(64, 4096);
            assertEquals(0, first.address() % 4096);
            assertEquals(first.address() + 4096, second.address());
            assertEquals(4096 + 64, pinned.usedBytes());
            assertEquals(-1, first.mismatch(MemorySegment.ofArray(new byte[100])));
            final long near = device.slice(10, 1);
            final long far = device.slice(64, 256);
            assertEquals(near + 256, far);
            assertEquals(far, device.address(256, 64));
            assertEquals(0, near % 256);
            // through the addresses that the GPU knows: pinned to GPU memory and back
            first.set(JAVA_INT, 96, 4711);
            stream.copyOnDevice(far, pinned.deviceAddress(first) + 96, 4);
            stream.copyOnDevice(pinned.deviceAddress(second.address() + 8, 4), far, 4);
            stream.synchronize();
            assertEquals(4711, second.get(JAVA_INT, 8));
            assertEquals(0, context.hostCopies());
        }
    }

    @Test
    void shouldChargeOneAllocationEachToItsTag(final MemoryLedger ledger) {
        final PinnedSlab pinned = new PinnedSlab(context, ledger, MemoryTag.MEDIA, BYTES);
        final DeviceSlab device = new DeviceSlab(context, ledger, MemoryTag.KV, 2 * BYTES);
        for (int i = 0; i < 10; i++) {
            pinned.slice(100, 64);
            device.slice(100, 64);
        }
        assertEquals(BYTES, ledger.liveBytes(MemoryTag.MEDIA));
        assertEquals(2 * BYTES, ledger.liveBytes(MemoryTag.KV));
        assertEquals(1, ledger.allocations(MemoryTag.MEDIA));
        assertEquals(1, context.pinnedAllocations());
        assertEquals(1, context.deviceAllocations());
        for (int i = 0; i < 2; i++) {
            pinned.close();
            device.close();
            assertEquals(0, ledger.liveBytes());
        }
    }

    @Test
    void shouldRefuseSlicesOnceFrozenAndAccessOnceClosed(final MemoryLedger ledger) {
        final PinnedSlab pinned = new PinnedSlab(context, ledger, MemoryTag.TEST, BYTES);
        final DeviceSlab device = new DeviceSlab(context, ledger, MemoryTag.TEST, BYTES);
        final MemorySegment slice = pinned.slice(8, 8);
        pinned.freeze();
        device.freeze();
        assertEquals(FreezableArena.State.FROZEN, pinned.state());
        assertThrows(IllegalStateException.class, () -> pinned.slice(8, 8));
        assertThrows(IllegalStateException.class, () -> device.slice(8, 8));
        slice.set(JAVA_INT, 0, 1);
        pinned.close();
        device.close();
        assertEquals(FreezableArena.State.CLOSED, device.state());
        assertFalse(slice.scope().isAlive());
        assertThrows(IllegalStateException.class, () -> pinned.deviceAddress(slice));
        assertThrows(IllegalStateException.class, () -> device.address(0, 1));
        assertThrows(IllegalStateException.class, device::freeze);
    }

    @Test
    void shouldKnowOnlyItsOwnAddresses(final MemoryLedger ledger) {
        try (PinnedSlab pinned = new PinnedSlab(context, ledger, MemoryTag.TEST, BYTES)) {
            final long start = pinned.slice(8, 8).address();
            assertEquals(pinned.deviceAddress(start, 8) + BYTES - 8, pinned.deviceAddress(start + BYTES - 8, 8));
            assertThrows(IndexOutOfBoundsException.class, () -> pinned.deviceAddress(start - 1, 1));
            assertThrows(IndexOutOfBoundsException.class, () -> pinned.deviceAddress(start + BYTES - 8, 9));
        }
    }

    @Test
    void shouldChargeNothingWhenTheGpuHasNoMore(final MemoryLedger ledger) {
        final CudaException ex = assertThrows(
                CudaException.class, () -> new DeviceSlab(context, ledger, MemoryTag.KV, Long.MAX_VALUE / 2));
        assertTrue(ex.getMessage().contains("for KV"), ex::getMessage);
        assertEquals(0, ledger.liveBytes());
        assertEquals(0, ledger.allocations(MemoryTag.KV));
    }

    /** A slab that could not be closed stays charged. */
    @Test
    void shouldStayChargedWhenAnotherThreadCloses(final MemoryLedger ledger) throws InterruptedException {
        final DeviceSlab device = new DeviceSlab(context, ledger, MemoryTag.KV, BYTES);
        final Throwable[] thrown = new Throwable[1];
        final Thread other = new Thread(() -> {
            try {
                device.close();
            } catch (final WrongThreadException ex) {
                thrown[0] = ex;
            }
        });
        other.start();
        other.join();
        assertTrue(thrown[0] instanceof WrongThreadException, () -> "" + thrown[0]);
        assertEquals(BYTES, ledger.liveBytes(MemoryTag.KV));
        device.close();
    }
}
