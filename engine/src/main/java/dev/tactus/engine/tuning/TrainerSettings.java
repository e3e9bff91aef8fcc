package dev.tactus.engine.tuning;

import java.util.concurrent.ThreadFactory;

/**
 * What a {@link Trainer} is told once.
 *
 * @param limits the largest batch it has memory for
 * @param adam of the optimiser
 * @param workers threads that compute, the caller's included; they do not change what comes out
 * @param threads makes the others
 */
public record TrainerSettings(TrainingLimits limits, AdamSettings adam, int workers, ThreadFactory threads) {
    /** Refuses a trainer without workers. */
    public TrainerSettings {
        if (workers < 1) {
            throw new IllegalArgumentException(
                    "trainer: " + workers + " workers: expected at least 1, the calling thread");
        }
    }

    /** The standard optimiser on the calling thread alone. */
    public static TrainerSettings of(final TrainingLimits limits) {
        return new TrainerSettings(limits, AdamSettings.standard(), 1, body -> {
            throw new IllegalStateException("a trainer of one worker uses the calling thread: it makes no other");
        });
    }
}
