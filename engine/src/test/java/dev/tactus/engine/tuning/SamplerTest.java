package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.adapter.LoraConfig;
import dev.tactus.engine.adapter.LoraGroup;
import dev.tactus.engine.adapter.LoraInit;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.RandomModel;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import dev.tactus.scheduler.Modality;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/** The engine as the sampler of a trainer: the weights as they are now, the trainer's own log-probabilities. */
class SamplerTest {
    private static final long SEED = 20_261_122L;
    private static final int TEXT = Modality.TEXT.bit();
    private static final SamplingParameters WARM = new SamplingParameters(1f, 32, 1f);
    private static final TrainingLimits LIMITS = TrainingLimits.of(40, 100);

    @TempDir
    Path directory;

    private final MemoryLedger ledger = new MemoryLedger();
    private final SplittableRandom random = new SplittableRandom(SEED);
    private TinyTask task;
    private TurnMemory memory;

    @BeforeEach
    void open() throws IOException {
        task = new TinyTask(directory.resolve("tiny"), ledger, SEED);
        final ModelConfig config = ModelConfig.read(directory.resolve("tiny"));
        memory = new TurnMemory(config, InteractionConfig.resolve("default", config), 0, 0, ledger);
    }

    @AfterEach
    void shouldHaveFreedAllMemory() {
        memory.close();
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    private List<Prompt> prompts(final int count, final int ticks) {
        final List<Prompt> prompts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            final List<TurnInput> inputs = new ArrayList<>();
            for (int tick = 0; tick < ticks - i % 2; tick++) {
                final TurnInput input = tick % 3 == 1
                        ? TurnInput.NOTHING.withCut()
                        : TurnInput.ofText(
                                random.ints(1 + (i + tick) % 4, 14, 32).toArray());
                inputs.add(input);
            }
            prompts.add(new Prompt(SEED + i, TEXT, inputs, ticks));
        }
        return prompts;
    }

    private List<Rollout> sample(final Trainer trainer, final List<Prompt> prompts) {
        memory.reset();
        return trainer.sample(prompts, WARM, TokenWeights.EQUAL, memory);
    }

    private static List<TrainingExample> examples(final List<Rollout> rollouts) {
        return rollouts.stream().map(Rollout::example).toList();
    }

    private static List<String> bits(final List<float[]> values) {
        return values.stream()
                .map(row -> {
                    final int[] bits = new int[row.length];
                    for (int i = 0; i < bits.length; i++) {
                        bits[i] = Float.floatToRawIntBits(row[i]);
                    }
                    return Arrays.toString(bits);
                })
                .toList();
    }

    private static List<String> sampled(final List<Rollout> rollouts) {
        return bits(rollouts.stream().map(Rollout::logProbabilities).toList());
    }

    private static List<String> drawn(final List<Rollout> rollouts) {
        return rollouts.stream()
                .map(rollout -> Arrays.toString(rollout.example().targets()))
                .toList();
    }

    @Test
    void shouldAgreeWithTheTrainerBeforeAndAfterAStep() {
        final List<Prompt> prompts = prompts(7, 4);
        for (int workers = 1; workers <= 2; workers++) {
            try (Trainer trainer = task.trainer(LIMITS, workers)) {
                final long held = ledger.liveBytes();
                final List<Rollout> before = sample(trainer, prompts);
                assertEquals(held, ledger.liveBytes(), "an engine is left");
                assertEquals(sampled(before), bits(trainer.logProbabilities(examples(before))), "seed " + SEED);
                final List<TrainingExample> batch =
                        before.stream().map(rollout -> rollout.advantaged(1f)).toList();
                final TrainingResult result = trainer.forwardBackward(batch, PpoLoss.standard());
                assertEquals(1, result.meanRatio());
                assertEquals(0, result.meanKl());
                trainer.optimStep(1e-2);
                final List<Rollout> after = sample(trainer, prompts);
                assertEquals(sampled(after), bits(trainer.logProbabilities(examples(after))), "after a step");
                assertFalse(sampled(before).equals(sampled(after)), "the old weights");
                for (final Rollout rollout : after) {
                    assertEquals(rollout.prompt().ticks(), rollout.turns().size());
                }
            }
        }
    }

    @Test
    void shouldNotDependOnWorkersNorOnOtherPrompts() {
        final List<Prompt> prompts = prompts(9, 3);
        final List<Rollout> expected;
        try (Trainer trainer = task.trainer(LIMITS, 1)) {
            expected = sample(trainer, prompts);
            for (int i = 0; i < prompts.size(); i++) {
                final List<Rollout> alone = sample(trainer, prompts.subList(i, i + 1));
                assertEquals(drawn(expected).get(i), drawn(alone).get(0));
                assertEquals(sampled(expected).get(i), sampled(alone).get(0));
            }
        }
        try (Trainer trainer = task.trainer(LIMITS, 3)) {
            final List<Rollout> shared = sample(trainer, prompts);
            assertEquals(drawn(expected), drawn(shared));
            assertEquals(sampled(expected), sampled(shared));
            final List<Prompt> many = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                many.addAll(prompts);
            }
            final List<String> repeated = sampled(sample(trainer, many));
            for (int i = 0; i < many.size(); i++) {
                assertEquals(sampled(expected).get(i % prompts.size()), repeated.get(i), "more than fit at a time");
            }
        }
    }

    @Test
    void shouldSampleWhatHearsAndSees() throws IOException {
        final Path model = directory.resolve("random");
        RandomModel.write(model, 1_000_000, SEED, true);
        final ModelConfig config = ModelConfig.read(model);
        final InteractionConfig ids = InteractionConfig.resolve(null, config);
        final List<Prompt> prompts = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            final TurnInput heard = TurnInput.NOTHING.withSamples(sound(), i == 0 ? null : sound(), sound(), sound());
            final byte[] frame = new byte[3 * 40 * 4 * 40 * 3];
            random.nextBytes(frame);
            prompts.add(new Prompt(
                    i,
                    Modality.AUDIO.bit() | Modality.VIDEO.bit() | TEXT,
                    List.of(heard.withFrame(frame), heard.withText(300), TurnInput.NOTHING.withFrame(frame)),
                    4));
        }
        try (TurnMemory media = new TurnMemory(config, ids, 16, 48, ledger);
                Trainer trainer = Trainer.open(model, TrainerSettings.of(TrainingLimits.of(2, 160)), ledger)) {
            final List<Rollout> rollouts = trainer.sample(prompts, WARM, TokenWeights.EQUAL, media);
            assertEquals(sampled(rollouts), bits(trainer.logProbabilities(examples(rollouts))), "seed " + SEED);
            assertEquals(6, rollouts.get(0).example().example().sequence().audio());
            assertEquals(8, rollouts.get(1).example().example().sequence().audio());
            final IllegalArgumentException full = assertThrows(
                    IllegalArgumentException.class,
                    () -> trainer.sample(prompts, WARM, TokenWeights.EQUAL, media),
                    "the memory was not reset");
            assertTrue(full.getMessage().contains("96 patches"), full.getMessage());
        }
    }

    private float[] sound() {
        final float[] samples = new float[800];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = (float) (0.1 * random.nextGaussian());
        }
        return samples;
    }

    @Test
    void shouldSampleThroughTheAdapterThatIsTrained() throws IOException {
        final Path tiny = directory.resolve("base");
        try (Trainer trainer = task.trainer(LIMITS, 1)) {
            trainer.exportModel(tiny);
        }
        shouldSampleThroughAnAdapterOf(tiny, memory);
        final Path random = directory.resolve("random");
        RandomModel.write(random, 1_000_000, SEED, true);
        final ModelConfig config = ModelConfig.read(random);
        final InteractionConfig ids = InteractionConfig.resolve(null, config);
        try (TurnMemory turns = new TurnMemory(config, ids, 0, 0, ledger)) {
            shouldSampleThroughAnAdapterOf(random, turns);
        }
    }

    private void shouldSampleThroughAnAdapterOf(final Path base, final TurnMemory turns) {
        final List<Prompt> prompts = prompts(3, 3);
        final TrainerSettings settings =
                new TrainerSettings(TrainingLimits.of(4, 100), AdamSettings.standard(), 2, Thread::new);
        try (Trainer whole = Trainer.open(base, settings, ledger);
                Trainer trainer = Trainer.openAdapter(
                        base,
                        LoraConfig.of(4, 8),
                        EnumSet.allOf(LoraGroup.class),
                        LoraInit.KAIMING,
                        SEED,
                        settings,
                        ledger)) {
            final List<Rollout> ofBase = whole.sample(prompts, WARM, TokenWeights.EQUAL, turns);
            final List<Rollout> before = trainer.sample(prompts, WARM, TokenWeights.EQUAL, turns);
            assertEquals(sampled(ofBase), sampled(before), "a new adapter changes nothing");
            final List<TrainingExample> batch =
                    before.stream().map(rollout -> rollout.advantaged(1f)).toList();
            assertEquals(1, trainer.forwardBackward(batch, PpoLoss.standard()).meanRatio());
            trainer.optimStep(1e-2);
            final List<Rollout> after = trainer.sample(prompts, WARM, TokenWeights.EQUAL, turns);
            assertEquals(sampled(after), bits(trainer.logProbabilities(examples(after))), "seed " + SEED);
            assertFalse(sampled(before).equals(sampled(after)), "the old factors");
        }
    }

    @Test
    void shouldLearnFromRewardsOfWhatItSampled(final TestReporter reporter) {
        final int wanted = 21;
        try (Trainer trainer = task.trainer(LIMITS, 2)) {
            final double first = meanReward(sample(trainer, rewarded(1_000_000)), wanted);
            for (int step = 0; step < 40; step++) {
                final List<Rollout> rollouts = sample(trainer, rewarded(step));
                final double mean = meanReward(rollouts, wanted);
                final List<TrainingExample> batch = rollouts.stream()
                        .map(rollout -> rollout.advantaged((float) (reward(rollout, wanted) - mean)))
                        .toList();
                trainer.forwardBackward(batch, PpoLoss.standard());
                trainer.optimStep(1e-2);
            }
            final double last = meanReward(sample(trainer, rewarded(1_000_000)), wanted);
            reporter.publishEntry("reward", first + " before, " + last + " after 40 steps");
            assertTrue(last > first + 0.4, "reward " + first + " before, " + last + " after, seed " + SEED);
        }
    }

    private static List<Prompt> rewarded(final int step) {
        final List<Prompt> prompts = new ArrayList<>();
        for (int i = 0; i < 32; i++) {
            prompts.add(new Prompt(SEED + 100L * step + i, TEXT, List.of(TurnInput.ofText(14 + i % 16)), 2));
        }
        return prompts;
    }

    /** How much of a session's turns name the wanted token. */
    private static double reward(final Rollout rollout, final int wanted) {
        return rollout.turns().stream()
                .mapToInt(turn -> Arrays.stream(turn.outputs()).anyMatch(id -> id == wanted) ? 1 : 0)
                .average()
                .orElseThrow();
    }

    private static double meanReward(final List<Rollout> rollouts, final int wanted) {
        return rollouts.stream()
                .mapToDouble(rollout -> reward(rollout, wanted))
                .average()
                .orElseThrow();
    }

    @Test
    void shouldRefuseWhatAnEngineCannotPlay() {
        try (Trainer trainer = task.trainer(LIMITS, 1)) {
            refused(trainer, "no prompts");
            refused(trainer, "declares AUDIO", new Prompt(0, Modality.AUDIO.bit(), List.of(), 1));
            refused(trainer, "skipped", Prompt.of(0, TEXT, List.of(TurnInput.NOTHING.after(1))));
            refused(trainer, "text id 32", Prompt.of(0, TEXT, List.of(TurnInput.NOTHING, TurnInput.ofText(32))));
            refused(trainer, "17 text ids", Prompt.of(0, TEXT, List.of(TurnInput.ofText(new int[17]))));
            refused(trainer, "did not declare TEXT", Prompt.of(0, 0, List.of(TurnInput.ofText(20))));
            assertThrows(IllegalArgumentException.class, () -> new Prompt(0, TEXT, List.of(TurnInput.NOTHING), 0));
            final Parameter unembed = trainer.parameters().get("model.llm.unembed.weight");
            final float good = OffHeap.getFloat(unembed.value());
            final long norm = trainer.parameters().get("model.llm.norm.weight").value();
            // both are finite, but the first logit is not
            OffHeap.putFloat(unembed.value(), Float.MAX_VALUE);
            OffHeap.putFloat(norm, 1e30f);
            final TrainingException bad = assertThrows(
                    TrainingException.class, () -> sample(trainer, List.of(new Prompt(0, TEXT, List.of(), 1))));
            assertTrue(bad.getMessage().contains("NOT_FINITE"), bad.getMessage());
            OffHeap.putFloat(unembed.value(), Float.NaN);
            assertThrows(InvalidModelException.class, () -> sample(trainer, prompts(1, 1)));
            OffHeap.putFloat(unembed.value(), good);
            OffHeap.putFloat(norm, 1f);
            assertEquals(2, sample(trainer, prompts(1, 2)).get(0).turns().size());
        }
    }

    private void refused(final Trainer trainer, final String expected, final Prompt... prompts) {
        final IllegalArgumentException ex =
                assertThrows(IllegalArgumentException.class, () -> sample(trainer, List.of(prompts)));
        assertTrue(ex.getMessage().contains(expected), ex.getMessage());
        assertFalse(ex.getMessage().contains("\n"), ex.getMessage());
    }
}
