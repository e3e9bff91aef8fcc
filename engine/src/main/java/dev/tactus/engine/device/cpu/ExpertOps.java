package dev.tactus.engine.device.cpu;

import dev.tactus.engine.model.Experts;
import dev.tactus.engine.model.Op;
import dev.tactus.memory.OffHeap;

/** The mixture of experts: route, gated up projections, combined down projections. */
final class ExpertOps {
    private ExpertOps() {}

    /** Chooses experts. Units are rows. */
    static final class Route extends CpuOp {
        private final Op.Route op;
        private final long z;
        private final long experts;
        private final long weights;

        Route(final Op.Route op, final long z, final long experts, final long weights) {
            this.op = op;
            this.z = z;
            this.experts = experts;
            this.weights = weights;
        }

        @Override
        int units(final CpuPass pass) {
            return pass.rows.rows();
        }

        @Override
        void run(final CpuPass pass, final long scratch, final int from, final int to) {
            final long logitBytes = (long) (op.routed() + op.shared()) * Float.BYTES;
            final long slotBytes = (long) (op.chosen() + op.shared()) * Float.BYTES;
            for (int row = from; row < to; row++) {
                pass.kernels.route(
                        z + row * logitBytes,
                        op.bias(),
                        op.routed(),
                        op.shared(),
                        op.chosen(),
                        op.scale(),
                        experts + row * slotBytes,
                        weights + row * slotBytes);
            }
        }
    }

    /** Gated hidden vectors. Units are blocks of hidden elements. */
    static final class Up extends CpuOp {
        private final Op.ExpertsUp op;
        private final long x;
        private final long experts;
        private final long weights;
        private final long gateUp;
        private final long y;
        private final AdapterOps.Sum adapters;
        private final int slots;

        Up(
                final Op.ExpertsUp op,
                final long x,
                final long experts,
                final long weights,
                final long gateUp,
                final long y,
                final AdapterOps.Sum adapters) {
            this.op = op;
            this.x = x;
            this.experts = experts;
            this.weights = weights;
            this.gateUp = gateUp;
            this.y = y;
            this.adapters = adapters;
            this.slots = op.chosen() + op.shared().count();
        }

        @Override
        int units(final CpuPass pass) {
            return pass.rows.rows() == 0 ? 0 : blocks(op.routed().hidden());
        }

        @Override
        void run(final CpuPass pass, final long scratch, final int from, final int to) {
            final int i0 = from * BLOCK;
            final int i1 = Math.min(to * BLOCK, op.routed().hidden());
            for (int row = 0; row < pass.rows.rows(); row++) {
                for (int slot = 0; slot < slots; slot++) {
                    expert(pass, scratch, row, slot, i0, i1);
                }
            }
        }

        private void expert(
                final CpuPass pass, final long scratch, final int row, final int slot, final int i0, final int i1) {
            final long at = (long) row * slots + slot;
            final int number = OffHeap.getInt(experts + at * Integer.BYTES);
            final boolean shared = number >= op.routed().count();
            final Experts group = shared ? op.shared() : op.routed();
            final int expert = shared ? number - op.routed().count() : number;
            final long matrix = group.up(expert);
            final int d = group.width();
            final int hidden = group.hidden();
            final long gu = gateUp + at * 2 * hidden * Float.BYTES;
            final long input = x + (long) row * d * Float.BYTES;
            pass.kernels.linear(group.upType(), matrix, 2 * i0, 2 * i1, d, input, d, gu, 2 * hidden, 1, scratch);
            adapters.addExpert(pass, scratch, row, at, shared, expert, 2 * i0, 2 * i1, gu);
            final float weight = OffHeap.getFloat(weights + at * Float.BYTES);
            pass.kernels.swiglu(gu, y + at * hidden * Float.BYTES, i0, i1, shared, weight);
        }
    }

    /** Down projections, combined, convolved, added to the residual. Units are blocks of channels. */
    static final class DownConv extends CpuOp {
        private final Op.ExpertsDownConv op;
        private final long x;
        private final long experts;
        private final long weights;
        private final long down;
        private final BlockOps.Residual residual;
        private final AdapterOps.Sum adapters;
        private final int slots;

        DownConv(
                final Op.ExpertsDownConv op,
                final long x,
                final long experts,
                final long weights,
                final long down,
                final BlockOps.Residual residual,
                final AdapterOps.Sum adapters) {
            this.op = op;
            this.x = x;
            this.experts = experts;
            this.weights = weights;
            this.down = down;
            this.residual = residual;
            this.adapters = adapters;
            this.slots = op.chosen() + op.shared().count();
        }

        @Override
        int units(final CpuPass pass) {
            return pass.rows.rows() == 0 ? 0 : blocks(residual.d);
        }

        @Override
        void run(final CpuPass pass, final long scratch, final int from, final int to) {
            final int c0 = from * BLOCK;
            final int c1 = Math.min(to * BLOCK, residual.d);
            for (int row = 0; row < pass.rows.rows(); row++) {
                final long h = residual.h + (long) row * residual.d * Float.BYTES;
                OffHeap.zero(h + (long) c0 * Float.BYTES, (long) (c1 - c0) * Float.BYTES);
                for (int slot = 0; slot < slots; slot++) {
                    expert(pass, scratch, row, slot, h, c0, c1);
                }
            }
            residual.add(pass, c0, c1);
        }

        private void expert(
                final CpuPass pass,
                final long scratch,
                final int row,
                final int slot,
                final long h,
                final int c0,
                final int c1) {
            final long at = (long) row * slots + slot;
            final int number = OffHeap.getInt(experts + at * Integer.BYTES);
            final boolean shared = number >= op.routed().count();
            final Experts group = shared ? op.shared() : op.routed();
            final int expert = shared ? number - op.routed().count() : number;
            final long matrix = group.down(expert);
            final int hidden = group.hidden();
            final long y = down + (long) row * residual.d * Float.BYTES;
            final long input = x + at * hidden * Float.BYTES;
            pass.kernels.linear(group.downType(), matrix, c0, c1, hidden, input, hidden, y, residual.d, 1, scratch);
            adapters.addExpert(pass, scratch, row, at, shared, expert, c0, c1, y);
            if (shared) {
                pass.kernels.addRow(y, h, c0, c1);
            } else {
                pass.kernels.fmaRow(OffHeap.getFloat(weights + at * Float.BYTES), y, h, c0, c1);
            }
        }
    }
}
