package dev.tactus.engine.tuning.recipe;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * What a step of a run did.
 *
 * @param step its number, from 1
 * @param steps of the whole run
 * @param loss of tokens, mean over the weights of its batches
 * @param smoothed the loss, averaged over about the last ten steps
 * @param learningRate it used
 * @param gradientNorm before clipping
 * @param positions seen since the run began
 * @param evaluation mean loss of the held-out data's tokens, where this step was evaluated on them
 * @param speech mean loss of its blocks of speech, where there were some
 * @param evaluationSpeech the same of the held-out data
 * @param evaluationBySort the held-out data's token loss by the sort of their examples; empty where they have none
 */
public record StepReport(
        long step,
        long steps,
        double loss,
        double smoothed,
        double learningRate,
        double gradientNorm,
        long positions,
        OptionalDouble evaluation,
        OptionalDouble speech,
        OptionalDouble evaluationSpeech,
        Map<String, Double> evaluationBySort) {
    /** Makes the map unmodifiable; its order stays. */
    public StepReport {
        evaluationBySort = Collections.unmodifiableMap(new LinkedHashMap<>(evaluationBySort));
    }

    /** Of a step without speech, on data of one sort. */
    public StepReport(
            final long step,
            final long steps,
            final double loss,
            final double smoothed,
            final double learningRate,
            final double gradientNorm,
            final long positions,
            final OptionalDouble evaluation) {
        this(
                step,
                steps,
                loss,
                smoothed,
                learningRate,
                gradientNorm,
                positions,
                evaluation,
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                Map.of());
    }
}
