package dev.tactus.engine.model;

import java.util.List;

/** Checks that an op fits its buffers; kernels know raw addresses and rely on it. */
final class ShapeCheck implements OpVisitor<Void> {
    private final List<BufferSpec> buffers;

    ShapeCheck(final List<BufferSpec> buffers) {
        this.buffers = buffers;
    }

    private void columns(final Op op, final int buffer, final RowSpace space, final long expected) {
        if (buffer <= 0 || buffer >= buffers.size()) {
            throw new IllegalArgumentException(
                    "op " + op.name() + " names buffer " + buffer + ": expected 1 to " + (buffers.size() - 1));
        }
        final BufferSpec spec = buffers.get(buffer);
        if (spec.columns() != expected || spec.space() != space) {
            throw new IllegalArgumentException("op " + op.name() + ": buffer " + spec.name() + " is [" + spec.space()
                    + ", " + spec.columns() + "], expected [" + space + ", " + expected + "]");
        }
    }

    private static void address(final Op op, final String what, final long address) {
        if (address == 0) {
            throw new IllegalArgumentException("op " + op.name() + " has no " + what);
        }
    }

    private static void matrix(final Op op, final Matrix w, final int rows, final int cols) {
        address(op, "weights", w.address());
        if (w.rows() < rows || w.cols() != cols) {
            throw new IllegalArgumentException("op " + op.name() + ": weights are [" + w.rows() + ", " + w.cols()
                    + "], expected [" + rows + ", " + cols + "]");
        }
    }

    private int width(final int buffer) {
        return buffers.get(buffer).columns();
    }

    @Override
    public Void melFold(final Op.MelFold op) {
        address(op, "window", op.hann());
        columns(op, op.even(), RowSpace.AUDIO, 801);
        columns(op, op.odd(), RowSpace.AUDIO, 799);
        return null;
    }

    @Override
    public Void melMagnitude(final Op.MelMagnitude op) {
        columns(op, op.re(), RowSpace.AUDIO, op.columns());
        columns(op, op.im(), RowSpace.AUDIO, op.columns());
        columns(op, op.magnitude(), RowSpace.AUDIO, op.columns());
        return null;
    }

    @Override
    public Void melBin(final Op.MelBin op) {
        address(op, "thresholds", op.thresholds());
        columns(op, op.mel(), RowSpace.AUDIO, op.mels());
        columns(op, op.bins(), RowSpace.AUDIO, op.mels());
        return null;
    }

    @Override
    public Void patchPixels(final Op.PatchPixels op) {
        address(op, "table", op.table());
        columns(op, op.pixels(), RowSpace.PATCH, 2L * op.patch() * op.patch() * 3);
        return null;
    }

    @Override
    public Void fold(final Op.Fold op) {
        final long size = (long) op.t() * op.h() * op.w() * op.c();
        if (op.t() % op.ft() != 0 || op.h() % op.fh() != 0 || op.w() % op.fw() != 0) {
            throw new IllegalArgumentException("op " + op.name() + " folds what does not divide");
        }
        columns(op, op.x(), RowSpace.PATCH, size);
        columns(op, op.y(), RowSpace.PATCH, size);
        return null;
    }

    @Override
    public Void linear(final Op.Linear op) {
        columns(op, op.x(), op.space(), (long) op.perRow() * op.w().cols());
        final int outputs = width(op.y()) / op.perRow();
        columns(op, op.y(), op.space(), (long) op.perRow() * outputs);
        matrix(op, op.w(), outputs, op.w().cols());
        return null;
    }

    @Override
    public Void rmsNorm(final Op.RmsNorm op) {
        address(op, "weights", op.w());
        columns(op, op.x(), op.space(), (long) op.perRow() * op.d());
        columns(op, op.y(), op.space(), (long) op.perRow() * op.d());
        return null;
    }

    @Override
    public Void gelu(final Op.Gelu op) {
        columns(op, op.x(), op.space(), op.columns());
        return null;
    }

    @Override
    public Void audioBag(final Op.AudioBag op) {
        columns(op, op.bins(), RowSpace.AUDIO, op.mels());
        columns(op, op.y(), RowSpace.AUDIO, op.table().cols());
        matrix(op, op.table(), op.mels() * op.binsPerMel(), width(op.y()));
        return null;
    }

    @Override
    public Void embed(final Op.Embed op) {
        address(op, "norm", op.norm());
        columns(op, op.y(), RowSpace.PASS, op.table().cols());
        if (op.audio() >= 0) {
            columns(op, op.audio(), RowSpace.AUDIO, op.table().cols());
        }
        if (op.vision() >= 0) {
            columns(op, op.vision(), RowSpace.PATCH, op.table().cols());
        }
        return null;
    }

    @Override
    public Void keyValue(final Op.KeyValue op) {
        final long width = (long) op.shape().kvHeads() * op.shape().headDim();
        address(op, "key convolution", op.keyConv());
        address(op, "value convolution", op.valueConv());
        address(op, "key norm", op.keyNorm());
        columns(op, op.k(), RowSpace.PASS, width);
        columns(op, op.v(), RowSpace.PASS, width);
        columns(op, op.kOut(), RowSpace.PASS, width);
        columns(op, op.vOut(), RowSpace.PASS, width);
        return null;
    }

    @Override
    public Void attention(final Op.Attention op) {
        final long width = (long) op.shape().heads() * op.shape().headDim();
        address(op, "bias bank", op.proj());
        columns(op, op.q(), RowSpace.PASS, width);
        columns(
                op,
                op.r(),
                RowSpace.PASS,
                (long) op.shape().heads() * op.shape().dRel());
        columns(op, op.y(), RowSpace.PASS, width);
        return null;
    }

    @Override
    public Void linearConv(final Op.LinearConv op) {
        final int d = width(op.residual());
        address(op, "convolution", op.conv());
        columns(op, op.x(), RowSpace.PASS, op.w().cols());
        columns(op, op.h(), RowSpace.PASS, d);
        matrix(op, op.w(), d, op.w().cols());
        return null;
    }

    @Override
    public Void linearSwiglu(final Op.LinearSwiglu op) {
        final int hidden = width(op.y());
        columns(op, op.x(), RowSpace.PASS, op.w().cols());
        columns(op, op.gateUp(), RowSpace.PASS, 2L * hidden);
        columns(op, op.y(), RowSpace.PASS, hidden);
        matrix(op, op.w(), 2 * hidden, op.w().cols());
        return null;
    }

    @Override
    public Void route(final Op.Route op) {
        final int slots = op.chosen() + op.shared();
        address(op, "bias", op.bias());
        columns(op, op.z(), RowSpace.PASS, (long) op.routed() + op.shared());
        columns(op, op.experts(), RowSpace.PASS, slots);
        columns(op, op.weights(), RowSpace.PASS, slots);
        return null;
    }

    @Override
    public Void expertsUp(final Op.ExpertsUp op) {
        final long slots = op.chosen() + op.shared().count();
        columns(op, op.x(), RowSpace.PASS, op.routed().width());
        columns(op, op.gateUp(), RowSpace.PASS, slots * 2 * op.routed().hidden());
        columns(op, op.y(), RowSpace.PASS, slots * op.routed().hidden());
        return null;
    }

    @Override
    public Void expertsDownConv(final Op.ExpertsDownConv op) {
        final long slots = op.chosen() + op.shared().count();
        address(op, "convolution", op.conv());
        columns(op, op.x(), RowSpace.PASS, slots * op.routed().hidden());
        columns(op, op.down(), RowSpace.PASS, op.routed().width());
        columns(op, op.h(), RowSpace.PASS, op.routed().width());
        columns(op, op.residual(), RowSpace.PASS, op.routed().width());
        return null;
    }

    @Override
    public Void outputNorm(final Op.OutputNorm op) {
        address(op, "weights", op.w());
        columns(op, op.x(), RowSpace.PASS, width(op.y()));
        columns(op, op.y(), RowSpace.OUTPUT, width(op.x()));
        return null;
    }

    @Override
    public Void sample(final Op.Sample op) {
        columns(op, op.logits(), RowSpace.OUTPUT, op.vocabulary());
        columns(op, op.tokens(), RowSpace.OUTPUT, 1);
        return null;
    }
}
