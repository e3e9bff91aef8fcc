package dev.tactus.engine.sim;

import dev.tactus.scheduler.IngressRecord;

/**
 * Holds the numbers that a microphone's slots get to what {@link dev.tactus.engine.AudioInput} promises. It knows by
 * how much the clock is off, which the engine does not.
 *
 * <p>A slot's offset is what it is captured later than the place on the media clock that its number stands for. Always:
 * a number follows the one before it, unless the record says that positions were passed over, which only a slow clock
 * makes necessary, or that the slot has no place, which only a fast one does. Once the filter has seen as many slots as
 * it looks at, and unless they are so far apart that no jitter could be told from drift: the offset stays within half a
 * slot, the jitter of the stamps, and what the clock drifts while that many slots are captured, of the one that the
 * session began with.
 */
final class ClockOracle {
    /** Slots that the engine looks at together. */
    private static final int WINDOW = 24;

    /** The slot of the first of them that stands for all, where the clock is slow: two may be outliers. */
    private static final int THIRD = 3;

    /** Where it is fast, the earliest for their numbers are the last ones. */
    private static final int THIRD_LAST = 22;

    private static final long LIMIT_NS = ProducerClock.SLOT_NS / 2;

    /** Slots whose offsets are further apart than this tell nothing. */
    private static final long STEADY_NS = ProducerClock.SLOT_NS;

    private static final int MILLION = 1_000_000;

    private final Checks checks;
    private final int session;
    private final ProducerClock clock;
    private final long[] capturedNs = new long[WINDOW];
    private int next;
    private int seen;
    private long settling;
    private boolean calibrated;
    private long thirdNs;
    private long leastNs = Long.MAX_VALUE;
    private long mostNs = Long.MIN_VALUE;

    ClockOracle(final Checks checks, final int session, final ProducerClock clock) {
        this.checks = checks;
        this.session = session;
        this.clock = clock;
    }

    /** The producer said that so many slots will never come. */
    void skipped(final int slots) {
        next += slots;
    }

    /** A slot was accepted that its producer numbered itself. */
    void numbered(final int given, final int number, final int flags) {
        checks.equal(Check.CLOCK, session, "the number that the producer gave,", given, number);
        checks.equal(Check.CLOCK, session, "flags of a slot that its producer numbered,", 0, flags);
        next = Math.max(next, number + 1);
    }

    /** Slot {@code i} of the microphone was accepted as the next one; its record has that number and those flags. */
    void committed(final int i, final int number, final int flags) {
        final boolean dropped = flags == IngressRecord.DRIFT_DROP;
        final boolean passed = flags == IngressRecord.DRIFT_GAP;
        checks.that(
                flags == 0 || dropped && clock.ppm() < 0 || passed && clock.ppm() > 0,
                Check.CLOCK,
                session,
                "no correction of audio slot " + number + " against a clock that is off by " + clock.ppm() + " ppm",
                "flags " + flags);
        checks.that(
                passed ? number > next : number == next,
                Check.CLOCK,
                session,
                "audio slot " + next + (passed ? " passed over" : " next"),
                "slot " + number + " with flags " + flags);
        next = dropped ? number : number + 1;
        final long offsetNs = clock.capturedNs(i) - clock.placeNs(dropped ? number - 1 : number);
        if (isInPlace(offsetNs) && !dropped) {
            checkOffset(i, number, offsetNs);
        }
        begin(offsetNs);
        capturedNs[seen++ % WINDOW] = clock.capturedNs(i);
    }

    /** Whether the slots before this one tell the engine how far the clock is off, so that it keeps its promise. */
    private boolean isInPlace(final long offsetNs) {
        if (seen < WINDOW) {
            return false;
        }
        final long newestNs = capturedNs[(seen - 1) % WINDOW];
        if (driftNs(newestNs - oldestNs()) + clock.jitterNs() > STEADY_NS) {
            // it is then corrected a slot at a time
            settling = 2 + Math.abs(offsetNs) / ProducerClock.SLOT_NS;
            return false;
        }
        if (!calibrated) {
            calibrated = true;
            // the first slots say what is latency; where they lie too far apart it is one of those so far
            leastNs = seen == WINDOW ? thirdNs : leastNs;
            mostNs = seen == WINDOW ? thirdNs : mostNs;
        }
        return settling-- <= 0;
    }

    private void begin(final long offsetNs) {
        if (calibrated) {
            return;
        }
        if (seen + 1 == (clock.ppm() < 0 ? THIRD_LAST : THIRD)) {
            thirdNs = offsetNs;
        }
        leastNs = Math.min(leastNs, offsetNs);
        mostNs = Math.max(mostNs, offsetNs);
    }

    private long oldestNs() {
        return capturedNs[seen % WINDOW];
    }

    private long driftNs(final long ns) {
        return ns / MILLION * Math.abs(clock.ppm());
    }

    private void checkOffset(final int i, final int number, final long offsetNs) {
        final long driftNs = driftNs(clock.capturedNs(i) - oldestNs());
        final long earliestNs = leastNs - LIMIT_NS - clock.jitterNs() - (clock.ppm() < 0 ? driftNs : 0);
        final long latestNs = mostNs + LIMIT_NS + clock.jitterNs() + (clock.ppm() > 0 ? driftNs : 0);
        checks.that(
                earliestNs <= offsetNs && offsetNs <= latestNs,
                Check.CLOCK,
                session,
                "slot " + i + " of a microphone that is off by " + clock.ppm() + " ppm to be captured " + earliestNs
                        + " to " + latestNs + " ns after its place",
                offsetNs + " ns after that of audio slot " + number);
    }
}
