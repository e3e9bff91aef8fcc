package dev.tactus.engine.tuning;

import java.util.List;

/**
 * A session to sample: what it brings in, and for how long it is listened to.
 *
 * @param seed of its draws: the same seed, inputs and weights give the same turns
 * @param modalities bits of the modalities that it declares
 * @param inputs what its first ticks bring in, one each; nothing arrives after them
 * @param ticks how many turns to sample, at least 1 and at least as many as there are inputs
 */
public record Prompt(long seed, int modalities, List<TurnInput> inputs, int ticks) {
    /** Makes the list unmodifiable. */
    public Prompt {
        inputs = List.copyOf(inputs);
        if (ticks < Math.max(1, inputs.size())) {
            throw new IllegalArgumentException("a prompt of " + inputs.size() + " inputs and " + ticks
                    + " ticks: expected at least 1 tick, and one for each input");
        }
    }

    /** As many ticks as there are inputs. */
    public static Prompt of(final long seed, final int modalities, final List<TurnInput> inputs) {
        return new Prompt(seed, modalities, inputs, inputs.size());
    }

    /** What tick {@code tick} brings in. */
    public TurnInput input(final int tick) {
        return tick < inputs.size() ? inputs.get(tick) : TurnInput.NOTHING;
    }
}
