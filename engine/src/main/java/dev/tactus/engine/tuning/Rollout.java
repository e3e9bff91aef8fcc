package dev.tactus.engine.tuning;

import java.util.Arrays;
import java.util.List;

/**
 * What a session put out under the weights of a trainer.
 *
 * @param prompt what it was given
 * @param turns one per tick, with what was drawn
 * @param logProbabilities log q of every drawn token, turn by turn, under all logits: without the mask of the output
 *     machine, temperature, top-k or top-p ({@link dev.tactus.kernel.LogProbability})
 * @param example the same session to train on: one output per drawn token, the sampler's log-probabilities in place,
 *     advantages 0
 */
public record Rollout(Prompt prompt, List<MicroTurn> turns, float[] logProbabilities, TrainingExample example) {
    /** Makes the list unmodifiable and copies the array. */
    public Rollout {
        turns = List.copyOf(turns);
        logProbabilities = logProbabilities.clone();
    }

    /** The log-probabilities; a fresh array. */
    @Override
    public float[] logProbabilities() {
        return logProbabilities.clone();
    }

    /** The example for a policy loss, with one advantage for all its tokens. */
    public TrainingExample advantaged(final float advantage) {
        final float[] advantages = new float[logProbabilities.length];
        Arrays.fill(advantages, advantage);
        return advantaged(advantages);
    }

    /**
     * The example for a policy loss.
     *
     * @param advantages one per drawn token, turn by turn
     */
    public TrainingExample advantaged(final float[] advantages) {
        return example.sampled(logProbabilities, advantages);
    }
}
