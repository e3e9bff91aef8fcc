package dev.tactus.bench.train;

/**
 * Memory outside of the heap that training takes; all of it is held from before the first step, so the sum is the peak.
 *
 * @param parameters how many
 * @param state bytes of masters, gradients and both moments
 * @param activations bytes of activations, logits and their gradients, for {@code positions}
 * @param scratch bytes of the workers, the partial sums and a layer's keys and values
 * @param positions of the largest batch
 */
public record TrainMemory(long parameters, long state, long activations, long scratch, int positions) {
    /** Bytes per parameter. */
    public double statePerParameter() {
        return (double) state / parameters;
    }

    /** Bytes of activations per position. */
    public double activationsPerPosition() {
        return (double) activations / positions;
    }

    /** All of it. */
    public long peak() {
        return state + activations + scratch;
    }
}
