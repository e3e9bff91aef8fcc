package dev.tactus.kernel;

/** {@link KernelSet#flow} made of the ops of a set, in the order that the contract states. */
public final class FlowSteps {
    private FlowSteps() {}

    /** As {@link KernelSet#flow}. */
    public static void run(
            final KernelSet kernels, final long head, final long c, final long x, final int rows, final long scratch) {
        final long cBytes = (long) FlowHead.hidden(head) * Float.BYTES;
        final long xBytes = (long) FlowHead.block(head) * Float.BYTES;
        for (int r = 0; r < rows; r += FlowShape.ROWS) {
            final int count = Math.min(FlowShape.ROWS, rows - r);
            runSome(kernels, head, c + r * cBytes, x + r * xBytes, count, scratch);
        }
    }

    private static void runSome(
            final KernelSet kernels, final long head, final long c, final long x, final int rows, final long scratch) {
        final int width = FlowHead.width(head);
        final int block = FlowHead.block(head);
        final int steps = FlowHead.steps(head);
        final long wide = (long) FlowShape.ROWS * width * Float.BYTES;
        final long condition = scratch;
        final long h = scratch + wide;
        final long v = scratch + 4 * wide;
        final long rest = (v + (long) FlowShape.ROWS * block * Float.BYTES + 63) & -64L;
        linear(kernels, head, FlowHead.C, width, FlowHead.hidden(head), c, condition, rows, rest);
        for (int n = 0; n < steps; n++) {
            final long time = FlowHead.word(head, FlowHead.TIME) + (long) n * width * Float.BYTES;
            linear(kernels, head, FlowHead.X, width, block, x, h, rows, rest);
            for (int r = 0; r < rows; r++) {
                kernels.addRow(time, h + (long) r * width * Float.BYTES, 0, width);
            }
            kernels.addRow(condition, h, 0, rows * width);
            for (int i = 0; i < FlowHead.layers(head); i++) {
                layer(kernels, FlowHead.layer(head, i), h, wide, width, rows, rest);
            }
            kernels.rmsNorm(h, FlowHead.word(head, FlowHead.NORM), h + wide, width, FlowShape.EPS, 1f, 0, rows);
            linear(kernels, head, FlowHead.OUT, block, width, h + wide, v, rows, rest);
            kernels.fmaRow(1f / steps, v, x, 0, rows * block);
        }
    }

    /** h = h + W_b silu(W_a rms(h)); the two buffers behind h are overwritten. */
    private static void layer(
            final KernelSet kernels,
            final long layer,
            final long h,
            final long wide,
            final int width,
            final int rows,
            final long rest) {
        final long normed = h + wide;
        final long inside = normed + wide;
        kernels.rmsNorm(h, FlowHead.word(layer, FlowHead.LAYER_NORM), normed, width, FlowShape.EPS, 1f, 0, rows);
        linear(kernels, layer, FlowHead.LAYER_A, width, width, normed, inside, rows, rest);
        kernels.silu(inside, 0, rows * width);
        linear(kernels, layer, FlowHead.LAYER_B, width, width, inside, normed, rows, rest);
        kernels.addRow(normed, h, 0, rows * width);
    }

    private static void linear(
            final KernelSet kernels,
            final long words,
            final int word,
            final int outputs,
            final int inputs,
            final long x,
            final long y,
            final int rows,
            final long scratch) {
        final long w = FlowHead.word(words, word);
        kernels.linear(FlowHead.type(words, word), w, 0, outputs, inputs, x, inputs, y, outputs, rows, scratch);
    }
}
