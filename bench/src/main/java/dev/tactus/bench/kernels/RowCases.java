package dev.tactus.bench.kernels;

import dev.tactus.bench.kernels.KernelCase.Bound;
import dev.tactus.bench.kernels.KernelCase.Cost;
import dev.tactus.bench.kernels.KernelCase.Work;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.kernel.c.Region;
import dev.tactus.memory.OffHeap;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** What is done to the rows of a pass between products, and the draw at its end. */
final class RowCases {
    private static final int ROWS = 64;
    private static final float EPSILON = 1e-6f;
    private static final SamplingParameters SAMPLING = new SamplingParameters(0.8f, 64, 0.95f);

    private RowCases() {}

    static List<KernelCase> of(final KernelScenario scenario) {
        final List<KernelCase> cases = new ArrayList<>();
        final int width = scenario.shapes().width();
        for (final KernelSet set : LinearCases.sets(scenario)) {
            cases.add(rmsNorm(set, width));
            cases.add(swiglu(set, width));
            cases.add(sample(set, scenario.shapes().vocabulary()));
        }
        return cases;
    }

    private static KernelCase exact(
            final String op,
            final String shape,
            final KernelSet set,
            final Cost cost,
            final Bound bound,
            final boolean divisible,
            final Function<Operands, Work> prepare) {
        return new KernelCase(op, shape, "exact", LinearCases.name(set), cost, bound, divisible, prepare);
    }

    private static KernelCase rmsNorm(final KernelSet set, final int d) {
        final long elements = (long) ROWS * d;
        final Cost cost = Cost.of(2 * elements * Float.BYTES, 0);
        return exact("rms_norm", ROWS + " x " + d, set, cost, Bound.CACHE, true, operands -> {
            final long x = operands.noise(elements).address();
            final long w = operands.noise(d).address();
            final long y = operands.zeros(elements * Float.BYTES).address();
            return (part, parts, worker) -> set.rmsNorm(
                    x, w, y, d, EPSILON, 1f, Work.from(ROWS, 1, part, parts), Work.from(ROWS, 1, part + 1, parts));
        });
    }

    private static KernelCase swiglu(final KernelSet set, final int hidden) {
        final int elements = ROWS * hidden;
        final Cost cost = Cost.of(3L * elements * Float.BYTES, 0);
        return exact("swiglu", ROWS + " x " + hidden, set, cost, Bound.NONE, true, operands -> {
            final long gu = operands.noise(2L * elements).address();
            final long h = operands.zeros((long) elements * Float.BYTES).address();
            return (part, parts, worker) -> set.swiglu(
                    gu, h, Work.from(elements, 16, part, parts), Work.from(elements, 16, part + 1, parts), false, 1f);
        });
    }

    private static KernelCase sample(final KernelSet set, final int vocabulary) {
        final Cost cost = Cost.of((long) vocabulary * Float.BYTES, 0);
        return exact("sample", "of " + vocabulary, set, cost, Bound.CACHE, false, operands -> {
            final long logits = operands.noise(vocabulary).address();
            final int words = (vocabulary + Long.SIZE - 1) / Long.SIZE;
            final Region mask = operands.zeros((long) words * Long.BYTES);
            for (int i = 0; i < vocabulary; i++) {
                final long byteOf = mask.address() + i / Byte.SIZE;
                final int bits = OffHeap.getByte(byteOf) | 1 << i % Byte.SIZE;
                OffHeap.putByte(byteOf, (byte) bits);
            }
            final Region[] scratch = operands.scratch(set.scratchBytes(1, 1));
            return (part, parts, worker) ->
                    set.sample(logits, vocabulary, mask.address(), SAMPLING, 1, 0, 0, scratch[worker].address());
        });
    }
}
