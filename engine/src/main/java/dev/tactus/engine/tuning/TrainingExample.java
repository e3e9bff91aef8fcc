package dev.tactus.engine.tuning;

import dev.tactus.engine.TeacherForcing;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A sequence to train on and, for each of its outputs, what a {@link TokenLoss} is told there.
 *
 * @param example the sequence and the positions whose logits are wanted; its bins and pixels stay the caller's
 * @param targets [outputs] the token that was wanted or sampled behind the position
 * @param weights [outputs] what the position counts; 0 leaves it out
 * @param samplerLogProbabilities [outputs] log q(target) of the policy that drew it; 0 where a loss does not read it
 * @param advantages [outputs] how much better than expected the token turned out; 0 where a loss does not read it
 * @param speechWeights [blocks] what a block of speech counts under a {@link SpeechLoss}; 0 leaves it out
 */
public record TrainingExample(
        Example example,
        int[] targets,
        float[] weights,
        float[] samplerLogProbabilities,
        float[] advantages,
        float[] speechWeights) {
    /**
     * Copies the arrays.
     *
     * @throws IllegalArgumentException when an array is not as long as there are outputs
     */
    public TrainingExample {
        final int outputs = example.outputs().length;
        require("targets", targets.length, outputs);
        require("weights", weights.length, outputs);
        require("sampler log-probabilities", samplerLogProbabilities.length, outputs);
        require("advantages", advantages.length, outputs);
        final int blocks = example.sequence().blocks();
        if (speechWeights.length != blocks) {
            throw new IllegalArgumentException("training example: " + speechWeights.length
                    + " weights of speech: expected " + blocks + ", one per block");
        }
        targets = targets.clone();
        weights = weights.clone();
        samplerLogProbabilities = samplerLogProbabilities.clone();
        advantages = advantages.clone();
        speechWeights = speechWeights.clone();
    }

    /** An example whose blocks of speech, if it has any, all have weight 1. */
    public TrainingExample(
            final Example example,
            final int[] targets,
            final float[] weights,
            final float[] samplerLogProbabilities,
            final float[] advantages) {
        this(
                example,
                targets,
                weights,
                samplerLogProbabilities,
                advantages,
                ones(example.sequence().blocks()));
    }

    private static float[] ones(final int count) {
        final float[] ones = new float[count];
        Arrays.fill(ones, 1f);
        return ones;
    }

    /** An example whose right tokens are known, all of weight 1. */
    public static TrainingExample supervised(final Example example, final int... targets) {
        return supervised(example, targets, ones(targets.length));
    }

    /** An example whose right tokens are known. */
    public static TrainingExample supervised(final Example example, final int[] targets, final float[] weights) {
        return new TrainingExample(example, targets, weights, new float[targets.length], new float[targets.length]);
    }

    /**
     * Text in which every token but the first is to be foretold from those before it.
     *
     * @param ids at least 2
     */
    public static TrainingExample nextTokens(final int... ids) {
        if (ids.length < 2) {
            throw new IllegalArgumentException(
                    ids.length + " ids: expected at least 2, one to see and one to foretell");
        }
        final int[] outputs = IntStream.range(0, ids.length - 1).toArray();
        final Example example = new Example(TeacherForcing.Sequence.ofText(ids), outputs);
        return supervised(example, Arrays.copyOfRange(ids, 1, ids.length));
    }

    /** This example under a policy loss: what the sampler said of its targets, and how good they were. */
    public TrainingExample sampled(final float[] logProbabilities, final float[] newAdvantages) {
        return new TrainingExample(example, targets, weights, logProbabilities, newAdvantages, speechWeights);
    }

    /** This example with other weights of its blocks of speech. */
    public TrainingExample withSpeechWeights(final float... newWeights) {
        return new TrainingExample(example, targets, weights, samplerLogProbabilities, advantages, newWeights);
    }

    /** How many positions' logits are wanted. */
    public int outputs() {
        return targets.length;
    }

    /** The wanted tokens; a fresh array. */
    @Override
    public int[] targets() {
        return targets.clone();
    }

    /** What the positions count; a fresh array. */
    @Override
    public float[] weights() {
        return weights.clone();
    }

    /** The sampler's log-probabilities; a fresh array. */
    @Override
    public float[] samplerLogProbabilities() {
        return samplerLogProbabilities.clone();
    }

    /** The advantages; a fresh array. */
    @Override
    public float[] advantages() {
        return advantages.clone();
    }

    /** What the blocks of speech count; a fresh array. */
    @Override
    public float[] speechWeights() {
        return speechWeights.clone();
    }

    /** What a loss is told at an output; {@code row} is the number that errors name. */
    TokenPosition position(final int output, final int row) {
        return new TokenPosition(
                row, targets[output], weights[output], samplerLogProbabilities[output], advantages[output]);
    }

    private static void require(final String what, final int found, final int expected) {
        if (found != expected) {
            throw new IllegalArgumentException(
                    "training example: " + found + " " + what + ": expected " + expected + ", one per output");
        }
    }
}
