package dev.tactus.engine.tuning;

/**
 * The largest batch a {@link TrainingPass} has memory for, and how far its global layers see.
 *
 * @param sequences most sequences of a batch
 * @param positions most positions of a batch, over all sequences
 * @param longest most positions of a sequence
 * @param outputs most positions of a batch whose logits are wanted
 * @param audio most audio positions of a batch
 * @param patches most image patches of a batch
 * @param globalWindow positions that a global layer sees behind and including the query
 * @param sinks first positions that a global layer never loses
 * @param speech most blocks of speech of a batch
 */
public record TrainingLimits(
        int sequences,
        int positions,
        int longest,
        int outputs,
        int audio,
        int patches,
        int globalWindow,
        int sinks,
        int speech) {
    /** Refuses limits that leave room for nothing. */
    public TrainingLimits {
        if (sequences < 1 || positions < 1 || longest < 1 || outputs < 1 || audio < 0 || patches < 0) {
            throw new IllegalArgumentException("training limits: " + sequences + " sequences, " + positions
                    + " positions, longest " + longest + ", " + outputs + " outputs, " + audio + " audio, " + patches
                    + " patches: expected at least 1, 1, 1, 1, 0 and 0");
        }
        if (globalWindow < 1 || sinks < 0 || speech < 0) {
            throw new IllegalArgumentException("training limits: global window " + globalWindow + ", " + sinks
                    + " sinks, " + speech + " blocks of speech: expected at least 1, 0 and 0");
        }
    }

    /** Limits of batches without speech. */
    public TrainingLimits(
            final int sequences,
            final int positions,
            final int longest,
            final int outputs,
            final int audio,
            final int patches,
            final int globalWindow,
            final int sinks) {
        this(sequences, positions, longest, outputs, audio, patches, globalWindow, sinks, 0);
    }

    /** These limits with so many blocks of speech. */
    public TrainingLimits withSpeech(final int blocks) {
        return new TrainingLimits(sequences, positions, longest, outputs, audio, patches, globalWindow, sinks, blocks);
    }

    /** Limits of batches of which any position may be an output, sound, a patch or speech, and nothing is forgotten. */
    public static TrainingLimits of(final int sequences, final int longest) {
        final int positions = Math.multiplyExact(sequences, longest);
        return new TrainingLimits(
                sequences, positions, longest, positions, positions, positions, Integer.MAX_VALUE, 0, positions);
    }
}
