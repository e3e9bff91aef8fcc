package dev.tactus.engine.tuning;

/**
 * What a batch's blocks of speech cost.
 *
 * @param loss Σ weight · loss over blocks, not divided, without the factor of {@link SpeechLoss}
 * @param weight Σ weight over blocks
 * @param blocks how many have a weight that is not 0
 */
public record SpeechTotals(double loss, double weight, long blocks) {
    /** Of a batch whose speech was not looked at. */
    public static final SpeechTotals NONE = new SpeechTotals(0, 0, 0);

    /** Loss per unit of weight; NaN without any. */
    public double meanLoss() {
        return loss / weight;
    }
}
