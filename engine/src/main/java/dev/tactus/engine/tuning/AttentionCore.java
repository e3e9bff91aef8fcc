package dev.tactus.engine.tuning;

import static dev.tactus.engine.tuning.AttentionSpace.QUERIES;

import dev.tactus.kernel.AttentionShape;
import dev.tactus.kernel.ExactMath;

/**
 * Scores, softmax and values of one layer, and their gradients.
 *
 * <p>Backward, nothing but the output is kept: the scores of 64 queries with all their keys are computed again, as
 * products of small matrices; with p the probabilities, Δ = do·o and dp = do·v, {@code ds = p·(dp − Δ)·τ}. A unit is a
 * (sequence, key-value head): it alone writes the gradients of its keys, values and queries, and leaves its part of the
 * bias bank's gradient, which are then added in the order of the units.
 *
 * <p>The bank is held turned and back to front, [extent, d_rel] with the largest distance first, so that biases rise
 * with the position of the key.
 */
final class AttentionCore {
    private final Compute compute;
    private final AttentionSpace space;
    private final AttentionShape shape;
    private final Parameter bank;
    private final boolean local;
    private final int group;
    private final int queryWidth;
    private final int keyWidth;
    private final int biasWidth;
    private final int reach;
    private final long turned;

    /** What the backward pass reads and writes, by address: q, k normed; k, v after their convolutions. */
    record Gradients(long q, long k, long v, long r, long out, long dOut, long dq, long dk, long dv, long dr) {}

    AttentionCore(
            final Compute compute,
            final AttentionSpace space,
            final AttentionShape shape,
            final Parameter bank,
            final boolean local,
            final int maxSequences) {
        this.compute = compute;
        this.space = space;
        this.shape = shape;
        this.bank = bank;
        this.local = local;
        this.group = shape.heads() / shape.kvHeads();
        this.queryWidth = shape.heads() * shape.headDim();
        this.keyWidth = shape.kvHeads() * shape.headDim();
        this.biasWidth = shape.heads() * shape.dRel();
        this.reach = Math.min(shape.extent(), space.longest);
        this.turned = compute.scratch((long) reach * shape.dRel());
        if (bank.isTrained()) {
            compute.reservePartials((long) maxSequences * shape.kvHeads() * reach * shape.dRel());
        }
    }

    private float tau(final int position) {
        return local ? 1f : space.tau[position];
    }

    /** {@code out = attention(q, k, v, r)} of every sequence. */
    void forward(final PackedRows rows, final long q, final long k, final long v, final long r, final long out) {
        final int heads = shape.kvHeads();
        compute.crew.forEach(rows.sequences() * heads, (worker, unit) -> {
            final int s = unit / heads;
            final int g = unit % heads;
            final long table = space.table(s);
            for (int t = 0; t < rows.length(s); t++) {
                final int row = rows.start(s) + t;
                compute.kernels.appendKv(
                        shape, Floats.row(k, row, keyWidth), Floats.row(v, row, keyWidth), table, t, g, g + 1);
                compute.kernels.attention(
                        shape,
                        Floats.row(q, row, queryWidth),
                        Floats.row(r, row, biasWidth),
                        bank.value(),
                        table,
                        t,
                        tau(t),
                        Floats.row(out, row, queryWidth),
                        g * group,
                        (g + 1) * group,
                        compute.kernelScratch(worker));
            }
        });
    }

    /** All gradients of a batch; that of the bank is added to, where it is trained. */
    void backward(final PackedRows rows, final Gradients a) {
        turnBank();
        final int heads = shape.kvHeads();
        final int units = rows.sequences() * heads;
        compute.crew.forEach(units, (worker, unit) -> unit(rows, a, worker, unit / heads, unit % heads));
        if (bank.isTrained()) {
            addBankGradients(units);
        }
    }

    private void addBankGradients(final int units) {
        final int size = reach * shape.dRel();
        for (int unit = 1; unit < units; unit++) {
            Floats.add(Floats.row(compute.partials(), unit, size), compute.partials(), size);
        }
        for (int f = 0; f < shape.dRel(); f++) {
            for (int distance = 0; distance < reach; distance++) {
                final long at = (long) f * shape.extent() + distance;
                final float sum = Floats.get(compute.partials(), (long) (reach - 1 - distance) * shape.dRel() + f);
                Floats.put(bank.gradient(), at, Floats.get(bank.gradient(), at) + sum);
            }
        }
    }

    private void turnBank() {
        for (int distance = 0; distance < reach; distance++) {
            for (int f = 0; f < shape.dRel(); f++) {
                final float value = Floats.get(bank.value(), (long) f * shape.extent() + distance);
                Floats.put(turned, (long) (reach - 1 - distance) * shape.dRel() + f, value);
            }
        }
    }

    private void unit(final PackedRows rows, final Gradients a, final int worker, final int s, final int g) {
        final AttentionSpace.Panels p = space.panels(worker);
        final int d = shape.headDim();
        final int length = rows.length(s);
        final long first = Floats.row((long) g * d * Float.BYTES, rows.start(s), keyWidth);
        gather(a.k() + first, keyWidth, p.k, d, length, 1f);
        gather(a.v() + first, keyWidth, p.v, d, length, 1f);
        Floats.zero(p.dk, (long) length * d);
        Floats.zero(p.dv, (long) length * d);
        final int size = reach * shape.dRel();
        final long dBank = bank.isTrained() ? Floats.row(compute.partials(), (long) s * shape.kvHeads() + g, size) : 0;
        if (dBank != 0) {
            Floats.zero(dBank, size);
        }
        for (int h = g * group; h < (g + 1) * group; h++) {
            for (int i = 0; i < length; i += QUERIES) {
                block(a, p, new Block(rows.start(s), i, Math.min(length, i + QUERIES), h), dBank, worker);
            }
        }
        scatter(p.dk, d, a.dk() + first, keyWidth, length, 1f);
        scatter(p.dv, d, a.dv() + first, keyWidth, length, 1f);
    }

    /** Queries [i0, i1) of head h of the sequence that begins in row {@code start}. */
    private record Block(int start, int i0, int i1, int h) {}

    private void block(
            final Gradients a, final AttentionSpace.Panels p, final Block block, final long dBank, final int worker) {
        final int d = shape.headDim();
        final int f = shape.dRel();
        final int queries = block.i1() - block.i0();
        final long oldest = Math.max(0, block.i0() - shape.window() + 1);
        final int lo = shape.sinks() > 0 ? 0 : (int) oldest;
        final int keys = block.i1() - lo;
        final int biases = Math.min(reach, keys);
        final int row = block.start() + block.i0();
        final long head = Floats.row((long) block.h() * d * Float.BYTES, row, queryWidth);
        final long bias = Floats.row((long) block.h() * f * Float.BYTES, row, biasWidth);
        // scores are divided by D: in the queries, and in their gradient
        gather(a.q() + head, queryWidth, p.q, d, queries, 1f / d);
        gather(a.dOut() + head, queryWidth, p.dOut, d, queries, 1f);
        gather(a.r() + bias, biasWidth, p.r, f, queries, 1f);
        final long k = Floats.row(p.k, lo, d);
        final long v = Floats.row(p.v, lo, d);
        final long near = Floats.row(turned, reach - biases, f);
        final Products.Share share = compute.alone(worker);
        final Products.Shape scores = new Products.Shape(queries, keys, d);
        final Products.Shape distances = new Products.Shape(queries, biases, f);
        final Products products = compute.products;
        products.forward(scores, p.q, k, p.s, share);
        products.forward(scores, p.dOut, v, p.ds, share);
        products.forward(distances, p.r, near, p.b, share);
        for (int i = 0; i < queries; i++) {
            final long o = a.out() + head + Floats.row(0, i, queryWidth);
            final float delta = Floats.dot(Floats.row(p.dOut, i, d), o, d);
            softmax(
                    block.i0() + i,
                    lo,
                    keys,
                    biases,
                    Floats.row(p.s, i, keys),
                    Floats.row(p.ds, i, keys),
                    Floats.row(p.b, i, biases),
                    delta);
        }
        products.weightGradient(scores, p.ds, p.q, Floats.row(p.dk, lo, d), share);
        products.weightGradient(scores, p.s, p.dOut, Floats.row(p.dv, lo, d), share);
        if (dBank != 0) {
            products.weightGradient(distances, p.b, p.r, Floats.row(dBank, reach - biases, f), share);
        }
        products.inputGradient(scores, p.ds, k, p.dq, share);
        products.inputGradient(distances, p.b, near, p.dr, share);
        scatter(p.dq, d, a.dq() + head, queryWidth, queries, 1f / d);
        scatter(p.dr, f, a.dr() + bias, biasWidth, queries, 1f);
    }

    /**
     * One query: scores in s become probabilities, gradients of probabilities in ds become those of scores, biases in b
     * become their gradients. Bias {@code biases - 1} is that of the block's distance 0, at key i.
     */
    private void softmax(
            final int i,
            final int lo,
            final int keys,
            final int biases,
            final long s,
            final long ds,
            final long b,
            final float delta) {
        final float tau = tau(i);
        final int seen = i + 1 - lo;
        final int from = (int) Math.max(0, i - shape.window() + 1 - lo);
        final int sinks = Math.min(shape.sinks(), from);
        // key x of the row has the bias x - shift
        final int shift = seen - biases;
        float max = SoftmaxRow.scores(s, b, 0, sinks, shift, tau, Float.NEGATIVE_INFINITY);
        max = SoftmaxRow.scores(s, b, from, seen, shift, tau, max);
        SoftmaxRow.weights(s, 0, sinks, max);
        Floats.zero(s + (long) sinks * Float.BYTES, from - sinks);
        SoftmaxRow.weights(s, from, seen, max);
        Floats.zero(s + (long) seen * Float.BYTES, keys - seen);
        SoftmaxRow.gradients(s, ds, keys, 1f / ExactMath.sum(s, keys), delta, tau);
        final int firstBias = Math.max(0, shift);
        final int unseen = firstBias - shift;
        Floats.zero(b, unseen);
        Floats.copy(ds + (long) firstBias * Float.BYTES, b + (long) unseen * Float.BYTES, seen - firstBias);
    }

    private static void gather(
            final long source, final int width, final long target, final int n, final int rows, final float factor) {
        for (int i = 0; i < rows; i++) {
            Floats.scale(factor, Floats.row(source, i, width), Floats.row(target, i, n), n);
        }
    }

    private static void scatter(
            final long source, final int n, final long target, final int width, final int rows, final float factor) {
        for (int i = 0; i < rows; i++) {
            Floats.scale(factor, Floats.row(source, i, n), Floats.row(target, i, width), n);
        }
    }
}
