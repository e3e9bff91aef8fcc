package dev.tactus.cudnn;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.bindings.NativeBindingException;
import dev.tactus.bindings.NativeSymbols;
import dev.tactus.cuda.CudaContext;
import dev.tactus.cuda.CudaStream;
import dev.tactus.cuda.NativeBuild;
import dev.tactus.cuda.PinnedMemory;
import dev.tactus.cuda.TestDriver;
import java.lang.foreign.FunctionDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The facade against a stand-in for the library: every descriptor, pointer and size where the documentation wants it.
 * On a GPU the same convolutions go to the real library, where there is one.
 */
class CudnnTest {
    private static final long SEED = 20_260_101L;

    @TempDir
    private static Path folder;

    private static Path standIn;

    private CudaContext context;
    private CudaStream stream;
    private Cudnn cudnn;

    @BeforeAll
    static void build() throws Exception {
        assumeTrue(NativeBuild.isAvailable(), "needs Linux and g++");
        standIn = NativeBuild.library(
                folder, "cudnn", "libcudnn.so.9", Files.readString(Path.of("src/test/c/stand_in_cudnn.c")));
    }

    @BeforeEach
    void open() {
        context = TestDriver.openContext();
        stream = context.openStream("cudnn");
        if (!TestDriver.isGpu()) {
            CudnnLibrary.load(standIn.getParent().toString());
            cudnn = Cudnn.open(context);
            return;
        }
        try {
            cudnn = Cudnn.open(context);
        } catch (final NativeBindingException ex) {
            assumeTrue(false, ex.getMessage());
        }
    }

    @AfterEach
    void close() {
        if (cudnn != null) {
            cudnn.close();
            expectStandIn("stand_in_live", 0, "descriptors and handles that were not given back");
        }
        if (context != null) {
            stream.close();
            context.close();
        }
    }

    @Test
    void shouldSayHowToGetTheLibrary() {
        final NativeBindingException ex = assertThrows(
                NativeBindingException.class, () -> CudnnLibrary.find(folder.toString(), "libcudnn-absent.so.9"));
        assertContains(ex, "cuDNN cannot be used", folder + "/libcudnn-absent.so.9: no such file", "system's loader");
        assertContains(ex, "install cuDNN 9", "TACTUS_CUDNN");
        assertContains(
                assertThrows(NativeBindingException.class, () -> CudnnLibrary.find(null, "libcudnn-absent.so.9")),
                "cuDNN cannot be used");
    }

    @ParameterizedTest
    @CsvSource({"8907, 0.89.7", "100000, 10.0.0"})
    void shouldRefuseOtherVersions(final long version, final String text) throws Exception {
        NativeBuild.library(
                folder,
                "v" + version,
                "libother.so",
                "unsigned long cudnnGetVersion(void) { return " + version + "; }");
        final NativeBindingException ex = assertThrows(
                NativeBindingException.class,
                () -> CudnnLibrary.find(folder.resolve("v" + version).toString(), "libother.so"));
        assertContains(ex, "is version " + text, "expected 9.0.0 or newer, below 10.0.0");
    }

    @Test
    void shouldRefuseALibraryThatIsAnother() throws Exception {
        NativeBuild.library(folder, "other", "libother.so", "int f(void) { return 0; }");
        assertContains(
                assertThrows(
                        NativeBindingException.class,
                        () -> CudnnLibrary.find(folder.resolve("other").toString(), "libother.so")),
                "cudnnGetVersion");
    }

    @ParameterizedTest
    @CsvSource({
        // batch, in, out, steps, kernel, stride, dilation, groups
        "1, 1, 1, 8, 3, 1, 1, 1",
        "2, 6, 4, 24, 7, 1, 1, 2",
        "1, 4, 4, 24, 4, 2, 1, 4",
        "3, 2, 5, 10, 3, 1, 4, 1",
        "1, 3, 2, 24, 8, 8, 1, 1",
    })
    void shouldConvolve(
            final int batch,
            final int in,
            final int out,
            final int steps,
            final int kernel,
            final int stride,
            final int dilation,
            final int groups) {
        check(Conv1d.causal(batch, in, out, steps, kernel, stride, dilation, groups), CudnnType.FLOAT32);
        check(
                Conv1d.forward(batch, in, out, steps + kernel * dilation, kernel, stride, dilation, groups),
                CudnnType.BFLOAT16);
        expectStandIn("stand_in_math", 1, "bfloat16 is for tensor cores");
        check(Conv1d.transposed(batch, in, out, steps, kernel, stride, dilation, groups), CudnnType.FLOAT32);
        expectStandIn("stand_in_math", 3, "float32 is for fma, without TF32");
        expectStandIn("stand_in_algorithm", 1, "the transposed one without atomic additions");
    }

    /** Without the precomputed kernel the other one that adds in a fixed order serves. */
    @Test
    void shouldTakeTheNextAlgorithmThatIsTheSameEveryTime() {
        assumeTrue(!TestDriver.isGpu(), "only the stand-in refuses on demand");
        check(Conv1d.forward(1, 2, 2, 20, 7, 1, 1, 1), CudnnType.FLOAT32);
        assertEquals(0, standIn("stand_in_algorithm"));
        final int live = standIn("stand_in_live");
        final CudnnException ex = assertThrows(
                CudnnException.class, () -> cudnn.conv1d(Conv1d.forward(1, 2, 2, 20, 13, 1, 1, 1), CudnnType.FLOAT32));
        assertEquals("CUDNN_STATUS_NOT_SUPPORTED", ex.name());
        assertEquals(3000, ex.number());
        assertTrue(ex.getMessage().contains("no kernel of 13 taps at all"), ex::getMessage);
        assertTrue(ex.getMessage().contains("kernel=13"), ex::getMessage);
        assertEquals(live, standIn("stand_in_live"), "what was opened for it is given back");
    }

    @Test
    void shouldCheckArgumentsBeforeTheLibraryDoes() {
        final Conv1d shape = Conv1d.forward(1, 2, 2, 20, 3, 1, 1, 1);
        try (CudnnConv1d conv = cudnn.conv1d(shape, CudnnType.FLOAT32);
                PinnedMemory memory = context.allocatePinned("a", 4096)) {
            final long y = memory.deviceAddress();
            assertThrows(IllegalArgumentException.class, () -> conv.run(stream, y, y + 1024, 0));
            assertThrows(IllegalArgumentException.class, () -> conv.run(stream, y + 4, y + 1024, y + 2048));
            assertThrows(IllegalArgumentException.class, () -> conv.run(stream, y, y + 128, y + 2048));
            assertThrows(IllegalArgumentException.class, () -> conv.run(stream, y, y + 2048, y + 128));
            assertThrows(IllegalStateException.class, cudnn::close);
            assertThrows(IllegalStateException.class, context::close);
            try (CudaContext other = TestDriver.openContext();
                    CudaStream foreign = other.openStream("foreign")) {
                assertThrows(IllegalArgumentException.class, () -> conv.run(foreign, y, y + 1024, y + 2048));
            }
        }
        final CudnnConv1d late = cudnn.conv1d(shape, CudnnType.FLOAT32);
        late.close();
        late.close();
        assertThrows(IllegalStateException.class, () -> late.run(stream, 256, 512, 1024));
        cudnn.close();
        cudnn.close();
        assertThrows(IllegalStateException.class, () -> cudnn.conv1d(shape, CudnnType.FLOAT32));
        assertTrue(cudnn.version().startsWith("9."), cudnn::version);
    }

    /** A causal convolution of two halves, the second behind the end of the first, is that of the whole. */
    @Test
    void shouldStream() {
        final int steps = 12;
        final Conv1d whole = Conv1d.causal(1, 2, 3, 2 * steps, 5, 1, 2, 1);
        final Conv1d half = Conv1d.causal(1, 2, 3, steps, 5, 1, 2, 1);
        final float[] x = random(new Random(SEED), (int) whole.inputElements(), CudnnType.FLOAT32);
        final float[] w = random(new Random(SEED + 1), (int) whole.weightElements(), CudnnType.FLOAT32);
        final float[] expected = run(whole, CudnnType.FLOAT32, x, w);
        for (int part = 0; part < 2; part++) {
            final float[] piece = new float[(int) half.inputElements()];
            for (int channel = 0; channel < 2; channel++) {
                System.arraycopy(
                        x, channel * whole.inSteps() + part * steps, piece, channel * half.inSteps(), half.inSteps());
            }
            final float[] actual = run(half, CudnnType.FLOAT32, piece, w);
            for (int channel = 0; channel < 3; channel++) {
                for (int t = 0; t < steps; t++) {
                    assertEquals(
                            expected[channel * 2 * steps + part * steps + t],
                            actual[channel * steps + t],
                            TestDriver.isGpu() ? 1e-5f : 0, // the library may add in another order for another length
                            "half " + part + ", channel " + channel + ", step " + t);
                }
            }
        }
    }

    /** Against the sums of {@link Conv1d}'s own words. */
    private void check(final Conv1d shape, final CudnnType type) {
        final Random random = new Random(SEED);
        final float[] x = random(random, (int) shape.inputElements(), type);
        final float[] w = random(random, (int) shape.weightElements(), type);
        final float[] actual = run(shape, type, x, w);
        final double[] expected = expected(shape, x, w);
        double largest = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            final double tolerance = type == CudnnType.FLOAT32 ? 1e-4 : 0.05;
            assertTrue(
                    Math.abs(expected[i] - actual[i]) <= tolerance,
                    shape + " " + type + " seed " + SEED + " number " + i + ": " + expected[i] + ", got " + actual[i]);
        }
        assertNotEquals(0, largest, "nothing was computed");
    }

    private static double[] expected(final Conv1d shape, final float[] x, final float[] w) {
        final int outs = shape.outChannels() / shape.groups();
        final int ins = shape.inChannels() / shape.groups();
        final int outSteps = shape.outSteps();
        final double[] y = new double[(int) shape.outputElements()];
        for (int b = 0; b < shape.batch(); b++) {
            for (int o = 0; o < shape.outChannels(); o++) {
                for (int i = 0; i < ins; i++) {
                    final int from = o / outs * ins + i;
                    final int xRow = (b * shape.inChannels() + from) * shape.inSteps();
                    final int yRow = (b * shape.outChannels() + o) * outSteps;
                    for (int j = 0; j < shape.kernel(); j++) {
                        final int weight = shape.transposed() ? from * outs + o % outs : o * ins + i;
                        final double factor = w[weight * shape.kernel() + j];
                        for (int s = 0; s < (shape.transposed() ? shape.inSteps() : outSteps); s++) {
                            final int far = s * shape.stride() + j * shape.dilation();
                            if (shape.transposed()) {
                                y[yRow + far] += factor * x[xRow + s];
                            } else {
                                y[yRow + s] += factor * x[xRow + far];
                            }
                        }
                    }
                }
            }
        }
        return y;
    }

    private float[] run(final Conv1d shape, final CudnnType type, final float[] x, final float[] w) {
        final int outputs = (int) shape.outputElements();
        try (CudnnConv1d conv = cudnn.conv1d(shape, type);
                PinnedMemory xs = context.allocatePinned("x", (long) x.length * type.bytes());
                PinnedMemory ws = context.allocatePinned("w", (long) w.length * type.bytes());
                PinnedMemory ys = context.allocatePinned("y", (long) outputs * type.bytes())) {
            put(xs, type, x);
            put(ws, type, w);
            conv.run(stream, ys.deviceAddress(), xs.deviceAddress(), ws.deviceAddress());
            stream.synchronize();
            final float[] y = new float[outputs];
            for (int i = 0; i < outputs; i++) {
                y[i] = type == CudnnType.FLOAT32
                        ? ys.segment().getAtIndex(JAVA_FLOAT, i)
                        : Float.intBitsToFloat(ys.segment().getAtIndex(JAVA_SHORT, i) << 16);
            }
            return y;
        }
    }

    private static void put(final PinnedMemory memory, final CudnnType type, final float[] values) {
        for (int i = 0; i < values.length; i++) {
            if (type == CudnnType.FLOAT32) {
                memory.segment().setAtIndex(JAVA_FLOAT, i, values[i]);
            } else {
                memory.segment().setAtIndex(JAVA_SHORT, i, (short) (Float.floatToRawIntBits(values[i]) >> 16));
            }
        }
    }

    /** Numbers that bfloat16 holds exactly. */
    private static float[] random(final Random random, final int count, final CudnnType type) {
        final float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            final float value = random.nextFloat() - 0.5f;
            values[i] = type == CudnnType.FLOAT32
                    ? value
                    : Float.intBitsToFloat(Float.floatToRawIntBits(value) & 0xffff0000);
        }
        return values;
    }

    private static void assertContains(final NativeBindingException ex, final String... parts) {
        for (final String part : parts) {
            assertTrue(ex.getMessage().contains(part), () -> "\"" + part + "\" in: " + ex.getMessage());
        }
    }

    private static void expectStandIn(final String function, final int expected, final String message) {
        if (!TestDriver.isGpu()) {
            assertEquals(expected, standIn(function), message);
        }
    }

    private static int standIn(final String function) {
        try {
            return (int) NativeSymbols.bind(CudnnLibrary.opened(), function, FunctionDescriptor.of(JAVA_INT), false)
                    .invokeExact();
        } catch (final Throwable ex) {
            throw new AssertionError(ex);
        }
    }
}
