package dev.tactus.kernel;

import dev.tactus.memory.OffHeap;

/**
 * Philox 4x32-10, the only source of randomness: a pure function of (seed, tick, position, draw, purpose).
 *
 * <p>The key is the session's 64-bit seed (low word first), the counter is (session tick, position in tick, draw index,
 * purpose). A draw therefore depends on nothing that other sessions, batches or threads do. From Salmon, Moraes, Dror
 * and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
 *
 * <p>All methods are pure apart from the block they fill, and may be called by any thread.
 */
public final class Philox {
    /** What a draw is for: the last counter word, so that purposes never share a stream. */
    public static final class Purpose {
        /** Choosing a token. */
        public static final int SAMPLE = 1;

        /** The starting noise of the flow head. */
        public static final int FLOW = 2;

        /** The noise of a training example of the flow head. */
        public static final int FLOW_TRAINING_NOISE = 3;

        /** The time of a training example of the flow head. */
        public static final int FLOW_TRAINING_TIME = 4;

        private Purpose() {}
    }

    /** Words, uniforms or normals that one draw yields. */
    public static final int WORDS_PER_DRAW = 4;

    private static final int ROUNDS = 10;
    private static final long MULTIPLIER_0 = 0xD2511F53L;
    private static final long MULTIPLIER_1 = 0xCD9E8D57L;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;
    private static final long LOW_WORD = 0xFFFFFFFFL;

    private Philox() {}

    /**
     * One word of a draw.
     *
     * @param word which of the four words, 0 to 3
     * @throws IllegalArgumentException when {@code word} is not 0 to 3
     */
    public static int word(
            final long seed, final int tick, final int position, final int draw, final int purpose, final int word) {
        if (word < 0 || word >= WORDS_PER_DRAW) {
            throw new IllegalArgumentException("Philox word is " + word + ": expected 0 to 3");
        }
        final long pair = pair(seed, tick, position, draw, purpose, word >>> 1);
        return (int) ((word & 1) == 0 ? pair : pair >>> 32);
    }

    /**
     * All four words of a draw.
     *
     * @param words out: at least four ints, the first four are written
     */
    public static void words(
            final long seed, final int tick, final int position, final int draw, final int purpose, final int[] words) {
        final long low = pair(seed, tick, position, draw, purpose, 0);
        final long high = pair(seed, tick, position, draw, purpose, 1);
        words[0] = (int) low;
        words[1] = (int) (low >>> 32);
        words[2] = (int) high;
        words[3] = (int) (high >>> 32);
    }

    /**
     * All four words of a draw.
     *
     * @param address out: int32 [4]
     */
    public static void words(
            final long seed,
            final int tick,
            final int position,
            final int draw,
            final int purpose,
            final long address) {
        OffHeap.putLong(address, pair(seed, tick, position, draw, purpose, 0));
        OffHeap.putLong(address + Long.BYTES, pair(seed, tick, position, draw, purpose, 1));
    }

    /**
     * {@code ((word >>> 8) + 0.5) · 2⁻²⁴} in float32: more than 0, at most 1. From 0.5 up the half is a tie that rounds
     * to even, so 1 itself appears, with probability 2⁻²⁴.
     */
    public static float uniform(final int word) {
        return ((float) (word >>> 8) + 0.5f) * 0x1p-24f;
    }

    /** First normal of a pair of words: {@code sqrt(-2 · log u₁) · cos(2π · u₂)}. */
    public static float normalCos(final int word1, final int word2) {
        return radius(word1) * Elementary.cos(ElementaryTable.TWO_PI * uniform(word2));
    }

    /** Second normal of a pair of words: {@code sqrt(-2 · log u₁) · sin(2π · u₂)}. */
    public static float normalSin(final int word1, final int word2) {
        return radius(word1) * Elementary.sin(ElementaryTable.TWO_PI * uniform(word2));
    }

    /**
     * Standard normals of consecutive draws 0, 1, …: draw i gives normals 4i and 4i+1 from its words (0, 1), then 4i+2
     * and 4i+3 from its words (2, 3). What is left of the last draw is dropped, so a longer call starts with a shorter
     * one's numbers.
     *
     * @param address out: float32 [count]
     * @param count how many, 0 or more
     */
    public static void normals(
            final long seed,
            final int tick,
            final int position,
            final int purpose,
            final long address,
            final int count) {
        for (int i = 0; i < count; i += 2) {
            final long pair = pair(seed, tick, position, i >>> 2, purpose, (i >>> 1) & 1);
            final int word1 = (int) pair;
            final int word2 = (int) (pair >>> 32);
            final long target = address + (long) i * Float.BYTES;
            OffHeap.putFloat(target, normalCos(word1, word2));
            if (i + 1 < count) {
                OffHeap.putFloat(target + Float.BYTES, normalSin(word1, word2));
            }
        }
    }

    private static float radius(final int word) {
        // The double root of a float32, rounded to float32, is the correctly rounded float32 root.
        return (float) Math.sqrt(-2f * Elementary.log(uniform(word)));
    }

    /** Words 2·half (low) and 2·half + 1 (high): two words travel in a long, so nothing is allocated. */
    private static long pair(
            final long seed, final int tick, final int position, final int draw, final int purpose, final int half) {
        int c0 = tick;
        int c1 = position;
        int c2 = draw;
        int c3 = purpose;
        int k0 = (int) seed;
        int k1 = (int) (seed >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            final long product0 = MULTIPLIER_0 * (c0 & LOW_WORD);
            final long product1 = MULTIPLIER_1 * (c2 & LOW_WORD);
            c0 = (int) (product1 >>> 32) ^ c1 ^ k0;
            c1 = (int) product1;
            c2 = (int) (product0 >>> 32) ^ c3 ^ k1;
            c3 = (int) product0;
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        return half == 0 ? (c0 & LOW_WORD) | ((long) c1 << 32) : (c2 & LOW_WORD) | ((long) c3 << 32);
    }
}
