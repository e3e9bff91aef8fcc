package dev.tactus.bench.latency;

import dev.tactus.app.load.TickShape;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.model.DenseMlp;
import dev.tactus.engine.model.ExpertsMlp;
import dev.tactus.engine.model.InklingWeights;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.LayerConfig;
import dev.tactus.engine.model.LayerWeights;
import dev.tactus.engine.model.Matrix;
import dev.tactus.engine.model.MatrixStack;
import dev.tactus.engine.model.TextConfig;
import dev.tactus.engine.model.VisionStages;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.TickRecord;

/**
 * What a tick has to compute and to read, counted from the weights: multiply-accumulates of every matrix product and of
 * attention, and the bytes of matrices when each is read once per pass.
 *
 * <p>Of a mixture of experts the rows' chosen and shared experts are computed, and at most as many read as rows can
 * choose.
 */
final class TickWork {
    private static final int BANDS = 801;
    private static final int ODD = 799;

    private final InklingWeights weights;
    private final InteractionConfig interaction;
    private final TextConfig text;
    private final TickShape shape;

    TickWork(final LoadedModel model, final InteractionConfig interaction, final TickShape shape) {
        this.weights = model.weights();
        this.interaction = interaction;
        this.text = model.config().text();
        this.shape = shape;
    }

    /** Multiply-accumulates of a tick of {@code sessions} sessions whose sequences are at {@code position}. */
    double macs(final int sessions, final long position) {
        final double rows = (double) shape.positions() * (rowMacs() + attentionMacs(position));
        final double logits = (shape.passes() + 1.0) * text.unpaddedVocab() * text.hidden();
        return sessions * (rows + logits + encoderMacs());
    }

    /** Bytes of matrices read by a tick of {@code sessions} sessions. */
    double weightBytes(final int sessions) {
        final double prefill = passBytes(sessions * shape.rows()) + encoderBytes();
        return prefill + shape.passes() * passBytes(sessions);
    }

    private double rowMacs() {
        double macs = 0;
        for (final LayerWeights layer : weights.layers()) {
            macs += attentionElements(layer);
            if (layer.mlp() instanceof DenseMlp dense) {
                macs += elements(dense.gateUp()) + elements(dense.down());
            } else {
                final ExpertsMlp experts = (ExpertsMlp) layer.mlp();
                final double one = elements(experts.gateUp().matrix(0))
                        + elements(experts.down().matrix(0));
                macs += elements(experts.gate()) + one * (text.expertsPerToken() + text.sharedExperts());
            }
        }
        return macs;
    }

    private static double attentionElements(final LayerWeights layer) {
        return elements(layer.attention().query())
                + elements(layer.attention().key())
                + elements(layer.attention().value())
                + elements(layer.attention().relative())
                + elements(layer.attention().output());
    }

    private double attentionMacs(final long position) {
        double macs = 0;
        for (final LayerWeights layer : weights.layers()) {
            final LayerConfig config = layer.config();
            final long reach =
                    config.local() ? text.window() : (long) interaction.globalWindow() + interaction.sinkPositions();
            final double visible = Math.min(position + 1, reach);
            final double biased = Math.min(visible, config.extent());
            macs += config.heads() * (2 * config.headDim() * visible + text.dRel() * biased);
        }
        return macs;
    }

    private double encoderMacs() {
        double macs = 0;
        if (Modality.AUDIO.in(shape.modalities())) {
            macs += TickRecord.AUDIO_POSITIONS * melElements();
        }
        if (Modality.VIDEO.in(shape.modalities())) {
            final int patches = interaction.videoRows() * interaction.videoCols();
            for (final VisionStages.Stage stage :
                    weights.vision().orElseThrow().stages().stages()) {
                macs += (double) patches * stage.outPoints() * stage.inputs() * stage.outputs();
            }
        }
        return macs;
    }

    private double melElements() {
        return (double) BANDS * BANDS
                + (double) BANDS * ODD
                + (double) weights.config().audio().mels() * BANDS;
    }

    private double passBytes(final int rows) {
        double bytes = bytes(weights.unembed());
        for (final LayerWeights layer : weights.layers()) {
            bytes += bytes(layer.attention().query())
                    + bytes(layer.attention().key())
                    + bytes(layer.attention().value())
                    + bytes(layer.attention().relative())
                    + bytes(layer.attention().output());
            if (layer.mlp() instanceof DenseMlp dense) {
                bytes += bytes(dense.gateUp()) + bytes(dense.down());
            } else {
                bytes += expertBytes((ExpertsMlp) layer.mlp(), rows);
            }
        }
        return bytes;
    }

    private double expertBytes(final ExpertsMlp experts, final int rows) {
        final double touched = Math.min(experts.gateUp().count(), (double) rows * text.expertsPerToken());
        final double routed =
                touched * (experts.gateUp().stride() + experts.down().stride());
        return bytes(experts.gate())
                + routed
                + experts.sharedGateUp().map(MatrixStack::bytes).orElse(0L)
                + experts.sharedDown().map(MatrixStack::bytes).orElse(0L);
    }

    private double encoderBytes() {
        double bytes = 0;
        if (Modality.AUDIO.in(shape.modalities())) {
            bytes += melElements() * Float.BYTES;
        }
        if (Modality.VIDEO.in(shape.modalities())) {
            for (final Matrix linear : weights.vision().orElseThrow().linears()) {
                bytes += bytes(linear);
            }
        }
        return bytes;
    }

    private static double elements(final Matrix matrix) {
        return (double) matrix.rows() * matrix.cols();
    }

    private static double bytes(final Matrix matrix) {
        return matrix.bytes();
    }
}
