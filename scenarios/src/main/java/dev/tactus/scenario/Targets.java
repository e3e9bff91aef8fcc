package dev.tactus.scenario;

import java.util.BitSet;

/**
 * What goes in as text and cuts, and what should come out, tick by tick. Read only once the episode is made.
 *
 * @param typed ids of text that arrives
 * @param cuts ticks with {@code <cut>} in their input
 * @param hear ids of captions
 * @param speak ids of what is said
 * @param say ticks that end in speech
 */
record Targets(int[][] typed, BitSet cuts, int[][] hear, int[][] speak, BitSet say) {
    static Targets quiet(final int ticks) {
        return new Targets(new int[ticks][0], new BitSet(), new int[ticks][0], new int[ticks][0], new BitSet());
    }
}
