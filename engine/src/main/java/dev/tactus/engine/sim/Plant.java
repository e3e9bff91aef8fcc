package dev.tactus.engine.sim;

/** A bug that is planted in an engine, to prove that the checker meant for it finds it. */
public enum Plant {
    /** None: the engine as it is. */
    NONE(null),
    /** A media slot goes back to its pool when its tick is submitted, not when it is complete. */
    SLOT_EARLY(Check.SLOTS),
    /** A media slot never goes back. */
    SLOT_LEAK(Check.RETURNED),
    /** A gap in a session's audio is not counted. */
    GAP_UNCOUNTED(Check.GAPS),
    /** Media that arrived in time is left out of the tick. */
    MEDIA_LOST(Check.GAPS),
    /** A correction of a microphone's clock is made, and nobody is told. */
    DRIFT_UNFLAGGED(Check.CLOCK),
    /** A microphone's clock drifts, and is left alone. */
    DRIFT_UNCORRECTED(Check.CLOCK),
    /** The listener says how far it heard, and the model is not told of what it missed. */
    HEARD_UNTOLD(Check.GAPS),
    /** A session's output depends on its neighbour in the batch. */
    NEIGHBOUR(Check.ALONE),
    /** The device reports more time than it took. */
    ROW_UNBALANCED(Check.BALANCE),
    /** A tick runs, and its session is not told. */
    EVENT_LOST(Check.EVENTS),
    /** A tick allocates off-heap memory. */
    ALLOCATION(Check.MEMORY),
    /** What happens depends on more than the seed. */
    UNREPEATABLE(Check.REPEAT);

    private final Check finder;

    Plant(final Check finder) {
        this.finder = finder;
    }

    /** The checker that must find it; null for {@link #NONE}. */
    public Check finder() {
        return finder;
    }
}
