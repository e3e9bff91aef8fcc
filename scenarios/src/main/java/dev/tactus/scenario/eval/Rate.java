package dev.tactus.scenario.eval;

/**
 * How often something was so.
 *
 * @param hits times it was
 * @param n times it could have been
 */
public record Rate(long hits, long n) implements Result {
    /** The share, NaN for none. */
    public double share() {
        return (double) hits / n;
    }

    /** The 95 % interval of the share. */
    public Wilson interval() {
        return Wilson.of(hits, n);
    }
}
