package dev.tactus.kernel.c;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.kernel.WeightType;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A program run by C gives the bits of its ops run one by one, however many workers share it. */
class NativeProgramTest {
    private static final long SEED = 4711;
    private static final int D = 40;
    private static final int HIDDEN = 27;
    private static final int VOCABULARY = 131;
    private static final float EPS = 1e-6f;
    private static final SamplingParameters DRAW = new SamplingParameters(0.8f, 50, 0.95f);

    private final MemoryLedger ledger = new MemoryLedger();
    private final FreezableArena arena = new FreezableArena(ledger);
    private final Random random = new Random(SEED);

    private WeightMatrix first;
    private WeightMatrix gateUp;
    private WeightMatrix unembed;
    private long norm;

    @BeforeEach
    void makeWeights() {
        final NativeKernels library = NativeKernels.load();
        assumeTrue(library.isAvailable(), () -> "no C kernels: " + String.join("; ", library.reasons()));
        first = matrix(D, D);
        gateUp = matrix(2 * HIDDEN, D);
        unembed = matrix(VOCABULARY, HIDDEN);
        norm = randoms(HIDDEN).address();
    }

    @AfterEach
    void close() {
        arena.close();
        assertEquals(0, ledger.liveBytes());
    }

    private WeightMatrix matrix(final int rows, final int cols) {
        return WeightMatrix.exact(WeightType.F32, randoms((long) rows * cols).address(), rows, cols);
    }

    private Region floats(final long count) {
        return new Region(arena.allocate(MemoryTag.ACTIVATION, count * 4, 64).address(), count * 4);
    }

    private Region randoms(final long count) {
        final Region region = floats(count);
        for (long i = 0; i < count; i++) {
            OffHeap.putFloat(region.address() + i * 4, (float) random.nextGaussian());
        }
        return region;
    }

    /** The buffers of the program: linear, swiglu, norm of the last row of each segment, logits, draw. */
    private final class Buffers {
        final Region h;
        final Region gates;
        final Region gated;
        final Region normed;
        final Region logits;
        final Region tokens;

        Buffers(final int rows, final int outputs) {
            h = floats((long) rows * D);
            gates = floats((long) rows * 2 * HIDDEN);
            gated = floats((long) rows * HIDDEN);
            normed = floats((long) outputs * HIDDEN);
            logits = floats((long) outputs * VOCABULARY);
            tokens = floats(outputs);
        }

        List<Integer> bits() {
            final List<Integer> bits = new ArrayList<>();
            for (final Region region : new Region[] {h, gates, gated, normed, logits, tokens}) {
                for (long at = 0; at < region.bytes(); at += 4) {
                    bits.add(OffHeap.getInt(region.address() + at));
                }
            }
            return bits;
        }
    }

    private long ints(final int... values) {
        final long address = floats(values.length).address();
        for (int i = 0; i < values.length; i++) {
            OffHeap.putInt(address + i * 4L, values[i]);
        }
        return address;
    }

    private long longs(final long... values) {
        final long address = floats(2L * values.length).address();
        for (int i = 0; i < values.length; i++) {
            OffHeap.putLong(address + i * 8L, values[i]);
        }
        return address;
    }

    private NativeProgram program(final Region x, final Buffers b, final int rows, final int workers) {
        final NativeProgramBuilder builder = new NativeProgramBuilder(
                arena, NativeKernels.load().detected(), NumericClass.EXACT, new RowSpaces(rows, 2, 0, 0, 2));
        builder.linear(RowSpaces.PASS, x, first, b.h, D, 1);
        builder.barrier(true).linearSwiglu(b.h, gateUp, b.gates, b.gated, HIDDEN);
        builder.barrier(true).outputNorm(RowSpaces.OUTPUT, b.gated, norm, EPS, 2f, b.normed, HIDDEN);
        builder.barrier(true).linear(RowSpaces.OUTPUT, b.normed, unembed, b.logits, VOCABULARY, 1);
        builder.barrier(true).sample(b.logits, VOCABULARY, b.tokens);
        return builder.build(workers);
    }

    /** Two segments; all ids but the first 30 are allowed. */
    private NativePass pass(final int rows) {
        final int[] outputs = new int[rows];
        final long[] positions = new long[rows];
        for (int row = 0; row < rows; row++) {
            outputs[row] = row == 0 ? 0 : row == rows - 1 ? 1 : -1;
            positions[row] = row;
        }
        final long mask = mask();
        final NativePass pass = new NativePass(arena);
        pass.counts(rows, 2, 2, 0, 0, 2, true);
        pass.rows(
                ints(new int[rows]),
                ints(new int[rows]),
                longs(positions),
                ints(new int[rows]),
                ints(outputs),
                ints(0, 1),
                ints(0, 1),
                ints(1, rows - 1));
        pass.entries(longs(0, 0), longs(0, 0), longs(0, 0), longs(3, 9), longs(17, -5), ints(0, 0));
        final int temperature = Float.floatToIntBits(DRAW.temperature());
        final int topP = Float.floatToIntBits(DRAW.topP());
        pass.draws(
                ints(0, 1),
                longs(mask, mask),
                ints(temperature, temperature),
                ints(topP, topP),
                ints(DRAW.topK(), DRAW.topK()),
                ints(0, 4));
        return pass;
    }

    private long mask() {
        return longs(-1L << 30, -1L, -1L);
    }

    private void oneByOne(final Region x, final Buffers b, final int rows) {
        final CKernels kernels = new CKernels(NativeKernels.load().detected());
        final long scratch = arena.allocate(MemoryTag.SCRATCH, kernels.scratchBytes(D, 1), 64)
                .address();
        final WeightType f32 = WeightType.F32;
        kernels.linear(f32, first.data(), 0, D, D, x.address(), D, b.h.address(), D, rows, scratch);
        final int gates = 2 * HIDDEN;
        kernels.linear(f32, gateUp.data(), 0, gates, D, b.h.address(), D, b.gates.address(), gates, rows, scratch);
        for (int row = 0; row < rows; row++) {
            kernels.swiglu(
                    b.gates.address() + row * gates * 4L, b.gated.address() + row * HIDDEN * 4L, 0, HIDDEN, false, 1f);
        }
        for (int out = 0; out < 2; out++) {
            final long row = out == 0 ? 0 : rows - 1;
            kernels.rmsNorm(
                    b.gated.address() + row * HIDDEN * 4,
                    norm,
                    b.normed.address() + out * HIDDEN * 4L,
                    HIDDEN,
                    EPS,
                    2f,
                    0,
                    1);
        }
        kernels.linear(
                f32,
                unembed.data(),
                0,
                VOCABULARY,
                HIDDEN,
                b.normed.address(),
                HIDDEN,
                b.logits.address(),
                VOCABULARY,
                2,
                scratch);
        for (int out = 0; out < 2; out++) {
            final int id = kernels.sample(
                    b.logits.address() + out * VOCABULARY * 4L,
                    VOCABULARY,
                    mask(),
                    DRAW,
                    out == 0 ? 17 : -5,
                    out == 0 ? 3 : 9,
                    out == 0 ? 0 : 4,
                    scratch);
            OffHeap.putInt(b.tokens.address() + out * 4L, id);
        }
    }

    @ParameterizedTest
    @CsvSource({"2, 1", "5, 1", "5, 2", "17, 3", "70, 2"})
    void shouldGiveTheBitsOfItsOpsOneByOne(final int rows, final int workers) throws InterruptedException {
        final Region x = randoms((long) rows * D);
        final Buffers expected = new Buffers(rows, 2);
        oneByOne(x, expected, rows);
        assertTrue(new HashSet<>(expected.bits()).size() > rows * D, "something was computed, seed " + SEED);
        final Buffers whole = new Buffers(rows, 2);
        final NativeProgram program = program(x, whole, rows, workers);
        final NativePass pass = pass(rows);
        pass.check(program);
        run(program, pass);
        assertEquals(expected.bits(), whole.bits(), "seed " + SEED);
        assertTrue(pass.fuseNs() >= 0, "the time of worker 0");
        final Buffers single = new Buffers(rows, 2);
        final NativeProgram ops = program(x, single, rows, workers);
        pass.check(ops);
        for (int op = 0; op < ops.ops(); op++) {
            ops.runOp(pass, op);
        }
        assertEquals(expected.bits(), single.bits(), "op by op on one thread, seed " + SEED);
    }

    private static void run(final NativeProgram program, final NativePass pass) throws InterruptedException {
        final List<Thread> workers = new ArrayList<>();
        for (int worker = 0; worker < program.workers(); worker++) {
            final int index = worker;
            workers.add(Thread.ofPlatform().start(() -> program.run(pass, index)));
        }
        for (final Thread worker : workers) {
            worker.join();
        }
    }
}
