package dev.tactus.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The calls of a tick allocate nothing on the Java heap once they are warm. */
@Timeout(120)
class CudaHeapTest {
    private static final int WARM_UP = 20_000;
    private static final int MEASURED = 2_000;

    private CudaContext context;
    private CudaStream stream;
    private CudaModule module;
    private PinnedMemory memory;

    @BeforeEach
    void open() {
        context = TestDriver.openContext();
        stream = context.openStream("main");
        module = TestDriver.openModule(context);
        memory = context.allocatePinned("words", 4096);
    }

    @AfterEach
    void close() {
        if (context != null) {
            memory.close();
            module.close();
            stream.close();
            context.close();
        }
    }

    @Test
    void shouldLaunchWithoutTheHeap() {
        final CudaFunction scale = module.function("facade_scale");
        final KernelArguments arguments = scale.newArguments()
                .setLong(0, memory.deviceAddress())
                .setLong(1, memory.deviceAddress(64, 64))
                .setFloat(2, 2);
        final int[] rows = {0};
        expectNothing(() -> {
            arguments.setLong(0, memory.deviceAddress(0, 64)).setInt(3, rows[0]++ & 1);
            scale.launch(stream, 1, 32, 0, arguments);
            if ((rows[0] & 15) == 0) {
                stream.synchronize();
            }
        });
    }

    @Test
    void shouldLaunchGraphsWithoutTheHeap() {
        final CudaFunction count = module.function("facade_count");
        final KernelArguments arguments = count.newArguments().setLong(0, memory.deviceAddress());
        try (CudaEvent event = context.openEvent("done", false);
                CudaGraph graph = stream.capture("count", () -> count.launch(stream, 1, 1, 0, arguments));
                CudaGraphExec exec = graph.instantiate()) {
            expectNothing(() -> {
                exec.launch(stream);
                event.record(stream);
                while (!event.isDone()) {
                    Thread.onSpinWait();
                }
                context.detach();
                context.attach();
            });
        }
    }

    @Test
    void shouldPollFillAndSignalWithoutTheHeap() {
        try (CudaEvent start = context.openEvent("start", true);
                CudaEvent end = context.openEvent("end", true);
                DeviceMemory target = context.allocateDevice("a", 256)) {
            final long[] sum = {0};
            expectNothing(() -> {
                start.record(stream);
                stream.fillInts(target.address(), 1, 16);
                stream.fillBytes(target.address(64, 64), (byte) 1, 64);
                stream.copyOnDevice(target.address(128, 64), target.address(), 64);
                stream.write(memory.deviceAddress(0, 4), 1);
                stream.waitUntilAtLeast(memory.deviceAddress(0, 4), 1);
                end.record(stream);
                stream.waitFor(end);
                while (!stream.isDone()) {
                    Thread.onSpinWait();
                }
                sum[0] += (long) end.millisecondsSince(start);
                context.synchronize();
            });
        }
    }

    /** Most of the calls are compiled by then; the best of three keeps out what the compiler itself does meanwhile. */
    private static void expectNothing(final Runnable tick) {
        final com.sun.management.ThreadMXBean threads =
                (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int i = 0; i < WARM_UP; i++) {
            tick.run();
        }
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 3; round++) {
            final long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < MEASURED; i++) {
                tick.run();
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertEquals(0, least, "bytes on the heap in " + MEASURED + " ticks");
    }
}
