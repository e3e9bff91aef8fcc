package dev.tactus.engine.tuning.recipe;

/**
 * A tick of an episode of text.
 *
 * @param in ids that the user wrote; empty for none
 * @param hear ids of the caption that is wanted; empty for none
 * @param speak ids that the model is to say; empty for none
 */
record TextTick(int[] in, int[] hear, int[] speak) {
    private static final int[] NONE = {};

    /** A tick in which nothing happens. */
    static final TextTick QUIET = new TextTick(NONE, NONE, NONE);
}
