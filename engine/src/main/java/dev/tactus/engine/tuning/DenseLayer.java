package dev.tactus.engine.tuning;

import dev.tactus.kernel.ExactMath;

/** {@code h = (w2 · (silu(gate) · up)) · globalScale}. Keeps gate and up. */
final class DenseLayer implements Mlp {
    private final Compute compute;
    private final Matrix up;
    private final Matrix down;
    private final Parameter scale;
    private final int hidden;
    private final Shared shared;
    private final long gateUp;

    /** Memory that the dense layers of a model use in turn, for {@code rows} rows of hidden width I. */
    static final class Shared {
        private final long hidden;
        private final long dHidden;
        private final long dGateUp;
        private final long dScale;

        Shared(final Compute compute, final int rows, final int width) {
            hidden = compute.buffer(rows, width);
            dHidden = compute.buffer(rows, width);
            dGateUp = compute.buffer(rows, 2 * width);
            dScale = compute.buffer(rows, 1);
        }
    }

    DenseLayer(
            final Compute compute,
            final Parameters parameters,
            final String prefix,
            final int maxRows,
            final Shared shared) {
        this.compute = compute;
        this.up = compute.matrix(parameters.get(prefix + "w13_dn.weight"), maxRows);
        this.down = compute.matrix(parameters.get(prefix + "w2_md.weight"), maxRows);
        this.scale = parameters.get(prefix + "global_scale");
        this.hidden = down.inputs();
        this.shared = shared;
        this.gateUp = compute.buffer(maxRows, 2 * hidden);
    }

    @Override
    public void forward(final int rows, final long n, final long h) {
        compute.linear(up, n, gateUp, rows);
        activate(rows);
        compute.linear(down, shared.hidden, h, rows);
        final int d = down.outputs();
        final float factor = Floats.get(scale.value(), 0);
        compute.forRows(rows, d, (worker, row) -> compute.kernels.scale(Floats.row(h, row, d), factor, 0, d));
    }

    private void activate(final int rows) {
        compute.forRows(
                rows,
                hidden,
                (worker, row) -> compute.kernels.swiglu(
                        Floats.row(gateUp, row, 2 * hidden),
                        Floats.row(shared.hidden, row, hidden),
                        0,
                        hidden,
                        false,
                        1f));
    }

    @Override
    public boolean learns() {
        return up.learns() || down.learns();
    }

    @Override
    public void backward(final int rows, final long n, final long dh, final long dn) {
        final int d = down.outputs();
        final float factor = Floats.get(scale.value(), 0);
        activate(rows);
        compute.inputGradient(down, dh, shared.dHidden, rows);
        compute.forRows(rows, 2 * hidden, (worker, row) -> {
            final long t = Floats.row(shared.dHidden, row, hidden);
            final float product = Floats.dot(t, Floats.row(shared.hidden, row, hidden), hidden);
            Floats.put(shared.dScale, row, product);
            final long at = Floats.row(0, row, 2 * hidden);
            Activation.swigluGradient(gateUp + at, t, factor, shared.dGateUp + at, hidden);
            Floats.scale(factor, Floats.row(dh, row, d), Floats.row(dh, row, d), d);
        });
        if (scale.isTrained()) {
            final float sum = ExactMath.sum(shared.dScale, rows);
            Floats.put(scale.gradient(), 0, Floats.get(scale.gradient(), 0) + sum);
        }
        compute.weightGradient(down, 0, dh, shared.hidden, rows);
        compute.linearGradients(up, n, shared.dGateUp, dn, rows);
    }
}
