package dev.tactus.bench.kernels;

import dev.tactus.app.cli.Units;
import dev.tactus.bench.kernels.KernelCase.Bound;
import dev.tactus.bench.kernels.KernelCase.Cost;
import dev.tactus.bench.kernels.KernelCase.Work;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.WeightType;
import dev.tactus.kernel.c.CKernels;
import dev.tactus.kernel.c.FastLinear;
import dev.tactus.kernel.c.Isa;
import dev.tactus.kernel.c.Region;
import dev.tactus.kernel.c.WeightMatrix;
import dev.tactus.kernel.vector.VectorKernels;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Products of a linear layer: of one row with weights streamed from memory, and of several rows with weights that stay
 * in a cache. A FAST product includes packing its rows, which every worker does for itself.
 */
final class LinearCases {
    static final String GEMV = "gemv";
    static final String PACKED = "packed";
    static final String EXACT_BF16 = "exact bf16";
    static final String EXACT_F32 = "exact f32";

    private static final NumericClass[] FAST = {NumericClass.FAST_BF16, NumericClass.FAST_INT8};

    /** Outputs that a part begins at a multiple of. */
    private static final int UNIT = 16;

    private LinearCases() {}

    static List<KernelCase> of(final KernelScenario scenario) {
        final List<KernelCase> cases = new ArrayList<>();
        final List<KernelSet> sets = sets(scenario);
        for (final int k : scenario.shapes().streamed()) {
            for (final KernelSet set : sets) {
                cases.add(exactStream(scenario, set, WeightType.F32, k));
                cases.add(exactStream(scenario, set, WeightType.BF16, k));
            }
            for (final Isa isa : scenario.isas()) {
                for (final NumericClass numerics : FAST) {
                    cases.add(fastStream(scenario, isa, numerics, k));
                }
            }
        }
        for (final KernelShapes.Matrix matrix : scenario.shapes().packed()) {
            for (final int rows : scenario.shapes().rows()) {
                sets.forEach(set -> cases.add(exactPacked(set, matrix, rows)));
                addFast(cases, scenario, matrix, rows);
            }
            addFast(cases, scenario, matrix, 1);
        }
        return cases;
    }

    /** All sets of EXACT kernels but the reference. */
    static List<KernelSet> sets(final KernelScenario scenario) {
        final List<KernelSet> sets = new ArrayList<>();
        sets.add(new VectorKernels());
        scenario.isas().forEach(isa -> sets.add(new CKernels(isa)));
        return sets;
    }

    /** The name of a set's kernels in the table. */
    static String name(final KernelSet set) {
        return set instanceof VectorKernels ? KernelCase.VECTOR : set.name();
    }

    private static void addFast(
            final List<KernelCase> cases,
            final KernelScenario scenario,
            final KernelShapes.Matrix matrix,
            final int rows) {
        for (final Isa isa : scenario.isas()) {
            for (final NumericClass numerics : FAST) {
                cases.add(fastPacked(isa, numerics, matrix, rows));
            }
        }
    }

    /** How the table writes the shape of a product of cached weights. */
    static String packedShape(final KernelShapes.Matrix matrix, final int rows) {
        return String.format(Locale.ROOT, "K=%d N=%d, %d row%s", matrix.k(), matrix.n(), rows, rows == 1 ? "" : "s");
    }

    private static String streamShape(final KernelScenario scenario, final int k) {
        return "K=" + k + ", " + Units.bytes(scenario.bytes());
    }

    private static KernelCase exactStream(
            final KernelScenario scenario, final KernelSet set, final WeightType type, final int k) {
        final int n = Math.toIntExact(scenario.bytes() / ((long) k * type.bytes()));
        final Cost cost = Cost.of((long) n * k * type.bytes(), 2.0 * n * k);
        return new KernelCase(
                GEMV,
                streamShape(scenario, k),
                type == WeightType.BF16 ? EXACT_BF16 : EXACT_F32,
                name(set),
                cost,
                Bound.READ,
                true,
                operands -> exact(operands, set, type, operands.stream().address(), n, k, 1));
    }

    private static KernelCase exactPacked(final KernelSet set, final KernelShapes.Matrix matrix, final int rows) {
        final int n = matrix.n();
        final int k = matrix.k();
        return new KernelCase(
                PACKED,
                packedShape(matrix, rows),
                EXACT_BF16,
                name(set),
                Cost.of(2L * n * k, 2.0 * n * k * rows),
                Bound.FMA,
                true,
                operands -> exact(
                        operands,
                        set,
                        WeightType.BF16,
                        operands.weights(2L * n * k).address(),
                        n,
                        k,
                        rows));
    }

    private static Work exact(
            final Operands operands,
            final KernelSet set,
            final WeightType type,
            final long w,
            final int n,
            final int k,
            final int rows) {
        final long x = operands.noise((long) rows * k).address();
        final long y = operands.zeros(4L * rows * n).address();
        final Region[] scratch = operands.scratch(set.scratchBytes(k, 1));
        return (part, parts, worker) -> set.linear(
                type,
                w,
                Work.from(n, UNIT, part, parts),
                Work.from(n, UNIT, part + 1, parts),
                k,
                x,
                k,
                y,
                n,
                rows,
                scratch[worker].address());
    }

    private static KernelCase fastStream(
            final KernelScenario scenario, final Isa isa, final NumericClass numerics, final int k) {
        final int stride = k * elementBytes(numerics);
        final int n = Math.toIntExact(scenario.bytes() / stride);
        return new KernelCase(
                GEMV,
                streamShape(scenario, k),
                numerics.label(),
                "c/" + isa.label(),
                Cost.of((long) n * stride, 2.0 * n * k),
                Bound.READ,
                true,
                operands -> {
                    // what a prepared matrix would be, around the shared bits
                    final long data = operands.stream().address();
                    final boolean scaled = numerics == NumericClass.FAST_INT8;
                    final long scale = scaled ? operands.noise(n + UNIT).address() : 0;
                    final long sum = scaled ? operands.zeros(4L * (n + UNIT)).address() : 0;
                    final WeightMatrix w = new WeightMatrix(numerics.kind(), data, stride, scale, sum, n, k);
                    return fast(operands, isa, numerics, w, 1);
                });
    }

    private static int elementBytes(final NumericClass numerics) {
        return numerics == NumericClass.FAST_INT8 ? Byte.BYTES : Short.BYTES;
    }

    private static KernelCase fastPacked(
            final Isa isa, final NumericClass numerics, final KernelShapes.Matrix matrix, final int rows) {
        final int n = matrix.n();
        final int k = matrix.k();
        return new KernelCase(
                PACKED,
                packedShape(matrix, rows),
                numerics.label(),
                "c/" + isa.label(),
                Cost.of((long) elementBytes(numerics) * n * k, 2.0 * n * k * rows),
                Bound.FMA,
                true,
                operands -> {
                    final long target = operands.zeros(WeightMatrix.preparedBytes(numerics, n, k))
                            .address();
                    final long source = operands.weights(2L * n * k).address();
                    return fast(
                            operands,
                            isa,
                            numerics,
                            WeightMatrix.prepare(numerics, WeightType.BF16, source, n, k, target),
                            rows);
                });
    }

    private static Work fast(
            final Operands operands, final Isa isa, final NumericClass numerics, final WeightMatrix w, final int rows) {
        final int k = w.cols();
        final int n = w.rows();
        final Region x = operands.noise((long) rows * k);
        final Region y = operands.zeros(4L * rows * n);
        final Region[] packed = operands.scratch(FastLinear.packedBytes(isa, numerics, k));
        final FastLinear[] products = new FastLinear[packed.length];
        for (int i = 0; i < packed.length; i++) {
            products[i] = new FastLinear(isa, numerics, packed[i]);
        }
        return (part, parts, worker) -> {
            products[worker].pack(x, k, rows, k);
            products[worker].multiply(w, Work.from(n, UNIT, part, parts), Work.from(n, UNIT, part + 1, parts), y, n);
        };
    }
}
