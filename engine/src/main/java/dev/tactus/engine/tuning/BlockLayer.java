package dev.tactus.engine.tuning;

import dev.tactus.engine.model.LayerConfig;
import dev.tactus.engine.model.TextConfig;

/**
 * One layer of the transformer: the residual stream before its two halves, and what their gradients need, are kept; the
 * normed inputs are computed again.
 *
 * <pre>
 *   kept per row   x, middle, h1, h2 [d] | q, out [H·D] | k, v and both convolved [G·D] | r [H·d_rel] | the MLP's
 * </pre>
 */
final class BlockLayer {
    private final Compute compute;
    private final Shared shared;
    private final LayerConfig config;
    private final NormLayer attnNorm;
    private final NormLayer mlpNorm;
    private final NormLayer qNorm;
    private final NormLayer kNorm;
    private final Matrix query;
    private final Matrix key;
    private final Matrix value;
    private final Matrix relative;
    private final Matrix output;
    private final ConvLayer kConv;
    private final ConvLayer vConv;
    private final ConvLayer attnConv;
    private final ConvLayer mlpConv;
    private final AttentionCore core;
    private final Mlp mlp;
    private final int d;
    private final long x;
    private final long middle;
    private final long h1;
    private final long h2;
    private final long q;
    private final long k;
    private final long v;
    private final long kOut;
    private final long vOut;
    private final long r;
    private final long out;

    /** Memory that all layers use in turn. */
    static final class Shared {
        final AttentionSpace space;
        final DenseLayer.Shared dense;
        final ExpertsLayer.Pairs pairs;
        private final long normed;
        private final long dNormed;
        private final long dOther;
        private final long dh;
        private final long q;
        private final long k;
        private final long dq;
        private final long dOut;
        private final long dk;
        private final long dv;
        private final long dConv;
        private final long dr;

        Shared(final Compute compute, final TextConfig text, final TrainingLimits limits) {
            final int rows = limits.positions();
            int queryWidth = 1;
            int keyWidth = 1;
            int biasWidth = 1;
            boolean anyDense = false;
            for (final LayerConfig layer : text.layers()) {
                queryWidth = Math.max(queryWidth, layer.queryWidth());
                keyWidth = Math.max(keyWidth, layer.keyWidth());
                biasWidth = Math.max(biasWidth, layer.heads() * text.dRel());
                anyDense |= layer.dense();
            }
            space = new AttentionSpace(compute, text, limits);
            dense = anyDense ? new DenseLayer.Shared(compute, rows, text.denseIntermediate()) : null;
            pairs = text.hasExperts() ? new ExpertsLayer.Pairs(compute, text, rows) : null;
            normed = compute.buffer(rows, text.hidden());
            dNormed = compute.buffer(rows, text.hidden());
            dOther = compute.buffer(rows, text.hidden());
            dh = compute.buffer(rows, text.hidden());
            q = compute.buffer(rows, queryWidth);
            k = compute.buffer(rows, keyWidth);
            dq = compute.buffer(rows, queryWidth);
            dOut = compute.buffer(rows, queryWidth);
            dk = compute.buffer(rows, keyWidth);
            dv = compute.buffer(rows, keyWidth);
            dConv = compute.buffer(rows, keyWidth);
            dr = compute.buffer(rows, biasWidth);
        }
    }

    BlockLayer(
            final Compute compute,
            final Parameters parameters,
            final LayerConfig config,
            final TrainingLimits limits,
            final Shared shared) {
        final TextConfig text = parameters.config().text();
        final String p = "model.llm.layers." + config.index() + '.';
        final int rows = limits.positions();
        final float eps = text.rmsNormEps();
        this.compute = compute;
        this.shared = shared;
        this.config = config;
        d = text.hidden();
        attnNorm = new NormLayer(compute, parameters.get(p + "attn_norm.weight"), eps, 1f, rows);
        mlpNorm = new NormLayer(compute, parameters.get(p + "mlp_norm.weight"), eps, 1f, rows);
        qNorm = new NormLayer(compute, parameters.get(p + "attn.q_norm.weight"), eps, 1f, (long) rows * config.heads());
        kNorm = new NormLayer(
                compute, parameters.get(p + "attn.k_norm.weight"), eps, 1f, (long) rows * config.kvHeads());
        query = compute.matrix(parameters.get(p + "attn.wq_du.weight"), rows);
        key = compute.matrix(parameters.get(p + "attn.wk_dv.weight"), rows);
        value = compute.matrix(parameters.get(p + "attn.wv_dv.weight"), rows);
        relative = compute.matrix(parameters.get(p + "attn.wr_du.weight"), rows);
        output = compute.matrix(parameters.get(p + "attn.wo_ud.weight"), rows);
        kConv = new ConvLayer(compute, parameters.get(p + "attn.k_sconv.weight"), limits.sequences());
        vConv = new ConvLayer(compute, parameters.get(p + "attn.v_sconv.weight"), limits.sequences());
        attnConv = new ConvLayer(compute, parameters.get(p + "attn_sconv.weight"), limits.sequences());
        mlpConv = new ConvLayer(compute, parameters.get(p + "mlp_sconv.weight"), limits.sequences());
        core = new AttentionCore(
                compute,
                shared.space,
                shared.space.shape(text, config, limits),
                parameters.get(p + "attn.rel_logits_proj.proj"),
                config.local(),
                limits.sequences());
        mlp = config.dense()
                ? new DenseLayer(compute, parameters, p + "mlp.", rows, shared.dense)
                : new ExpertsLayer(compute, parameters, p + "mlp.", rows, shared.pairs);
        x = compute.buffer(rows, d);
        middle = compute.buffer(rows, d);
        h1 = compute.buffer(rows, d);
        h2 = compute.buffer(rows, d);
        q = compute.buffer(rows, query.outputs());
        k = compute.buffer(rows, key.outputs());
        v = compute.buffer(rows, key.outputs());
        kOut = compute.buffer(rows, key.outputs());
        vOut = compute.buffer(rows, key.outputs());
        r = compute.buffer(rows, relative.outputs());
        out = compute.buffer(rows, query.outputs());
    }

    /** Where the layer's input stands: the layer before it, or the embedding, writes it. */
    long input() {
        return x;
    }

    /** Computes the layer from its input to {@code y}, [rows, d]. */
    void forward(final PackedRows rows, final long y) {
        final int n = rows.rows();
        kConv.refresh();
        vConv.refresh();
        attnConv.refresh();
        mlpConv.refresh();
        attnNorm.forward(x, shared.normed, n);
        compute.linear(query, shared.normed, q, n);
        compute.linear(key, shared.normed, k, n);
        compute.linear(value, shared.normed, v, n);
        compute.linear(relative, shared.normed, r, n);
        kConv.forward(rows, k, 0, kOut);
        vConv.forward(rows, v, 0, vOut);
        normHeads(n);
        core.forward(rows, shared.q, shared.k, vOut, r, out);
        compute.linear(output, out, h1, n);
        attnConv.forward(rows, h1, x, middle);
        mlpNorm.forward(middle, shared.normed, n);
        mlp.forward(n, shared.normed, h2);
        mlpConv.forward(rows, h2, middle, y);
    }

    private void normHeads(final int n) {
        qNorm.forward(q, shared.q, n * config.heads());
        kNorm.forward(kOut, shared.k, n * config.kvHeads());
    }

    /** Whether anything in the layer is trained. */
    boolean learns() {
        return attentionLearns() || mlp.learns();
    }

    private boolean attentionLearns() {
        return query.learns() || key.learns() || value.learns() || relative.learns() || output.learns();
    }

    /**
     * Turns the gradient of the layer's output, {@code dx}, into that of its input.
     *
     * @param further whether anything below is trained: dx is undefined afterwards where nothing is
     */
    void backward(final PackedRows rows, final long dx, final boolean further) {
        final int n = rows.rows();
        final boolean attention = further || attentionLearns();
        mlpConv.backward(rows, h2, dx, shared.dh);
        mlpNorm.forward(middle, shared.normed, n);
        mlp.backward(n, shared.normed, shared.dh, attention ? shared.dNormed : 0);
        if (!attention) {
            return;
        }
        mlpNorm.backward(middle, shared.dNormed, dx, true, n);

        attnConv.backward(rows, h1, dx, shared.dh);
        compute.linearGradients(output, out, shared.dh, shared.dOut, n);
        normHeads(n);
        core.backward(
                rows,
                new AttentionCore.Gradients(
                        shared.q, shared.k, vOut, r, out, shared.dOut, shared.dq, shared.dk, shared.dv, shared.dr));
        qNorm.backward(q, shared.dq, shared.dq, false, n * config.heads());
        kNorm.backward(kOut, shared.dk, shared.dk, false, n * config.kvHeads());
        projections(rows, dx, further);
    }

    private void projections(final PackedRows rows, final long dx, final boolean further) {
        final int n = rows.rows();
        attnNorm.forward(x, shared.normed, n);
        compute.linearGradients(query, shared.normed, shared.dq, further ? shared.dNormed : 0, n);
        kConv.backward(rows, k, shared.dk, shared.dConv);
        also(key, shared.dConv, n, further);
        vConv.backward(rows, v, shared.dv, shared.dConv);
        also(value, shared.dConv, n, further);
        also(relative, shared.dr, n, further);
        if (further) {
            attnNorm.backward(x, shared.dNormed, dx, true, n);
        }
    }

    /** Another product of the same normed input. */
    private void also(final Matrix w, final long dy, final int n, final boolean further) {
        compute.linearGradients(w, shared.normed, dy, further ? shared.dOther : 0, n);
        if (further) {
            compute.add(shared.dOther, shared.dNormed, n, d);
        }
    }
}
