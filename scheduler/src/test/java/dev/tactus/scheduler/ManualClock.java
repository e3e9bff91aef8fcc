package dev.tactus.scheduler;

import org.agrona.concurrent.NanoClock;

/** A clock that moves when a test says so. */
final class ManualClock implements NanoClock {
    private long nowNs;

    @Override
    public long nanoTime() {
        return nowNs;
    }

    void advance(final long ns) {
        nowNs += ns;
    }

    /** Moves on to {@code ns}, never back. */
    void at(final long ns) {
        nowNs = Math.max(nowNs, ns);
    }
}
