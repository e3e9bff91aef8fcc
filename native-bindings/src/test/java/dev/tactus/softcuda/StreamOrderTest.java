package dev.tactus.softcuda;

import static dev.tactus.softcuda.SoftDriver.CAPTURE_INVALIDATED;
import static dev.tactus.softcuda.SoftDriver.CAPTURE_UNJOINED;
import static dev.tactus.softcuda.SoftDriver.CAPTURE_UNSUPPORTED;
import static dev.tactus.softcuda.SoftDriver.CONTEXT_IS_DESTROYED;
import static dev.tactus.softcuda.SoftDriver.ILLEGAL_ADDRESS;
import static dev.tactus.softcuda.SoftDriver.INVALID_CONTEXT;
import static dev.tactus.softcuda.SoftDriver.INVALID_HANDLE;
import static dev.tactus.softcuda.SoftDriver.INVALID_VALUE;
import static dev.tactus.softcuda.SoftDriver.LAUNCH_TIMEOUT;
import static dev.tactus.softcuda.SoftDriver.NOT_READY;
import static dev.tactus.softcuda.SoftDriver.SUCCESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Order and lifetimes around kernels: what a program forgets to wait for, it does not get. */
class StreamOrderTest {
    private static final int GLOBAL_MODE = 0;

    private SoftDriver driver;
    private long stream;
    private long counter;
    private long word;
    private MemorySegment pinned;

    @BeforeEach
    void open() {
        driver = SoftDriver.open();
        stream = driver.stream();
        counter = driver.function("sample_count");
        word = driver.device(4);
        driver.upload(word, 0);
        pinned = driver.pinned(64);
        pinned.fill((byte) 0);
    }

    @AfterEach
    void close() {
        if (driver != null) {
            driver.close();
        }
    }

    private void count(final long onStream) {
        assertEquals(SUCCESS, driver.launch(counter, onStream, 1, 1, 0, word));
    }

    @Test
    void shouldNotDeliverWhatNobodyWaitedFor() {
        count(stream);
        driver.check("cuMemcpyDtoHAsync_v2", pinned, word, 4L, stream);
        assertEquals(0, pinned.get(JAVA_INT, 0), "a result is there before anybody waited");
        driver.check("cuStreamSynchronize", stream);
        assertEquals(1, pinned.get(JAVA_INT, 0));
    }

    @Test
    void shouldDeliverAtOnceWhenEager() {
        driver.set("MODE", "eager");
        count(stream);
        driver.check("cuMemcpyDtoHAsync_v2", pinned, word, 4L, stream);
        assertEquals(1, pinned.get(JAVA_INT, 0));
    }

    @Test
    void shouldReadPinnedMemoryLate() {
        pinned.set(JAVA_INT, 0, 7);
        driver.check("cuMemcpyHtoDAsync_v2", word, pinned, 4L, stream);
        pinned.set(JAVA_INT, 0, 8); // the slot is used again too early
        driver.check("cuStreamSynchronize", stream);
        assertEquals(8, driver.download(word, 1)[0], "an early reuse of a slot does not show");
    }

    @Test
    void shouldTakePageableMemoryAtOnce() {
        final MemorySegment host = driver.host(4096);
        host.set(JAVA_INT, 0, 7);
        driver.check("cuMemcpyHtoDAsync_v2", word, host, 4L, stream);
        host.set(JAVA_INT, 0, 8);
        driver.check("cuStreamSynchronize", stream);
        assertEquals(7, driver.download(word, 1)[0]);
    }

    @Test
    void shouldBeReadyOnlyAfterSomebodyAsked() {
        assertEquals(SUCCESS, driver.call("cuStreamQuery", stream));
        count(stream);
        count(stream);
        assertEquals(NOT_READY, driver.call("cuStreamQuery", stream));
        assertEquals(NOT_READY, driver.call("cuStreamQuery", stream));
        assertEquals(SUCCESS, driver.call("cuStreamQuery", stream));
        assertEquals(2, driver.download(word, 1)[0]);
    }

    @Test
    void shouldOrderStreamsByEventsOnly() {
        final long other = driver.stream();
        final long event = driver.make("cuEventCreate", 0);
        count(stream);
        driver.check("cuEventRecord", event, stream);
        driver.check("cuMemcpyDtoHAsync_v2", pinned, word, 4L, other);
        driver.check("cuStreamSynchronize", other);
        assertEquals(0, pinned.get(JAVA_INT, 0), "a stream waited for another one without an event");
        driver.check("cuStreamWaitEvent", other, event, 0);
        driver.check("cuMemcpyDtoHAsync_v2", pinned, word, 4L, other);
        driver.check("cuStreamSynchronize", other);
        assertEquals(1, pinned.get(JAVA_INT, 0));
        assertEquals(SUCCESS, driver.call("cuEventQuery", event));
    }

    @Test
    void shouldWaitForAWordOfTheHost() throws InterruptedException {
        driver.check("cuStreamWaitValue32_v2", stream, pinned.address(), 5, 0);
        count(stream);
        driver.check("cuStreamWriteValue32_v2", stream, pinned.address() + 4, 9, 0);
        assertEquals(NOT_READY, driver.call("cuStreamQuery", stream));
        final Thread host = new Thread(() -> pinned.set(JAVA_INT, 0, 5));
        host.start();
        driver.check("cuStreamSynchronize", stream);
        host.join();
        assertEquals(9, pinned.get(JAVA_INT, 4));
        assertEquals(1, driver.download(word, 1)[0]);
    }

    @Test
    void shouldSayWhatAStreamWaitsForInVain() {
        driver.set("TIMEOUT_MS", "50");
        driver.check("cuStreamWaitValue32_v2", stream, pinned.address(), 5, 0);
        assertEquals(LAUNCH_TIMEOUT, driver.call("cuStreamSynchronize", stream));
        assertTrue(driver.message().contains("the wait for 5 at"), driver::message);
    }

    @Test
    void shouldFindACopyOfPinnedMemoryThatWasFreedMeanwhile() {
        driver.check("cuMemcpyHtoDAsync_v2", word, pinned, 4L, stream);
        driver.check("cuMemFreeHost", pinned);
        assertEquals(ILLEGAL_ADDRESS, driver.call("cuStreamSynchronize", stream));
        assertTrue(driver.message().contains("a queued copy reads from 4 bytes"), driver::message);
        assertTrue(driver.message().contains("pinned memory of 64 bytes that was freed"), driver::message);
    }

    @Test
    void shouldFindACopyIntoPinnedMemoryThatWasFreedMeanwhile() {
        driver.check("cuMemcpyDtoHAsync_v2", pinned, word, 4L, stream);
        driver.check("cuMemFreeHost", pinned);
        assertEquals(ILLEGAL_ADDRESS, driver.call("cuStreamSynchronize", stream));
        assertTrue(driver.message().contains("a queued copy writes to 4 bytes"), driver::message);
    }

    @Test
    void shouldRefuseACopyThatLeavesItsMemory() {
        assertEquals(INVALID_VALUE, driver.call("cuMemcpyDtoHAsync_v2", pinned, word, 8L, stream));
        assertTrue(driver.message().contains("byte 0 of device memory of 4 bytes"), driver::message);
        assertEquals(INVALID_VALUE, driver.call("cuMemFree_v2", word + 4));
    }

    @Test
    void shouldWantAContextOnEveryThread() throws InterruptedException {
        final AtomicInteger result = new AtomicInteger();
        final Thread stranger = new Thread(() -> result.set(driver.call("cuStreamQuery", stream)));
        stranger.start();
        stranger.join();
        assertEquals(INVALID_CONTEXT, result.get());
        assertTrue(driver.message().contains("cuStreamQuery: no context is current on this thread"), driver::message);
        assertEquals(INVALID_CONTEXT, driver.call("cuCtxSetCurrent", driver.context() + 64));
    }

    @Test
    void shouldTellADestroyedContextFromNone() {
        driver.check("cuDevicePrimaryCtxRelease_v2", 0);
        assertEquals(CONTEXT_IS_DESTROYED, driver.call("cuStreamQuery", stream));
        driver.make("cuDevicePrimaryCtxRetain", 0);
        final long next = driver.cell().get(JAVA_LONG, 0);
        assertTrue(next != driver.context(), "a context came back");
        driver.check("cuCtxSetCurrent", next);
        assertEquals(INVALID_HANDLE, driver.call("cuStreamQuery", stream), "a stream outlived its context");
        assertEquals(0, driver.statistics()[5], "memory outlived its context");
    }

    @Test
    void shouldRefuseHandlesThatWereDestroyed() {
        final long event = driver.make("cuEventCreate", 0);
        driver.check("cuEventDestroy_v2", event);
        assertEquals(INVALID_HANDLE, driver.call("cuEventRecord", event, stream));
        driver.check("cuStreamDestroy_v2", stream);
        assertEquals(INVALID_HANDLE, driver.call("cuStreamSynchronize", stream));
        assertTrue(driver.message().contains("no such stream"), driver::message);
    }

    @Test
    void shouldRunAGraphAsOftenAsItIsLaunched() {
        driver.check("cuStreamBeginCapture_v2", stream, GLOBAL_MODE);
        count(stream);
        count(stream);
        driver.check("cuMemcpyDtoHAsync_v2", pinned, word, 4L, stream);
        driver.check("cuStreamIsCapturing", stream, driver.cell());
        assertEquals(1, driver.cell().get(JAVA_INT, 0), "the stream is not recording");
        final long graph = endCapture();
        driver.cell().fill((byte) 0);
        driver.check("cuGraphGetNodes", graph, 0L, driver.cell());
        assertEquals(3, driver.cell().get(JAVA_LONG, 0));
        final long executable = driver.make("cuGraphInstantiateWithFlags", graph, 0L);
        driver.check("cuGraphDestroy", graph);
        assertEquals(0, driver.statistics()[0], "a captured kernel ran");
        driver.check("cuGraphLaunch", executable, stream);
        driver.check("cuGraphLaunch", executable, stream);
        driver.check("cuStreamSynchronize", stream);
        assertEquals(4, pinned.get(JAVA_INT, 0));
        final long[] statistics = driver.statistics();
        assertEquals(4, statistics[0], "kernels");
        assertEquals(2, statistics[1], "graphs");
        assertEquals(0, statistics[6], "kernels launched by themselves");
        driver.check("cuGraphExecDestroy", executable);
        assertEquals(INVALID_HANDLE, driver.call("cuGraphLaunch", executable, stream));
    }

    private long endCapture() {
        driver.cell().fill((byte) 0);
        driver.check("cuStreamEndCapture", stream, driver.cell());
        return driver.cell().get(JAVA_LONG, 0);
    }

    @Test
    void shouldLoseARecordingByWhatCannotBeRecorded() {
        driver.check("cuStreamBeginCapture_v2", stream, GLOBAL_MODE);
        assertEquals(CAPTURE_UNSUPPORTED, driver.call("cuStreamSynchronize", stream));
        assertEquals(CAPTURE_INVALIDATED, driver.call("cuStreamEndCapture", stream, driver.cell()));
        driver.check("cuStreamBeginCapture_v2", stream, GLOBAL_MODE);
        assertEquals(CAPTURE_UNSUPPORTED, driver.call("cuMemAlloc_v2", driver.cell(), 16L));
        assertEquals(CAPTURE_INVALIDATED, driver.call("cuStreamEndCapture", stream, driver.cell()));
        driver.check("cuStreamSynchronize", stream);
    }

    @Test
    void shouldWantStreamsThatJoinedARecordingToEndInIt() {
        final long other = driver.stream();
        final long fork = driver.make("cuEventCreate", 2);
        final long join = driver.make("cuEventCreate", 2);
        for (final boolean joined : new boolean[] {true, false}) {
            driver.check("cuStreamBeginCapture_v2", stream, GLOBAL_MODE);
            driver.check("cuEventRecord", fork, stream);
            driver.check("cuStreamWaitEvent", other, fork, 0);
            count(other);
            if (joined) {
                driver.check("cuEventRecord", join, other);
                driver.check("cuStreamWaitEvent", stream, join, 0);
            }
            count(stream);
            assertEquals(joined ? SUCCESS : CAPTURE_UNJOINED, driver.call("cuStreamEndCapture", stream, driver.cell()));
        }
    }

    @Test
    void shouldCountCopiesByTheMemoryThatTheyRead() {
        final long[] before = driver.statistics();
        driver.check("cuMemcpyHtoDAsync_v2", word, pinned, 4L, stream);
        driver.check("cuMemcpyHtoDAsync_v2", word, driver.host(4096), 4L, stream);
        driver.check("cuMemcpyDtoHAsync_v2", pinned, word, 4L, stream);
        driver.check("cuStreamSynchronize", stream);
        final long[] after = driver.statistics();
        assertEquals(1, after[2] - before[2], "pageable copies");
        assertEquals(2, after[3] - before[3], "pinned copies");
        assertEquals(12, after[7] - before[7], "bytes");
        assertEquals(68, after[5], "live bytes");
        driver.device(1);
        assertEquals(1, driver.statistics()[4] - after[4], "allocations");
    }
}
