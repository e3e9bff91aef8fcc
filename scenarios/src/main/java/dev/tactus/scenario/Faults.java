package dev.tactus.scenario;

import java.util.BitSet;

/**
 * What goes wrong in an episode. Read only once the episode is made.
 *
 * @param absentSlots audio slots of 50 ms that never come, by number from the episode's start
 * @param missingFrames ticks without their frame
 * @param skippedTicks ticks that the engine skips: their input is lost and nothing is put out
 * @param cuts ticks at whose start the listener's side cuts the model's speech of its own
 */
record Faults(BitSet absentSlots, BitSet missingFrames, BitSet skippedTicks, BitSet cuts) {
    static Faults none() {
        return new Faults(new BitSet(), new BitSet(), new BitSet(), new BitSet());
    }

    Faults copy() {
        return new Faults(
                (BitSet) absentSlots.clone(), (BitSet) missingFrames.clone(), (BitSet) skippedTicks.clone(), (BitSet)
                        cuts.clone());
    }
}
