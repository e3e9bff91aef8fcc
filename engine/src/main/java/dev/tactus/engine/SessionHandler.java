package dev.tactus.engine;

import dev.tactus.scheduler.EndReason;

/** Receives what a session puts out, on the thread that polls. */
public interface SessionHandler {
    /** A tick. The event is reused: read it during the call. */
    void onTick(TickEvent event);

    /**
     * The session's last event; none follows.
     *
     * @param reason why it ended
     * @param ticks ticks it lived
     */
    default void onEnd(final EndReason reason, final long ticks) {}
}
