package dev.tactus.engine.tuning.recipe;

import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.engine.tuning.CheckpointFolder;
import dev.tactus.engine.tuning.OptimizerResult;
import dev.tactus.engine.tuning.SpeechLoss;
import dev.tactus.engine.tuning.SpeechTotals;
import dev.tactus.engine.tuning.Trainer;
import dev.tactus.engine.tuning.TrainingCheckpoint;
import dev.tactus.engine.tuning.TrainingExample;
import dev.tactus.engine.tuning.TrainingException;
import dev.tactus.engine.tuning.TrainingLimits;
import dev.tactus.engine.tuning.TrainingResult;
import dev.tactus.engine.tuning.TrainingState;
import dev.tactus.memory.MemoryLedger;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Runs a recipe: step by step, with checkpoints and evaluations when they are due.
 *
 * <p>The bits of every step depend on the recipe and its files alone, so a run that was broken off and resumed ends
 * where an unbroken one does. One thread at a time calls. Trainer and data stay their owner's.
 */
public final class TrainingLoop {
    private static final String RECIPE = "run.recipe";
    private static final String MODEL = "run.model";
    private static final String DATA = "run.data";
    private static final String STEPS = "run.steps";
    private static final String POSITIONS = "run.positions";
    private static final String SEED = "run.seed";
    private static final String SMOOTHED = "run.smoothed";

    /** What a step leaves of the average: about ten steps count. */
    private static final double KEPT = 0.9;

    private final Recipe recipe;
    private final String model;
    private final Trainer trainer;
    private final ExampleSource data;
    private final ExampleSource heldOut;
    private final CheckpointFolder checkpoints;
    private long positions;
    private double average;
    private OptionalDouble evaluation = OptionalDouble.empty();
    private OptionalDouble evaluationSpeech = OptionalDouble.empty();
    private final Map<String, Double> evaluationBySort = new LinkedHashMap<>();
    private OptionalDouble speech = OptionalDouble.empty();
    private long savedStep = -1;
    private OptionalLong stepsBefore = OptionalLong.empty();

    /**
     * A loop at the trainer's beginning.
     *
     * @param model the folder of the recipe's model, which is read here alone
     * @param trainer of the recipe's model, with the recipe's optimiser, and room for both data
     * @param data the recipe's
     * @param heldOut the recipe's data for evaluation, or null
     * @param checkpoints where they go
     * @throws RecipeException when the loss needs what the data do not have
     */
    public TrainingLoop(
            final Recipe recipe,
            final Path model,
            final Trainer trainer,
            final ExampleSource data,
            final ExampleSource heldOut,
            final CheckpointFolder checkpoints) {
        this.recipe = recipe;
        this.model = ModelIdentity.of(model);
        this.trainer = trainer;
        this.data = data;
        this.heldOut = heldOut;
        this.checkpoints = checkpoints;
        requireSampled(recipe, data);
    }

    /**
     * What the trainer of a run must have room for.
     *
     * @param heldOut may be null
     */
    public static TrainingLimits limits(final ExampleSource data, final ExampleSource heldOut) {
        final TrainingLimits a = data.limits();
        final TrainingLimits b = heldOut == null ? a : heldOut.limits();
        return new TrainingLimits(
                Math.max(a.sequences(), b.sequences()),
                Math.max(a.positions(), b.positions()),
                Math.max(a.longest(), b.longest()),
                Math.max(a.outputs(), b.outputs()),
                Math.max(a.audio(), b.audio()),
                Math.max(a.patches(), b.patches()),
                a.globalWindow(),
                a.sinks(),
                Math.max(a.speech(), b.speech()));
    }

    /**
     * Checks that the loss finds in the data what it needs.
     *
     * @throws RecipeException when it does not
     */
    public static void requireSampled(final Recipe recipe, final ExampleSource data) {
        if (!recipe.lossName().equals("cross_entropy") && !data.isSampled()) {
            throw RecipeException.of(
                    recipe.file(),
                    "loss",
                    recipe.lossName(),
                    "cross_entropy, as these data have neither a sampler's log-probabilities nor advantages");
        }
    }

    /**
     * Goes on from a checkpoint of the same recipe.
     *
     * @param ledger told of the file while it is read
     * @return the step it is at
     * @throws RecipeException when the recipe, the model's configuration, its tokenizer or the data are others; nothing
     *     has changed then
     * @throws InvalidModelException when the checkpoint is damaged or of another model; nothing has changed then
     */
    public long resume(final Path checkpoint, final MemoryLedger ledger) {
        try (TrainingCheckpoint opened = TrainingCheckpoint.open(checkpoint, ledger)) {
            requireSame(checkpoint, opened.state());
        }
        final TrainingState state = trainer.loadState(checkpoint);
        positions = state.counter(POSITIONS);
        average = state.hyperParameter(SMOOTHED);
        stepsBefore = OptionalLong.of(state.counter(STEPS));
        savedStep = trainer.steps();
        return savedStep;
    }

    private void requireSame(final Path checkpoint, final TrainingState state) {
        final String then = state.notes().get(RECIPE);
        if (then == null) {
            throw new RecipeException(checkpoint + ": no checkpoint of a recipe");
        }
        if (!then.equals(recipe.identity())) {
            throw new RecipeException(recipe.file() + ": "
                    + difference(then, recipe.identity()).orElse("the recipe is another") + ", which is not what "
                    + checkpoint
                    + " was made with: only steps, checkpoint, evaluate, expect, export and out may change on the way");
        }
        requireSameModel(checkpoint, state.notes().get(MODEL));
        if (!data.fingerprint().equals(state.notes().get(DATA))) {
            throw new RecipeException(recipe.file() + ": data: " + data.fingerprint() + ", where " + checkpoint
                    + " was made with " + state.notes().get(DATA) + ": a resumed run needs the same data");
        }
    }

    private void requireSameModel(final Path checkpoint, final String then) {
        if (then == null) {
            throw new RecipeException(checkpoint + ": does not say what model it is of: only the version of this"
                    + " program that made it can go on with it");
        }
        if (!then.equals(model)) {
            throw new RecipeException(recipe.file() + ": model: "
                    + difference(then, model).orElse("the files are others") + ", which is not what " + checkpoint
                    + " was made with: a resumed run needs the same config.json and tokenizer.json");
        }
    }

    private Optional<String> difference(final String then, final String now) {
        return RecipeFields.of(recipe.file(), now).difference(RecipeFields.of(recipe.file(), then));
    }

    /**
     * Trains until the recipe's last step, or until the listener asks to stop; either ends with a checkpoint.
     *
     * @return whether the last step was reached
     * @throws TrainingException in one line when a number is NaN or infinite, naming step and row, or when a checkpoint
     *     cannot be written; checkpoints before it are as they were
     */
    public boolean run(final TrainingListener listener) {
        while (trainer.steps() < recipe.steps() && !listener.isStopAsked()) {
            step(listener);
        }
        save(listener);
        return trainer.steps() >= recipe.steps();
    }

    private void step(final TrainingListener listener) {
        final long index = trainer.steps();
        final double loss = gradients(index);
        final OptimizerResult result =
                computed(index, () -> trainer.optimStep(recipe.rate().at(index)));
        average = KEPT * average + (1 - KEPT) * loss;
        final boolean evaluated = isEvaluated(result.step());
        if (evaluated && heldOut != null) {
            evaluation = OptionalDouble.of(evaluate());
        }
        final boolean measured = evaluated && heldOut != null;
        listener.onStep(new StepReport(
                result.step(),
                recipe.steps(),
                loss,
                smoothed(),
                result.learningRate(),
                result.gradientNorm(),
                positions,
                measured ? evaluation : OptionalDouble.empty(),
                speech,
                measured ? evaluationSpeech : OptionalDouble.empty(),
                measured ? evaluationBySort : Map.of()));
        final boolean commanded =
                evaluated && !recipe.evaluation().orElseThrow().command().isEmpty();
        if (commanded || result.step() % recipe.checkpointEvery() == 0) {
            save(listener);
        }
        if (commanded) {
            listener.onEvaluation(result.step(), checkpoints.path(result.step()));
        }
    }

    private <T> T computed(final long index, final Supplier<T> work) {
        try {
            return work.get();
        } catch (final TrainingException e) {
            final String where = e.getMessage().startsWith("step ") ? "" : place(index) + ": ";
            throw new TrainingException(
                    where + e.getMessage()
                            + "; try a lower learning_rate.peak, a longer warm_up or a smaller adam.clip, or look at"
                            + " the data"
                            + lastGood(),
                    e);
        }
    }

    /** A batch; whatever the data fail with, the error says where in the run that was. */
    private List<TrainingExample> batch(final ExampleSource source, final long number, final String where) {
        try {
            return source.batch(number);
        } catch (final RuntimeException e) {
            final String reason = e.getMessage() == null ? e.toString() : e.getMessage();
            throw new TrainingException(
                    where + ": data of " + recipe.file() + ": "
                            + reason.lines().findFirst().orElse("") + lastGood(),
                    e);
        }
    }

    private String place(final long index) {
        return "step " + (index + 1) + " of " + recipe.steps();
    }

    private double gradients(final long index) {
        double loss = 0;
        double weight = 0;
        final MeanSpeech spoken = new MeanSpeech();
        for (int i = 0; i < recipe.accumulate(); i++) {
            final long number = index * recipe.accumulate() + i;
            final List<TrainingExample> batch = batch(data, number, place(index));
            final TrainingResult result =
                    computed(index, () -> trainer.forwardBackward(batch, recipe.loss(), speechLoss(data, number)));
            loss += result.loss();
            weight += result.weight();
            spoken.add(result.speech());
            for (final TrainingExample example : batch) {
                positions += example.example().sequence().ids().length;
            }
        }
        speech = spoken.mean();
        return loss / weight;
    }

    /** What to draw for the speech of a batch; null for data without speech. */
    private SpeechLoss speechLoss(final ExampleSource source, final long batch) {
        return source.speechFactor() > 0
                ? new SpeechLoss(recipe.seed(), Math.floorMod(batch, Integer.MAX_VALUE), source.speechFactor())
                : null;
    }

    /** The mean loss of speech over batches. */
    private static final class MeanSpeech {
        private double loss;
        private double weight;

        void add(final SpeechTotals totals) {
            loss += totals.loss();
            weight += totals.weight();
        }

        OptionalDouble mean() {
            return weight > 0 ? OptionalDouble.of(loss / weight) : OptionalDouble.empty();
        }
    }

    private boolean isEvaluated(final long step) {
        return recipe.evaluation()
                .filter(choice -> step % choice.every() == 0 || step == recipe.steps())
                .isPresent();
    }

    /** Mean of -log p over the weights of the held-out batches: the cross entropy, whatever is trained with. */
    private double evaluate() {
        final Map<String, double[]> sums = new TreeMap<>();
        final MeanSpeech spoken = new MeanSpeech();
        for (int i = 0; i < recipe.evaluation().orElseThrow().batches(); i++) {
            final List<TrainingExample> batch =
                    batch(heldOut, i, "evaluation after step " + trainer.steps() + " of " + recipe.steps());
            final SpeechLoss drawn = speechLoss(heldOut, i);
            final List<float[]> found = drawn == null
                    ? trainer.logProbabilities(batch)
                    : trainer.logProbabilities(batch, drawn, spoken::add);
            final List<String> sorts = heldOut.sorts(i);
            for (int e = 0; e < batch.size(); e++) {
                final double[] sum = sums.computeIfAbsent(sorts.isEmpty() ? "" : sorts.get(e), sort -> new double[2]);
                add(sum, batch.get(e).weights(), found.get(e));
            }
        }
        evaluationSpeech = spoken.mean();
        evaluationBySort.clear();
        double loss = 0;
        double weight = 0;
        for (final Map.Entry<String, double[]> sum : sums.entrySet()) {
            loss += sum.getValue()[0];
            weight += sum.getValue()[1];
            if (!sum.getKey().isEmpty()) {
                evaluationBySort.put(sum.getKey(), sum.getValue()[0] / sum.getValue()[1]);
            }
        }
        return loss / weight;
    }

    private static void add(final double[] sum, final float[] weights, final float[] found) {
        for (int o = 0; o < weights.length; o++) {
            sum[0] -= (double) weights[o] * found[o];
            sum[1] += weights[o];
        }
    }

    private void save(final TrainingListener listener) {
        final long step = trainer.steps();
        if (savedStep == step) {
            return;
        }
        final Map<String, String> notes = new LinkedHashMap<>();
        notes.put(RECIPE, recipe.identity());
        notes.put(MODEL, model);
        notes.put(DATA, data.fingerprint());
        final Path path = checkpoints.path(step);
        try {
            trainer.saveState(
                    path,
                    new TrainingState(
                            Map.of(POSITIONS, positions, STEPS, recipe.steps()),
                            Map.of(SEED, recipe.seed()),
                            Map.of(SMOOTHED, average),
                            notes));
            savedStep = step;
            checkpoints.deleteOld();
        } catch (final TrainingException e) {
            throw new TrainingException(e.getMessage() + lastGood(), e);
        }
        listener.onCheckpoint(step, path);
    }

    private String lastGood() {
        return savedStep < 0
                ? "; there is no checkpoint yet"
                : "; the last good checkpoint is that of step " + savedStep + ", from which --resume goes on";
    }

    /** The steps that the recipe had when the checkpoint was made that {@link #resume} read; empty without one. */
    public OptionalLong stepsBefore() {
        return stepsBefore;
    }

    /** Positions seen since the run began. */
    public long positions() {
        return positions;
    }

    /** The loss averaged over about the last ten steps; NaN before the first one. */
    public double smoothed() {
        return average / (1 - StrictMath.pow(KEPT, trainer.steps()));
    }

    /** The last evaluation on held-out data of this process, or empty. */
    public OptionalDouble evaluation() {
        return evaluation;
    }

    /**
     * The loss that the recipe's {@code expect} is about: that of held-out data, or the smoothed one without any.
     *
     * @throws TrainingException when a logit is NaN or infinite
     */
    public double finalLoss() {
        if (heldOut == null) {
            return smoothed();
        }
        if (evaluation.isEmpty()) {
            evaluation = OptionalDouble.of(evaluate());
        }
        return evaluation.getAsDouble();
    }
}
