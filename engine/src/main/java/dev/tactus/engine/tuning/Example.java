package dev.tactus.engine.tuning;

import dev.tactus.engine.TeacherForcing;
import java.util.stream.IntStream;

/**
 * A sequence to train on.
 *
 * @param sequence its ids, bins and pixels
 * @param outputs the positions whose logits are wanted, rising
 */
public record Example(TeacherForcing.Sequence sequence, int[] outputs) {
    /** Refuses positions that do not rise or lie outside of the sequence. */
    public Example {
        outputs = outputs.clone();
        int last = -1;
        for (final int position : outputs) {
            if (position <= last || position >= sequence.ids().length) {
                throw new IllegalArgumentException("output position " + position + " after " + last + " of "
                        + sequence.ids().length + ": expected rising positions of the sequence");
            }
            last = position;
        }
    }

    /** The positions whose logits are wanted, rising; a fresh array. */
    @Override
    public int[] outputs() {
        return outputs.clone();
    }

    /** A sequence whose logits are wanted at every position. */
    public static Example ofAll(final TeacherForcing.Sequence sequence) {
        return new Example(sequence, IntStream.range(0, sequence.ids().length).toArray());
    }
}
