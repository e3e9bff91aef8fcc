package dev.tactus.engine.sim;

/** Where all checkers of a run report: the first violation ends it. */
final class Checks {
    /** A violation that is about no one session. */
    static final int ENGINE = -1;

    private final long seed;
    private final Scenario scenario;
    private long beat;

    Checks(final long seed, final Scenario scenario) {
        this.seed = seed;
        this.scenario = scenario;
    }

    /** The beat that violations are told for. */
    void beat(final long number) {
        beat = number;
    }

    /** Ends the run. */
    SimViolationException fail(final Check check, final int session, final String expected, final String found) {
        throw new SimViolationException(violation(check, session, expected, found), null);
    }

    /** A violation at the beat that the run is in. */
    Violation violation(final Check check, final int session, final String expected, final String found) {
        return new Violation(seed, scenario, beat, session, check, expected, found);
    }

    /** Ends the run because the engine threw. */
    SimViolationException threw(final int session, final String expected, final Throwable cause) {
        throw new SimViolationException(violation(Check.INTERNAL, session, expected, cause.toString()), cause);
    }

    /** Ends the run unless the numbers are equal. */
    void equal(final Check check, final int session, final String what, final long expected, final long found) {
        if (expected != found) {
            fail(check, session, what + " " + expected, Long.toString(found));
        }
    }

    /** Ends the run unless the numbers, which are of a session tick, are equal. */
    void equal(
            final Check check,
            final int session,
            final String what,
            final long tick,
            final long expected,
            final long found) {
        if (expected != found) {
            fail(check, session, what + " of session tick " + tick + " to be " + expected, Long.toString(found));
        }
    }

    /** Ends the run unless {@code holds}. */
    void that(final boolean holds, final Check check, final int session, final String expected, final String found) {
        if (!holds) {
            fail(check, session, expected, found);
        }
    }
}
