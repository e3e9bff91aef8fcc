package dev.tactus.scenario.eval;

import dev.tactus.scenario.Episode;

/**
 * How often something happens in a minute.
 *
 * @param events ticks in which it happened
 * @param n ticks in which it could have
 */
public record PerMinute(long events, long n) implements Result {
    private static final double TICKS_PER_MINUTE = 60_000.0 / Episode.TICK_MS;

    /** Minutes that were watched. */
    public double minutes() {
        return n / TICKS_PER_MINUTE;
    }

    /** Events per minute, NaN without time. */
    public double rate() {
        return events / minutes();
    }

    /** The 95 % interval of the rate: that of the share of ticks, per minute. */
    public Wilson interval() {
        final Wilson share = Wilson.of(events, n);
        return new Wilson(share.low() * TICKS_PER_MINUTE, share.high() * TICKS_PER_MINUTE);
    }
}
