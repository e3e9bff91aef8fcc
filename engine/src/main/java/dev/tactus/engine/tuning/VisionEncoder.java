package dev.tactus.engine.tuning;

import dev.tactus.engine.model.VisionConfig;
import dev.tactus.engine.model.VisionStages;
import java.util.ArrayList;
import java.util.List;

/** Patches to position vectors: stages of fold, linear, norm and exact GELU, and the final norm. */
final class VisionEncoder implements MediaEncoder {
    private static final float EPS = 1e-6f;

    private final Compute compute;
    private final VisionConfig config;
    private final List<StageLayer> stages = new ArrayList<>();
    private final NormLayer finalNorm;
    private final long pixels;
    private final long[] spare = new long[2];

    /** One stage: what it reads, and the activations its gradients need. */
    private static final class StageLayer {
        private final VisionStages.Stage stage;
        private final int time;
        private final int space;
        private final int channels;
        private final Matrix linear;
        private final NormLayer norm;
        private final long folded;
        private final long product;
        private final long normed;

        private StageLayer(
                final Compute compute,
                final Parameters parameters,
                final int index,
                final int[] grid,
                final boolean last,
                final VisionStages.Stage stage,
                final int maxPatches) {
            this.stage = stage;
            time = grid[0];
            space = grid[1];
            channels = grid[2];
            final String p = "model.visual.layers.";
            final long points = (long) maxPatches * stage.outPoints();
            linear = Matrix.of(parameters.get(p + "linear_" + index + ".weight"));
            norm = last
                    ? null
                    : new NormLayer(compute, parameters.get(p + "norm_" + index + ".weight"), EPS, 1f, points);
            folded = compute.buffer(points, stage.inputs());
            product = compute.buffer(points, stage.outputs());
            normed = compute.buffer(last ? 0 : points, stage.outputs());
        }

        private int inElements() {
            return time * space * space * channels;
        }

        private int outElements() {
            return stage.outPoints() * stage.outputs();
        }
    }

    VisionEncoder(final Compute compute, final Parameters parameters, final int maxPatches) {
        this.compute = compute;
        this.config = parameters.config().vision();
        final List<VisionStages.Stage> all = parameters.config().visionStages().stages();
        int[] grid = {config.temporal(), config.patch(), config.channels()};
        int widest = config.patchElements();
        for (int i = 0; i < all.size(); i++) {
            final VisionStages.Stage stage = all.get(i);
            final boolean last = i == all.size() - 1;
            stages.add(new StageLayer(compute, parameters, i, grid, last, stage, maxPatches));
            widest = Math.max(widest, stage.outPoints() * Math.max(stage.inputs(), stage.outputs()));
            grid = new int[] {stage.outTime(), stage.outSpace(), stage.outputs()};
        }
        this.finalNorm = new NormLayer(compute, parameters.get("model.visual.final_norm.weight"), EPS, 1f, maxPatches);
        this.pixels = compute.buffer(maxPatches, config.patchElements());
        this.spare[0] = compute.buffer(maxPatches, widest);
        this.spare[1] = compute.buffer(maxPatches, widest);
    }

    @Override
    public byte kind() {
        return PackedRows.PATCH;
    }

    @Override
    public void forward(final PackedRows rows, final long y) {
        final int patches = rows.patches();
        final int patch = config.patchElements();
        for (int i = 0; i < patches; i++) {
            Floats.copy(rows.pixels(i), Floats.row(pixels, i, patch), patch);
        }
        long x = pixels;
        for (final StageLayer s : stages) {
            fold(s, x, patches);
            final int points = patches * s.stage.outPoints();
            compute.linear(s.linear, s.folded, s.product, points);
            if (s.norm == null) {
                finalNorm.forward(s.product, y, patches);
            } else {
                s.norm.forward(s.product, s.normed, points);
                activate(s, spare[0], patches);
                x = spare[0];
            }
        }
    }

    private void fold(final StageLayer s, final long x, final int patches) {
        compute.forRows(
                patches,
                s.inElements(),
                (worker, i) -> compute.kernels.fold(
                        Floats.row(x, i, s.inElements()),
                        s.time,
                        s.space,
                        s.space,
                        s.channels,
                        s.stage.foldTime(),
                        s.stage.foldSpace(),
                        s.stage.foldSpace(),
                        Floats.row(s.folded, i, s.stage.outPoints() * s.stage.inputs())));
    }

    private void activate(final StageLayer s, final long target, final int patches) {
        final int n = s.outElements();
        compute.forRows(patches, n, (worker, i) -> {
            final long y = Floats.row(target, i, n);
            Floats.copy(Floats.row(s.normed, i, n), y, n);
            compute.kernels.gelu(y, 0, n);
        });
    }

    @Override
    public void backward(final PackedRows rows, final long dy) {
        final int patches = rows.patches();
        final int last = stages.size() - 1;
        finalNorm.backward(stages.get(last).product, dy, dy, false, patches);
        long gradient = dy;
        for (int i = last; i >= 0; i--) {
            final StageLayer s = stages.get(i);
            final int points = patches * s.stage.outPoints();
            if (s.norm != null) {
                final int n = s.outElements();
                final long dNormed = gradient;
                compute.forRows(patches, n, (worker, row) -> {
                    final long at = Floats.row(0, row, n);
                    Activation.geluGradient(s.normed + at, dNormed + at, dNormed + at, n);
                });
                s.norm.backward(s.product, gradient, gradient, false, points);
            }
            compute.linearGradients(s.linear, s.folded, gradient, i == 0 ? 0 : spare[1], points);
            if (i > 0) {
                unfold(s, spare[1], spare[0], patches);
                gradient = spare[0];
            }
        }
    }

    /** The inverse of the fold. */
    private void unfold(final StageLayer s, final long folded, final long x, final int patches) {
        compute.forRows(
                patches,
                s.inElements(),
                (worker, i) -> unfoldOne(
                        s,
                        Floats.row(folded, i, s.stage.outPoints() * s.stage.inputs()),
                        Floats.row(x, i, s.inElements())));
    }

    private static void unfoldOne(final StageLayer s, final long folded, final long x) {
        final int ft = s.stage.foldTime();
        final int f = s.stage.foldSpace();
        final int side = s.stage.outSpace();
        long source = folded;
        for (int block = 0; block < s.stage.outPoints(); block++) {
            for (int i = 0; i < ft * f * f; i++) {
                final int t = block / side / side * ft + i / f / f;
                final int h = block / side % side * f + i / f % f;
                final int w = block % side * f + i % f;
                Floats.copy(source, Floats.row(x, ((long) t * s.space + h) * s.space + w, s.channels), s.channels);
                source += (long) s.channels * Float.BYTES;
            }
        }
    }
}
