package dev.tactus.engine.device.cpu;

import dev.tactus.engine.model.Experts;
import dev.tactus.engine.model.Matrix;
import dev.tactus.engine.model.Op;
import dev.tactus.engine.model.StepProgram;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.c.WeightMatrix;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The matrices of a program as a FAST class wants them: rounded or quantised once, side by side in one slab. In the
 * EXACT class, and for ops that stay exact, matrices are read where they are.
 */
final class FastMatrices {
    private static final long ALIGNMENT = 64;

    private final NumericClass numerics;
    private final Map<Long, WeightMatrix> prepared = new LinkedHashMap<>();

    /**
     * Prepares them, or reads what was prepared before.
     *
     * @param cache null for none; used for FAST_INT8 alone
     */
    FastMatrices(
            final FreezableArena arena,
            final StepProgram program,
            final NumericClass numerics,
            final QuantizedCache cache) {
        this.numerics = numerics;
        final Map<Long, Matrix> matrices = of(program);
        if (numerics == NumericClass.EXACT || matrices.isEmpty()) {
            return;
        }
        final MemorySegment slab = arena.allocate(MemoryTag.WEIGHTS, bytes(program, numerics), ALIGNMENT);
        final boolean cached = cache != null && numerics == NumericClass.FAST_INT8;
        final boolean read = cached && cache.read(matrices.values(), slab);
        long target = slab.address();
        for (final Matrix m : matrices.values()) {
            prepared.put(
                    m.address(),
                    read
                            ? WeightMatrix.prepared(numerics, m.rows(), m.cols(), target)
                            : WeightMatrix.prepare(numerics, m.type(), m.address(), m.rows(), m.cols(), target));
            target += WeightMatrix.preparedBytes(numerics, m.rows(), m.cols());
        }
        if (cached && !read) {
            cache.write(slab);
        }
    }

    /** Bytes of the slab. */
    static long bytes(final StepProgram program, final NumericClass numerics) {
        return numerics == NumericClass.EXACT
                ? 0
                : of(program).values().stream()
                        .mapToLong(m -> WeightMatrix.preparedBytes(numerics, m.rows(), m.cols()))
                        .sum();
    }

    /** Longest row of the matrices that a FAST class prepares; 1 when there is none. */
    static int maxColumns(final StepProgram program) {
        return of(program).values().stream().mapToInt(Matrix::cols).max().orElse(1);
    }

    /** What the kernels read for {@code m}. */
    WeightMatrix of(final Matrix m) {
        final WeightMatrix fast = prepared.get(m.address());
        return fast != null ? fast : WeightMatrix.exact(m.type(), m.address(), m.rows(), m.cols());
    }

    /** What the kernels read for {@code m} of an op that stays exact. */
    static WeightMatrix exact(final Matrix m) {
        return WeightMatrix.exact(m.type(), m.address(), m.rows(), m.cols());
    }

    /** All gate and up matrices of a group as one. */
    static Matrix up(final Experts experts) {
        final int rows = Math.multiplyExact(experts.count(), 2 * experts.hidden());
        return new Matrix(experts.upType(), experts.up(0), rows, experts.width());
    }

    /** All down matrices of a group as one. */
    static Matrix down(final Experts experts) {
        final int rows = Math.multiplyExact(experts.count(), experts.width());
        return new Matrix(experts.downType(), experts.down(0), rows, experts.hidden());
    }

    private static Map<Long, Matrix> of(final StepProgram program) {
        final Map<Long, Matrix> matrices = new LinkedHashMap<>();
        for (final Op op : program.ops()) {
            if (op instanceof Op.Linear linear && !linear.exact()) {
                add(matrices, linear.w());
            } else if (op instanceof Op.LinearConv linear) {
                add(matrices, linear.w());
            } else if (op instanceof Op.LinearSwiglu linear) {
                add(matrices, linear.w());
            } else if (op instanceof Op.ExpertsUp experts) {
                add(matrices, up(experts.routed()));
                add(matrices, up(experts.shared()));
            } else if (op instanceof Op.ExpertsDownConv experts) {
                add(matrices, down(experts.routed()));
                add(matrices, down(experts.shared()));
            }
        }
        return matrices;
    }

    /** A group without experts has the address of the other one, and no rows. */
    private static void add(final Map<Long, Matrix> matrices, final Matrix m) {
        if (m.rows() > 0) {
            matrices.putIfAbsent(m.address(), m);
        }
    }
}
