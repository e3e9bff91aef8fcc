package dev.tactus.engine.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.tactus.engine.adapter.LoraAdapter;
import dev.tactus.engine.adapter.LoraBase;
import dev.tactus.engine.adapter.LoraConfig;
import dev.tactus.engine.adapter.LoraGroup;
import dev.tactus.engine.adapter.LoraInit;
import dev.tactus.engine.adapter.LoraModule;
import dev.tactus.engine.device.Backend;
import dev.tactus.engine.device.RowKind;
import dev.tactus.engine.device.TickOutput;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.engine.model.Adapted;
import dev.tactus.engine.model.Matrix;
import dev.tactus.engine.model.Op;
import dev.tactus.engine.model.RowSpace;
import dev.tactus.engine.model.StepProgram;
import dev.tactus.engine.model.TensorSpec;
import dev.tactus.kernel.ExactMath;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.Philox;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.kernel.WeightType;
import dev.tactus.kernel.c.CKernels;
import dev.tactus.kernel.c.Isa;
import dev.tactus.kernel.c.NativeKernels;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.kernel.vector.VectorKernels;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Stream;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Two products with adapters, one on all rows and one on those with an output, against loops over the formula. */
class AdapterOpsTest {
    private static final long SEED = 31;
    private static final int D = 40;
    private static final int MID = 23;
    private static final int VOCABULARY = 90;
    private static final int ROWS = 37;
    private static final float EPS = 1e-6f;
    private static final String WQ = "model.llm.layers.0.attn.wq_du.weight";
    private static final String UNEMBED = "model.llm.unembed.weight";

    private final MemoryLedger ledger = new MemoryLedger();
    private final FreezableArena arena = new FreezableArena(ledger);
    private final Matrix table = matrix(1, VOCABULARY, D);
    private final Matrix wq = matrix(2, MID, D);
    private final Matrix unembed = matrix(3, VOCABULARY, MID);
    private final long embedNorm = normals(4, D);
    private final long norm = normals(5, MID);

    @AfterEach
    void close() {
        arena.close();
        assertEquals(0, ledger.liveBytes());
    }

    static Stream<KernelSet> kernels() {
        final List<KernelSet> all = new ArrayList<>(List.of(new ReferenceKernels(), new VectorKernels()));
        for (final Isa isa : NativeKernels.load().supported()) {
            all.add(new CKernels(isa));
        }
        return all.stream();
    }

    private long normals(final int stream, final int count) {
        final long address =
                arena.allocate(MemoryTag.WEIGHTS, count * 4L + 4, 64).address();
        Philox.normals(SEED, stream, 0, 0, address, count);
        return address;
    }

    private Matrix matrix(final int stream, final int rows, final int cols) {
        return new Matrix(WeightType.F32, normals(stream, rows * cols), rows, cols);
    }

    private LoraAdapter adapter(final int rank, final EnumSet<LoraGroup> groups) {
        final List<TensorSpec> tensors = List.of(
                new TensorSpec(WQ, TensorSpec.Use.MATRIX, new long[] {MID, D}),
                new TensorSpec(UNEMBED, TensorSpec.Use.MATRIX, new long[] {VOCABULARY, MID}));
        final LoraAdapter adapter = LoraAdapter.create(
                LoraConfig.of(rank, 3), new LoraBase("a test", "0", tensors), groups, LoraInit.KAIMING, SEED, arena);
        for (final LoraModule module : adapter.modules()) {
            final long drawn = normals(100 + rank, (int) module.floatsOfB());
            OffHeap.copy(drawn, module.b(), module.floatsOfB() * Float.BYTES);
        }
        return adapter;
    }

    private StepProgram program(final int rank) {
        final StepProgram.Builder builder = new StepProgram.Builder(rank);
        final int x = builder.buffer("x", RowSpace.PASS, D);
        builder.add(new Op.Embed("embed", table, embedNorm, EPS, -1, -1, -1, x));
        final int t = builder.buffer("t", RowSpace.PASS, rank);
        final Adapted ofQuery = new Adapted(builder.module(WQ, 1, MID, D), -1, t);
        builder.add(new Op.AdapterDown("wq.adapters", RowSpace.PASS, x, ofQuery, D, null));
        final int y = builder.buffer("y", RowSpace.PASS, MID);
        builder.add(new Op.Linear("wq", RowSpace.PASS, x, wq, y, 1, false, ofQuery));
        final int out = builder.buffer("out", RowSpace.OUTPUT, MID);
        builder.add(new Op.OutputNorm("norm", RowSpace.OUTPUT, y, norm, EPS, 2f, out));
        final int tOfOutput = builder.buffer("t of output", RowSpace.OUTPUT, rank);
        final Adapted ofLogits = new Adapted(builder.module(UNEMBED, 1, VOCABULARY, MID), -1, tOfOutput);
        builder.add(new Op.AdapterDown("unembed.adapters", RowSpace.OUTPUT, out, ofLogits, MID, null));
        final int logits = builder.buffer("logits", RowSpace.OUTPUT, VOCABULARY);
        builder.add(new Op.Linear("unembed", RowSpace.OUTPUT, out, unembed, logits, 1, false, ofLogits));
        final int tokens = builder.buffer("tokens", RowSpace.OUTPUT, 1);
        builder.add(new Op.Sample("sample", logits, VOCABULARY, tokens));
        return builder.build(logits, tokens);
    }

    /** y = dot(W, x) + (scale · dot(B, dot(A, x))), one product and one sum for each output. */
    private float[] product(final Matrix w, final String tensor, final LoraAdapter adapter, final float[] values) {
        final long x = arena.allocate(MemoryTag.SCRATCH, values.length * 4L, 64).address();
        put(x, values);
        final float[] y = new float[w.rows()];
        for (int n = 0; n < y.length; n++) {
            y[n] = ExactMath.dot(x, w.rowAddress(n), w.cols());
        }
        if (adapter == null || adapter.beside(tensor).isEmpty()) {
            return y;
        }
        final LoraModule module = adapter.beside(tensor).get();
        final int rank = module.rank();
        final float[] inner = new float[rank];
        for (int r = 0; r < rank; r++) {
            inner[r] = ExactMath.dot(x, module.a() + (long) r * w.cols() * Float.BYTES, w.cols());
        }
        final long t = arena.allocate(MemoryTag.SCRATCH, rank * 4L, 64).address();
        put(t, inner);
        for (int n = 0; n < y.length; n++) {
            final float u = ExactMath.dot(t, module.b() + (long) n * rank * Float.BYTES, rank);
            final float scaled = adapter.config().scale() * u;
            y[n] = y[n] + scaled;
        }
        return y;
    }

    private static void put(final long address, final float[] values) {
        for (int i = 0; i < values.length; i++) {
            OffHeap.putFloat(address + i * 4L, values[i]);
        }
    }

    private float[] normed(final long x, final long w, final int d, final float divisor) {
        final long y = arena.allocate(MemoryTag.SCRATCH, d * 4L, 64).address();
        new ReferenceKernels().rmsNorm(x, w, y, d, EPS, divisor, 0, 1);
        final float[] values = new float[d];
        for (int i = 0; i < d; i++) {
            values[i] = OffHeap.getFloat(y + i * 4L);
        }
        return values;
    }

    private float[] expected(final int token, final LoraAdapter adapter) {
        final float[] x = normed(table.rowAddress(token), embedNorm, D, 1f);
        final float[] y = product(wq, WQ, adapter, x);
        final long mid = arena.allocate(MemoryTag.SCRATCH, MID * 4L, 64).address();
        put(mid, y);
        return product(unembed, UNEMBED, adapter, normed(mid, norm, MID, 2f));
    }

    private static boolean wantsOutput(final int row) {
        return row % 3 != 1;
    }

    /** Three sessions of 7, 13 and 17 rows: the base and two adapters; not every row has an output. */
    private static void fill(final TickPlan plan) {
        plan.clear(true);
        int row = 0;
        for (int s = 0; s < 3; s++) {
            final int entry = plan.addEntry(s, 64, 64, 64, 0, 0, SamplingParameters.GREEDY);
            plan.adapter(entry, s);
            final int end = new int[] {7, 20, ROWS}[s];
            for (int position = 0; row < end; row++, position++) {
                plan.rows().add(RowKind.TOKEN, row * 7 % VOCABULARY, position, 1f);
                if (wantsOutput(row)) {
                    plan.rows().wantOutput();
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void shouldComputeTheFormulaToTheBit(final KernelSet kernels) {
        final LoraAdapter first = adapter(8, EnumSet.of(LoraGroup.ATTENTION, LoraGroup.UNEMBEDDING));
        final LoraAdapter second = adapter(67, EnumSet.of(LoraGroup.UNEMBEDDING));
        final StepProgram program = program(67);
        for (int threads = 0; threads <= 3; threads++) {
            final TickPlan plan = new TickPlan(arena, 3, ROWS, 1, 1, 1);
            final CpuMemory memory = new CpuMemory(
                    arena,
                    program,
                    List.of(first, second),
                    CpuKernels.exact(kernels),
                    new CpuMemory.Rows(ROWS, ROWS, 1, 1, 0, 3),
                    threads,
                    null,
                    null);
            try (CpuBackend backend =
                    new CpuBackend(program, memory, SystemNanoClock.INSTANCE, threads, Thread::new, false)) {
                fill(plan);
                final long ticket = backend.submit(plan, new TickOutput(arena, 3, 1));
                int status;
                while ((status = backend.poll(ticket)) == Backend.PENDING) {
                    Thread.onSpinWait();
                }
                assertEquals(Backend.DONE, status, () -> String.valueOf(backend.failure()));
                check(backend.logits(), first, second, kernels.name() + ", " + threads + " threads");
            }
        }
    }

    private void check(final long logits, final LoraAdapter first, final LoraAdapter second, final String what) {
        int output = 0;
        for (int row = 0; row < ROWS; row++) {
            if (!wantsOutput(row)) {
                continue;
            }
            final int token = row * 7 % VOCABULARY;
            final LoraAdapter adapter = row < 7 ? null : row < 20 ? first : second;
            final float[] want = expected(token, adapter);
            for (int n = 0; n < VOCABULARY; n++) {
                final float got = OffHeap.getFloat(logits + ((long) output * VOCABULARY + n) * Float.BYTES);
                assertEquals(
                        Float.floatToRawIntBits(want[n]),
                        Float.floatToRawIntBits(got),
                        what + ", row " + row + ", logit " + n + ": " + want[n] + " against " + got);
            }
            if (adapter != null) {
                assertNotEquals(expected(token, null)[0], want[0], "the adapter changes something, row " + row);
            }
            output++;
        }
    }
}
