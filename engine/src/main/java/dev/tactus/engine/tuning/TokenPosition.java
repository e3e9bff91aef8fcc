package dev.tactus.engine.tuning;

/**
 * What a loss is told about one output position, apart from its logits.
 *
 * @param row which row of the batch it is: only named in errors
 * @param target the token that was wanted or sampled there
 * @param weight what the position counts; 0 leaves it out
 * @param samplerLogProbability log q(target), as the policy that drew the token had it (
 *     {@link dev.tactus.kernel.LogProbability}); not read by {@link CrossEntropyLoss}
 * @param advantage how much better than expected the token turned out; not read by {@link CrossEntropyLoss}
 */
public record TokenPosition(int row, int target, float weight, float samplerLogProbability, float advantage) {
    /**
     * Refuses what no loss can use.
     *
     * @throws TrainingException when a number is NaN or infinite or the target is negative
     */
    public TokenPosition {
        require(row, "target", target, target >= 0, "an id of the vocabulary");
        require(row, "weight", weight, Float.isFinite(weight), "a finite number");
        require(
                row,
                "sampler log-probability",
                samplerLogProbability,
                Float.isFinite(samplerLogProbability),
                "a finite number");
        require(row, "advantage", advantage, Float.isFinite(advantage), "a finite number");
    }

    /** A position whose right token is known. */
    public static TokenPosition supervised(final int row, final int target, final float weight) {
        return new TokenPosition(row, target, weight, 0f, 0f);
    }

    private static void require(
            final int row, final String what, final Number found, final boolean fits, final String allowed) {
        if (!fits) {
            throw new TrainingException("row " + row + ": " + what + " is " + found + ": expected " + allowed);
        }
    }
}
