package dev.tactus.engine.tuning.recipe;

import dev.tactus.engine.model.DType;
import dev.tactus.engine.tuning.AdamSettings;
import dev.tactus.engine.tuning.LearningRate;
import dev.tactus.engine.tuning.TokenLoss;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * A training run as its file says it; the fields of the file are in {@link RecipeGuide}. Immutable, apart from what
 * {@link RecipeFields} note about having been asked.
 *
 * @param file where it was read
 * @param base the folder of the model whose weights are trained, or empty for a new one
 * @param fresh the new model, or empty
 * @param data what it learns from
 * @param loss what is made small
 * @param lossName its name
 * @param sequences of a batch
 * @param positions most of a sequence
 * @param accumulate batches of a step
 * @param steps of the optimiser
 * @param adam its settings
 * @param rate the learning rate over the steps
 * @param seed of the data's draws
 * @param lora the adapter, or empty when all weights are trained
 * @param checkpointEvery steps between two checkpoints; there is always one behind the last step
 * @param keep checkpoints that stay
 * @param evaluation how it is looked at, or empty
 * @param lossAtMost what the loss must have reached in the end, or empty
 * @param out the folder it names for its results, or empty
 * @param matrices the type in which the model's matrices are written, F32 or BF16
 * @param identity everything but steps, checkpoint, evaluate, expect, export and out: what a run that resumes must
 *     agree in
 */
public record Recipe(
        Path file,
        Optional<Path> base,
        Optional<NewModel> fresh,
        RecipeFields data,
        TokenLoss loss,
        String lossName,
        int sequences,
        int positions,
        int accumulate,
        long steps,
        AdamSettings adam,
        LearningRate rate,
        long seed,
        Optional<LoraChoice> lora,
        long checkpointEvery,
        int keep,
        Optional<EvaluationChoice> evaluation,
        OptionalDouble lossAtMost,
        Optional<Path> out,
        DType matrices,
        String identity) {
    /** Most steps of a run. */
    static final long MOST_STEPS = 100_000_000;

    private static final int MOST_SEQUENCES = 4096;
    private static final int MOST_POSITIONS = 1 << 20;

    /** Positions of a batch are counted in an int, with room for what each takes. */
    private static final long MOST_TOGETHER = 1 << 24;

    private static final double LARGEST_RATE = 1000;
    private static final double LARGEST_CLIP = 1e18;
    private static final Set<String> MAY_CHANGE = Set.of("steps", "checkpoint", "evaluate", "expect", "export", "out");

    /**
     * Reads a recipe. Fields of {@code data} are checked when the data are opened.
     *
     * @throws RecipeException in one line with file, field, what was found and what is allowed
     */
    public static Recipe read(final Path file) {
        return read(RecipeFields.read(file));
    }

    static Recipe read(final RecipeFields fields) {
        final boolean isNew = fields.isObject("model");
        final Optional<NewModel> fresh = isNew ? Optional.of(NewModel.read(fields)) : Optional.empty();
        final Optional<Path> base = isNew ? Optional.empty() : Optional.of(fields.path("model"));
        if (!isNew && fields.has("tokenizer")) {
            throw fields.invalid("tokenizer", "one", "none: a model that is loaded brings its own");
        }
        final RecipeFields batch = fields.object("batch");
        final int sequences = (int) batch.integer("sequences", 1, MOST_SEQUENCES);
        final int positions = (int) batch.integer("positions", 2, MOST_POSITIONS);
        batch.done();
        if ((long) sequences * positions > MOST_TOGETHER) {
            throw fields.invalid(
                    "batch", sequences + " sequences of " + positions, "at most " + MOST_TOGETHER + " positions");
        }
        final long steps = fields.integer("steps", 1, MOST_STEPS);
        final Optional<LoraChoice> lora =
                fields.has("lora") ? Optional.of(LoraChoice.read(fields.object("lora"))) : Optional.empty();
        if (isNew && lora.isPresent()) {
            throw fields.invalid("lora", "an adapter beside a new model", "one beside a model that is loaded");
        }
        final Loss loss = Loss.read(fields);
        final Checkpoints checkpoints = Checkpoints.read(fields);
        final Recipe recipe = new Recipe(
                fields.file(),
                base,
                fresh,
                fields.object("data"),
                loss.loss(),
                loss.name(),
                sequences,
                positions,
                (int) fields.integer("accumulate", 1, 1, 1 << 16),
                steps,
                adam(fields),
                rate(fields, steps),
                fields.integer("seed", 0, Long.MIN_VALUE, Long.MAX_VALUE),
                lora,
                checkpoints.every(),
                checkpoints.keep(),
                fields.has("evaluate")
                        ? Optional.of(EvaluationChoice.read(fields.object("evaluate"), fields.object("data")))
                        : Optional.empty(),
                lossAtMost(fields),
                fields.has("out") ? Optional.of(fields.path("out")) : Optional.empty(),
                matrices(fields, lora.isPresent()),
                fields.canonical(MAY_CHANGE));
        fields.done();
        return recipe;
    }

    private static AdamSettings adam(final RecipeFields fields) {
        final AdamSettings standard = AdamSettings.standard();
        if (!fields.has("adam")) {
            return standard;
        }
        final RecipeFields adam = fields.object("adam");
        final AdamSettings settings = new AdamSettings(
                adam.number("beta1", standard.beta1(), 0, Math.nextDown(1.0)),
                adam.number("beta2", standard.beta2(), 0, Math.nextDown(1.0)),
                adam.number("epsilon", standard.epsilon(), 1e-30, 0.1),
                adam.number("weight_decay", standard.weightDecay(), 0, 1),
                adam.number("clip", standard.clipNorm(), 1e-30, LARGEST_CLIP));
        adam.done();
        return settings;
    }

    private static LearningRate rate(final RecipeFields fields, final long steps) {
        final RecipeFields rate = fields.object("learning_rate");
        final LearningRate found = LearningRate.cosine(
                rate.number("peak", 0, LARGEST_RATE),
                rate.integer("warm_up", Math.min(30, steps), 0, MOST_STEPS),
                steps,
                rate.number("constant", 0.3, 0, 1),
                rate.number("floor", 0.03, 0, 1));
        rate.done();
        return found;
    }

    private static OptionalDouble lossAtMost(final RecipeFields fields) {
        if (!fields.has("expect")) {
            return OptionalDouble.empty();
        }
        final RecipeFields expect = fields.object("expect");
        final double most = expect.number("loss_at_most", 0, 1e9);
        expect.done();
        return OptionalDouble.of(most);
    }

    private static DType matrices(final RecipeFields fields, final boolean isAdapter) {
        if (!fields.has("export")) {
            return DType.F32;
        }
        if (isAdapter) {
            throw fields.invalid("export", "one beside lora", "none: an adapter is written in float32");
        }
        final RecipeFields export = fields.object("export");
        final String name = export.choice("matrices", "float32", List.of("float32", "bfloat16"));
        export.done();
        return name.equals("float32") ? DType.F32 : DType.BF16;
    }

    private record Checkpoints(long every, int keep) {
        static Checkpoints read(final RecipeFields fields) {
            if (!fields.has("checkpoint")) {
                return new Checkpoints(500, 2);
            }
            final RecipeFields checkpoint = fields.object("checkpoint");
            final Checkpoints found = new Checkpoints(
                    checkpoint.integer("every", 500, 1, MOST_STEPS), (int) checkpoint.integer("keep", 2, 1, 1 << 20));
            checkpoint.done();
            return found;
        }
    }

    private record Loss(String name, TokenLoss loss) {
        private static final double LARGEST_OPTION = 1e9;

        static Loss read(final RecipeFields fields) {
            final Map<String, Double> options = new LinkedHashMap<>();
            String name = "cross_entropy";
            if (fields.isObject("loss")) {
                final RecipeFields loss = fields.object("loss");
                name = loss.text("name");
                for (final String option : new String[] {"low", "high", "beta"}) {
                    if (loss.has(option)) {
                        options.put(option, loss.number(option, 0, LARGEST_OPTION));
                    }
                }
                loss.done();
            } else if (fields.has("loss")) {
                name = fields.text("loss");
            }
            try {
                return new Loss(name, TokenLoss.named(name, options));
            } catch (final IllegalArgumentException e) {
                throw new RecipeException(fields.file() + ": " + e.getMessage(), e);
            }
        }
    }
}
