package dev.tactus.engine.model;

import dev.tactus.kernel.AdapterFactors;
import java.util.List;

/** Checks that an op fits its buffers; kernels know raw addresses and rely on it. */
final class ShapeCheck implements OpVisitor<Void> {
    private final List<BufferSpec> buffers;
    private final List<AdapterFactors.Module> modules;
    private final int adapterRank;

    ShapeCheck(final List<BufferSpec> buffers, final List<AdapterFactors.Module> modules, final int adapterRank) {
        this.buffers = buffers;
        this.modules = modules;
        this.adapterRank = adapterRank;
    }

    /** A module with that many matrices, [rows or more, cols] each. */
    private void module(final Op op, final int number, final int experts, final int rows, final int cols) {
        if (number < 0 || number >= modules.size()) {
            throw new IllegalArgumentException(
                    "op " + op.name() + " names adapter module " + number + ": expected 0 to " + (modules.size() - 1));
        }
        final AdapterFactors.Module module = modules.get(number);
        final boolean fits = experts == 1 ? module.rows() >= rows : module.rows() == rows;
        if (module.experts() != experts || !fits || module.cols() != cols) {
            throw new IllegalArgumentException("op " + op.name() + ": adapter module " + module + ", expected "
                    + experts + " of [" + rows + ", " + cols + "]");
        }
    }

    /** What adapters add to an op without experts. */
    private void adapted(final Op op, final Adapted adapted, final RowSpace space, final int rows, final int cols) {
        if (!adapted.isNone()) {
            module(op, adapted.module(), 1, rows, cols);
            columns(op, adapted.t(), space, adapterRank);
        }
    }

    private void experts(
            final Op op,
            final Adapted adapted,
            final Experts routed,
            final Experts shared,
            final int chosen,
            final int rows,
            final int cols) {
        adapted(op, adapted, routed.count(), shared.count(), chosen + shared.count(), rows, cols);
    }

    private void adapted(
            final Op op,
            final Adapted adapted,
            final int routed,
            final int shared,
            final int slots,
            final int rows,
            final int cols) {
        if (adapted.isNone()) {
            return;
        }
        if (adapted.module() >= 0 || adapted.shared() < 0) {
            module(op, adapted.module(), routed, rows, cols);
        }
        if (adapted.shared() >= 0) {
            module(op, adapted.shared(), shared, rows, cols);
        }
        columns(op, adapted.t(), RowSpace.PASS, (long) slots * adapterRank);
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
        adapted(op, op.adapted(), op.space(), outputs, op.w().cols());
        if (!op.adapted().isNone() && op.perRow() != 1) {
            throw new IllegalArgumentException(
                    "op " + op.name() + " has adapters and " + op.perRow() + " vectors a row: expected 1");
        }
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
        if (op.speech() >= 0) {
            columns(op, op.speech(), RowSpace.SPEECH, op.table().cols());
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
        adapted(op, op.adapted(), RowSpace.PASS, d, op.w().cols());
        return null;
    }

    @Override
    public Void linearSwiglu(final Op.LinearSwiglu op) {
        final int hidden = width(op.y());
        columns(op, op.x(), RowSpace.PASS, op.w().cols());
        columns(op, op.gateUp(), RowSpace.PASS, 2L * hidden);
        columns(op, op.y(), RowSpace.PASS, hidden);
        matrix(op, op.w(), 2 * hidden, op.w().cols());
        adapted(op, op.adapted(), RowSpace.PASS, 2 * hidden, op.w().cols());
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
        final int rows = 2 * op.routed().hidden();
        experts(
                op,
                op.adapted(),
                op.routed(),
                op.shared(),
                op.chosen(),
                rows,
                op.routed().width());
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
        final int hidden = op.routed().hidden();
        experts(
                op,
                op.adapted(),
                op.routed(),
                op.shared(),
                op.chosen(),
                op.routed().width(),
                hidden);
        return null;
    }

    @Override
    public Void outputNorm(final Op.OutputNorm op) {
        address(op, "weights", op.w());
        columns(op, op.x(), RowSpace.PASS, width(op.y()));
        if (op.gathered() != RowSpace.OUTPUT && op.gathered() != RowSpace.VOICE) {
            throw new IllegalArgumentException("op " + op.name() + " gathers rows of " + op.gathered());
        }
        columns(op, op.y(), op.gathered(), width(op.x()));
        return null;
    }

    @Override
    public Void speechBlocks(final Op.SpeechBlocks op) {
        columns(op, op.y(), RowSpace.SPEECH, width(op.y()));
        return null;
    }

    @Override
    public Void flow(final Op.Flow op) {
        address(op, "head", op.head());
        columns(op, op.condition(), RowSpace.VOICE, op.shape().hidden());
        columns(op, op.blocks(), RowSpace.VOICE, op.shape().block());
        return null;
    }

    @Override
    public Void vocode(final Op.Vocode op) {
        address(op, "tables", op.tables());
        address(op, "mean", op.mean());
        address(op, "deviation", op.deviation());
        if (op.state() < 0) {
            throw new IllegalArgumentException("op " + op.name() + ": sessions keep no state of a vocoder");
        }
        return null;
    }

    @Override
    public Void sample(final Op.Sample op) {
        columns(op, op.logits(), RowSpace.OUTPUT, op.vocabulary());
        columns(op, op.tokens(), RowSpace.OUTPUT, 1);
        return null;
    }

    @Override
    public Void adapterDown(final Op.AdapterDown op) {
        final Op.AdapterDown.Choice experts = op.experts();
        if (experts == null) {
            if (op.space() != RowSpace.PASS && op.space() != RowSpace.OUTPUT) {
                throw new IllegalArgumentException(
                        "op " + op.name() + ": rows of " + op.space() + " belong to no session");
            }
            columns(op, op.x(), op.space(), op.cols());
            adapted(op, op.adapted(), op.space(), 1, op.cols());
            return null;
        }
        columns(op, op.experts().numbers(), RowSpace.PASS, experts.slots());
        columns(op, op.x(), RowSpace.PASS, (experts.perSlot() ? (long) experts.slots() : 1) * op.cols());
        final int module = Math.max(op.adapted().module(), op.adapted().shared());
        final int rows = modules.get(Math.max(0, module)).rows();
        adapted(op, op.adapted(), experts.routed(), experts.shared(), experts.slots(), rows, op.cols());
        return null;
    }
}
