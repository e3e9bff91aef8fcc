package dev.tactus.engine.tuning;

import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.Kernels;
import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.kernel.LogProbability;
import dev.tactus.kernel.NumericClass;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.agrona.CloseHelper;

/**
 * Trains all weights of a model, in the calls that people know from Tinker.
 *
 * <pre>
 *   forwardBackward(batch, loss)   adds the gradients of Σ weight · loss; any number of batches
 *   optimStep(rate)                one step of AdamW on their sum / Σ weight; gradients are zero again
 *   logProbabilities(batch)        forward alone
 *   saveState / loadState          masters, moments, counters: training goes on bit for bit
 *   exportModel(directory)         a model directory: the engine that opens it samples from what was trained
 * </pre>
 *
 * <p>Log-probabilities here are those that an engine of the EXACT class gives on the exported model, to the bit, and
 * nothing here depends on the number of workers. Weight decay holds for matrices alone. Nothing is drawn at random: the
 * seeds of a run are its caller's and travel with {@link #saveState(Path, TrainingState)}.
 *
 * <p>Memory is {@link #memory()}, all of it taken when the trainer opens. One thread at a time calls; whoever opened
 * the trainer closes it. A call that throws a {@link TrainingException}, or refuses a batch, has changed no weight, no
 * gradient and no moment.
 */
public final class Trainer implements AutoCloseable {
    private final ModelExport export;
    private final MemoryLedger ledger;
    private final FreezableArena arena;
    private final Crew crew;
    private final Parameters parameters;
    private final TrainingPass pass;
    private final AdamSlab slab;
    private final TrainerMemory memory;
    private final LossTotals totals = new LossTotals();
    private AdamSettings settings;
    private AdamW optimiser;
    private double pendingWeight;
    private long pendingBatches;

    private Trainer(
            final Path source,
            final boolean opened,
            final Function<FreezableArena, Parameters> masters,
            final TrainerSettings settings,
            final Crew crew,
            final MemoryLedger ledger) {
        this.ledger = ledger;
        this.crew = crew;
        this.settings = settings.adam();
        this.arena = new FreezableArena(ledger);
        try {
            parameters = masters.apply(arena);
            export = new ModelExport(source, opened, parameters, ledger);
            final long bytes = parameters.slabFloats() * Float.BYTES;
            slab = new AdamSlab(
                    parameters.values(),
                    parameters.gradients(),
                    arena.allocate(MemoryTag.WEIGHTS, bytes, 64).address(),
                    arena.allocate(MemoryTag.WEIGHTS, bytes, 64).address(),
                    parameters.slabFloats());
            optimiser = optimiser(this.settings);
            pass = new TrainingPass(
                    parameters,
                    Kernels.of(KernelChoice.AUTO, null, NumericClass.EXACT).set(),
                    crew,
                    settings.limits(),
                    arena);
            arena.freeze();
            memory = TrainerMemory.of(parameters, arena);
        } catch (final RuntimeException | Error ex) {
            arena.close();
            throw ex;
        }
    }

    /**
     * A trainer of the model in {@code directory}, which stays as it is.
     *
     * @param directory holds a configuration and weights; its small files go along with an export
     * @param ledger told of all native memory
     * @throws dev.tactus.engine.model.InvalidModelException naming what is wrong with the model
     */
    public static Trainer open(final Path directory, final TrainerSettings settings, final MemoryLedger ledger) {
        final ModelConfig config = ModelConfig.read(directory);
        return start(
                directory,
                true,
                arena -> {
                    try (Checkpoint checkpoint = Checkpoint.open(directory, ledger)) {
                        return Parameters.load(config, checkpoint, arena);
                    }
                },
                settings,
                ledger);
    }

    /**
     * A trainer of a new model.
     *
     * @param directory holds a configuration; weights there are not read
     * @param hears whether the model has an audio encoder
     * @param sees whether it has an image encoder
     * @param initialisation fills the masters, which are zero
     * @param ledger told of all native memory
     * @throws dev.tactus.engine.model.InvalidModelException naming what is wrong with the configuration
     */
    public static Trainer create(
            final Path directory,
            final boolean hears,
            final boolean sees,
            final Consumer<Parameters> initialisation,
            final TrainerSettings settings,
            final MemoryLedger ledger) {
        final ModelConfig config = ModelConfig.read(directory);
        return start(
                directory,
                false,
                arena -> {
                    final Parameters masters = Parameters.zeros(config, hears, sees, arena);
                    initialisation.accept(masters);
                    return masters;
                },
                settings,
                ledger);
    }

    private static Trainer start(
            final Path directory,
            final boolean opened,
            final Function<FreezableArena, Parameters> masters,
            final TrainerSettings settings,
            final MemoryLedger ledger) {
        final Crew crew = new Crew(settings.workers(), settings.threads());
        try {
            return new Trainer(directory, opened, masters, settings, crew, ledger);
        } catch (final RuntimeException | Error ex) {
            crew.close();
            throw ex;
        }
    }

    private AdamW optimiser(final AdamSettings adam) {
        final List<AdamSlice> slices = new ArrayList<>();
        for (final Parameter parameter : parameters.all()) {
            if (parameter.isTrained()) {
                final long offset = (parameter.value() - parameters.values()) / Float.BYTES;
                slices.add(new AdamSlice(parameter.name(), offset, parameter.elements(), parameter.isMatrix()));
            }
        }
        return new AdamW(adam, slab, slices);
    }

    /** The masters and their gradients; whoever changes them does so between calls. */
    public Parameters parameters() {
        return parameters;
    }

    /** What the trainer holds. */
    public TrainerMemory memory() {
        return memory;
    }

    /** Steps of the optimiser that were made, those before a resume included. */
    public long steps() {
        return optimiser.steps();
    }

    /** What the optimiser was told, by the settings or by the state that was loaded. */
    public AdamSettings adam() {
        return settings;
    }

    /**
     * Adds the gradients of a batch to those since the last step.
     *
     * @param batch within the limits of the trainer
     * @throws TrainingException when a logit, a loss or a slope is NaN or infinite, naming the row of the batch: its
     *     gradients were not added, and those before it still stand
     * @throws dev.tactus.engine.model.InvalidModelException when a sequence does not fit the model
     * @throws IllegalArgumentException when the batch exceeds the limits
     */
    public TrainingResult forwardBackward(final List<TrainingExample> batch, final TokenLoss loss) {
        final TokenPosition[] positions = forward(batch);
        final LossTerm[] terms = new LossTerm[positions.length];
        crew.forEach(
                positions.length,
                (worker, row) ->
                        terms[row] = loss.evaluate(positions[row], logits(row), pass.vocabulary(), 1f, gradient(row)));
        totals.clear();
        for (int row = 0; row < terms.length; row++) {
            totals.add(terms[row], positions[row].weight());
        }
        pass.backward();
        pendingWeight += totals.weight();
        pendingBatches++;
        return TrainingResult.of(totals, perExample(batch, row -> terms[row].logProbability()));
    }

    /**
     * One step of AdamW on all gradients since the last one, divided by the sum of their weights.
     *
     * @param learningRate of this step, at least 0
     * @throws TrainingException when there was no batch, the weights do not sum up to a positive number, or a gradient
     *     is NaN or infinite: nothing was changed, and {@link #discardGradients()} makes room for new ones
     */
    public OptimizerResult optimStep(final double learningRate) {
        if (pendingBatches == 0 || !(pendingWeight > 0)) {
            throw new TrainingException("step " + (steps() + 1) + ": " + pendingBatches + " batches of weight "
                    + pendingWeight + " since the last step: expected at least one, of a positive weight");
        }
        final AdamStep step = optimiser.step(learningRate, pendingWeight, this::share);
        final OptimizerResult result = OptimizerResult.of(step, pendingWeight, pendingBatches);
        discardGradients();
        return result;
    }

    /** Forgets the batches since the last step. */
    public void discardGradients() {
        parameters.zeroGradients();
        pendingWeight = 0;
        pendingBatches = 0;
    }

    /**
     * log p of every target, forward alone; weights are not looked at, and gradients stay.
     *
     * @param batch within the limits of the trainer
     * @return one array [outputs] per example
     * @throws TrainingException when a logit is NaN or infinite
     */
    public List<float[]> logProbabilities(final List<TrainingExample> batch) {
        final TokenPosition[] positions = forward(batch);
        final float[] found = new float[positions.length];
        crew.forEach(positions.length, (worker, row) -> found[row] = logProbability(positions[row]));
        return perExample(batch, row -> found[row]);
    }

    private float logProbability(final TokenPosition position) {
        final long logits = logits(position.row());
        final int bad = LogProbability.firstNotFinite(logits, pass.vocabulary());
        if (bad >= 0) {
            throw new TrainingException("row " + position.row() + ": logit " + bad + " is "
                    + OffHeap.getFloat(logits + (long) bad * Float.BYTES) + ": expected finite logits");
        }
        return LogProbability.of(logits, pass.vocabulary(), position.target(), gradient(position.row()));
    }

    private TokenPosition[] forward(final List<TrainingExample> batch) {
        final List<Example> examples = new ArrayList<>();
        final List<TokenPosition> positions = new ArrayList<>();
        for (final TrainingExample example : batch) {
            examples.add(example.example());
            for (int output = 0; output < example.outputs(); output++) {
                positions.add(inVocabulary(example.position(output, positions.size())));
            }
        }
        pass.forward(examples);
        return positions.toArray(TokenPosition[]::new);
    }

    private TokenPosition inVocabulary(final TokenPosition position) {
        if (position.target() >= pass.vocabulary()) {
            throw new TrainingException("row " + position.row() + ": target is " + position.target()
                    + ": expected 0 to " + (pass.vocabulary() - 1) + ", the vocabulary");
        }
        return position;
    }

    private long logits(final int row) {
        return Floats.row(pass.logits(), row, pass.vocabulary());
    }

    private long gradient(final int row) {
        return Floats.row(pass.logitGradients(), row, pass.vocabulary());
    }

    private interface RowValue {
        float of(int row);
    }

    private static List<float[]> perExample(final List<TrainingExample> batch, final RowValue value) {
        final List<float[]> result = new ArrayList<>();
        int row = 0;
        for (final TrainingExample example : batch) {
            final float[] values = new float[example.outputs()];
            for (int i = 0; i < values.length; i++) {
                values[i] = value.of(row++);
            }
            result.add(values);
        }
        return result;
    }

    private void share(final int blocks, final BlockSplit.Work work) {
        final long workers = crew.workers();
        crew.together(
                worker -> work.run((int) (blocks * (long) worker / workers), (int) (blocks * (worker + 1L) / workers)));
    }

    /** {@link #saveState(Path, TrainingState)} of a run that has no state of its own. */
    public void saveState(final Path path) {
        saveState(path, new TrainingState(Map.of(), Map.of(), Map.of(), Map.of()));
    }

    /**
     * Writes all that training goes on from: masters, moments, steps, the optimiser's settings, gradients of batches
     * since the last step, and what the run itself keeps.
     *
     * @param path a file in a folder that exists; replaced in one step
     * @param run seeds, place in the data, recipe: names must not begin with {@code trainer.}
     * @throws TrainingException in one line when it cannot be written; what stood there is then untouched
     */
    public void saveState(final Path path, final TrainingState run) {
        final TrainerState state = new TrainerState(steps(), pendingBatches, pendingWeight, settings);
        TrainingCheckpoint.save(path, state.addTo(run), tensors(pendingBatches > 0));
    }

    /**
     * Goes on from a state of a model of the same shape. Limits, workers and threads stay those of this trainer; the
     * optimiser's settings become those of the state.
     *
     * @return what the run kept
     * @throws dev.tactus.engine.model.InvalidModelException in one line if the file is damaged or of another model:
     *     nothing has changed then
     */
    public TrainingState loadState(final Path path) {
        try (TrainingCheckpoint checkpoint = TrainingCheckpoint.open(path, ledger)) {
            final TrainerState state = TrainerState.of(checkpoint.state());
            final AdamW loaded = optimiser(state.adam());
            loaded.resumeAt(state.steps());
            checkpoint.restore(tensors(state.pendingBatches() > 0));
            if (state.pendingBatches() == 0) {
                parameters.zeroGradients();
            }
            settings = state.adam();
            optimiser = loaded;
            pendingWeight = state.pendingWeight();
            pendingBatches = state.pendingBatches();
            return TrainerState.removeFrom(checkpoint.state());
        }
    }

    private List<StateTensor> tensors(final boolean gradients) {
        final List<StateTensor> tensors = new ArrayList<>();
        for (final Parameter parameter : parameters.all()) {
            tensors.add(new StateTensor(parameter.name(), parameter.shape(), parameter.value()));
            if (parameter.isTrained()) {
                tensors.add(slabTensor("first_moment.", parameter, slab.firstMoments()));
                tensors.add(slabTensor("second_moment.", parameter, slab.secondMoments()));
                if (gradients) {
                    tensors.add(slabTensor("gradient.", parameter, slab.gradients()));
                }
            }
        }
        return tensors;
    }

    private StateTensor slabTensor(final String prefix, final Parameter parameter, final long start) {
        return new StateTensor(prefix + parameter.name(), parameter.shape(), start + parameter.value() - slab.values());
    }

    /**
     * Writes the masters as a model directory: float32 {@code model.safetensors}, and configuration, tokenizer and
     * preprocessor files of the model's folder. Tensors of an opened model that nothing trains go along unchanged.
     *
     * @param directory must not exist, or be empty; it appears complete or not at all
     * @throws TrainingException in one line when it cannot be written
     */
    public void exportModel(final Path directory) {
        export.write(directory);
    }

    /** Ends the workers and frees all memory. Calling it again does nothing. */
    @Override
    public void close() {
        CloseHelper.closeAll(crew, arena);
    }
}
