package dev.tactus.scenario.eval;

/**
 * Errors of words, from an alignment with the fewest of them.
 *
 * @param words words that were to come
 * @param substitutions words that came as others
 * @param insertions words that came and were not to
 * @param deletions words that did not come
 */
public record WordErrors(long words, long substitutions, long insertions, long deletions) implements Result {
    /** None. */
    public static final WordErrors NONE = new WordErrors(0, 0, 0, 0);

    @Override
    public long n() {
        return words;
    }

    /** All errors. */
    public long errors() {
        return substitutions + insertions + deletions;
    }

    /** Errors per word that was to come: above 1 when more came than that; NaN without words. */
    public double rate() {
        return (double) errors() / words;
    }

    /** The 95 % interval of the rate, as if words went wrong each on its own and at most once; of no use above 1. */
    public Wilson interval() {
        return Wilson.of(errors(), words);
    }

    /** Both together. */
    public WordErrors plus(final WordErrors other) {
        return new WordErrors(
                words + other.words,
                substitutions + other.substitutions,
                insertions + other.insertions,
                deletions + other.deletions);
    }
}
