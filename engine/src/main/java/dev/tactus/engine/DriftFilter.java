package dev.tactus.engine;

import java.util.Arrays;

/**
 * How far an audio producer's clock has drifted from the engine's, by the capture times of its slots.
 *
 * <p>Slot n of a producer whose clock is right is captured 50 ms after slot n − 1. What its capture time is ahead of
 * that is its offset; the offset that a session begins with is the way from microphone to engine, which is latency, not
 * drift, so it is measured once and only what is added to it since counts. (The engine's grid could tell an absolute
 * offset as well, but not whether a constant one is meant.)
 *
 * <p>A single offset is the drift and whatever delayed that slot. Delays only add, so the third smallest of the last
 * {@value #WINDOW} offsets stands for all of them: up to {@value #RANK} stamps that are too early do not matter, nor do
 * 21 slots, a second, that a stall held back. Where the middle of the window is wider than a slot, its stamps are no
 * measure (a burst after a long stall, slots of a whole tick committed at once, no stamps at all), and nothing is
 * decided.
 *
 * <pre>
 *  offset  +25 ms  - - - - - - - /|- - - - - - - /|- - -    slow: a position is passed over
 *             0             /     |         /     |
 *          −25 ms      /          |    /          |    /
 *                     0          1.25 s × 1 / drift
 * </pre>
 *
 * A correction is due at half a slot. One that would take the last one back is due at three quarters, so that what is
 * left of jitter does not go back and forth. The offset stays within half a slot, the jitter, and what drifts in a
 * window: 0.2 ms at 200 ppm, 24 ms at 2 %, where a shorter window would be nearer, and mistake jitter for drift.
 *
 * <p>One thread. Nothing is allocated after construction.
 */
final class DriftFilter {
    /** Slots that are looked at together: 1.2 s. */
    static final int WINDOW = 24;

    /** Nominal duration of a slot. */
    static final long SLOT_NS = 50_000_000;

    /** Most positions that one correction passes over: a minute. */
    static final int MOST_POSITIONS = 1200;

    private static final int RANK = 2;
    private static final int UPPER_RANK = 17;
    private static final long STEADY_NS = SLOT_NS;
    private static final long LIMIT_NS = SLOT_NS / 2;
    private static final long LIMIT_BACK_NS = SLOT_NS * 3 / 4;

    private final long[] offsets = new long[WINDOW];
    private final long[] sorted = new long[WINDOW];
    private long seen;
    private boolean steady;
    private boolean calibrated;
    private long originNs;
    private long estimateNs;
    private int lastDirection;

    /** Tells of a slot that was accepted: the number it has and when its last sample was captured. */
    void observe(final int number, final long captureNs) {
        offsets[(int) (seen++ % WINDOW)] = captureNs - number * SLOT_NS;
        if (seen < WINDOW) {
            return;
        }
        System.arraycopy(offsets, 0, sorted, 0, WINDOW);
        Arrays.sort(sorted);
        steady = sorted[UPPER_RANK] - sorted[RANK] <= STEADY_NS;
        if (!steady) {
            return;
        }
        estimateNs = sorted[RANK];
        if (!calibrated) {
            calibrated = true;
            originNs = estimateNs;
        }
    }

    /** How much later slots are captured than their numbers say, since the first ones; negative for earlier. */
    long driftNs() {
        return estimateNs - originNs;
    }

    /** What is due at the next slot: positions to pass over, −1 for a slot to drop, 0 for nothing. */
    int due() {
        if (!steady || !calibrated) {
            return 0;
        }
        final long drift = driftNs();
        if (drift > (lastDirection < 0 ? LIMIT_BACK_NS : LIMIT_NS)) {
            return (int) Math.min(MOST_POSITIONS, (drift + LIMIT_NS) / SLOT_NS);
        }
        return drift < -(lastDirection > 0 ? LIMIT_BACK_NS : LIMIT_NS) ? -1 : 0;
    }

    /** Tells that what was due was done: the numbers from now on are so many higher. */
    void corrected(final int positions) {
        final long ns = positions * SLOT_NS;
        for (int i = 0; i < WINDOW; i++) {
            offsets[i] -= ns;
        }
        estimateNs -= ns;
        lastDirection = Integer.signum(positions);
    }
}
