package dev.tactus.engine.tuning;

import dev.tactus.kernel.Elementary;
import dev.tactus.kernel.LogProbability;
import dev.tactus.memory.OffHeap;
import java.util.Map;

/**
 * A loss of single tokens: a function of log p of the token at a position, summed over positions with their weights.
 *
 * <pre>
 *   total            = Σ weight · loss(log p) / divisor
 *   d total / d x[j] = weight / divisor · slope · ([j = target] - p[j])
 * </pre>
 *
 * log p is that of {@link LogProbability}, so it has the bits the sampler reports for the same logits. The caller says
 * by what to divide: 1 for a sum, the sum of weights for a mean; {@link AdamW#step} can divide later as well.
 * Implementations are immutable; any thread may call.
 */
public sealed interface TokenLoss permits CrossEntropyLoss, ImportanceSamplingLoss, PpoLoss, CispoLoss, DroLoss {
    /**
     * A loss by the name that recipes use.
     *
     * <pre>
     *   cross_entropy
     *   importance_sampling
     *   ppo                    low, high: 0.8 and 1.2 where they are not given
     *   cispo                  low, high: 0.8 and 1.2 where they are not given
     *   dro                    beta, which must be given
     * </pre>
     *
     * @param name one of them
     * @param options its parameters by name
     * @throws IllegalArgumentException in one line that lists the names that exist, when the loss or an option is not
     *     one of them, or when an option is missing or out of its range
     */
    static TokenLoss named(final String name, final Map<String, Double> options) {
        return NamedLosses.of(name, options);
    }

    /**
     * The loss and its slope, before weight and divisor.
     *
     * @param logProbability log p of the token, finite
     * @param samplerLogProbability log q of the token, finite
     * @param advantage of the token
     * @return loss or slope may be infinite, where the definition overflows float32
     */
    LossTerm term(float logProbability, float samplerLogProbability, float advantage);

    /**
     * The loss at one position and the gradient of its logits.
     *
     * @param position target, weight and what is known of the sampler
     * @param logits float32 [vocabulary]
     * @param vocabulary how many logits, at least 1
     * @param divisor of the weighted sum, positive
     * @param gradient out: float32 [vocabulary], d total / d logits; may be the logits themselves, which are gone then
     * @throws TrainingException when a logit, the log-probability, the loss or its slope is NaN or infinite, or the
     *     target is not in the vocabulary; the gradient is then not to be used
     */
    default LossTerm evaluate(
            final TokenPosition position,
            final long logits,
            final int vocabulary,
            final float divisor,
            final long gradient) {
        final int target = position.target();
        checkRow(position, logits, vocabulary, divisor);
        final float logit = OffHeap.getFloat(logits + (long) target * Float.BYTES);
        final float max = LogProbability.max(logits, vocabulary);
        final float sum = LogProbability.exponentials(logits, vocabulary, max, gradient);
        final float logProbability = LogProbability.of(logit, max, sum);
        if (!Float.isFinite(logProbability)) {
            throw new TrainingException("row " + position.row() + ": log-probability of token " + target + " is "
                    + logProbability + ": its logit is " + logit + ", the largest " + max);
        }
        if (position.weight() == 0f) {
            OffHeap.zero(gradient, (long) vocabulary * Float.BYTES);
            return LossTerm.supervised(0f, 0f, logProbability);
        }
        final LossTerm term = term(logProbability, position.samplerLogProbability(), position.advantage());
        final float slope = term.slope() * position.weight() / divisor;
        if (!Float.isFinite(term.loss()) || !Float.isFinite(slope)) {
            throw new TrainingException("row " + position.row() + ": loss " + term.loss() + ", slope " + slope
                    + ": expected finite numbers; " + this + ", token " + target + ", log-probability "
                    + logProbability + ", the sampler's " + position.samplerLogProbability() + ", advantage "
                    + position.advantage() + ", weight " + position.weight());
        }
        scaleRow(gradient, vocabulary, -slope / sum);
        final long own = gradient + (long) target * Float.BYTES;
        OffHeap.putFloat(own, slope + OffHeap.getFloat(own));
        return term;
    }

    /** {@code exp(log p - log q)} in float32; +∞ where it overflows. */
    static float ratio(final float logProbability, final float samplerLogProbability) {
        return Elementary.exp(logProbability - samplerLogProbability);
    }

    private static void checkRow(
            final TokenPosition position, final long logits, final int vocabulary, final float divisor) {
        if (position.target() >= vocabulary) {
            throw new TrainingException("row " + position.row() + ": target is " + position.target()
                    + ": expected 0 to " + (vocabulary - 1) + ", the vocabulary");
        }
        if (!(divisor > 0f) || !Float.isFinite(divisor)) {
            throw new TrainingException(
                    "row " + position.row() + ": divisor is " + divisor + ": expected a positive number");
        }
        final int bad = LogProbability.firstNotFinite(logits, vocabulary);
        if (bad >= 0) {
            throw new TrainingException("row " + position.row() + ": logit " + bad + " is "
                    + OffHeap.getFloat(logits + (long) bad * Float.BYTES) + ": expected finite logits");
        }
    }

    private static void scaleRow(final long row, final int count, final float factor) {
        for (int i = 0; i < count; i++) {
            final long at = row + (long) i * Float.BYTES;
            OffHeap.putFloat(at, OffHeap.getFloat(at) * factor);
        }
    }
}
