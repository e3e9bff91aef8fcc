package dev.tactus.engine.device.cpu;

import dev.tactus.engine.device.PassRows;
import dev.tactus.engine.device.RowKind;
import dev.tactus.engine.model.Matrix;
import dev.tactus.engine.model.RowSpace;
import dev.tactus.memory.OffHeap;

/** Embedding, norms and projections of a transformer block. */
final class BlockOps {
    private BlockOps() {}

    /** y = W x. Units are blocks of outputs. */
    static final class Linear extends CpuOp {
        private final RowSpace space;
        private final long x;
        private final Matrix w;
        private final long y;
        private final int outputs;
        private final int perRow;
        private final AdapterOps.Sum adapters;

        Linear(
                final RowSpace space,
                final long x,
                final Matrix w,
                final long y,
                final int outputs,
                final int perRow,
                final AdapterOps.Sum adapters) {
            this.space = space;
            this.x = x;
            this.w = w;
            this.y = y;
            this.outputs = outputs;
            this.perRow = perRow;
            this.adapters = adapters;
        }

        @Override
        String kind() {
            return super.kind() + w.type() + space + adapters.kind();
        }

        @Override
        int units(final CpuPass pass) {
            return pass.count(space) == 0 ? 0 : blocks(outputs);
        }

        @Override
        void run(final CpuPass pass, final long scratch, final int from, final int to) {
            final int n1 = Math.min(to * BLOCK, outputs);
            final int rows = pass.count(space) * perRow;
            pass.kernels.linear(
                    w.type(), w.address(), from * BLOCK, n1, w.cols(), x, w.cols(), y, outputs, rows, scratch);
            adapters.add(pass, space, scratch, from * BLOCK, n1, y, outputs);
        }
    }

    /** Norm of vectors. Units are vectors. */
    static final class RmsNorm extends CpuOp {
        private final RowSpace space;
        private final long x;
        private final long w;
        private final long y;
        private final int d;
        private final int perRow;
        private final float eps;

        RmsNorm(
                final RowSpace space,
                final long x,
                final long w,
                final long y,
                final int d,
                final int perRow,
                final float eps) {
            this.space = space;
            this.x = x;
            this.w = w;
            this.y = y;
            this.d = d;
            this.perRow = perRow;
            this.eps = eps;
        }

        @Override
        int units(final CpuPass pass) {
            return pass.count(space) * perRow;
        }

        @Override
        void run(final CpuPass pass, final long scratch, final int from, final int to) {
            pass.kernels.rmsNorm(x, w, y, d, eps, 1f, from, to);
        }
    }

    /** The input vector of every position. Units are rows. */
    static final class Embed extends CpuOp {
        private final Matrix table;
        private final long norm;
        private final float eps;
        private final long audio;
        private final long vision;
        private final long speech;
        private final long y;
        private final long rowBytes;

        Embed(
                final Matrix table,
                final long norm,
                final float eps,
                final long audio,
                final long vision,
                final long speech,
                final long y) {
            this.table = table;
            this.norm = norm;
            this.eps = eps;
            this.audio = audio;
            this.vision = vision;
            this.speech = speech;
            this.y = y;
            this.rowBytes = (long) table.cols() * Float.BYTES;
        }

        @Override
        int units(final CpuPass pass) {
            return pass.rows.rows();
        }

        @Override
        void run(final CpuPass pass, final long scratch, final int from, final int to) {
            final int d = table.cols();
            for (int row = from; row < to; row++) {
                final long target = y + row * rowBytes;
                final int value = pass.rows.value(row);
                final int kind = pass.rows.kind(row);
                if (kind == RowKind.TOKEN) {
                    final long source =
                            table.address() + (long) value * d * table.type().bytes();
                    pass.kernels.widen(table.type(), source, target, d);
                    pass.kernels.rmsNorm(target, norm, target, d, eps, 1f, 0, 1);
                } else {
                    OffHeap.copy(vectors(kind) + value * rowBytes, target, rowBytes);
                }
            }
        }

        private long vectors(final int kind) {
            if (kind == RowKind.AUDIO) {
                return audio;
            }
            return kind == RowKind.PATCH ? vision : speech;
        }
    }

    /** The end of a block: convolution of h with the session's carry, added to the residual stream. */
    static final class Residual {
        final long h;
        final int d;
        private final long x;
        private final long conv;
        private final int kernel;
        private final long carry;

        Residual(final long h, final long x, final int d, final long conv, final int kernel, final long carry) {
            this.h = h;
            this.x = x;
            this.d = d;
            this.conv = conv;
            this.kernel = kernel;
            this.carry = carry;
        }

        void add(final CpuPass pass, final int c0, final int c1) {
            final PassRows rows = pass.rows;
            for (int s = 0; s < rows.segments(); s++) {
                final long first = (long) rows.firstRow(s) * d * Float.BYTES;
                pass.kernels.shortConv(
                        h + first,
                        conv,
                        pass.state(s) + carry,
                        x + first,
                        x + first,
                        d,
                        kernel,
                        rows.rowsOfSegment(s),
                        c0,
                        c1);
            }
        }
    }

    /** Projection, convolution, residual. Units are blocks of channels: a channel's convolution needs no other. */
    static final class LinearConv extends CpuOp {
        private final long x;
        private final Matrix w;
        private final boolean scaled;
        private final float scale;
        private final Residual residual;
        private final AdapterOps.Sum adapters;

        LinearConv(
                final long x,
                final Matrix w,
                final boolean scaled,
                final float scale,
                final Residual residual,
                final AdapterOps.Sum adapters) {
            this.x = x;
            this.w = w;
            this.scaled = scaled;
            this.scale = scale;
            this.residual = residual;
            this.adapters = adapters;
        }

        @Override
        int units(final CpuPass pass) {
            return pass.rows.rows() == 0 ? 0 : blocks(residual.d);
        }

        @Override
        void run(final CpuPass pass, final long scratch, final int from, final int to) {
            final int d = residual.d;
            final int n0 = from * BLOCK;
            final int n1 = Math.min(to * BLOCK, d);
            final int rows = pass.rows.rows();
            pass.kernels.linear(w.type(), w.address(), n0, n1, w.cols(), x, w.cols(), residual.h, d, rows, scratch);
            adapters.add(pass, RowSpace.PASS, scratch, n0, n1, residual.h, d);
            if (scaled) {
                for (int row = 0; row < rows; row++) {
                    pass.kernels.scale(residual.h + (long) row * d * Float.BYTES, scale, n0, n1);
                }
            }
            residual.add(pass, n0, n1);
        }
    }

    /** Gate, up and their product. Units are blocks of hidden elements, whose gate and up rows are neighbours. */
    static final class LinearSwiglu extends CpuOp {
        private final long x;
        private final Matrix w;
        private final long gateUp;
        private final long y;
        private final int hidden;
        private final AdapterOps.Sum adapters;

        LinearSwiglu(
                final long x,
                final Matrix w,
                final long gateUp,
                final long y,
                final int hidden,
                final AdapterOps.Sum adapters) {
            this.x = x;
            this.w = w;
            this.gateUp = gateUp;
            this.y = y;
            this.hidden = hidden;
            this.adapters = adapters;
        }

        @Override
        int units(final CpuPass pass) {
            return pass.rows.rows() == 0 ? 0 : blocks(hidden);
        }

        @Override
        void run(final CpuPass pass, final long scratch, final int from, final int to) {
            final int i0 = from * BLOCK;
            final int i1 = Math.min(to * BLOCK, hidden);
            final int rows = pass.rows.rows();
            pass.kernels.linear(
                    w.type(), w.address(), 2 * i0, 2 * i1, w.cols(), x, w.cols(), gateUp, 2 * hidden, rows, scratch);
            adapters.add(pass, RowSpace.PASS, scratch, 2 * i0, 2 * i1, gateUp, 2 * hidden);
            for (int row = 0; row < rows; row++) {
                pass.kernels.swiglu(
                        gateUp + (long) row * 2 * hidden * Float.BYTES,
                        y + (long) row * hidden * Float.BYTES,
                        i0,
                        i1,
                        false,
                        1f);
            }
        }
    }

    /** Rows whose logits are wanted, or that a block is made of, normed. Units are rows of the pass. */
    static final class OutputNorm extends CpuOp {
        private final RowSpace gathered;
        private final long x;
        private final long w;
        private final float eps;
        private final float divisor;
        private final long y;
        private final int d;

        OutputNorm(
                final RowSpace gathered,
                final long x,
                final long w,
                final float eps,
                final float divisor,
                final long y,
                final int d) {
            this.gathered = gathered;
            this.x = x;
            this.w = w;
            this.eps = eps;
            this.divisor = divisor;
            this.y = y;
            this.d = d;
        }

        @Override
        int units(final CpuPass pass) {
            return pass.count(gathered) == 0 ? 0 : pass.rows.rows();
        }

        @Override
        void run(final CpuPass pass, final long scratch, final int from, final int to) {
            final long rowBytes = (long) d * Float.BYTES;
            for (int row = from; row < to; row++) {
                final int out = gathered == RowSpace.VOICE ? pass.rows.voiceRow(row) : pass.rows.outputRow(row);
                if (out != PassRows.NO_OUTPUT) {
                    pass.kernels.rmsNorm(x + row * rowBytes, w, y + out * rowBytes, d, eps, divisor, 0, 1);
                }
            }
        }
    }
}
