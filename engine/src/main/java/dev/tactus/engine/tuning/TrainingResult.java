package dev.tactus.engine.tuning;

import java.util.List;

/**
 * What a forward and backward pass over a batch found.
 *
 * @param loss Σ weight · loss, not divided
 * @param weight Σ weight
 * @param positions outputs whose weight is not 0
 * @param clipped those whose ratio the loss cut off
 * @param meanLogProbability mean log p of the targets over positions; NaN without any
 * @param meanKl mean estimate of KL(q ‖ p) over positions; NaN without any, 0 for a loss that knows no q
 * @param meanRatio mean p / q over positions; NaN without any, 1 for a loss that knows no q
 * @param logProbabilities log p of every target, one array [outputs] per example of the batch
 * @param speech the loss of speech, beside that of tokens
 */
public record TrainingResult(
        double loss,
        double weight,
        long positions,
        long clipped,
        double meanLogProbability,
        double meanKl,
        double meanRatio,
        List<float[]> logProbabilities,
        SpeechTotals speech) {
    /** Makes the list unmodifiable; its arrays are the caller's. */
    public TrainingResult {
        logProbabilities = List.copyOf(logProbabilities);
    }

    static TrainingResult of(final LossTotals totals, final List<float[]> logProbabilities, final SpeechTotals speech) {
        return new TrainingResult(
                totals.loss(),
                totals.weight(),
                totals.positions(),
                totals.clipped(),
                totals.meanLogProbability(),
                totals.meanKl(),
                totals.meanRatio(),
                logProbabilities,
                speech);
    }

    /** Loss per unit of weight; NaN without any. */
    public double meanLoss() {
        return loss / weight;
    }
}
