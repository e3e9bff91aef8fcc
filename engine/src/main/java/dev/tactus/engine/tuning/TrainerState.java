package dev.tactus.engine.tuning;

import dev.tactus.engine.adapter.LoraAdapter;
import dev.tactus.engine.adapter.LoraConfig;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a {@link Trainer} keeps besides tensors, in a {@link TrainingState} under names of its own.
 *
 * @param steps of the optimiser
 * @param pendingBatches whose gradients no step has used yet
 * @param pendingWeight their weights' sum
 * @param adam settings of the optimiser; an infinite clip norm, which JSON cannot say, is left out
 * @param subject what is trained: {@link #WHOLE}, or an adapter in words that name its base
 */
record TrainerState(long steps, long pendingBatches, double pendingWeight, AdamSettings adam, String subject) {
    /** All weights of a model. */
    static final String WHOLE = "whole model";

    private static final String PREFIX = "trainer.";
    private static final String STEPS = PREFIX + "steps";
    private static final String BATCHES = PREFIX + "pending_batches";
    private static final String WEIGHT = PREFIX + "pending_weight";
    private static final String BETA1 = PREFIX + "beta1";
    private static final String BETA2 = PREFIX + "beta2";
    private static final String EPSILON = PREFIX + "epsilon";
    private static final String DECAY = PREFIX + "weight_decay";
    private static final String CLIP = PREFIX + "clip_norm";
    private static final String SUBJECT = PREFIX + "subject";

    /** An adapter; two of one text have factors of the same meaning wherever their shapes agree. */
    static String subject(final LoraAdapter adapter) {
        final LoraConfig config = adapter.config();
        return "LoRA of rank " + config.rank() + ", alpha " + config.alpha()
                + (config.rankStabilised() ? ", rank-stabilised" : "") + ", beside the base "
                + adapter.baseFingerprint();
    }

    /** The run's state and this one, together. */
    TrainingState addTo(final TrainingState run) {
        requireOthers(run.counters());
        requireOthers(run.hyperParameters());
        requireOthers(run.notes());
        final Map<String, Long> counters = new LinkedHashMap<>(run.counters());
        counters.put(STEPS, steps);
        counters.put(BATCHES, pendingBatches);
        final Map<String, Double> numbers = new LinkedHashMap<>(run.hyperParameters());
        numbers.put(WEIGHT, pendingWeight);
        numbers.put(BETA1, adam.beta1());
        numbers.put(BETA2, adam.beta2());
        numbers.put(EPSILON, adam.epsilon());
        numbers.put(DECAY, adam.weightDecay());
        if (Double.isFinite(adam.clipNorm())) {
            numbers.put(CLIP, adam.clipNorm());
        }
        final Map<String, String> notes = new LinkedHashMap<>(run.notes());
        if (!subject.equals(WHOLE)) {
            notes.put(SUBJECT, subject);
        }
        return new TrainingState(counters, run.seeds(), numbers, notes);
    }

    /** This state, out of what {@link #addTo} made. */
    static TrainerState of(final TrainingState state) {
        final AdamSettings adam = new AdamSettings(
                state.hyperParameter(BETA1),
                state.hyperParameter(BETA2),
                state.hyperParameter(EPSILON),
                state.hyperParameter(DECAY),
                state.hyperParameters().getOrDefault(CLIP, Double.POSITIVE_INFINITY));
        return new TrainerState(
                state.counter(STEPS),
                state.counter(BATCHES),
                state.hyperParameter(WEIGHT),
                adam,
                state.notes().getOrDefault(SUBJECT, WHOLE));
    }

    /** The run's state alone. */
    static TrainingState removeFrom(final TrainingState state) {
        return new TrainingState(
                others(state.counters()), state.seeds(), others(state.hyperParameters()), others(state.notes()));
    }

    private static <T> Map<String, T> others(final Map<String, T> values) {
        final Map<String, T> others = new LinkedHashMap<>(values);
        others.keySet().removeIf(name -> name.startsWith(PREFIX));
        return others;
    }

    private static void requireOthers(final Map<String, ?> values) {
        for (final String name : values.keySet()) {
            if (name.startsWith(PREFIX)) {
                throw new IllegalArgumentException(
                        "state of the run: " + name + ": expected no name that begins with " + PREFIX);
            }
        }
    }
}
