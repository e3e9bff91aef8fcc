package dev.tactus.engine.tuning.recipe;

import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.text.TextTokenizer;
import dev.tactus.engine.tuning.Crew;
import dev.tactus.memory.MemoryLedger;

/**
 * What a kind of data is told beside its own fields.
 *
 * @param model the model to be trained
 * @param tokenizer the model's own; may be absent. Open until the run ends
 * @param seed of its draws
 * @param sequences of a batch
 * @param positions most of a sequence
 * @param ledger told of native memory
 * @param crew threads that may share the work of a batch; the caller's
 */
public record DataContext(
        ModelConfig model,
        TextTokenizer tokenizer,
        long seed,
        int sequences,
        int positions,
        MemoryLedger ledger,
        Crew crew) {
    /** For data that are made by one thread. */
    public DataContext(
            final ModelConfig model,
            final TextTokenizer tokenizer,
            final long seed,
            final int sequences,
            final int positions,
            final MemoryLedger ledger) {
        this(model, tokenizer, seed, sequences, positions, ledger, new Crew(1, task -> {
            throw new IllegalStateException("a crew of one has no companions");
        }));
    }

    /**
     * The micro-turn of the model.
     *
     * @param fields of the data, for the error
     * @throws RecipeException when the model has none
     */
    public InteractionConfig interaction(final RecipeFields fields) {
        return model.interaction()
                .orElseThrow(() -> fields.invalid(
                        "kind",
                        "micro-turns",
                        "a model with an interaction_config; that of " + model.file() + " has none"));
    }

    /**
     * The ids of a text.
     *
     * @param fields of the data, for the error
     * @param where the field or line the text is from
     * @throws RecipeException when the tokenizer refuses it
     */
    public int[] encode(final RecipeFields fields, final String where, final String text) {
        try {
            return tokenizer.encode(text);
        } catch (final IllegalArgumentException e) {
            throw new RecipeException(fields.file() + ": " + where + ": " + e.getMessage(), e);
        }
    }
}
