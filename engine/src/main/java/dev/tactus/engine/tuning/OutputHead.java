package dev.tactus.engine.tuning;

import dev.tactus.engine.model.TextConfig;

/** The rows whose logits are wanted: final norm, division by the width multiplier, unembedding. */
final class OutputHead {
    private final Compute compute;
    private final NormLayer norm;
    private final Matrix unembed;
    private final int d;
    private final long x;
    private final long normed;
    private final long dNormed;
    private final long logits;
    private final long dLogits;

    OutputHead(final Compute compute, final Parameters parameters, final int maxOutputs) {
        final TextConfig text = parameters.config().text();
        this.compute = compute;
        this.d = text.hidden();
        this.norm = new NormLayer(
                compute, parameters.get("model.llm.norm.weight"), text.rmsNormEps(), text.mupMultiplier(), maxOutputs);
        this.unembed = compute.matrix(parameters.get("model.llm.unembed.weight"), maxOutputs)
                .first(text.unpaddedVocab());
        this.x = compute.buffer(maxOutputs, d);
        this.normed = compute.buffer(maxOutputs, d);
        this.dNormed = compute.buffer(maxOutputs, d);
        this.logits = compute.buffer(maxOutputs, unembed.outputs());
        this.dLogits = compute.buffer(maxOutputs, unembed.outputs());
    }

    long logits() {
        return logits;
    }

    long logitGradients() {
        return dLogits;
    }

    void forward(final PackedRows rows, final long source) {
        final int outputs = rows.outputs();
        compute.forRows(
                outputs,
                d,
                (worker, i) -> Floats.copy(Floats.row(source, rows.outputRow(i), d), Floats.row(x, i, d), d));
        norm.forward(x, normed, outputs);
        compute.linear(unembed, normed, logits, outputs);
    }

    /** Writes the gradient of every row of the residual stream, unless its address is 0. */
    void backward(final PackedRows rows, final long dx) {
        final int outputs = rows.outputs();
        if (dx == 0) {
            compute.linearGradients(unembed, normed, dLogits, 0, outputs);
            return;
        }
        compute.forRows(rows.rows(), d, (worker, row) -> Floats.zero(Floats.row(dx, row, d), d));
        if (outputs == 0) {
            return;
        }
        compute.linearGradients(unembed, normed, dLogits, dNormed, outputs);
        norm.backward(x, dNormed, dNormed, false, outputs);
        compute.forRows(
                outputs,
                d,
                (worker, i) -> Floats.copy(Floats.row(dNormed, i, d), Floats.row(dx, rows.outputRow(i), d), d));
    }
}
