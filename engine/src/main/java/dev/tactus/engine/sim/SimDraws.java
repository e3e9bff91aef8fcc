package dev.tactus.engine.sim;

import dev.tactus.kernel.Philox;

/** Draws in a row: a stream of its own for everything in a run that draws, so that no two disturb each other. */
final class SimDraws {
    /** Not a purpose of any session. */
    private static final int PURPOSE = 0x53494D55;

    private static final int THOUSAND = 1000;

    private final long seed;
    private final int stream;
    private final int sub;
    private final int[] words = new int[Philox.WORDS_PER_DRAW];
    private int draw;
    private int used = Philox.WORDS_PER_DRAW;

    SimDraws(final long seed, final int stream, final int sub) {
        this.seed = seed;
        this.stream = stream;
        this.sub = sub;
    }

    private int word() {
        if (used == words.length) {
            Philox.words(seed, stream, sub, draw++, PURPOSE, words);
            used = 0;
        }
        return words[used++];
    }

    /** From 0 to below {@code n}. */
    int below(final int n) {
        return (int) (Integer.toUnsignedLong(word()) * n >>> Integer.SIZE);
    }

    /** From {@code low} to {@code high}, both included. */
    int between(final int low, final int high) {
        return low + below(high - low + 1);
    }

    /** True so many times in a thousand; a rate of 0 draws nothing. */
    boolean perMille(final int rate) {
        return rate > 0 && below(THOUSAND) < rate;
    }

    /** All 64 bits. */
    long bits() {
        return (long) word() << Integer.SIZE | Integer.toUnsignedLong(word());
    }
}
