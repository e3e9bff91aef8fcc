package dev.tactus.engine.sim;

/** What a checker holds a run to. A violation names one. */
public enum Check {
    /** The stages of a ledger row sum to its wall time, with less than 1 % unattributed, and none is negative. */
    BALANCE,
    /** A tick record holds what arrived in time and nothing else, and every gap in it is counted. */
    GAPS,
    /** What a microphone hears keeps its place on the media clock, and each correction of its own clock is flagged. */
    CLOCK,
    /** The rows of a tick are those of MODEL.md 2.2, at the session's next positions. */
    PLAN,
    /** A media slot is never reused, nor its bytes changed, before the tick that reads it is complete. */
    SLOTS,
    /** Every queue stays within its limit, and refuses only when it is full. */
    QUEUES,
    /** One session's output bits equal those of its lone run from its recorded inputs. */
    ALONE,
    /** Every tick of a session has exactly one event, or a recorded reason why it has none. */
    EVENTS,
    /** A silence has the first reason that applies, and every missed deadline is counted. */
    REASONS,
    /** The account of memory is constant from launch to close, and zero afterwards. */
    MEMORY,
    /** All slots and pages are back once sessions are closed. */
    RETURNED,
    /** The loop's counters equal what the checkers counted. */
    COUNTERS,
    /** A session that is asked to end does so at the next seal, for the reason it was asked. */
    ENDS,
    /** The engine throws nothing that its caller was not told of. */
    INTERNAL,
    /** Two runs of one seed give the same hash of events. */
    REPEAT
}
