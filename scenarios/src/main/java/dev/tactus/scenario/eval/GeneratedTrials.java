package dev.tactus.scenario.eval;

import dev.tactus.scenario.Episode;
import dev.tactus.scenario.Family;
import dev.tactus.scenario.ScenarioGenerator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;

/**
 * Episodes that are made when they are asked for, family by family. Episode i of a family depends on the generator's
 * settings, the seed and i alone. One thread.
 */
public final class GeneratedTrials implements Iterator<Trial> {
    /** Families without many words need an end as well. */
    public static final int MOST_EPISODES = 2000;
    /** Far from the seeds that recipes have. */
    private static final long BASE = 0x4556_414C_0000_0000L;

    private static final long MIX = 0x9E37_79B9_7F4A_7C15L; // 2^64 by the golden ratio, odd

    private final ScenarioGenerator generator;
    private final List<Family> families;
    private final long seed;
    private final int episodes;
    private final int words;
    private int family;
    private int made;
    private int said;

    /**
     * Trials.
     *
     * @param families at least one, each once
     * @param episodes of every family, 1 to {@value #MOST_EPISODES}; with words, the most of them
     * @param words of every family that must have been said for it to end earlier; 0 for never
     */
    public GeneratedTrials(
            final ScenarioGenerator generator,
            final List<Family> families,
            final long seed,
            final int episodes,
            final int words) {
        if (episodes < 1 || episodes > MOST_EPISODES || words < 0) {
            throw new IllegalArgumentException(episodes + " episodes and " + words + " words: expected 1 to "
                    + MOST_EPISODES + " episodes, and no negative number of words");
        }
        this.generator = generator;
        this.families = List.copyOf(families);
        this.seed = seed;
        this.episodes = episodes;
        this.words = words;
    }

    @Override
    public boolean hasNext() {
        return family < families.size();
    }

    @Override
    public Trial next() {
        if (!hasNext()) {
            throw new NoSuchElementException("all families are done");
        }
        final Family now = families.get(family);
        final long episodeSeed = BASE + seed * MIX + ((long) now.ordinal() << 16) + made;
        final Episode episode = generator.episode(now, episodeSeed);
        made++;
        said += episode.timeline().words().size();
        if (made == episodes || words > 0 && said >= words) {
            family++;
            made = 0;
            said = 0;
        }
        final String group = now.name().toLowerCase(Locale.ROOT);
        return new Trial(group, group + " of seed " + episodeSeed, episode);
    }
}
