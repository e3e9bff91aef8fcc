package dev.tactus.engine.tuning;

/**
 * What outputs count in a loss, by what they are. {@code <quiet>} ends every tick, so that it would outweigh all else.
 *
 * @param quiet {@code <quiet>}
 * @param caption text of what the user said
 * @param speech text that the model says
 * @param control {@code <hear>}, {@code <speak>} and {@code <say>}
 */
public record TokenWeights(float quiet, float caption, float speech, float control) {
    /** Every output counts 1. */
    public static final TokenWeights EQUAL = new TokenWeights(1f, 1f, 1f, 1f);

    /** Refuses weights that are no weights. */
    public TokenWeights {
        require("quiet", quiet);
        require("caption", caption);
        require("speech", speech);
        require("control", control);
    }

    /** What learned best in our experiment: {@code <quiet>} counts half. */
    public static TokenWeights standard() {
        return new TokenWeights(0.5f, 1f, 1f, 1f);
    }

    private static void require(final String what, final float weight) {
        if (!(weight >= 0) || weight == Float.POSITIVE_INFINITY) {
            throw new IllegalArgumentException(
                    "token weight of " + what + " is " + weight + ": expected 0 or a positive number");
        }
    }
}
