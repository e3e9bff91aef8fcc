package dev.tactus.engine.tuning;

import java.util.ArrayList;
import java.util.List;

/**
 * Examples in batches that fit a trainer, in their order: a batch ends where the next example would not fit. The
 * gradients of the batches add up to those of all examples together.
 */
public final class Packing {
    private final TrainingLimits limits;
    private final List<List<TrainingExample>> batches = new ArrayList<>();
    private List<TrainingExample> batch = new ArrayList<>();
    private Size size = Size.NONE;

    /** What limits count. */
    private record Size(int sequences, long positions, long outputs, long audio, long patches, long speech) {
        static final Size NONE = new Size(0, 0, 0, 0, 0, 0);

        Size with(final TrainingExample example) {
            return new Size(
                    sequences + 1,
                    positions + example.example().sequence().ids().length,
                    outputs + example.outputs(),
                    audio + example.example().sequence().audio(),
                    patches + example.example().sequence().patches(),
                    speech + example.example().sequence().blocks());
        }

        boolean fits(final TrainingLimits limits) {
            return sequences <= limits.sequences()
                    && positions <= limits.positions()
                    && outputs <= limits.outputs()
                    && audio <= limits.audio()
                    && patches <= limits.patches()
                    && speech <= limits.speech();
        }
    }

    private Packing(final TrainingLimits limits) {
        this.limits = limits;
    }

    /**
     * The batches of {@code examples}; none without any.
     *
     * @throws IllegalArgumentException naming the first example that exceeds the limits by itself
     */
    public static List<List<TrainingExample>> of(final List<TrainingExample> examples, final TrainingLimits limits) {
        final Packing packing = new Packing(limits);
        for (int i = 0; i < examples.size(); i++) {
            packing.add(i, examples.get(i));
        }
        packing.end();
        return List.copyOf(packing.batches);
    }

    private void add(final int number, final TrainingExample example) {
        final Size alone = Size.NONE.with(example);
        if (!alone.fits(limits) || alone.positions() > limits.longest()) {
            throw new IllegalArgumentException("example " + number + " has " + alone.positions() + " positions, "
                    + alone.outputs() + " outputs, " + alone.audio() + " audio positions, " + alone.patches()
                    + " patches and " + alone.speech() + " blocks of speech: expected at most "
                    + Math.min(limits.longest(), limits.positions()) + ", "
                    + limits.outputs() + ", " + limits.audio() + ", " + limits.patches() + " and "
                    + limits.speech() + ", the limits of the trainer");
        }
        if (!size.with(example).fits(limits)) {
            end();
        }
        batch.add(example);
        size = size.with(example);
    }

    private void end() {
        if (!batch.isEmpty()) {
            batches.add(List.copyOf(batch));
            batch = new ArrayList<>();
            size = Size.NONE;
        }
    }
}
