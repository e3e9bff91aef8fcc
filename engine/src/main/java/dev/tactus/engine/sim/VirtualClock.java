package dev.tactus.engine.sim;

import org.agrona.concurrent.NanoClock;

/**
 * Time as the run makes it. Every reading takes a drawn moment, and now and then the thread that reads is not run for
 * milliseconds, so that time passes between any two steps of the engine as it does on a machine.
 */
final class VirtualClock implements NanoClock {
    private static final int LONGEST_READING_NS = 1_000;
    private static final int NS_PER_US = 1_000;

    private final SimDraws draws;
    private final int pausePerMille;
    private final int pauseUs;
    private long nowNs;

    /**
     * A clock at {@code startNs}.
     *
     * @param pausePerMille how many readings in a thousand come after a pause
     * @param pauseUs longest pause
     */
    VirtualClock(final SimDraws draws, final long startNs, final int pausePerMille, final int pauseUs) {
        this.draws = draws;
        this.nowNs = startNs;
        this.pausePerMille = pausePerMille;
        this.pauseUs = pauseUs;
    }

    @Override
    public long nanoTime() {
        nowNs += 1 + draws.below(LONGEST_READING_NS);
        if (draws.perMille(pausePerMille)) {
            nowNs += (long) draws.below(pauseUs) * NS_PER_US;
        }
        return nowNs;
    }

    /** Now, without taking time. */
    long nowNs() {
        return nowNs;
    }

    /** Lets time pass until {@code atNs}; it never goes back. */
    void advanceTo(final long atNs) {
        nowNs = Math.max(nowNs, atNs);
    }
}
