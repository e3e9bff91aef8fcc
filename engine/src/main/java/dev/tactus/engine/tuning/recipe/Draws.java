package dev.tactus.engine.tuning.recipe;

import dev.tactus.kernel.Philox;

/** Draws in a row that depend on seed, purpose and index alone: the n-th batch is the same however one came to it. */
final class Draws {
    /** What a stream is for; not a purpose of any session. */
    enum Purpose {
        /** The order of a file's examples in an epoch. */
        ORDER(0x4F524452),
        /** A made episode. */
        EPISODE(0x45504953);

        private final int word;

        Purpose(final int word) {
            this.word = word;
        }
    }

    private final long seed;
    private final Purpose purpose;
    private final long index;
    private final int[] words = new int[Philox.WORDS_PER_DRAW];
    private int draw;
    private int used = Philox.WORDS_PER_DRAW;

    Draws(final long seed, final Purpose purpose, final long index) {
        this.seed = seed;
        this.purpose = purpose;
        this.index = index;
    }

    /** From 0 to below {@code n}. */
    int below(final int n) {
        if (used == words.length) {
            Philox.words(seed, (int) index, (int) (index >>> Integer.SIZE), draw++, purpose.word, words);
            used = 0;
        }
        return (int) (Integer.toUnsignedLong(words[used++]) * n >>> Integer.SIZE);
    }

    /** From {@code low} to {@code high}, both included. */
    int between(final int low, final int high) {
        return low + below(high - low + 1);
    }

    /** True with this probability. */
    boolean chance(final double probability) {
        return below(1 << 30) < probability * (1 << 30);
    }
}
