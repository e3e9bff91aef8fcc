package dev.tactus.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Recording, instantiating and launching graphs. */
@Timeout(60)
class CudaGraphTest {
    private CudaContext context;
    private CudaStream stream;
    private CudaModule module;
    private CudaFunction count;
    private PinnedMemory word;

    @BeforeEach
    void open() {
        context = TestDriver.openContext();
        stream = context.openStream("main");
        module = TestDriver.openModule(context);
        count = module.function("facade_count");
        word = context.allocatePinned("word", 64);
    }

    @AfterEach
    void close() {
        if (context != null) {
            word.close();
            module.close();
            stream.close();
            context.close();
        }
    }

    @Test
    void shouldRunWhatWasRecordedAsOftenAsItIsLaunched() {
        try (CudaGraph graph = stream.capture("three", () -> launchCount(3));
                CudaGraphExec exec = graph.instantiate()) {
            assertEquals(0, value(), "recording runs nothing");
            assertEquals(3, graph.kernels());
            assertEquals(3, graph.nodes());
            assertEquals(0, context.launches());
            exec.upload(stream);
            for (int i = 1; i <= 5; i++) {
                exec.launch(stream);
                assertEquals(3 * i, value());
            }
            assertEquals(5, context.graphLaunches());
            assertEquals(0, context.launches());
            assertEquals(0, context.hostCopies());
        }
    }

    /** The arguments are those of the time of recording. */
    @Test
    void shouldKeepTheRecordedArguments() {
        final KernelArguments arguments = count.newArguments().setLong(0, word.deviceAddress());
        try (CudaGraph graph = stream.capture("one", () -> count.launch(stream, 1, 1, 0, arguments));
                CudaGraphExec exec = graph.instantiate()) {
            arguments.setLong(0, word.deviceAddress(32, 4));
            exec.launch(stream);
            assertEquals(1, value());
            assertEquals(0, word.segment().get(JAVA_INT, 32));
        }
    }

    @Test
    void shouldOutliveItsGraph() {
        final CudaGraph graph = stream.capture("one", () -> launchCount(1));
        try (CudaGraphExec exec = graph.instantiate()) {
            graph.close();
            assertThrows(IllegalStateException.class, graph::instantiate);
            assertThrows(IllegalStateException.class, graph::nodes);
            exec.launch(stream);
            assertEquals(1, value());
        }
    }

    @Test
    void shouldRefuseToLaunchWhatIsClosed() {
        final CudaGraphExec exec;
        try (CudaGraph graph = stream.capture("one", () -> launchCount(1))) {
            exec = graph.instantiate();
        }
        exec.close();
        exec.close();
        final String message = assertThrows(IllegalStateException.class, () -> exec.launch(stream))
                .getMessage();
        assertTrue(message.contains("graph one"), message);
        assertEquals(0, context.graphLaunches());
    }

    /** A tick must not copy media: a copy inside a graph is counted every time the graph runs. */
    @Test
    void shouldCountCopiesInsideGraphs() {
        try (DeviceMemory memory = context.allocateDevice("a", 64);
                CudaGraph graph = stream.capture("copy", () -> {
                    stream.copyToDevice(memory.address(), word.segment());
                    launchCount(1);
                    stream.fillBytes(memory.address(), (byte) 0, 64);
                });
                CudaGraphExec exec = graph.instantiate()) {
            assertEquals(1, graph.hostCopies());
            assertEquals(1, exec.kernels());
            assertEquals(3, graph.nodes());
            assertEquals(0, context.hostCopies());
            exec.launch(stream);
            exec.launch(stream);
            stream.synchronize();
            assertEquals(2, context.hostCopies());
            assertEquals(2 * 64, context.hostCopyBytes());
        }
    }

    @Test
    void shouldKeepBeginningAndEndInOrder() {
        assertThrows(IllegalStateException.class, () -> stream.endCapture("none"));
        stream.beginCapture();
        assertTrue(stream.isCapturing());
        assertThrows(IllegalStateException.class, stream::beginCapture);
        assertThrows(IllegalStateException.class, stream::close);
        assertFalse(stream.isClosed());
        stream.endCapture("empty").close();
        assertFalse(stream.isCapturing());
        launchCount(1);
        assertEquals(1, value());
        assertEquals(1, context.launches());
    }

    @Test
    void shouldDropARecordingThatFails() {
        final IllegalStateException failure = new IllegalStateException("half way");
        assertSame(
                failure,
                assertThrows(
                        IllegalStateException.class,
                        () -> stream.capture("half", () -> {
                            launchCount(1);
                            throw failure;
                        })));
        assertFalse(stream.isCapturing());
        launchCount(1);
        assertEquals(1, value());
    }

    /** Waiting cannot be recorded: the driver says so, and what was recorded is of no use. */
    @Test
    void shouldRefuseToWaitWhileRecording() {
        final CudaException ex = assertThrows(CudaException.class, () -> stream.capture("wait", stream::synchronize));
        assertTrue(ex.name().contains("STREAM_CAPTURE") || ex.number() == 900, ex::getMessage);
        assertFalse(ex.contextLost());
        assertFalse(stream.isCapturing());
        launchCount(1);
        assertEquals(1, value());
    }

    private void launchCount(final int times) {
        final KernelArguments arguments = count.newArguments().setLong(0, word.deviceAddress());
        for (int i = 0; i < times; i++) {
            count.launch(stream, 1, 1, 0, arguments);
        }
    }

    private int value() {
        stream.synchronize();
        return word.segment().get(JAVA_INT, 0);
    }
}
