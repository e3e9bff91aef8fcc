package dev.tactus.engine.tuning;

/**
 * A tick as the model lives it: what comes in and what it puts out.
 *
 * @param input what the tick brings in
 * @param outputs ids in the order of the output machine (MODEL.md 2.3), the last of them {@code <quiet>} or
 *     {@code <say>}
 * @param weight what its outputs count, times the {@link TokenWeights}; 0 leaves them out of the loss, but not out of
 *     the context
 * @param speech the four blocks behind {@code <say>}, normalised, [{@value #BLOCKS}, elements of a block]; empty behind
 *     {@code <quiet>}
 */
public record MicroTurn(TurnInput input, int[] outputs, float weight, float[] speech) {
    /** Blocks of speech behind {@code <say>}. */
    public static final int BLOCKS = 4;

    private static final float[] SILENT = {};

    /** Copies the arrays. */
    public MicroTurn {
        outputs = outputs.clone();
        speech = speech.length == 0 ? SILENT : speech.clone();
        if (!(weight >= 0) || weight == Float.POSITIVE_INFINITY) {
            throw new IllegalArgumentException("weight of a turn is " + weight + ": expected 0 or a positive number");
        }
    }

    /** A turn without speech. */
    public MicroTurn(final TurnInput input, final int[] outputs, final float weight) {
        this(input, outputs, weight, SILENT);
    }

    /** A turn of weight 1, without speech. */
    public static MicroTurn of(final TurnInput input, final int... outputs) {
        return new MicroTurn(input, outputs, 1f);
    }

    /**
     * The same, ending in speech.
     *
     * @param blocks [{@value #BLOCKS}, elements of a block], normalised
     */
    public MicroTurn withSpeech(final float... blocks) {
        return new MicroTurn(input, outputs, weight, blocks);
    }

    /** The ids; a fresh array. */
    @Override
    public int[] outputs() {
        return outputs.clone();
    }

    /** The blocks; a fresh array, empty when it does not end in speech. */
    @Override
    public float[] speech() {
        return speech.clone();
    }
}
