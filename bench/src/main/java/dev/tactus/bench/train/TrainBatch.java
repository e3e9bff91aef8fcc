package dev.tactus.bench.train;

import dev.tactus.engine.TeacherForcing;
import dev.tactus.engine.tuning.Example;
import dev.tactus.engine.tuning.TokenPosition;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Sequences of random text, and what should come next at every position.
 *
 * @param examples the sequences, logits wanted everywhere
 * @param targets of the rows of the batch
 */
record TrainBatch(List<Example> examples, TokenPosition[] targets) {
    private static final long SEED = 1;

    /** Below these are ids that stand for sound, pictures and control. */
    private static final int FIRST_ID = 64;

    static TrainBatch of(final int sequences, final int positions, final int vocabulary) {
        final SplittableRandom random = new SplittableRandom(SEED);
        final List<Example> examples = new ArrayList<>();
        final TokenPosition[] targets = new TokenPosition[sequences * positions];
        for (int s = 0; s < sequences; s++) {
            final int[] ids = random.ints(positions, FIRST_ID, vocabulary).toArray();
            examples.add(Example.ofAll(TeacherForcing.Sequence.ofText(ids)));
            for (int t = 0; t < positions; t++) {
                // the last position wants the first id again: no row is left out
                final int row = s * positions + t;
                targets[row] = TokenPosition.supervised(row, ids[(t + 1) % positions], 1f);
            }
        }
        return new TrainBatch(List.copyOf(examples), targets);
    }
}
