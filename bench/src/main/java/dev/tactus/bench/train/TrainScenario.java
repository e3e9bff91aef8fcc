package dev.tactus.bench.train;

import java.util.List;

/**
 * What the training bench is to measure.
 *
 * @param sequences of a batch
 * @param positions of every sequence
 * @param threads how many compute; all of them take turns
 * @param warmUp steps of every number of threads before any counts
 * @param rounds steps of every number of threads that count
 * @param sampleNs how long a measurement of a peak lasts at least
 */
public record TrainScenario(
        int sequences, int positions, List<Integer> threads, int warmUp, int rounds, long sampleNs) {
    /** Refuses what cannot be measured. */
    public TrainScenario {
        threads = threads.stream().distinct().sorted().toList();
        if (sequences < 1 || positions < 1 || warmUp < 0 || rounds < 1 || sampleNs < 0) {
            throw new IllegalArgumentException(sequences + " sequences of " + positions + " positions, " + warmUp
                    + " steps of warm-up, " + rounds + " rounds, peaks of " + sampleNs
                    + " ns: expected at least 1, 1, 0, 1 and 0");
        }
        if (threads.isEmpty() || threads.get(0) < 1) {
            throw new IllegalArgumentException(threads + " threads: expected at least 1");
        }
        Math.multiplyExact(sequences, positions);
    }

    /** Positions of a step. */
    public int batch() {
        return sequences * positions;
    }
}
