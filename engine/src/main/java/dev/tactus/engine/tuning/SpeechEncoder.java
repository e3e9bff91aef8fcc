package dev.tactus.engine.tuning;

import dev.tactus.engine.model.VoiceTensors;
import dev.tactus.engine.model.VoiceWeights;

/** Blocks of speech to position vectors: a product and its norm. */
final class SpeechEncoder implements MediaEncoder {
    private final Compute compute;
    private final Matrix encoder;
    private final NormLayer norm;
    private final long blocks;
    private final long product;
    private final long dProduct;

    SpeechEncoder(final Compute compute, final Parameters parameters, final int maxBlocks) {
        this.compute = compute;
        encoder = Matrix.of(parameters.get(VoiceTensors.PREFIX + "encoder.weight"));
        norm = new NormLayer(
                compute,
                parameters.get(VoiceTensors.PREFIX + "final_norm.weight"),
                VoiceWeights.ENCODER_EPS,
                1f,
                maxBlocks);
        blocks = compute.buffer(maxBlocks, encoder.inputs());
        product = compute.buffer(maxBlocks, encoder.outputs());
        dProduct = compute.buffer(maxBlocks, encoder.outputs());
    }

    @Override
    public byte kind() {
        return PackedRows.SPEECH;
    }

    /** The blocks of the batch, [blocks, elements], from the forward pass on. */
    long blocks() {
        return blocks;
    }

    @Override
    public void forward(final PackedRows rows, final long y) {
        final int n = encoder.inputs();
        compute.forRows(rows.speech(), n, (worker, i) -> Floats.copy(rows.block(i), Floats.row(blocks, i, n), n));
        compute.linear(encoder, blocks, product, rows.speech());
        norm.forward(product, y, rows.speech());
    }

    @Override
    public void backward(final PackedRows rows, final long dy) {
        norm.backward(product, dy, dProduct, false, rows.speech());
        compute.linearGradients(encoder, blocks, dProduct, 0, rows.speech());
    }
}
