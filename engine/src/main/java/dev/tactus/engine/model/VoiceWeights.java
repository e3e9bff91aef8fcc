package dev.tactus.engine.model;

import dev.tactus.kernel.FlowShape;
import java.util.List;

/**
 * The head that speaks (MODEL.md 2.4): the flow head, which makes blocks of speech, and the encoder, through which the
 * model takes them in again.
 *
 * @param config its sizes
 * @param shape the flow head's, as {@link dev.tactus.kernel.KernelSet#flow} has them
 * @param flow address of the flow head, written by {@link dev.tactus.kernel.FlowHead#write}; it refers to the matrices
 *     here
 * @param x [width, block]
 * @param t [width, time embedding]
 * @param c [width, d]
 * @param blocks residual layers
 * @param norm [1, width]
 * @param out [block, width]
 * @param encoder [d, block]: a block's position vector is {@code rms(encoder · block; finalNorm)}
 * @param finalNorm [1, d]
 * @param melMean [1, mels]: a block is {@code (log mel - mean) / deviation}
 * @param melStd [1, mels], positive
 */
public record VoiceWeights(
        AudioOutConfig config,
        FlowShape shape,
        long flow,
        Matrix x,
        Matrix t,
        Matrix c,
        List<Block> blocks,
        FloatTable norm,
        Matrix out,
        Matrix encoder,
        FloatTable finalNorm,
        FloatTable melMean,
        FloatTable melStd) {
    /** Added to the mean square of an encoded block. */
    public static final float ENCODER_EPS = 1e-6f;

    /**
     * A residual layer of the flow head.
     *
     * @param norm [1, width]
     * @param a [width, width]
     * @param b [width, width]
     */
    public record Block(FloatTable norm, Matrix a, Matrix b) {}

    /** Makes the list unmodifiable. */
    public VoiceWeights {
        blocks = List.copyOf(blocks);
    }
}
