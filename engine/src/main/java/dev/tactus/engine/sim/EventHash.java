package dev.tactus.engine.sim;

/** The log of a run, folded: two runs of one seed end in the same number or did not do the same. */
final class EventHash {
    private long hash;
    private long events;

    /** An event of a kind, what it is about, and what it says. */
    void add(final Kind kind, final long subject, final long value) {
        hash = Mix.fold(Mix.fold(Mix.fold(hash, kind.ordinal()), subject), value);
        events++;
    }

    long hash() {
        return hash;
    }

    long events() {
        return events;
    }

    /** Kinds of events. */
    enum Kind {
        LAUNCHED,
        OPENED,
        REFUSED,
        MEDIA,
        CONTROL,
        SEALED,
        SKIPPED,
        EMITTED,
        RETURNED,
        ENDED,
        HEARD,
        END_HEARD,
        CLOSED,
        JUMPED
    }
}
