package dev.tactus.scheduler;

/** What makes a beat due. */
public enum Pacing {
    /** The clock: a beat every T, skipped when a whole one was missed. */
    REALTIME,
    /** The caller: a beat for every step released, as fast as it goes; none is skipped. */
    STEPPED
}
