package dev.tactus.scenario;

import dev.tactus.kernel.Philox;
import java.util.List;

/**
 * Random numbers of one purpose of one episode, from {@link Philox}: the same seed and stream give the same numbers on
 * every machine, and a stream does not feel how many numbers another one gave. One thread.
 */
public final class Draws {
    /** The last counter word, so that an episode shares no numbers with a session of the same seed. */
    private static final int PURPOSE = 0x5ce0;

    private final long seed;
    private final int stream;
    private final int[] words = new int[Philox.WORDS_PER_DRAW];
    private int draw;
    private int used = Philox.WORDS_PER_DRAW;

    /** The numbers of {@code stream} of {@code seed}, from the first. */
    public Draws(final long seed, final int stream) {
        this.seed = seed;
        this.stream = stream;
    }

    /** 32 random bits. */
    public int bits() {
        if (used == words.length) {
            Philox.words(seed, stream, 0, draw++, PURPOSE, words);
            used = 0;
        }
        return words[used++];
    }

    /** From 0 to below {@code n}. */
    public int below(final int n) {
        return (int) ((bits() & 0xFFFF_FFFFL) * n >>> 32);
    }

    /** From {@code min} to {@code max}, both included. */
    public int between(final int min, final int max) {
        return min + below(max - min + 1);
    }

    /** Between 0 and 1, neither included. */
    public double uniform() {
        return ((bits() & 0xFFFF_FFFFL) + 0.5) * 0x1p-32;
    }

    /** Between {@code min} and {@code max}. */
    public double uniform(final double min, final double max) {
        return min + (max - min) * uniform();
    }

    /** True with this probability. */
    public boolean chance(final double probability) {
        return uniform() < probability;
    }

    /** A standard normal (Box and Muller). */
    public double normal() {
        return StrictMath.sqrt(-2 * StrictMath.log(uniform())) * StrictMath.cos(2 * Math.PI * uniform());
    }

    /** One of a list's elements. */
    public <T> T pick(final List<T> list) {
        return list.get(below(list.size()));
    }
}
