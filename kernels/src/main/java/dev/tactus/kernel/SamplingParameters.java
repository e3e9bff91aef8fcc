package dev.tactus.kernel;

/**
 * How a token is drawn from logits.
 *
 * @param temperature 0 takes the first candidate (greedy); otherwise logits are divided by it
 * @param topK candidates kept, 1 to {@link #MAX_CANDIDATES}
 * @param topP probability mass kept, in (0, 1]
 */
public record SamplingParameters(float temperature, int topK, float topP) {
    /** Most candidates a draw looks at. */
    public static final int MAX_CANDIDATES = 256;

    /** The first candidate, always. */
    public static final SamplingParameters GREEDY = new SamplingParameters(0f, 1, 1f);

    /** Checks the ranges. */
    public SamplingParameters {
        if (!(temperature >= 0f) || temperature == Float.POSITIVE_INFINITY) {
            throw new IllegalArgumentException("temperature is " + temperature + ": expected 0 or a positive number");
        }
        if (topK < 1 || topK > MAX_CANDIDATES) {
            throw new IllegalArgumentException("top-k is " + topK + ": expected 1 to " + MAX_CANDIDATES);
        }
        if (!(topP > 0f && topP <= 1f)) {
            throw new IllegalArgumentException("top-p is " + topP + ": expected more than 0, at most 1");
        }
    }
}
