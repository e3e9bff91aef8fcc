package dev.tactus.engine.tuning.recipe;

import java.util.List;
import java.util.Optional;

/**
 * How a run is looked at while it goes.
 *
 * @param every steps between two evaluations; there is always one behind the last step
 * @param data held-out data, or empty for none
 * @param batches of the data that one evaluation takes, always the same
 * @param command a program and its arguments to run on the checkpoint; empty for none
 */
public record EvaluationChoice(long every, Optional<RecipeFields> data, int batches, List<String> command) {
    /** Stands for the path of the checkpoint in an argument of the command. */
    public static final String CHECKPOINT = "{checkpoint}";

    /** Stands for the number of the step in an argument of the command. */
    public static final String STEP = "{step}";

    /** Stands for the fields of the training data, with draws of their own. */
    private static final String SAME = "same";

    private static final int MOST_ARGUMENTS = 256;

    /** Makes the list unmodifiable. */
    public EvaluationChoice {
        command = List.copyOf(command);
    }

    static EvaluationChoice read(final RecipeFields fields, final RecipeFields trained) {
        final long every = fields.integer("every", 1, Recipe.MOST_STEPS);
        Optional<RecipeFields> data = Optional.empty();
        if (fields.has("data") && !fields.isObject("data")) {
            fields.choice("data", null, List.of(SAME));
            data = Optional.of(trained);
        } else if (fields.has("data")) {
            data = Optional.of(fields.object("data"));
        }
        final int batches = (int) fields.integer("batches", 4, 1, 1 << 20);
        final List<String> command = fields.texts("command", List.of(), MOST_ARGUMENTS, false);
        fields.done();
        if (data.isEmpty() && command.isEmpty()) {
            throw fields.invalid("data", "neither data nor command", "one of them, or both");
        }
        return new EvaluationChoice(every, data, batches, command);
    }

    /** The command for a checkpoint. */
    public List<String> commandFor(final String checkpoint, final long step) {
        return command.stream()
                .map(argument -> argument.replace(CHECKPOINT, checkpoint).replace(STEP, Long.toString(step)))
                .toList();
    }
}
