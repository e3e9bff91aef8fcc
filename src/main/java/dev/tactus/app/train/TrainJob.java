package dev.tactus.app.train;

import dev.tactus.app.cli.BadInputException;
import dev.tactus.app.cli.Failures;
import dev.tactus.app.cli.Units;
import dev.tactus.app.run.Interrupt;
import dev.tactus.engine.tuning.CheckpointFolder;
import dev.tactus.engine.tuning.Crew;
import dev.tactus.engine.tuning.Parameters;
import dev.tactus.engine.tuning.Trainer;
import dev.tactus.engine.tuning.TrainerSettings;
import dev.tactus.engine.tuning.TrainingException;
import dev.tactus.engine.tuning.TrainingLimits;
import dev.tactus.engine.tuning.recipe.DataContext;
import dev.tactus.engine.tuning.recipe.DataKinds;
import dev.tactus.engine.tuning.recipe.ExampleSource;
import dev.tactus.engine.tuning.recipe.InitialWeights;
import dev.tactus.engine.tuning.recipe.LoraChoice;
import dev.tactus.engine.tuning.recipe.NewModel;
import dev.tactus.engine.tuning.recipe.Recipe;
import dev.tactus.engine.tuning.recipe.RecipeFields;
import dev.tactus.engine.tuning.recipe.StepReport;
import dev.tactus.engine.tuning.recipe.TrainingListener;
import dev.tactus.engine.tuning.recipe.TrainingLoop;
import dev.tactus.memory.MemoryLedger;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.function.Consumer;
import org.agrona.concurrent.SystemNanoClock;

/** A run of {@code tactus train}: everything is checked and opened before the first byte is written. One thread. */
public final class TrainJob implements TrainingListener {
    private static final double NS_PER_SECOND = 1e9;

    /** Held-out data draw other episodes than the training data do. */
    private static final long HELD_OUT = 0x48454C442D4F5554L;

    private final TrainSettings settings;
    private final DataKinds kinds;
    private final PrintWriter out;
    private final Interrupt interrupt;
    private final MemoryLedger ledger = new MemoryLedger();
    private final Recipe recipe;
    private final Path folder;
    private RunFolder run;
    private LossCsv csv;
    private SortCsv sorts;
    private TrainProgress progress;
    private long startNs;
    private double secondsBefore;

    /**
     * A run; nothing is opened yet.
     *
     * @param kinds of data that recipes can name
     * @param out the screen
     * @param interrupt asked between steps
     * @throws dev.tactus.engine.tuning.recipe.RecipeException naming what is wrong with the recipe
     * @throws BadInputException when there is no folder for the results
     */
    public TrainJob(
            final TrainSettings settings, final DataKinds kinds, final PrintWriter out, final Interrupt interrupt) {
        this.settings = settings;
        this.kinds = kinds;
        this.out = out;
        this.interrupt = interrupt;
        this.recipe = Recipe.read(settings.recipe());
        if (settings.out() == null && recipe.out().isEmpty()) {
            throw new BadInputException(settings.recipe()
                    + ": out: found nothing, allowed a folder for the results, there or as --out DIR");
        }
        folder = settings.out() != null ? settings.out() : recipe.out().orElseThrow();
    }

    /** Trains to the last step, or to the interrupt; returns whether it was the latter. */
    public boolean execute() {
        RunFolder.check(folder, settings.resume());
        try (StartingModel model = StartingModel.open(recipe);
                Crew crew = new Crew(settings.threads(), TrainJob::thread);
                TimedSource data = new TimedSource(
                        kinds.open(recipe.data(), context(model, recipe.seed(), crew)), SystemNanoClock.INSTANCE);
                ExampleSource heldOut = heldOut(model, crew)) {
            TrainingLoop.requireSampled(recipe, data);
            try (Trainer trainer = trainer(model, data, heldOut);
                    RunFolder opened = RunFolder.open(folder)) {
                run = opened;
                return train(model, trainer, data, heldOut);
            }
        }
    }

    private DataContext context(final StartingModel model, final long seed, final Crew crew) {
        return new DataContext(
                model.config(), model.tokenizer(), seed, recipe.sequences(), recipe.positions(), ledger, crew);
    }

    private ExampleSource heldOut(final StartingModel model, final Crew crew) {
        final RecipeFields fields =
                recipe.evaluation().flatMap(choice -> choice.data()).orElse(null);
        return fields == null ? null : kinds.open(fields, context(model, recipe.seed() ^ HELD_OUT, crew));
    }

    private Trainer trainer(final StartingModel model, final ExampleSource data, final ExampleSource heldOut) {
        final TrainingLimits limits = TrainingLoop.limits(data, heldOut);
        final TrainerSettings trainer =
                new TrainerSettings(limits, recipe.adam(), settings.threads(), TrainJob::thread);
        final LoraChoice lora = recipe.lora().orElse(null);
        if (lora != null && lora.from() != null) {
            return Trainer.openAdapter(model.folder(), lora.from(), trainer, ledger);
        }
        if (lora != null) {
            return Trainer.openAdapter(
                    model.folder(), lora.config(), lora.groups(), lora.init(), lora.seed(), trainer, ledger);
        }
        if (recipe.fresh().isEmpty()) {
            return Trainer.open(model.folder(), trainer, ledger);
        }
        final NewModel fresh = recipe.fresh().orElseThrow();
        final Consumer<Parameters> drawn = new InitialWeights(fresh.seed());
        final Consumer<Parameters> initial =
                data.voice().isPresent() ? drawn.andThen(data.voice().get()) : drawn;
        return Trainer.create(model.folder(), fresh.hears(), fresh.sees(), initial, trainer, ledger);
    }

    private static Thread thread(final Runnable body) {
        final Thread thread = new Thread(body, "tactus-train");
        thread.setDaemon(true);
        return thread;
    }

    private boolean train(
            final StartingModel model, final Trainer trainer, final TimedSource data, final ExampleSource heldOut) {
        final Path checkpoints = run.resolve("checkpoints");
        final TrainingLoop loop = new TrainingLoop(
                recipe,
                model.folder(),
                trainer,
                data,
                heldOut,
                new CheckpointFolder(checkpoints, recipe.keep(), ledger));
        introduce(trainer, heldOut == null ? data.heapBytes() : Math.max(data.heapBytes(), heldOut.heapBytes()));
        if (settings.resume()) {
            resume(loop, checkpoints);
        }
        run.keep(settings.recipe()); // a resume that was refused has changed nothing
        try (LossCsv opened = LossCsv.open(run.resolve("losses.csv"), trainer.steps())) {
            csv = opened;
            return train(loop, trainer, data);
        }
    }

    private boolean train(final TrainingLoop loop, final Trainer trainer, final TimedSource data) {
        sorts = new SortCsv(run.resolve("evaluations.csv"), trainer.steps());
        secondsBefore = csv.seconds();
        startNs = SystemNanoClock.INSTANCE.nanoTime();
        progress = new TrainProgress(out, settings.terminal(), settings.quiet(), startNs, loop.positions());
        if (!run(loop)) {
            out.println("broken off after step " + trainer.steps() + "; go on with: tactus train --recipe "
                    + settings.recipe() + " --out " + folder + " --resume");
            out.flush();
            return true;
        }
        export(trainer);
        conclude(loop, data);
        return false;
    }

    /** Runs the loop, and draws the curve however it ends. */
    private boolean run(final TrainingLoop loop) {
        final boolean finished;
        try {
            finished = loop.run(this);
        } catch (final RuntimeException | Error ex) {
            progress.end();
            try {
                draw();
            } catch (final RuntimeException second) { // what ended the run is what has to be told
                ex.addSuppressed(second);
            }
            throw ex;
        }
        progress.end();
        draw();
        return finished;
    }

    private void draw() {
        LossSvg.write(run.resolve("losses.svg"), csv.rows());
    }

    /** The first line, before anything is waited for; {@code heap} is what the data keep on the Java heap. */
    private void introduce(final Trainer trainer, final long heap) {
        out.println(settings.recipe() + ": " + Units.count(trainer.memory().parameters()) + " parameters, "
                + recipe.steps() + " steps of " + recipe.sequences() * recipe.accumulate() + " sequences, "
                + Units.bytes(trainer.memory().bytes()) + " of memory, "
                + (heap == 0 ? "" : "up to " + Units.bytes(heap) + " of Java heap for data, ")
                + Units.plural(settings.threads(), "thread"));
        out.flush();
    }

    private void resume(final TrainingLoop loop, final Path checkpoints) {
        final CheckpointFolder.Newest newest = CheckpointFolder.newest(checkpoints, ledger);
        newest.skipped().forEach(line -> out.println("skipped " + line));
        if (newest.path().isEmpty()) {
            out.println("no checkpoint in " + checkpoints + ": beginning at step 1");
        } else {
            out.println("going on behind step " + loop.resume(newest.path().get(), ledger));
            loop.stepsBefore().stream()
                    .filter(before -> before != recipe.steps())
                    .forEach(before -> out.println("steps is " + recipe.steps() + " and was " + before
                            + ": the learning rate follows the new number from here on"));
        }
        out.flush();
    }

    @Override
    public boolean isStopAsked() {
        return interrupt.isAsked();
    }

    @Override
    public void onStep(final StepReport report) {
        final long nowNs = SystemNanoClock.INSTANCE.nanoTime();
        csv.add(LossRow.of(report, secondsBefore + (nowNs - startNs) / NS_PER_SECOND));
        sorts.add(report);
        progress.step(report, nowNs);
    }

    @Override
    public void onCheckpoint(final long step, final Path checkpoint) {
        draw();
    }

    @Override
    public void onEvaluation(final long step, final Path checkpoint) {
        progress.say(EvaluationCommand.run(
                recipe.evaluation()
                        .orElseThrow()
                        .commandFor(checkpoint.toAbsolutePath().toString(), step),
                run.resolve("evaluate"),
                step,
                interrupt::isAsked));
    }

    /** The new model or adapter takes the place of an older one only when it is whole. */
    private void export(final Trainer trainer) {
        final String name = trainer.isAdapter() ? "adapter" : "model";
        final Path target = run.resolve(name);
        final Path made = run.resolve("." + name + ".new");
        final Path old = run.resolve("." + name + ".old");
        try {
            RunFolder.delete(made);
            if (trainer.isAdapter()) {
                trainer.saveAdapter(made);
            } else {
                trainer.exportModel(made, recipe.matrices());
            }
            RunFolder.delete(old);
            if (Files.exists(target)) {
                Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
            }
            Files.move(made, target, StandardCopyOption.ATOMIC_MOVE);
            RunFolder.delete(old);
        } catch (final IOException ex) {
            throw new TrainingException(
                    target + ": cannot be written: " + Failures.reason(ex)
                            + "; the last checkpoint is whole: make room and go on with --resume",
                    ex);
        }
        out.println("the " + name + " is in " + target + ", the curve in " + run.resolve("losses.svg"));
    }

    private void conclude(final TrainingLoop loop, final TimedSource data) {
        final double share = data.tookNs() / NS_PER_SECOND / Math.max(csv.seconds() - secondsBefore, 1 / NS_PER_SECOND);
        final double loss = loop.finalLoss();
        final String kind = recipe.evaluation().flatMap(choice -> choice.data()).isPresent()
                ? "loss of the held-out data"
                : "smoothed loss";
        out.println(String.format(
                Locale.ROOT,
                "%s %.4f after %s of training, %.1f %% of the time for making data",
                kind,
                loss,
                TrainProgress.duration(csv.seconds()),
                100 * share));
        out.flush();
        final double most = recipe.lossAtMost().orElse(Double.POSITIVE_INFINITY);
        if (!(loss <= most)) {
            throw new TrainingException(settings.recipe() + ": expect.loss_at_most: found a " + kind + " of " + loss
                    + " after step " + recipe.steps() + ", allowed " + most);
        }
    }
}
