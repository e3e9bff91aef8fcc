package dev.tactus.engine.tuning.recipe;

import dev.tactus.engine.tuning.TrainingExample;
import dev.tactus.engine.tuning.TrainingLimits;
import java.util.List;
import java.util.Optional;

/**
 * Where a run's batches come from. The batch of a step depends on the step and the seed alone, so a run that resumes
 * sees what it would have seen. One thread at a time calls; whoever opened it closes it.
 */
public interface ExampleSource extends AutoCloseable {
    /** The largest batch it makes: what the trainer must have room for. */
    TrainingLimits limits();

    /**
     * A batch.
     *
     * @param step which one, from 0; any order
     * @return examples within {@link #limits()}; pixels and bins in them are valid until the next call
     */
    List<TrainingExample> batch(long step);

    /** Tells other data from these: a resumed run must find the one it had. */
    String fingerprint();

    /** Whether its examples carry a sampler's log-probabilities and advantages, as the policy losses need. */
    default boolean isSampled() {
        return false;
    }

    /**
     * What sort each example of a batch is, for losses by sort.
     *
     * @return one name per example of {@code batch(step)}, or none when all are of one sort
     */
    default List<String> sorts(final long step) {
        return List.of();
    }

    /** What a block of speech counts beside a token of weight 1; 0 when no example has speech. */
    default float speechFactor() {
        return 0;
    }

    /** What the voice of its examples is like, for a new model that is to speak; empty when no example has speech. */
    default Optional<VoiceStatistics> voice() {
        return Optional.empty();
    }

    /**
     * Most bytes of the Java heap that it keeps from batch to batch; 0 where that is next to nothing. Sources of one
     * kind may share them, and then each says the whole.
     */
    default long heapBytes() {
        return 0;
    }

    /** Gives back what it holds. */
    @Override
    default void close() {
        // memory alone: nothing to give back
    }
}
