package dev.tactus.engine.tuning;

import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.Kernels;
import dev.tactus.engine.adapter.LoraAdapter;
import dev.tactus.engine.adapter.LoraConfig;
import dev.tactus.engine.adapter.LoraGroup;
import dev.tactus.engine.adapter.LoraInit;
import dev.tactus.engine.json.BoundedJson;
import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.DType;
import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.kernel.LogProbability;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.agrona.CloseHelper;

/**
 * Trains all weights of a model, or an adapter beside a frozen one, in the calls that people know from Tinker.
 *
 * <pre>
 *   forwardBackward(batch, loss)   adds the gradients of Σ weight · loss; any number of batches; of speech as well,
 *                                  if it is told what to draw
 *   optimStep(rate)                one step of AdamW on their sum / Σ weight; gradients are zero again
 *   logProbabilities(batch)        forward alone
 *   sample(prompts, …)             sessions of the engine on the weights as they are now, ready for a policy loss
 *   saveState / loadState          masters, moments, counters: training goes on bit for bit
 *   exportModel(directory)         a model directory: the engine that opens it samples from what was trained
 *   saveAdapter(directory)         of an adapter, its factors as PEFT writes them; exportMerged writes base and factors
 * </pre>
 *
 * <p><b>Adapters</b> (Hu et al., arXiv 2106.09685). The base is read in place where its checkpoint holds float32, and
 * widened once elsewhere; it has neither gradients nor moments, and no gradient is computed below the lowest matrix
 * that has factors. While all B are zero, as in a new adapter, logits are those of the base to the bit.
 *
 * <p>Log-probabilities here are those that an engine of the EXACT class gives on the exported model, or on base and
 * adapter, to the bit, and nothing here depends on the number of workers. Weight decay holds for matrices alone.
 * Nothing is drawn at random: the seeds of a run are its caller's and travel with {@link #saveState(Path,
 * TrainingState)}.
 *
 * <p>Memory is {@link #memory()}, all of it taken when the trainer opens. One thread at a time calls; whoever opened
 * the trainer closes it. A call that throws a {@link TrainingException}, or refuses a batch, has changed no weight, no
 * gradient and no moment.
 */
public final class Trainer implements AutoCloseable {
    private static final String GRADIENT = "gradient.";

    private final ModelExport export;
    private final MemoryLedger ledger;
    private final FreezableArena arena;
    private final Crew crew;
    private final TrainedModel model;
    private final Parameters parameters;
    private final TrainingPass pass;
    private final AdamSlab slab;
    private final TrainerMemory memory;
    private final Sampler sampler;
    private final LossTotals totals = new LossTotals();
    private AdamSettings settings;
    private AdamW optimiser;
    private double pendingWeight;
    private long pendingBatches;

    private Trainer(
            final Path source,
            final boolean opened,
            final Function<FreezableArena, TrainedModel> making,
            final TrainerSettings settings,
            final Crew crew,
            final MemoryLedger ledger) {
        this.ledger = ledger;
        this.crew = crew;
        this.settings = settings.adam();
        this.arena = new FreezableArena(ledger);
        TrainedModel made = null;
        try {
            made = making.apply(arena);
            model = made;
            parameters = model.parameters();
            export = new ModelExport(source, opened, model, ledger);
            final long bytes = model.slabFloats() * Float.BYTES;
            slab = new AdamSlab(
                    model.values(),
                    model.gradients(),
                    arena.allocate(MemoryTag.WEIGHTS, bytes, 64).address(),
                    arena.allocate(MemoryTag.WEIGHTS, bytes, 64).address(),
                    model.slabFloats());
            optimiser = optimiser(this.settings);
            pass = new TrainingPass(
                    parameters,
                    model.factors(),
                    Kernels.of(KernelChoice.AUTO, null, NumericClass.EXACT).set(),
                    TrainingPass.products(),
                    crew,
                    settings.limits(),
                    arena);
            final LoraAdapter trained = isAdapter() ? adapter() : null;
            sampler = new Sampler(source, parameters, trained, settings.limits(), crew, ledger);
            arena.freeze();
            memory = TrainerMemory.of(model, arena);
        } catch (final RuntimeException | Error ex) {
            CloseHelper.closeAll(arena, made);
            throw ex;
        }
    }

    /**
     * A trainer of the model in {@code directory}, which stays as it is.
     *
     * @param directory holds a configuration and weights; its small files go along with an export
     * @param ledger told of all native memory
     * @throws InvalidModelException naming what is wrong with the model
     */
    public static Trainer open(final Path directory, final TrainerSettings settings, final MemoryLedger ledger) {
        final ModelConfig config = ModelConfig.read(directory);
        return start(
                directory,
                true,
                arena -> {
                    try (Checkpoint checkpoint = Checkpoint.open(directory, ledger)) {
                        return TrainedModel.whole(Parameters.load(config, checkpoint, arena));
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
     * @throws InvalidModelException naming what is wrong with the configuration
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
                    return TrainedModel.whole(masters);
                },
                settings,
                ledger);
    }

    /**
     * A trainer of a new adapter, which changes nothing yet.
     *
     * @param base directory of the model it is for, which stays as it is, and must while the trainer is open
     * @param config rank and scale
     * @param groups which matrices get factors; at least one that the base has
     * @param init what A begins with; B is zero
     * @param seed of the values of A
     * @param ledger told of all native memory, and of the base's files where they are read in place
     * @throws InvalidModelException naming what is wrong with the base
     * @throws IllegalArgumentException when no matrix of the base is chosen
     */
    public static Trainer openAdapter(
            final Path base,
            final LoraConfig config,
            final Set<LoraGroup> groups,
            final LoraInit init,
            final long seed,
            final TrainerSettings settings,
            final MemoryLedger ledger) {
        return start(
                base,
                true,
                arena -> TrainedModel.adapter(
                        base, arena, ledger, known -> LoraAdapter.create(config, known, groups, init, seed, arena)),
                settings,
                ledger);
    }

    /**
     * A trainer that goes on with an adapter: with its factors alone, the optimiser starts anew. For a run that goes on
     * to the bit, {@link #loadState(Path)}.
     *
     * @param base directory of the model it is for, which stays as it is, and must while the trainer is open
     * @param adapter folder with the adapter, as {@link #saveAdapter} or PEFT writes it
     * @param ledger told of all native memory, and of the base's files where they are read in place
     * @throws InvalidModelException in one line naming what is wrong with the base or the adapter, also when the
     *     adapter is for another base
     */
    public static Trainer openAdapter(
            final Path base, final Path adapter, final TrainerSettings settings, final MemoryLedger ledger) {
        return start(
                base,
                true,
                arena -> TrainedModel.adapter(
                        base, arena, ledger, known -> LoraAdapter.load(adapter, known, arena, ledger)),
                settings,
                ledger);
    }

    private static Trainer start(
            final Path directory,
            final boolean opened,
            final Function<FreezableArena, TrainedModel> making,
            final TrainerSettings settings,
            final MemoryLedger ledger) {
        final Crew crew = new Crew(settings.workers(), settings.threads());
        try {
            return new Trainer(directory, opened, making, settings, crew, ledger);
        } catch (final RuntimeException | Error ex) {
            crew.close();
            throw ex;
        }
    }

    private AdamW optimiser(final AdamSettings adam) {
        return new AdamW(adam, slab, model.slices());
    }

    /**
     * The masters and their gradients; whoever changes them does so between calls. Of an adapter's trainer these are
     * the base, which has no gradients and may lie in a read-only file: nobody writes there.
     */
    public Parameters parameters() {
        return parameters;
    }

    /** Whether an adapter is trained beside a frozen base. */
    public boolean isAdapter() {
        return model.factors() != null;
    }

    /**
     * The adapter that is trained. Its factors lie in this trainer's memory: an engine that reads them in place must be
     * between its passes while a step is made, and done with them before the trainer is closed.
     *
     * @throws IllegalStateException when a whole model is trained
     */
    public LoraAdapter adapter() {
        if (!isAdapter()) {
            throw new IllegalStateException(
                    "this trainer trains a whole model and has no adapter: expected one made by Trainer.openAdapter");
        }
        return model.factors().adapter();
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
     * @throws InvalidModelException when a sequence does not fit the model
     * @throws IllegalArgumentException when the batch exceeds the limits
     */
    public TrainingResult forwardBackward(final List<TrainingExample> batch, final TokenLoss loss) {
        return forwardBackward(batch, loss, null);
    }

    /**
     * As the other, with the loss of the batch's blocks of speech beside that of its tokens. A block counts its weight
     * times the factor, in the sum that {@link #optimStep} divides by too.
     *
     * @param speech says what to draw; null leaves speech out, as the other method does
     * @throws TrainingException also when the loss of a block is NaN or infinite
     */
    public TrainingResult forwardBackward(
            final List<TrainingExample> batch, final TokenLoss loss, final SpeechLoss speech) {
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
        final SpeechTotals spoken = speech == null ? SpeechTotals.NONE : pass.speech(speech, speechWeights(batch));
        pass.backward();
        pendingWeight += totals.weight();
        pendingWeight += speech == null ? 0 : speech.factor() * spoken.weight();
        pendingBatches++;
        return TrainingResult.of(totals, perExample(batch, row -> terms[row].logProbability()), spoken);
    }

    private float[] speechWeights(final List<TrainingExample> batch) {
        final float[] weights = new float[pass.blocks()];
        int at = 0;
        for (final TrainingExample example : batch) {
            for (final float weight : example.speechWeights()) {
                weights[at++] = weight;
            }
        }
        return weights;
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
        model.zeroGradients();
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

    /**
     * log p of every target and the loss of speech, forward alone; weights of tokens are not looked at, and gradients
     * stay.
     *
     * @param speech says what to draw
     * @param spoken takes the loss of the batch's speech
     * @return one array [outputs] per example
     * @throws TrainingException when a logit or the loss of a block is NaN or infinite
     */
    public List<float[]> logProbabilities(
            final List<TrainingExample> batch, final SpeechLoss speech, final Consumer<SpeechTotals> spoken) {
        final List<float[]> found = logProbabilities(batch);
        spoken.accept(pass.speech(speech, speechWeights(batch)));
        return found;
    }

    /**
     * Samples sessions from the weights as they are now, by the engine itself: what a session of an exported model, or
     * of base and adapter, would put out, with the log-probabilities that {@link #logProbabilities} finds for the same
     * example, to the bit.
     *
     * <p>The output machine, temperature, top-k and top-p decide what is drawn; log-probabilities, and with them every
     * policy loss, are those of the model's own distribution over the whole vocabulary. Sessions see as far as the
     * trainer does ({@link TrainingLimits#globalWindow()}, {@link TrainingLimits#sinks()}). Neither the company of
     * other prompts nor the number of workers changes what a prompt gets.
     *
     * <p>Engines for up to 64 sessions are held while the call lasts, beside {@link #memory()}.
     *
     * @param prompts any number; sound as samples, no skipped ticks
     * @param sampling how tokens are drawn
     * @param weights what outputs count in the examples that come back; {@link TokenWeights#EQUAL} for a policy loss
     * @param turns of the trainer's model, with room for the media of all prompts: bins and pixels of the examples lie
     *     there
     * @return one rollout per prompt, in order
     * @throws IllegalArgumentException naming the prompt and turn and what is wrong with it; nothing was sampled
     * @throws TrainingException when a session ends for a logit that is NaN or infinite
     * @throws InvalidModelException when a weight is NaN or infinite
     */
    public List<Rollout> sample(
            final List<Prompt> prompts,
            final SamplingParameters sampling,
            final TokenWeights weights,
            final TurnMemory turns) {
        return sampler.sample(prompts, sampling, weights, turns);
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
        final TrainerState state = new TrainerState(steps(), pendingBatches, pendingWeight, settings, subject());
        TrainingCheckpoint.save(path, state.addTo(run), tensors(pendingBatches > 0));
    }

    /**
     * Goes on from a state of a model of the same shape, or of an adapter of the same shape for the same base. Limits,
     * workers and threads stay those of this trainer; the optimiser's settings become those of the state.
     *
     * @return what the run kept
     * @throws InvalidModelException in one line if the file is damaged, of another model or base, or holds a master or
     *     a moment that is NaN or infinite: nothing has changed then
     */
    public TrainingState loadState(final Path path) {
        try (TrainingCheckpoint checkpoint = TrainingCheckpoint.open(path, ledger)) {
            final TrainerState state = TrainerState.of(checkpoint.state());
            if (!state.subject().equals(subject())) {
                throw BoundedJson.refusal(path, "what was trained", state.subject(), subject());
            }
            final AdamW loaded = optimiser(state.adam());
            loaded.resumeAt(state.steps());
            checkpoint.requireFinite(name -> !name.startsWith(GRADIENT));
            checkpoint.restore(tensors(state.pendingBatches() > 0));
            if (state.pendingBatches() == 0) {
                model.zeroGradients();
            }
            settings = state.adam();
            optimiser = loaded;
            pendingWeight = state.pendingWeight();
            pendingBatches = state.pendingBatches();
            return TrainerState.removeFrom(checkpoint.state());
        }
    }

    private String subject() {
        return isAdapter() ? TrainerState.subject(adapter()) : TrainerState.WHOLE;
    }

    private List<StateTensor> tensors(final boolean gradients) {
        final List<StateTensor> tensors = new ArrayList<>();
        for (final Parameter parameter : model.tensors()) {
            tensors.add(new StateTensor(parameter.name(), parameter.shape(), parameter.value()));
            if (parameter.isTrained()) {
                tensors.add(slabTensor("first_moment.", parameter, slab.firstMoments()));
                tensors.add(slabTensor("second_moment.", parameter, slab.secondMoments()));
                if (gradients) {
                    tensors.add(slabTensor(GRADIENT, parameter, slab.gradients()));
                }
            }
        }
        return tensors;
    }

    private StateTensor slabTensor(final String prefix, final Parameter parameter, final long start) {
        return new StateTensor(prefix + parameter.name(), parameter.shape(), start + parameter.value() - slab.values());
    }

    /**
     * Writes the masters as they are, in float32: {@link #exportModel(Path, DType)}.
     *
     * @throws TrainingException in one line when it cannot be written, and when an adapter is trained
     */
    public void exportModel(final Path directory) {
        exportModel(directory, DType.F32);
    }

    /**
     * Writes the masters as a model directory: {@code model.safetensors}, and configuration, tokenizer and preprocessor
     * files of the model's folder. Tensors of an opened model that nothing trains go along unchanged.
     *
     * @param directory must not exist, or be empty; it appears complete or not at all
     * @param matrices {@link DType#F32}, or {@link DType#BF16} for matrices rounded to nearest, ties to even, in half
     *     the bytes; what has a single dimension stays float32
     * @throws TrainingException in one line when it cannot be written, and when an adapter is trained
     */
    public void exportModel(final Path directory, final DType matrices) {
        if (isAdapter()) {
            throw new TrainingException(directory + ": an adapter is trained, not a model: expected saveAdapter "
                    + "for the factors alone, or exportMerged for base and factors in one model");
        }
        export.write(directory, matrices);
    }

    /**
     * Writes the base with the factors merged into it as a model directory: float32 {@code w + scale · (b · a)}, the
     * product in float64 and rounded once, so its logits are near those of base and adapter, and not their bits.
     *
     * @param directory must not exist, or be empty; it appears complete or not at all
     * @throws TrainingException in one line when it cannot be written
     * @throws IllegalStateException when a whole model is trained
     */
    public void exportMerged(final Path directory) {
        requireFinite(directory);
        export.write(directory, DType.F32);
    }

    /**
     * Writes the adapter as PEFT does; {@link #openAdapter(Path, Path, TrainerSettings, MemoryLedger)} and the engine
     * read it, bit for bit. Each of the two files appears complete or not at all.
     *
     * @param directory made if it does not exist
     * @throws TrainingException in one line when it cannot be written, or a factor is NaN or infinite
     * @throws IllegalStateException when a whole model is trained
     */
    public void saveAdapter(final Path directory) {
        requireFinite(directory);
        try {
            adapter().save(directory);
        } catch (final UncheckedIOException ex) {
            throw new TrainingException(ex.getMessage(), ex);
        }
    }

    private void requireFinite(final Path directory) {
        final LoraAdapter adapter = adapter();
        final int bad = LogProbability.firstNotFinite(adapter.address(), Math.toIntExact(adapter.floats()));
        if (bad >= 0) {
            throw new TrainingException(directory + ": element " + bad + " of the factors is "
                    + OffHeap.getFloat(adapter.address() + (long) bad * Float.BYTES)
                    + ": expected finite numbers; nothing was written");
        }
    }

    /** Ends the workers and frees all memory. Calling it again does nothing. */
    @Override
    public void close() {
        CloseHelper.closeAll(crew, arena, model);
    }
}
