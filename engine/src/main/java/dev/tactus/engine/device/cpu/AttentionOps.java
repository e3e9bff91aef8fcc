package dev.tactus.engine.device.cpu;

import dev.tactus.engine.device.PassRows;
import dev.tactus.engine.model.Op;
import dev.tactus.kernel.AttentionShape;

/** Keys and values into the session's ring, and attention over it. */
final class AttentionOps {
    private AttentionOps() {}

    /** Convolutions, key norm and append. Units are (segment, kv head) pairs: a head's channels need no other's. */
    static final class KeyValue extends CpuOp {
        private final Op.KeyValue op;
        private final long k;
        private final long v;
        private final long kOut;
        private final long vOut;

        KeyValue(final Op.KeyValue op, final long k, final long v, final long kOut, final long vOut) {
            this.op = op;
            this.k = k;
            this.v = v;
            this.kOut = kOut;
            this.vOut = vOut;
        }

        @Override
        int units(final CpuPass pass) {
            return pass.rows.segments() * op.shape().kvHeads();
        }

        @Override
        void run(final CpuPass pass, final long scratch, final int from, final int to) {
            final int heads = op.shape().kvHeads();
            for (int unit = from; unit < to; unit++) {
                head(pass, unit / heads, unit % heads);
            }
        }

        private void head(final CpuPass pass, final int segment, final int head) {
            final AttentionShape shape = op.shape();
            final PassRows rows = pass.rows;
            final int headDim = shape.headDim();
            final int channels = shape.kvHeads() * headDim;
            final int c0 = head * headDim;
            final int c1 = c0 + headDim;
            final int first = rows.firstRow(segment);
            final int count = rows.rowsOfSegment(segment);
            final long offset = (long) first * channels * Float.BYTES;
            final long state = pass.state(segment);
            pass.kernels.shortConv(
                    k + offset,
                    op.keyConv(),
                    state + op.keyCarry(),
                    0,
                    kOut + offset,
                    channels,
                    op.kernel(),
                    count,
                    c0,
                    c1);
            pass.kernels.shortConv(
                    v + offset,
                    op.valueConv(),
                    state + op.valueCarry(),
                    0,
                    vOut + offset,
                    channels,
                    op.kernel(),
                    count,
                    c0,
                    c1);
            final long pages = pass.pages(rows.entry(segment), op.local());
            for (int row = first; row < first + count; row++) {
                final int vector = row * shape.kvHeads() + head;
                pass.kernels.rmsNorm(kOut, op.keyNorm(), kOut, headDim, op.eps(), 1f, vector, vector + 1);
                final long at = (long) row * channels * Float.BYTES;
                pass.kernels.appendKv(shape, kOut + at, vOut + at, pages, rows.position(row), head, head + 1);
            }
        }
    }

    /**
     * Attention. Units are (segment, kv head, row, query head of the kv head): a worker stays with the keys and values
     * of one head while it goes through the rows, so that they stay in its cache.
     */
    static final class Attend extends CpuOp {
        private final AttentionShape shape;
        private final boolean local;
        private final long q;
        private final long r;
        private final long proj;
        private final long y;
        private final int group;

        Attend(
                final AttentionShape shape,
                final boolean local,
                final long q,
                final long r,
                final long proj,
                final long y) {
            this.shape = shape;
            this.local = local;
            this.q = q;
            this.r = r;
            this.proj = proj;
            this.y = y;
            this.group = shape.heads() / shape.kvHeads();
        }

        @Override
        int units(final CpuPass pass) {
            return pass.rows.rows() * shape.heads();
        }

        @Override
        void run(final CpuPass pass, final long scratch, final int from, final int to) {
            final PassRows rows = pass.rows;
            int first = 0;
            for (int s = 0; s < rows.segments(); s++) {
                final int units = rows.rowsOfSegment(s) * shape.heads();
                final int begin = Math.max(from, first);
                final int end = Math.min(to, first + units);
                if (begin < end) {
                    segment(pass, scratch, s, begin - first, end - first);
                }
                first += units;
            }
        }

        private void segment(final CpuPass pass, final long scratch, final int segment, final int from, final int to) {
            final int rowsOfSegment = pass.rows.rowsOfSegment(segment);
            int unit = from;
            while (unit < to) {
                final int vector = unit / group;
                final int kvHead = vector / rowsOfSegment;
                final int row = pass.rows.firstRow(segment) + vector - kvHead * rowsOfSegment;
                final int end = Math.min(to, (vector + 1) * group);
                final int h0 = kvHead * group + unit - vector * group;
                attend(pass, scratch, row, h0, h0 + end - unit);
                unit = end;
            }
        }

        private void attend(final CpuPass pass, final long scratch, final int row, final int h0, final int h1) {
            final PassRows rows = pass.rows;
            final long width = (long) shape.heads() * shape.headDim() * Float.BYTES;
            final long biasWidth = (long) shape.heads() * shape.dRel() * Float.BYTES;
            pass.kernels.attention(
                    shape,
                    q + row * width,
                    r + row * biasWidth,
                    proj,
                    pass.pages(rows.entryOfRow(row), local),
                    rows.position(row),
                    local ? 1f : rows.tau(row),
                    y + row * width,
                    h0,
                    h1,
                    scratch);
        }
    }
}
