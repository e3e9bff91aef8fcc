package dev.tactus.engine.device.cpu;

import dev.tactus.engine.model.Adapted;
import dev.tactus.engine.model.Op;
import dev.tactus.engine.model.RowSpace;
import dev.tactus.kernel.AdapterFactors;
import dev.tactus.kernel.WeightType;
import dev.tactus.memory.OffHeap;

/** What adapters add to products: first t = A x, then y = y + (scale · dot(B, t)). */
final class AdapterOps {
    private static final int SCRATCH_ROWS = 16;
    private static final int SCRATCH_OUTPUTS = 64;

    /** Bytes of scratch behind that of the kernels: dot(B, t) of a few rows and outputs. */
    static final long SCRATCH_BYTES = (long) SCRATCH_ROWS * SCRATCH_OUTPUTS * Float.BYTES;

    private AdapterOps() {}

    /** What adapters add to the products of one op. Not an op: the op calls it for the outputs it has computed. */
    static final class Sum {
        private final AdapterFactors factors;
        private final Adapted adapted;
        private final long t;
        private final long sums;

        /**
         * For one op.
         *
         * @param factors null without adapters
         * @param t address of A x, [rows, slots, rank]
         * @param sums bytes from a worker's scratch to what is behind that of the kernels
         */
        Sum(final AdapterFactors factors, final Adapted adapted, final long t, final long sums) {
            this.factors = factors;
            this.adapted = adapted;
            this.t = t;
            this.sums = sums;
        }

        private boolean isIdle(final CpuPass pass) {
            return adapted.isNone() || !pass.isAdapted();
        }

        /** Tells ops with adapters from those without. */
        String kind() {
            return adapted.isNone() ? "" : " adapted";
        }

        /** Adds to outputs [n0, n1) of an op without experts, whose rows are {@code stride} elements apart. */
        void add(
                final CpuPass pass,
                final RowSpace space,
                final long scratch,
                final int n0,
                final int n1,
                final long y,
                final int stride) {
            if (isIdle(pass)) {
                return;
            }
            int first = 0;
            for (int s = 0; s < pass.rows.segments(); s++) {
                final int rows = pass.rowsOf(s, space);
                final int adapter = pass.adapterOf(s);
                if (adapter != 0 && factors.a(adapter, adapted.module()) != 0) {
                    final long input = t + (long) first * factors.rank() * Float.BYTES;
                    final long output = y + (long) first * stride * Float.BYTES;
                    final long b = factors.b(adapter, adapted.module());
                    product(pass, scratch, adapter, adapted.module(), b, input, rows, n0, n1, output, stride);
                }
                first += rows;
            }
        }

        /** Adds to outputs [n0, n1) of the expert in one slot of a row. */
        void addExpert(
                final CpuPass pass,
                final long scratch,
                final int row,
                final long slot,
                final boolean shared,
                final int expert,
                final int n0,
                final int n1,
                final long y) {
            final int module = shared ? adapted.shared() : adapted.module();
            if (isIdle(pass) || module < 0) {
                return;
            }
            final int adapter = pass.adapterOf(pass.rows.segmentOfRow(row));
            if (adapter == 0 || factors.a(adapter, module) == 0) {
                return;
            }
            final int outputs = factors.modules().get(module).rows();
            final long b =
                    factors.b(adapter, module) + (long) expert * outputs * factors.rank(adapter, module) * Float.BYTES;
            final long input = t + slot * factors.rank() * Float.BYTES;
            product(pass, scratch, adapter, module, b, input, 1, n0, n1, y, outputs);
        }

        private void product(
                final CpuPass pass,
                final long scratch,
                final int adapter,
                final int module,
                final long b,
                final long input,
                final int rows,
                final int n0,
                final int n1,
                final long y,
                final int stride) {
            final long u = scratch + sums;
            final int rank = factors.rank(adapter, module);
            final float scale = factors.scale(adapter, module);
            for (int r = 0; r < rows; r += SCRATCH_ROWS) {
                final int count = Math.min(SCRATCH_ROWS, rows - r);
                final long x = input + (long) r * factors.rank() * Float.BYTES;
                for (int n = n0; n < n1; n += SCRATCH_OUTPUTS) {
                    final int width = Math.min(SCRATCH_OUTPUTS, n1 - n);
                    final long w = b + (long) n * rank * Float.BYTES;
                    pass.kernels.linear(WeightType.F32, w, 0, width, rank, x, factors.rank(), u, width, count, scratch);
                    pass.kernels.scale(u, scale, 0, count * width);
                    for (int i = 0; i < count; i++) {
                        final long output = y + ((long) (r + i) * stride + n) * Float.BYTES;
                        pass.kernels.addRow(u + (long) i * width * Float.BYTES, output, 0, width);
                    }
                }
            }
        }
    }

    /** t = A x. Units are (block of outputs, row) pairs: few outputs are shared out by rows, few rows by outputs. */
    static final class Down extends CpuOp {
        private final Op.AdapterDown op;
        private final AdapterFactors factors;
        private final long x;
        private final long numbers;
        private final long t;

        Down(final Op.AdapterDown op, final AdapterFactors factors, final long x, final long numbers, final long t) {
            this.op = op;
            this.factors = factors;
            this.x = x;
            this.numbers = numbers;
            this.t = t;
        }

        @Override
        String kind() {
            return super.kind() + op.space() + (op.experts() != null);
        }

        @Override
        int units(final CpuPass pass) {
            return pass.isAdapted() ? pass.count(op.space()) * blocks(factors.rank()) : 0;
        }

        @Override
        void run(final CpuPass pass, final long scratch, final int from, final int to) {
            final int rows = pass.count(op.space());
            int unit = from;
            while (unit < to) {
                final int n0 = unit / rows * BLOCK;
                final int row = unit % rows;
                final int count = Math.min(rows - row, to - unit);
                run(pass, scratch, row, row + count, n0);
                unit += count;
            }
        }

        /** A block of outputs for rows [r0, r1). */
        private void run(final CpuPass pass, final long scratch, final int r0, final int r1, final int n0) {
            int first = 0;
            for (int s = 0; s < pass.rows.segments() && first < r1; s++) {
                final int rows = pass.rowsOf(s, op.space());
                final int begin = Math.max(r0, first);
                final int end = Math.min(r1, first + rows);
                if (begin < end && pass.adapterOf(s) != 0) {
                    segment(pass, scratch, pass.adapterOf(s), begin, end, n0);
                }
                first += rows;
            }
        }

        private void segment(
                final CpuPass pass,
                final long scratch,
                final int adapter,
                final int begin,
                final int end,
                final int n0) {
            if (op.experts() != null) {
                for (int row = begin; row < end; row++) {
                    experts(pass, scratch, adapter, row, n0);
                }
                return;
            }
            final int module = op.adapted().module();
            final long a = factors.a(adapter, module);
            if (a != 0) {
                final long input = x + (long) begin * op.cols() * Float.BYTES;
                final long output = t + (long) begin * factors.rank() * Float.BYTES;
                linear(pass, scratch, a, factors.rank(adapter, module), n0, input, output, end - begin);
            }
        }

        private void experts(final CpuPass pass, final long scratch, final int adapter, final int row, final int n0) {
            final Op.AdapterDown.Choice experts = op.experts();
            final long first = (long) row * experts.slots();
            for (long slot = first; slot < first + experts.slots(); slot++) {
                final int number = OffHeap.getInt(numbers + slot * Integer.BYTES);
                final boolean shared = number >= experts.routed();
                final int module = shared ? op.adapted().shared() : op.adapted().module();
                final long a = module < 0 ? 0 : factors.a(adapter, module);
                if (a != 0) {
                    final int rank = factors.rank(adapter, module);
                    final long expert = shared ? number - experts.routed() : number;
                    final long input = x + (experts.perSlot() ? slot : row) * op.cols() * Float.BYTES;
                    final long output = t + slot * factors.rank() * Float.BYTES;
                    final long ofExpert = a + expert * rank * op.cols() * Float.BYTES;
                    linear(pass, scratch, ofExpert, rank, n0, input, output, 1);
                }
            }
        }

        private void linear(
                final CpuPass pass,
                final long scratch,
                final long a,
                final int rank,
                final int n0,
                final long input,
                final long output,
                final int rows) {
            final int n1 = Math.min(rank, n0 + BLOCK);
            if (n0 < n1) {
                final int cols = op.cols();
                pass.kernels.linear(
                        WeightType.F32, a, n0, n1, cols, input, cols, output, factors.rank(), rows, scratch);
            }
        }
    }
}
