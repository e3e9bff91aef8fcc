package dev.tactus.engine.device.cpu;

import dev.tactus.engine.device.TickPlan;
import dev.tactus.engine.model.Op;
import dev.tactus.engine.model.RowSpace;
import dev.tactus.memory.OffHeap;

/** From frames to patch vectors. Units are patch sources. */
final class VisionOps {
    private VisionOps() {}

    /** Normalised pixels. */
    static final class Pixels extends CpuOp {
        private final int patch;
        private final int frameWidth;
        private final long table;
        private final long pixels;
        private final long rowBytes;

        Pixels(final int patch, final int frameWidth, final long table, final long pixels, final int columns) {
            this.patch = patch;
            this.frameWidth = frameWidth;
            this.table = table;
            this.pixels = pixels;
            this.rowBytes = (long) columns * Float.BYTES;
        }

        @Override
        int units(final CpuPass pass) {
            return pass.count(RowSpace.PATCH);
        }

        @Override
        void run(final CpuPass pass, final long scratch, final int from, final int to) {
            final TickPlan plan = pass.plan;
            for (int i = from; i < to; i++) {
                final long given = plan.patchPixels(i);
                if (given != 0) {
                    OffHeap.copy(given, pixels + i * rowBytes, rowBytes);
                } else {
                    pass.kernels.patchPixels(
                            plan.patchPrevious(i),
                            plan.patchCurrent(i),
                            frameWidth,
                            patch,
                            plan.patchRow(i),
                            plan.patchCol(i),
                            table,
                            pixels + i * rowBytes);
                }
            }
        }
    }

    /** Neighbourhoods into channels. */
    static final class Fold extends CpuOp {
        private final Op.Fold op;
        private final long x;
        private final long y;
        private final long rowBytes;

        Fold(final Op.Fold op, final long x, final long y, final int columns) {
            this.op = op;
            this.x = x;
            this.y = y;
            this.rowBytes = (long) columns * Float.BYTES;
        }

        @Override
        int units(final CpuPass pass) {
            return pass.count(RowSpace.PATCH);
        }

        @Override
        void run(final CpuPass pass, final long scratch, final int from, final int to) {
            for (int i = from; i < to; i++) {
                pass.kernels.fold(
                        x + i * rowBytes, op.t(), op.h(), op.w(), op.c(), op.ft(), op.fh(), op.fw(), y + i * rowBytes);
            }
        }
    }

    /** GELU in place. */
    static final class Gelu extends CpuOp {
        private final RowSpace space;
        private final long x;
        private final int columns;

        Gelu(final RowSpace space, final long x, final int columns) {
            this.space = space;
            this.x = x;
            this.columns = columns;
        }

        @Override
        int units(final CpuPass pass) {
            return pass.count(space);
        }

        @Override
        void run(final CpuPass pass, final long scratch, final int from, final int to) {
            pass.kernels.gelu(x, from * columns, to * columns);
        }
    }
}
