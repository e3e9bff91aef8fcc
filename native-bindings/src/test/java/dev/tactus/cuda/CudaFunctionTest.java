package dev.tactus.cuda;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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

/** Loading kernels, their arguments, and launching them. */
@Timeout(60)
class CudaFunctionTest {
    private static final int N = 1000;

    private CudaContext context;
    private CudaStream stream;
    private CudaModule module;

    @BeforeEach
    void open() {
        context = TestDriver.openContext();
        stream = context.openStream("main");
        module = TestDriver.openModule(context);
    }

    @AfterEach
    void close() {
        if (context != null) {
            module.close();
            stream.close();
            context.close();
        }
    }

    @Test
    void shouldLaunchOverMemoryThatTheHostSees() {
        final CudaFunction scale = module.function("facade_scale");
        try (PinnedMemory x = context.allocatePinned("x", N * 4);
                PinnedMemory y = context.allocatePinned("y", N * 4)) {
            for (int i = 0; i < N; i++) {
                x.segment().setAtIndex(JAVA_FLOAT, i, i / 3f);
            }
            final KernelArguments arguments = scale.newArguments()
                    .setLong(0, y.deviceAddress())
                    .setLong(1, x.deviceAddress())
                    .setFloat(2, 1.7f)
                    .setInt(3, N - 1);
            scale.launch(stream, (N + 255) / 256, 256, 0, arguments);
            stream.synchronize();
            for (int i = 0; i < N - 1; i++) {
                assertEquals(1.7f * (i / 3f), y.segment().getAtIndex(JAVA_FLOAT, i), "number " + i);
            }
            assertEquals(0, y.segment().getAtIndex(JAVA_FLOAT, N - 1));
            assertEquals(1, context.launches());
            assertEquals(0, context.hostCopies());
        }
    }

    @Test
    void shouldPassStructsByValue() {
        final CudaFunction function = module.function("facade_struct");
        try (Arena arena = Arena.ofConfined();
                PinnedMemory y = context.allocatePinned("y", 64)) {
            final MemorySegment pair = arena.allocate(16, 8);
            pair.set(JAVA_INT, 0, 5);
            pair.set(JAVA_FLOAT, 4, 0.25f);
            pair.set(JAVA_DOUBLE, 8, 1e6);
            function.launch(
                    stream,
                    1,
                    1,
                    0,
                    function.newArguments()
                            .setLong(0, y.deviceAddress())
                            .setBytes(1, pair)
                            .setLong(2, 1L << 40));
            stream.synchronize();
            for (int i = 0; i < 8; i++) {
                final double expected = i < 5 ? 1e6 + 0.25 * i + (1L << 40) : 0;
                assertEquals(expected, y.segment().getAtIndex(JAVA_DOUBLE, i), "number " + i);
            }
        }
    }

    @Test
    void shouldKnowTheLayoutOfItsParameters() {
        assertArrayEquals(
                new int[] {8, 8, 4, 4}, module.function("facade_scale").parameterBytes());
        assertArrayEquals(new int[] {8, 16, 8}, module.function("facade_struct").parameterBytes());
        assertArrayEquals(new int[0], module.function("facade_nothing").parameterBytes());
        final CudaFunction nothing = module.function("facade_nothing");
        nothing.launch(stream, 1, 32, 0, nothing.newArguments());
        stream.synchronize();
    }

    @Test
    void shouldRefuseArgumentsOfAnotherLayout() {
        final CudaFunction scale = module.function("facade_scale");
        final KernelArguments arguments = scale.newArguments();
        final String message = assertThrows(IllegalArgumentException.class, () -> arguments.setInt(0, 1))
                .getMessage();
        assertTrue(message.contains("argument 0 of facade_scale has 8 bytes"), message);
        assertThrows(IllegalArgumentException.class, () -> arguments.setLong(3, N));
        assertThrows(IllegalArgumentException.class, () -> arguments.setBytes(2, MemorySegment.ofArray(new byte[3])));
        assertThrows(IndexOutOfBoundsException.class, () -> arguments.setInt(4, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> arguments.setInt(-1, 1));
        assertThrows(IllegalStateException.class, () -> scale.launch(stream, 1, 1, 0, arguments));
        final CudaFunction count = module.function("facade_count");
        final KernelArguments others = count.newArguments().setLong(0, 256);
        assertThrows(IllegalArgumentException.class, () -> scale.launch(stream, 1, 1, 0, others));
        assertEquals(0, context.launches());
    }

    @Test
    void shouldSayWhatWasLaunchedWhenTheDriverRefuses() {
        final CudaFunction scale = module.function("facade_scale");
        final int bound = TestDriver.isCompiled() ? 256 : 1024;
        assertEquals(bound, scale.maxThreadsPerBlock());
        final KernelArguments arguments = scale.newArguments()
                .setLong(0, 256)
                .setLong(1, 256)
                .setFloat(2, 1)
                .setInt(3, 0);
        final CudaException ex =
                assertThrows(CudaException.class, () -> scale.launch(stream, 2, 2 * bound, 0, arguments));
        assertTrue(
                ex.getMessage().contains("facade_scale, grid 2 x 1 x 1, block " + 2 * bound + " x 1 x 1"),
                ex::getMessage);
        assertEquals("main", ex.stream());
        assertFalse(ex.contextLost());
        assertThrows(CudaException.class, () -> scale.launch(stream, 0, 32, 0, arguments));
        assertEquals(0, context.launches());
    }

    @Test
    void shouldAskForMuchSharedMemoryBeforeUsingIt() {
        final CudaFunction nothing = module.function("facade_nothing");
        final int bytes = 64 * 1024;
        assertThrows(CudaException.class, () -> nothing.launch(stream, 1, 32, bytes, nothing.newArguments()));
        nothing.allowSharedBytes(bytes);
        nothing.launch(stream, 1, 32, bytes, nothing.newArguments());
        stream.synchronize();
        final CudaException ex = assertThrows(CudaException.class, () -> nothing.allowSharedBytes(1 << 24));
        assertTrue(ex.getMessage().contains("facade_nothing"), ex::getMessage);
    }

    @Test
    void shouldTellTheAttributesOfTheCode() {
        final CudaFunction scale = module.function("facade_scale");
        assertEquals(0, scale.sharedBytes());
        assertEquals(0, scale.localBytes(), "spills");
        assertTrue(!TestDriver.isCompiled() || scale.registers() > 0, "registers");
        assertTrue(scale.binaryVersion() >= 80, "code for compute capability " + scale.binaryVersion());
    }

    @Test
    void shouldNameTheKernelThatIsNotThere() {
        final CudaException ex = assertThrows(CudaException.class, () -> module.function("facade_absent"));
        assertEquals("CUDA_ERROR_NOT_FOUND", ex.name());
        assertTrue(ex.getMessage().contains("module facade, facade_absent"), ex::getMessage);
    }

    @Test
    void shouldRefuseWhatIsNoModule() {
        final CudaException ex = assertThrows(
                CudaException.class, () -> context.loadModule("junk", MemorySegment.ofArray(new byte[256])));
        assertTrue(ex.getMessage().contains("junk, 256 bytes"), ex::getMessage);
        assertThrows(
                IllegalArgumentException.class, () -> context.loadModule("none", MemorySegment.ofArray(new byte[0])));
        assertFalse(context.isLost());
    }

    @Test
    void shouldNotOutliveItsModule() {
        final CudaModule second = TestDriver.openModule(context);
        final CudaFunction nothing = second.function("facade_nothing");
        final KernelArguments arguments = nothing.newArguments();
        second.close();
        final String message = assertThrows(
                        IllegalStateException.class, () -> nothing.launch(stream, 1, 1, 0, arguments))
                .getMessage();
        assertTrue(message.contains("module facade is closed"), message);
        assertThrows(IllegalStateException.class, nothing::registers);
        assertThrows(IllegalStateException.class, () -> second.function("facade_nothing"));
    }
}
