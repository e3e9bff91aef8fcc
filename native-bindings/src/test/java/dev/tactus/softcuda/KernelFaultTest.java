package dev.tactus.softcuda;

import static dev.tactus.softcuda.SoftDriver.ILLEGAL_ADDRESS;
import static dev.tactus.softcuda.SoftDriver.INVALID_VALUE;
import static dev.tactus.softcuda.SoftDriver.LAUNCH_FAILED;
import static dev.tactus.softcuda.SoftDriver.SUCCESS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Faults inside kernels: each is found when it happens, and the message names it. */
class KernelFaultTest {
    private static final int THREADS = 64;

    private SoftDriver driver;
    private long out;

    @BeforeEach
    void open() {
        driver = SoftDriver.open();
        out = driver.device(4L * THREADS);
    }

    @AfterEach
    void close() {
        if (driver != null) {
            driver.close();
        }
    }

    @Test
    void shouldShowARaceByTheOrderOfThreads() {
        assertTrue(results("fault_race").size() > 1, "every order gave the same result");
        assertEquals(1, results("fault_race_mended").size(), "an order gave another result");
    }

    private Set<String> results(final String kernel) {
        final Set<String> results = new HashSet<>();
        for (int seed = 0; seed <= 4; seed++) {
            driver.set("SEED", Integer.toString(seed));
            assertEquals(SUCCESS, driver.run(kernel, 1, THREADS, 0, out), driver::message);
            results.add(java.util.Arrays.toString(driver.downloadFloats(out, THREADS)));
        }
        return results;
    }

    @Test
    void shouldNameBothSidesOfADivergentBarrier() {
        assertFault(
                LAUNCH_FAILED,
                driver.run("fault_divergent", 1, THREADS, 0, out),
                "fault_divergent",
                "divergent barrier",
                "32 wait at the barrier faults.cu:26",
                "32 wait at the barrier faults.cu:28");
    }

    @Test
    void shouldFindAThreadThatReturnsBeforeABarrier() {
        assertFault(
                LAUNCH_FAILED,
                driver.run("fault_early_return", 1, THREADS, 0, out),
                "divergent barrier",
                "63 wait at the barrier faults.cu:39",
                "1 have returned");
    }

    @Test
    void shouldFindLanesThatMeetInDifferentOperations() {
        assertFault(
                LAUNCH_FAILED,
                driver.run("fault_lanes", 1, 32, 0, out),
                "different operations",
                "faults.cu:48",
                "faults.cu:50");
    }

    @Test
    void shouldFindALaneThatNeverComes() {
        assertFault(
                LAUNCH_FAILED,
                driver.run("fault_missing_lane", 1, 32, 0, out),
                "divergent warp operation",
                "31 wait for other lanes of mask ffffffff at faults.cu:59",
                "1 have returned");
    }

    @ParameterizedTest
    @CsvSource({
        "64,        a write 0 bytes behind the end of device memory of 256 bytes",
        "100,       a write 144 bytes behind the end of device memory of 256 bytes",
        "-1,        a write 4 bytes before device memory of 256 bytes",
        "2500,      9744 bytes behind the end of device memory of 256 bytes",
    })
    void shouldFindAStoreBesideDeviceMemory(final long index, final String expected) {
        assertFault(
                ILLEGAL_ADDRESS, driver.run("fault_store", 1, THREADS, 0, out, index), "kernel fault_store", expected);
    }

    @Test
    void shouldFindAStoreBesidePinnedMemory() {
        final MemorySegment pinned = driver.pinned(4096);
        assertFault(
                ILLEGAL_ADDRESS,
                driver.run("fault_store", 1, THREADS, 0, pinned.address(), 1024L),
                "a write 0 bytes behind the end of pinned memory of 4096 bytes");
    }

    @Test
    void shouldRefuseHostMemoryThatIsNotRegistered() {
        final MemorySegment host = driver.host(4096);
        assertFault(
                ILLEGAL_ADDRESS,
                driver.run("fault_store", 1, THREADS, 0, host.address(), 0L),
                "parameter 0",
                "neither device memory nor pinned nor registered host memory");
        driver.reset();
        driver.check("cuMemHostRegister_v2", host, 4096L, 2);
        assertEquals(SUCCESS, driver.run("fault_store", 1, THREADS, 0, host.address(), 0L), driver::message);
        assertEquals(1.0f, host.get(java.lang.foreign.ValueLayout.JAVA_FLOAT, 0));
        driver.check("cuMemHostUnregister", host);
        assertFault(
                ILLEGAL_ADDRESS,
                driver.run("fault_store", 1, THREADS, 0, host.address(), 0L),
                "parameter 0",
                "registered memory of 4096 bytes that was freed");
    }

    @Test
    void shouldFindANullPointer() {
        assertFault(
                ILLEGAL_ADDRESS,
                driver.run("fault_store", 1, THREADS, 0, 0L, 3L),
                "a null pointer",
                "thread (0, 0, 0) of block (0, 0, 0)");
    }

    @Test
    void shouldFindUseAfterFree() {
        driver.check("cuMemFree_v2", out);
        assertFault(
                ILLEGAL_ADDRESS,
                driver.run("fault_store", 1, THREADS, 0, out, 0L),
                "parameter 0",
                "byte 0 of device memory of 256 bytes that was freed");
    }

    @Test
    void shouldFindUseOfMemoryThatWasFreedWhileTheKernelWasQueued() {
        assertEquals(SUCCESS, driver.launch(driver.function("fault_store"), 0, 1, THREADS, 0, out, 3L));
        driver.check("cuMemFree_v2", out);
        assertFault(ILLEGAL_ADDRESS, driver.call("cuCtxSynchronize"), "device memory of 256 bytes that was freed");
    }

    @Test
    void shouldFindAWriteToFreedPinnedMemoryThroughAPointerInMemory() {
        final MemorySegment pinned = driver.pinned(4096);
        final long base = out;
        final long index = (pinned.address() - base) / 4;
        driver.check("cuMemFreeHost", pinned);
        // the parameter is good, the address that the kernel makes of it is not
        assertFault(
                ILLEGAL_ADDRESS,
                driver.run("fault_store", 1, THREADS, 0, base, index),
                "byte 0 of pinned memory of 4096 bytes that was freed");
    }

    @Test
    void shouldFindAWriteBesideSharedMemory() {
        assertFault(
                ILLEGAL_ADDRESS,
                driver.run("fault_shared_store", 1, THREADS, 0, out, 64),
                "0 bytes behind the end of shared (256 bytes)");
        driver.reset();
        assertFault(
                ILLEGAL_ADDRESS, driver.run("fault_shared_store", 1, THREADS, 0, out, -2), "outside shared memory, ");
    }

    @Test
    void shouldPoisonWhatNobodyHasWritten() {
        for (final float value : driver.downloadFloats(out, THREADS)) {
            assertTrue(Float.isNaN(value), "fresh device memory reads as " + value);
        }
        assertEquals(SUCCESS, driver.run("fault_unwritten_shared", 2, THREADS, 4 * THREADS, out), driver::message);
        final float[] values = driver.downloadFloats(out, THREADS);
        assertEquals(1.0f, values[62]);
        assertTrue(Float.isNaN(values[63]), "unwritten shared memory reads as " + values[63]);
    }

    @Test
    void shouldNotDeliverAnAsynchronousCopyBeforeItIsWaitedFor() {
        final long in = driver.device(4L * THREADS);
        final float[] values = new float[THREADS];
        for (int i = 0; i < THREADS; i++) {
            values[i] = i;
        }
        driver.upload(in, values);
        assertEquals(SUCCESS, driver.run("fault_copy_async", 1, THREADS, 0, out, in, 1), driver::message);
        assertArrayEquals(values, driver.downloadFloats(out, THREADS));
        assertEquals(SUCCESS, driver.run("fault_copy_async", 1, THREADS, 0, out, in, 0), driver::message);
        for (final float value : driver.downloadFloats(out, THREADS)) {
            assertTrue(Float.isNaN(value), "a copy nobody waited for brought " + value);
        }
    }

    @Test
    void shouldSurviveADivisionByZero() {
        assertFault(
                LAUNCH_FAILED,
                driver.run("fault_divide", 1, THREADS, 0, out, 0),
                "an integer division by zero",
                "thread (0, 0, 0)");
    }

    @Test
    void shouldNameTheLineOfATrap() {
        assertFault(LAUNCH_FAILED, driver.run("fault_trap", 1, THREADS, 0, out), "faults.cu:116", "__trap()");
    }

    @Test
    void shouldRefuseTooManyThreadsAndTooMuchSharedMemory() {
        final long function = driver.function("fault_unwritten_shared");
        assertEquals(INVALID_VALUE, driver.launch(function, 0, 1, 1025, 0, out));
        assertMessage("a block of 1025 x 1 x 1 threads; 1 to 1024 are possible");
        assertEquals(INVALID_VALUE, driver.launch(function, 0, 0, 64, 0, out));
        assertMessage("a grid of 0 x 1 x 1 blocks");
        assertEquals(INVALID_VALUE, driver.launch(function, 0, 1, 64, 49153, out));
        assertMessage("49153 bytes of dynamic shared memory");
        final int maxDynamicShared = 8;
        assertEquals(INVALID_VALUE, driver.call("cuFuncSetAttribute", function, maxDynamicShared, 232449));
        assertMessage("232449 bytes of dynamic shared memory; at most 232448");
        driver.check("cuFuncSetAttribute", function, maxDynamicShared, 100_000);
        assertEquals(SUCCESS, driver.launch(function, 0, 1, 64, 100_000, out));
        driver.check("cuCtxSynchronize");
    }

    @Test
    void shouldRunKernelsAgainAfterAFault() {
        for (int i = 0; i < 3; i++) {
            assertFault(LAUNCH_FAILED, driver.run("fault_early_return", 1, THREADS, 0, out), "divergent barrier");
            assertEquals(LAUNCH_FAILED, driver.call("cuCtxSynchronize"), "the context is lost");
            driver.reset();
            assertEquals(SUCCESS, driver.run("fault_race_mended", 4, THREADS, 0, out), driver::message);
            assertEquals(63.0f, driver.downloadFloats(out, THREADS)[0]);
        }
    }

    private void assertFault(final int expected, final int result, final String... parts) {
        assertEquals(driver.name(expected), driver.name(result), driver::message);
        for (final String part : parts) {
            assertMessage(part);
        }
        assertTrue(driver.explanation(expected).contains(driver.message()), () -> driver.explanation(expected));
    }

    private void assertMessage(final String part) {
        final String message = driver.message();
        assertFalse(message.isEmpty(), "no message");
        assertTrue(message.contains(part), () -> "expected '" + part + "' in: " + message);
    }
}
