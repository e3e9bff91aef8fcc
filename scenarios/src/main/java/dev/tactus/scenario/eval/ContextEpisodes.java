package dev.tactus.scenario.eval;

import dev.tactus.scenario.Episode;
import dev.tactus.scenario.Family;
import dev.tactus.scenario.Interlude;
import dev.tactus.scenario.ScenarioGenerator;

/**
 * What a session has been through before anything is measured: minutes of episodes of all families that it can see,
 * each followed by a "stop" that ends what they asked for. Immutable.
 */
public final class ContextEpisodes {
    private static final int TICKS_PER_MINUTE = 60_000 / Episode.TICK_MS;
    private static final long BASE = 0x4354_5854_0000_0000L;
    private static final long MIX = 0x9E37_79B9_7F4A_7C15L;

    private final ScenarioGenerator generator;
    private final int minutes;
    private final long seed;

    /**
     * Context.
     *
     * @param minutes of it; 0 for none, so that every episode has a session of its own
     */
    public ContextEpisodes(final ScenarioGenerator generator, final int minutes, final long seed) {
        this.generator = generator;
        this.minutes = minutes;
        this.seed = seed;
    }

    /** No context. */
    public static ContextEpisodes none() {
        return new ContextEpisodes(null, 0, 0);
    }

    /** Minutes of it. */
    public int minutes() {
        return minutes;
    }

    /** Ticks of it. */
    int ticks() {
        return minutes * TICKS_PER_MINUTE;
    }

    /** Episode {@code index} of session {@code session}, with or without pictures. */
    Episode episode(final int session, final int index, final boolean video) {
        final long first = BASE + seed * MIX + ((long) session << 40) + ((long) index << 8);
        if (video) {
            return generator.episode(index % 2 == 0 ? Family.FLASHES : Family.CROSSING, first);
        }
        for (int i = 0; ; i++) {
            // the families that see are rare: a few seeds on there is one that does not
            if (!generator.family(first + i).hasVideo()) {
                return generator.episode(first + i);
            }
        }
    }

    /** The "stop" after it. */
    Episode interlude(final int session, final int index, final boolean video) {
        return Interlude.stop(
                generator, BASE + seed * MIX + ((long) session << 40) + ((long) index << 8) + 0xff, video);
    }
}
