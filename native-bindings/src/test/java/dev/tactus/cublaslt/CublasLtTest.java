package dev.tactus.cublaslt;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertEquals;
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
import java.lang.foreign.MemorySegment;
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
 * On a GPU the same products go to the real library, where there is one.
 */
class CublasLtTest {
    private static final long SEED = 20_260_102L;
    private static final int OUTPUTS = 24;
    private static final int INPUTS = 40;
    private static final int MAX_ROWS = 17;

    @TempDir
    private static Path folder;

    private static Path standIn;

    private CudaContext context;
    private CudaStream stream;
    private CublasLt library;

    @BeforeAll
    static void build() throws Exception {
        assumeTrue(NativeBuild.isAvailable(), "needs Linux and g++");
        standIn = NativeBuild.library(
                folder, "cublaslt", "libcublasLt.so.13", Files.readString(Path.of("src/test/c/stand_in_cublaslt.c")));
    }

    @BeforeEach
    void open() {
        context = TestDriver.openContext();
        stream = context.openStream("cublaslt");
        if (!TestDriver.isGpu()) {
            CublasLtLibrary.load(standIn.getParent().toString());
            library = CublasLt.open(context);
            return;
        }
        try {
            library = CublasLt.open(context);
        } catch (final NativeBindingException ex) {
            assumeTrue(false, ex.getMessage());
        }
    }

    @AfterEach
    void close() {
        if (library != null) {
            library.close();
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
                NativeBindingException.class, () -> CublasLtLibrary.find(folder.toString(), "libcublasLt-absent.so"));
        for (final String part : new String[] {
            "cuBLASLt cannot be used", "libcublasLt-absent.so: no such file", "install cuBLAS 13", "TACTUS_CUBLASLT"
        }) {
            assertTrue(ex.getMessage().contains(part), ex::getMessage);
        }
    }

    @Test
    void shouldRefuseOtherVersions() throws Exception {
        NativeBuild.library(folder, "old", "libother.so", "unsigned long cublasLtGetVersion(void) { return 120805; }");
        final NativeBindingException ex = assertThrows(
                NativeBindingException.class,
                () -> CublasLtLibrary.find(folder.resolve("old").toString(), "libother.so"));
        assertTrue(ex.getMessage().contains("is version 12.8.5, expected 13.0.0 or newer"), ex::getMessage);
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "7", "16", "17"})
    void shouldMultiplyAnyNumberOfRows(final int rows) {
        final Random random = new Random(SEED);
        try (CublasLtLinear linear = library.linear(OUTPUTS, INPUTS, MAX_ROWS);
                PinnedMemory w = context.allocatePinned("w", OUTPUTS * INPUTS * 2);
                PinnedMemory x = context.allocatePinned("x", MAX_ROWS * INPUTS * 2);
                PinnedMemory y = context.allocatePinned("y", (MAX_ROWS + 1) * OUTPUTS * 4)) {
            fill(w.segment(), random);
            fill(x.segment(), random);
            y.segment().fill((byte) 0x7f);
            linear.multiply(stream, y.deviceAddress(), x.deviceAddress(), w.deviceAddress(), rows);
            stream.synchronize();
            expectStandIn("stand_in_rows", rows, "rows");
            for (int r = 0; r < rows; r++) {
                for (int n = 0; n < OUTPUTS; n++) {
                    double sum = 0;
                    for (int k = 0; k < INPUTS; k++) {
                        sum += bf16(x.segment(), r * INPUTS + k) * bf16(w.segment(), n * INPUTS + k);
                    }
                    final float actual = y.segment().getAtIndex(JAVA_FLOAT, (long) r * OUTPUTS + n);
                    assertTrue(
                            Math.abs(sum - actual) <= 1e-4,
                            "seed " + SEED + " row " + r + " output " + n + ": " + sum + ", got " + actual);
                }
            }
            assertEquals(0x7f7f7f7f, y.segment().getAtIndex(JAVA_INT, (long) rows * OUTPUTS), "a row too many");
        }
    }

    /** The rule of a class of numerics: a row's bits are its own, however many rows come along. */
    @Test
    void shouldKeepTheBitsOfARow() {
        final int wide = 256;
        final int deep = 512;
        final int most = 257;
        final Random random = new Random(SEED);
        try (CublasLtLinear linear = library.linear(wide, deep, most);
                PinnedMemory w = context.allocatePinned("w", wide * deep * 2);
                PinnedMemory x = context.allocatePinned("x", most * deep * 2);
                PinnedMemory all = context.allocatePinned("all", most * wide * 4);
                PinnedMemory some = context.allocatePinned("some", most * wide * 4)) {
            fill(w.segment(), random);
            fill(x.segment(), random);
            linear.multiply(stream, all.deviceAddress(), x.deviceAddress(), w.deviceAddress(), most);
            for (final int rows : new int[] {1, 7, 16, 64}) {
                some.segment().fill((byte) 0);
                linear.multiply(stream, some.deviceAddress(), x.deviceAddress(), w.deviceAddress(), rows);
                stream.synchronize();
                final long bytes = (long) rows * wide * 4;
                assertEquals(
                        -1,
                        all.segment().asSlice(0, bytes).mismatch(some.segment().asSlice(0, bytes)),
                        rows + " rows, seed " + SEED);
            }
        }
    }

    /** The first guess has no state, the second wants four rows or more: the third serves, split K taken out of it. */
    @Test
    void shouldChooseOneAlgorithmForAllRowCounts() {
        assumeTrue(!TestDriver.isGpu(), "only the stand-in has these guesses");
        try (CublasLtLinear linear = library.linear(OUTPUTS, INPUTS, MAX_ROWS);
                PinnedMemory memory = context.allocatePinned("a", 1 << 16)) {
            final long at = memory.deviceAddress();
            assertEquals(64 * MAX_ROWS, linear.workspaceBytes());
            assertEquals(1, context.deviceAllocations());
            for (final int rows : new int[] {1, 17, 4}) {
                linear.multiply(stream, at, at + 8192, at + 16384, rows);
                assertEquals(3, standIn("stand_in_id"), rows + " rows");
            }
            assertEquals(1, context.deviceAllocations());
        }
        final CublasLtException ex = assertThrows(CublasLtException.class, () -> library.linear(OUTPUTS, 8, MAX_ROWS));
        assertEquals("CUBLAS_STATUS_NOT_SUPPORTED", ex.name());
        assertTrue(ex.getMessage().contains("one algorithm without split K for [rows, 8] x [24, 8]"), ex::getMessage);
    }

    @ParameterizedTest
    @CsvSource({"0, 8, 1", "8, 0, 1", "12, 8, 1", "8, 20, 1", "8, 8, 0", "8, 8, -1", "65536, 8, 32768", "-8, 8, 1"})
    void shouldRefuseShapesThatCannotBe(final int outputs, final int inputs, final int rows) {
        assertThrows(IllegalArgumentException.class, () -> library.linear(outputs, inputs, rows));
    }

    @Test
    void shouldCheckArgumentsBeforeTheLibraryDoes() {
        final CublasLtLinear linear = library.linear(OUTPUTS, INPUTS, MAX_ROWS);
        assertEquals(MAX_ROWS, linear.maxRows());
        assertThrows(IllegalArgumentException.class, () -> linear.multiply(stream, 256, 512, 1024, 0));
        assertThrows(IllegalArgumentException.class, () -> linear.multiply(stream, 256, 512, 1024, MAX_ROWS + 1));
        assertThrows(IllegalArgumentException.class, () -> linear.multiply(stream, 0, 512, 1024, 1));
        assertThrows(IllegalArgumentException.class, () -> linear.multiply(stream, 256, 520, 1024, 1));
        assertThrows(IllegalArgumentException.class, () -> linear.multiply(stream, 256, 512, -16, 1));
        assertThrows(IllegalStateException.class, library::close);
        linear.close();
        linear.close();
        assertThrows(IllegalStateException.class, () -> linear.multiply(stream, 256, 512, 1024, 1));
        library.close();
        library.close();
        assertThrows(IllegalStateException.class, () -> library.linear(OUTPUTS, INPUTS, MAX_ROWS));
        assertTrue(library.version().startsWith("13."), library::version);
    }

    private static void fill(final MemorySegment segment, final Random random) {
        for (long i = 0; i < segment.byteSize() / 2; i++) {
            segment.setAtIndex(JAVA_SHORT, i, (short) (Float.floatToRawIntBits(random.nextFloat() - 0.5f) >> 16));
        }
    }

    private static float bf16(final MemorySegment segment, final long index) {
        return Float.intBitsToFloat(segment.getAtIndex(JAVA_SHORT, index) << 16);
    }

    private static void expectStandIn(final String function, final int expected, final String message) {
        if (!TestDriver.isGpu()) {
            assertEquals(expected, standIn(function), message);
        }
    }

    private static int standIn(final String function) {
        try {
            return (int) NativeSymbols.bind(CublasLtLibrary.opened(), function, FunctionDescriptor.of(JAVA_INT), false)
                    .invokeExact();
        } catch (final Throwable ex) {
            throw new AssertionError(ex);
        }
    }
}
