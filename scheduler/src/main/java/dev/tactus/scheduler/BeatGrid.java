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
 * Sessions are spread over phase slots of the period. The beats of slot p of P lie p·T/P later, so that the device
 * works for one slot after the other:
 *
 * <pre>
 *    slot 0   |---- beat 0 ----|---- beat 1 ----|
 *    slot 1       |---- beat 0 ----|---- beat 1 ----|
 *    slot 2           |---- beat 0 ----|---- beat 1 ----|
 *    slot 3               |---- beat 0 ----|---- beat 1 ----|
 *    seals                     0   1   2   3   0   1   2   3
 * </pre>
 *
 * In {@link Pacing#STEPPED} there is one slot, and the grid is moved at each step so that the beat ends now. Used by
 * the tick thread; the origin is readable from any thread.
 */
public final class BeatGrid {
    private final long periodNs;
    private final long allowanceNs;
    private final int phases;
    private volatile long originNs;

    /** A grid with one slot. */
    public BeatGrid(final long periodNs, final long allowanceNs) {
        this(periodNs, allowanceNs, 1);
    }

    /**
     * A grid.
     *
     * @param periodNs T, positive
     * @param allowanceNs how long after a beat's end its media may still arrive, from 0 to less than T
     * @param phases slots of the period, at least 1
     */
    public BeatGrid(final long periodNs, final long allowanceNs, final int phases) {
        if (periodNs <= 0 || allowanceNs < 0 || allowanceNs >= periodNs) {
            throw new IllegalArgumentException(
                    "period " + periodNs + " ns, allowance " + allowanceNs + " ns: expected 0 ≤ allowance < period");
        }
        if (phases < 1) {
            throw new IllegalArgumentException(phases + " phases: expected at least 1");
        }
        this.periodNs = periodNs;
        this.phases = phases;
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

    /** Slots of the period. */
    public int phases() {
        return phases;
    }

    /** How much later than slot 0 the beats of a slot begin. */
    public long offsetNs(final int phase) {
        return periodNs * phase / phases;
    }

    /** End of beat {@code b} of slot 0. */
    public long endNs(final long b) {
        return endNs(b, 0);
    }

    /** End of beat {@code b} of a slot. */
    public long endNs(final long b, final int phase) {
        return originNs + (b + 1) * periodNs + offsetNs(phase);
    }

    /** When beat {@code b} of slot 0 is sealed. */
    public long sealNs(final long b) {
        return sealNs(b, 0);
    }

    /** When beat {@code b} of a slot is sealed. */
    public long sealNs(final long b, final int phase) {
        return endNs(b, phase) + allowanceNs;
    }

    /** When the output of beat {@code b} of slot 0 is due. */
    public long deadlineNs(final long b) {
        return deadlineNs(b, 0);
    }

    /** When the output of beat {@code b} of a slot is due. */
    public long deadlineNs(final long b, final int phase) {
        return endNs(b, phase) + periodNs;
    }

    /** The first beat of a slot that begins at {@code ns} or later; negative before the origin. */
    public long beatFrom(final long ns, final int phase) {
        return Math.ceilDiv(ns - originNs - offsetNs(phase), periodNs);
    }

    /** Moves the grid so that beat {@code b} is to be sealed at {@code nowNs}. */
    void endAt(final long b, final long nowNs) {
        originNs = nowNs - allowanceNs - (b + 1) * periodNs;
    }
}
