package dev.tactus.scheduler;

/**
 * When beats happen. Beat b covers [origin + b·T, origin + (b+1)·T); it is sealed at its end plus the allowance for
 * late media, and its output is due one T after its end.
 *
 * <pre>
 *    origin          +T             +2T            +3T
 *      |---- beat 0 ----|---- beat 1 ----|---- beat 2 ----|
 *                       ^ seal 0 (+ allowance)
 *                       '--- compute ---'^ deadline 0
 * </pre>
 *
 * In {@link Pacing#STEPPED} the grid is moved at each step so that the beat ends now. Used by the tick thread; the
 * origin is readable from any thread.
 */
public final class BeatGrid {
    private final long periodNs;
    private final long allowanceNs;
    private volatile long originNs;

    /**
     * A grid.
     *
     * @param periodNs T, positive
     * @param allowanceNs how long after a beat's end its media may still arrive, from 0 to less than T
     */
    public BeatGrid(final long periodNs, final long allowanceNs) {
        if (periodNs <= 0 || allowanceNs < 0 || allowanceNs >= periodNs) {
            throw new IllegalArgumentException(
                    "period " + periodNs + " ns, allowance " + allowanceNs + " ns: expected 0 ≤ allowance < period");
        }
        this.periodNs = periodNs;
        this.allowanceNs = allowanceNs;
    }

    void originNs(final long originNs) {
        this.originNs = originNs;
    }

    /** Start of beat 0. */
    public long originNs() {
        return originNs;
    }

    /** T. */
    public long periodNs() {
        return periodNs;
    }

    /** End of beat {@code b}. */
    public long endNs(final long b) {
        return originNs + (b + 1) * periodNs;
    }

    /** When beat {@code b} is sealed. */
    public long sealNs(final long b) {
        return endNs(b) + allowanceNs;
    }

    /** When the output of beat {@code b} is due. */
    public long deadlineNs(final long b) {
        return endNs(b) + periodNs;
    }

    /** Moves the grid so that beat {@code b} is to be sealed at {@code nowNs}. */
    void endAt(final long b, final long nowNs) {
        originNs = nowNs - allowanceNs - (b + 1) * periodNs;
    }
}
