package dev.tactus.engine.tuning;

import dev.tactus.engine.model.AudioOutConfig;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.TextConfig;
import dev.tactus.engine.model.VoiceTensors;
import dev.tactus.kernel.FlowShape;
import dev.tactus.kernel.FlowTime;
import java.util.ArrayList;
import java.util.List;

/**
 * The flow head under its training loss: one evaluation of v per block, at the block's own time, and its gradients.
 *
 * <pre>
 *   kept per block   condition before and after its norm [d] | x_t, v − (x₁ − x₀) [block] | e(t)
 *                    | h before every layer and the last [width] | inside every layer [width]
 * </pre>
 *
 * <p>c is the final norm of the position before the block, not divided by the width multiplier.
 */
final class SpeechHead {
    private final Compute compute;
    private final NormLayer finalNorm;
    private final Matrix x;
    private final Matrix t;
    private final Matrix c;
    private final List<Layer> layers = new ArrayList<>();
    private final NormLayer norm;
    private final Matrix out;
    private final int d;
    private final int block;
    private final int width;
    private final long states;
    private final long conditions;
    private final long dConditions;
    private final long noisy;
    private final long error;
    private final long velocity;
    private final long times;
    private final long last;
    private final long wide;
    private final long dWide;
    private final long dInside;
    private final long dh;
    private final float[] losses;

    /** A residual layer: h [blocks, width] before it, and what its activation is applied to. */
    private record Layer(NormLayer norm, Matrix a, Matrix b, long h, long inside) {}

    SpeechHead(final Compute compute, final Parameters parameters, final int maxBlocks) {
        final TextConfig text = parameters.config().text();
        final AudioOutConfig voice = parameters
                .config()
                .interaction()
                .flatMap(InteractionConfig::audioOut)
                .orElseThrow();
        this.compute = compute;
        d = text.hidden();
        block = voice.blockElements();
        width = voice.flowWidth();
        finalNorm = new NormLayer(compute, parameters.get("model.llm.norm.weight"), text.rmsNormEps(), 1f, maxBlocks);
        x = Matrix.of(parameters.get(VoiceTensors.PREFIX + "flow.x.weight"));
        t = Matrix.of(parameters.get(VoiceTensors.PREFIX + "flow.t.weight"));
        c = Matrix.of(parameters.get(VoiceTensors.PREFIX + "flow.c.weight"));
        for (int i = 0; i < voice.flowLayers(); i++) {
            final String p = VoiceTensors.blockPrefix(i);
            layers.add(new Layer(
                    new NormLayer(compute, parameters.get(p + "norm.weight"), FlowShape.EPS, 1f, maxBlocks),
                    Matrix.of(parameters.get(p + "a.weight")),
                    Matrix.of(parameters.get(p + "b.weight")),
                    compute.buffer(maxBlocks, width),
                    compute.buffer(maxBlocks, width)));
        }
        norm = new NormLayer(
                compute, parameters.get(VoiceTensors.PREFIX + "flow.norm.weight"), FlowShape.EPS, 1f, maxBlocks);
        out = Matrix.of(parameters.get(VoiceTensors.PREFIX + "flow.out.weight"));
        states = compute.buffer(maxBlocks, d);
        conditions = compute.buffer(maxBlocks, d);
        dConditions = compute.buffer(maxBlocks, d);
        noisy = compute.buffer(maxBlocks, block);
        error = compute.buffer(maxBlocks, block);
        velocity = compute.buffer(maxBlocks, block);
        times = compute.buffer(maxBlocks, voice.timeEmbedding());
        last = compute.buffer(maxBlocks, width);
        wide = compute.buffer(maxBlocks, width);
        dWide = compute.buffer(maxBlocks, width);
        dInside = compute.buffer(maxBlocks, width);
        dh = compute.buffer(maxBlocks, width);
        losses = new float[maxBlocks];
    }

    /** The longest row of an elementwise step, and inner dimension of a product. */
    static int longestRow(final AudioOutConfig voice) {
        return Math.max(Math.max(voice.blockElements(), voice.flowWidth()), voice.timeEmbedding());
    }

    /** c of every block, [blocks, d], from {@link #condition} on. */
    long conditions() {
        return conditions;
    }

    /** Loss of every block, before its weight. */
    float loss(final int number) {
        return losses[number];
    }

    /** Takes c of every block from the last residual stream. */
    void condition(final PackedRows rows, final long source) {
        final int n = rows.speech();
        compute.forRows(
                n,
                d,
                (worker, i) -> Floats.copy(Floats.row(source, rows.speechRow(i) - 1, d), Floats.row(states, i, d), d));
        finalNorm.forward(states, conditions, n);
    }

    /** Draws a time and noise for every block and computes its loss; blocks is [n, block]. */
    void forward(final int n, final long blocks, final SpeechLoss loss) {
        compute.forRows(n, block, (worker, i) -> draw(i, Floats.row(blocks, i, block), loss));
        long h = layers.isEmpty() ? last : layers.get(0).h();
        compute.linear(x, noisy, h, n);
        compute.linear(t, times, wide, n);
        compute.add(wide, h, n, width);
        compute.linear(c, conditions, wide, n);
        compute.add(wide, h, n, width);
        for (int i = 0; i < layers.size(); i++) {
            final Layer layer = layers.get(i);
            final long next = i + 1 < layers.size() ? layers.get(i + 1).h() : last;
            layer.norm().forward(h, wide, n);
            compute.linear(layer.a(), wide, layer.inside(), n);
            activate(layer, n);
            compute.linear(layer.b(), wide, next, n);
            compute.add(h, next, n, width);
            h = next;
        }
        norm.forward(last, wide, n);
        compute.linear(out, wide, velocity, n);
        compute.forRows(n, block, (worker, i) -> losses[i] = subtract(i));
    }

    /** x_t and e(t) of a block; its target x₁ − x₀ goes to the error. */
    private void draw(final int number, final long x1, final SpeechLoss loss) {
        final float time = loss.time(number);
        final long target = Floats.row(error, number, block);
        final long mixed = Floats.row(noisy, number, block);
        loss.noise(number, target, block);
        for (int i = 0; i < block; i++) {
            final float x0 = Floats.get(target, i);
            Floats.put(mixed, i, (1f - time) * x0 + time * Floats.get(x1, i));
            Floats.put(target, i, Floats.get(x1, i) - x0);
        }
        FlowTime.embed(time, Floats.row(times, number, t.inputs()), t.inputs());
    }

    private float subtract(final int number) {
        final long off = Floats.row(error, number, block);
        final long v = Floats.row(velocity, number, block);
        for (int i = 0; i < block; i++) {
            Floats.put(off, i, Floats.get(v, i) - Floats.get(off, i));
        }
        return Floats.dot(off, off, block) / block;
    }

    private void activate(final Layer layer, final int n) {
        compute.forRows(n, width, (worker, i) -> {
            final long row = Floats.row(wide, i, width);
            Floats.copy(Floats.row(layer.inside(), i, width), row, width);
            compute.kernels.silu(row, 0, width);
        });
    }

    /**
     * Adds to the gradients of the head, and to those of the residual stream.
     *
     * @param slopes d (whole loss) / d (loss of a block), per block
     * @param dx gradients of the stream's rows; 0 when nothing below is trained
     */
    void backward(final PackedRows rows, final float[] slopes, final long dx) {
        final int n = rows.speech();
        compute.forRows(n, block, (worker, i) -> {
            final long off = Floats.row(error, i, block);
            Floats.scale(2f * slopes[i] / block, off, off, block);
        });
        norm.forward(last, wide, n);
        compute.linearGradients(out, wide, error, dWide, n);
        norm.backward(last, dWide, dh, false, n);
        for (int i = layers.size() - 1; i >= 0; i--) {
            backward(layers.get(i), n);
        }
        compute.linearGradients(x, noisy, dh, 0, n);
        compute.linearGradients(t, times, dh, 0, n);
        compute.linearGradients(c, conditions, dh, dx == 0 ? 0 : dConditions, n);
        if (dx != 0) {
            finalNorm.backward(states, dConditions, dConditions, false, n);
            compute.forRows(
                    n,
                    d,
                    (worker, i) ->
                            Floats.add(Floats.row(dConditions, i, d), Floats.row(dx, rows.speechRow(i) - 1, d), d));
        }
    }

    private void backward(final Layer layer, final int n) {
        activate(layer, n);
        compute.linearGradients(layer.b(), wide, dh, dWide, n);
        compute.forRows(n, width, (worker, i) -> {
            final long gradient = Floats.row(dWide, i, width);
            Activation.siluGradient(Floats.row(layer.inside(), i, width), gradient, gradient, width);
        });
        layer.norm().forward(layer.h(), wide, n);
        compute.linearGradients(layer.a(), wide, dWide, dInside, n);
        layer.norm().backward(layer.h(), dInside, dh, true, n);
    }
}
