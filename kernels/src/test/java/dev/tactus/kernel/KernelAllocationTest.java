package dev.tactus.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.tactus.kernel.c.Isa;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.kernel.vector.VectorKernels;
import dev.tactus.memory.OffHeap;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Ops allocate nothing: the plain ones and those in C from the start, the vector ones once C2 has compiled them. */
class KernelAllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int OPS = 19;
    private static final long WARM_UP_NS = 60_000_000_000L;
    private static final int QUIET_BATCHES = 5;
    private static final int BATCH = 300;

    @Test
    void shouldAllocateNothingInPlainOpsWhateverHasCompiledThem() {
        shouldAllocateNothingFromTheStart(new ReferenceKernels());
    }

    @Test
    void shouldAllocateNothingInCOpsWhateverHasCompiledThem() {
        shouldAllocateNothingFromTheStart(CLibrary.kernels(Isa.AVX2));
    }

    private static void shouldAllocateNothingFromTheStart(final KernelSet kernels) {
        try (GuardedMemory memory = new GuardedMemory(1)) {
            final Ops ops = new Ops(kernels, memory);
            for (int op = 0; op < OPS; op++) {
                // call sites link once, and method handles specialise themselves once, after some calls
                ops.run(op, 3);
                long least = Long.MAX_VALUE;
                for (int batch = 0; batch < 5; batch++) {
                    least = Math.min(least, ops.allocated(op, 20));
                }
                assertEquals(0, least, "bytes by " + ops.name(op));
            }
        }
    }

    @Test
    void shouldAllocateNothingInVectorOpsOnceCompiled() {
        try (GuardedMemory memory = new GuardedMemory(2)) {
            final Ops ops = new Ops(new VectorKernels(), memory);
            for (int op = 0; op < OPS; op++) {
                final long start = System.nanoTime();
                int quiet = 0;
                long last = 0;
                while (quiet < QUIET_BATCHES && System.nanoTime() - start < WARM_UP_NS) {
                    last = ops.allocated(op, BATCH);
                    quiet = last == 0 ? quiet + 1 : 0;
                }
                assertTrue(quiet == QUIET_BATCHES, ops.name(op) + " still allocates " + last + " bytes a batch");
            }
        }
    }

    /** Every op on fixed buffers. */
    private static final class Ops {
        private static final String[] NAMES = {
            "linear bf16 1 row",
            "linear bf16 5 rows",
            "linear f32 1 row",
            "linear f32 5 rows",
            "linear odd",
            "rmsNorm",
            "shortConv",
            "attention",
            "swiglu",
            "gelu",
            "rows",
            "widen",
            "audioBag",
            "route",
            "mel",
            "sample",
            "fold",
            "attention odd",
            "flow"
        };
        private static final int K = 256;
        private static final int N = 64;

        private final KernelSet kernels;
        private final AttentionShape shape = new AttentionShape(4, 2, 64, 16, 128, 300, 16, 1, 3, 0);
        private final AttentionShape odd = new AttentionShape(4, 2, 40, 5, 128, 300, 16, 1, 3, 0);
        private final SamplingParameters parameters = new SamplingParameters(1f, 40, 0.9f);
        private final long x;
        private final long w;
        private final long y;
        private final long table;
        private final long bins;
        private final long mask;
        private final long scratch;
        private final long flow;
        private final long flowScratch;

        Ops(final KernelSet kernels, final GuardedMemory memory) {
            this.kernels = kernels;
            x = memory.gaussians(1 << 14);
            w = memory.weights(WeightType.BF16, 1 << 16);
            y = memory.gaussians(1 << 14);
            scratch = memory.bytes(kernels.scratchBytes(K, 64));
            table = memory.bytes(8 * 4);
            for (int i = 0; i < 4; i++) {
                OffHeap.putLong(
                        table + 8L * i,
                        memory.gaussians(Math.toIntExact(AttentionShape.layerBytes(2, 64) / Float.BYTES)));
            }
            bins = memory.bytes(4 * 80);
            OffHeap.zero(bins, 4 * 80);
            mask = memory.bytes(1024 / 8);
            final FlowShape shape = new FlowShape(64, 80, 48, 1, 2);
            final FlowHead.Weight matrix = new FlowHead.Weight(WeightType.BF16, w);
            flow = memory.bytes(FlowHead.bytes(shape));
            flowScratch = memory.bytes(kernels.flowScratchBytes(shape));
            FlowHead.write(
                    shape,
                    new FlowHead.Weights(
                            matrix, matrix, matrix, List.of(new FlowHead.Layer(x, matrix, matrix)), x, matrix, 8),
                    y,
                    flow);
        }

        String name(final int op) {
            return kernels.name() + " " + NAMES[op];
        }

        long allocated(final int op, final int times) {
            final long before = THREADS.getCurrentThreadAllocatedBytes();
            run(op, times);
            return THREADS.getCurrentThreadAllocatedBytes() - before;
        }

        void run(final int op, final int times) {
            for (int i = 0; i < times; i++) {
                run(op);
            }
        }

        private void run(final int op) {
            switch (op) {
                case 0 -> kernels.linear(WeightType.BF16, w, 0, N, K, x, K, y, N, 1, scratch);
                case 1 -> kernels.linear(WeightType.BF16, w, 1, N, K, x, K, y, N, 5, scratch);
                case 2 -> kernels.linear(WeightType.F32, w, 0, N, K, x, K, y, N, 1, scratch);
                case 3 -> kernels.linear(WeightType.F32, w, 1, N, K, x, K, y, N, 5, scratch);
                case 4 -> kernels.linear(WeightType.BF16, w, 0, 33, 75, x, 75, y, 33, 3, scratch);
                case 5 -> kernels.rmsNorm(x, x, y, 200, 1e-6f, 2f, 0, 3);
                case 6 -> kernels.shortConv(x, y, x + 8192, 0, y + 8192, 100, 4, 3, 0, 100);
                case 7 -> kernels.attention(shape, x, x, x, table, 700, 1f, y, 0, 4, scratch);
                case 8 -> kernels.swiglu(x, y, 0, 300, true, 0.5f);
                case 9 -> kernels.gelu(y, 0, 300);
                case 10 -> rows();
                case 11 -> kernels.widen(WeightType.BF16, w, y, 300);
                case 12 -> kernels.audioBag(WeightType.BF16, w, bins, 80, 4, 100, y, 0, 100);
                case 13 -> kernels.route(x, x, 60, 2, 6, 1f, y, y + 64);
                case 14 -> mel();
                case 15 -> kernels.sample(x, 1000, mask, parameters, 1, 2, 3, scratch);
                case 16 -> kernels.fold(x, 2, 4, 4, 8, 2, 2, 2, y);
                case 17 -> kernels.attention(odd, x, x, x, table, 700, 1f, y, 0, 4, scratch);
                default -> kernels.flow(flow, x, y, 3, flowScratch);
            }
        }

        private void rows() {
            kernels.scale(y, 0.5f, 0, 300);
            kernels.fmaRow(0.5f, x, y, 0, 300);
            kernels.addRow(x, y, 0, 300);
            kernels.appendKv(shape, x, x, table, 5, 0, 2);
        }

        private void mel() {
            kernels.melFold(x, x, x, y, y + 8192);
            kernels.melMagnitude(x, x, y, 801);
            kernels.melBin(x, x, 15, y, 80);
        }
    }
}
