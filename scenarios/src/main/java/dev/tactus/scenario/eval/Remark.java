package dev.tactus.scenario.eval;

import dev.tactus.scenario.Episode;
import java.util.List;

/**
 * What a model says in one go: text of SPEAK and the ticks of speech after it.
 *
 * @param tick its first tick
 * @param words its text
 * @param sayTicks ticks of speech
 * @param lastTick the last tick with text or speech of it
 * @param cut whether a {@code <cut>} came while it lasted, or right after
 */
public record Remark(int tick, List<String> words, int sayTicks, int lastTick, boolean cut) {
    /** Copies the words. */
    public Remark {
        words = List.copyOf(words);
    }

    /** When the listener hears or sees its beginning: the end of its first tick. */
    public int startMs() {
        return (tick + 1) * Episode.TICK_MS;
    }

    /** When the listener has heard its last block. */
    public int heardMs() {
        return (lastTick + 2) * Episode.TICK_MS;
    }
}
