package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/** The calls of a trainer on a tiny model: it learns, it repeats itself to the bit, and it refuses without harm. */
class TrainerTest {
    private static final long SEED = 20_261_122L;
    private static final TokenLoss CROSS_ENTROPY = new CrossEntropyLoss();
    private static final double RATE = 1e-2;
    private static final int STEPS = 200;

    private final MemoryLedger ledger = new MemoryLedger();

    @TempDir
    Path directory;

    private TinyTask task;

    @BeforeEach
    void makeTask() throws IOException {
        task = new TinyTask(directory.resolve("tiny"), ledger, SEED);
    }

    @AfterEach
    void shouldHaveFreedAllMemory() {
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    private void train(final Trainer trainer, final int from, final int to) {
        for (int step = from; step < to; step++) {
            trainer.forwardBackward(task.batch(step), CROSS_ENTROPY);
            trainer.optimStep(RATE);
        }
    }

    private static int[] bits(final long address, final long floats) {
        final int[] bits = new int[(int) floats];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = OffHeap.getInt(address + i * (long) Integer.BYTES);
        }
        return bits;
    }

    private static int[] masters(final Trainer trainer) {
        return bits(trainer.parameters().values(), trainer.parameters().slabFloats());
    }

    private static int[] gradients(final Trainer trainer) {
        return bits(trainer.parameters().gradients(), trainer.parameters().slabFloats());
    }

    /** Everything that training goes on from: weights, both moments, counters. */
    private byte[] state(final Trainer trainer) throws IOException {
        final Path file = directory.resolve("compared.state");
        trainer.saveState(file);
        return Files.readAllBytes(file);
    }

    @Test
    void shouldLearnASequence(final TestReporter reporter) {
        try (Trainer trainer = task.trainer(1)) {
            final double before =
                    trainer.forwardBackward(task.batch(0), CROSS_ENTROPY).meanLoss();
            trainer.discardGradients();
            train(trainer, 0, 120);
            final TrainingResult after = trainer.forwardBackward(task.batch(1_000_000), CROSS_ENTROPY);
            reporter.publishEntry("loss", before + " before, " + after.meanLoss() + " after 120 steps");
            assertTrue(before > 2, "loss before is " + before + ", near log 32 expected, seed " + SEED);
            assertTrue(after.meanLoss() < 0.1, "loss after is " + after.meanLoss() + ", seed " + SEED);
            assertEquals(12 + 11 + 10 + 9, after.positions());
            assertEquals(-after.meanLoss(), after.meanLogProbability(), 1e-6);
            assertEquals(120, trainer.steps());
        }
    }

    @Test
    void shouldEndInTheSameBitsForAnyWorkersAndAfterAResume() throws IOException {
        final Path half = directory.resolve("half.state");
        final int[] alone;
        final byte[] expected;
        try (Trainer trainer = task.trainer(1)) {
            train(trainer, 0, STEPS / 2);
            trainer.saveState(half);
            train(trainer, STEPS / 2, STEPS);
            alone = masters(trainer);
            expected = state(trainer);
        }
        try (Trainer trainer = task.trainer(2)) {
            train(trainer, 0, STEPS);
            assertArrayEquals(alone, masters(trainer), "2 workers, seed " + SEED);
            assertArrayEquals(expected, state(trainer), "moments of 2 workers, seed " + SEED);
        }
        try (Trainer trainer = task.trainer(2)) {
            // what it did before must not matter
            train(trainer, 7, 9);
            trainer.forwardBackward(task.batch(9), CROSS_ENTROPY);
            trainer.loadState(half);
            assertEquals(STEPS / 2, trainer.steps());
            train(trainer, STEPS / 2, STEPS);
            assertArrayEquals(alone, masters(trainer), "resumed, seed " + SEED);
            assertArrayEquals(expected, state(trainer), "moments after a resume, seed " + SEED);
            train(trainer, STEPS, STEPS + 1);
            assertFalse(Arrays.equals(expected, state(trainer)), "a step changes the state");
        }
    }

    @Test
    void shouldKeepUnusedGradientsSettingsAndTheRunsOwnState() {
        final Path file = directory.resolve("pending.state");
        final TrainingState run = new TrainingState(
                Map.of("position", 17L), Map.of("data", -3L), Map.of("peak", 0.1), Map.of("recipe", "tiny"));
        final int[] expected;
        try (Trainer trainer = task.trainer(1)) {
            train(trainer, 0, 2);
            trainer.forwardBackward(task.batch(2), CROSS_ENTROPY);
            trainer.forwardBackward(task.batch(3), CROSS_ENTROPY);
            trainer.saveState(file, run);
            assertEquals(2, trainer.optimStep(RATE).batches());
            expected = masters(trainer);
        }
        final TrainerSettings other = new TrainerSettings(
                TrainingLimits.of(1, 2), new AdamSettings(0.5, 0.5, 1e-3, 0, Double.POSITIVE_INFINITY), 1, Thread::new);
        try (Trainer trainer = Trainer.create(directory.resolve("tiny"), false, false, zeros -> {}, other, ledger)) {
            trainer.saveState(directory.resolve("unclipped.state"));
            assertEquals(run, trainer.loadState(file));
            assertEquals(AdamSettings.standard(), trainer.adam());
            assertEquals(2 * (12 + 11 + 10 + 9), trainer.optimStep(RATE).weight());
            assertArrayEquals(expected, masters(trainer), "seed " + SEED);
            trainer.loadState(directory.resolve("unclipped.state"));
            assertEquals(other.adam(), trainer.adam());
        }
        final TrainingState taken = new TrainingState(Map.of("trainer.steps", 1L), Map.of(), Map.of(), Map.of());
        try (Trainer trainer = task.trainer(1)) {
            assertThrows(IllegalArgumentException.class, () -> trainer.saveState(file, taken));
        }
    }

    @Test
    void shouldAddHalvesUpToTheWhole() {
        try (Trainer trainer = task.trainer(1)) {
            final List<TrainingExample> batch = task.batch(0);
            final TrainingResult whole = trainer.forwardBackward(batch, CROSS_ENTROPY);
            final int[] expected = gradients(trainer);
            trainer.discardGradients();
            final TrainingResult first = trainer.forwardBackward(batch.subList(0, 2), CROSS_ENTROPY);
            final TrainingResult second = trainer.forwardBackward(batch.subList(2, 4), CROSS_ENTROPY);
            assertEquals(whole.weight(), first.weight() + second.weight());
            assertEquals(whole.loss(), first.loss() + second.loss(), 1e-12 * whole.loss());
            for (int i = 0; i < 4; i++) {
                final TrainingResult half = i < 2 ? first : second;
                assertArrayEquals(
                        whole.logProbabilities().get(i), half.logProbabilities().get(i % 2), "example " + i);
            }
            assertNear(expected, gradients(trainer));
            final double mean = norm(gradients(trainer)) / whole.weight();
            final OptimizerResult step = trainer.optimStep(RATE);
            assertEquals(mean, step.gradientNorm(), 1e-9 * mean);
            assertArrayEquals(new int[expected.length], gradients(trainer), "gradients of the next step");
            assertEquals(2, step.batches());
            assertEquals(whole.weight(), step.weight());
            assertEquals(1, step.step());
        }
    }

    private static double norm(final int[] bits) {
        double sum = 0;
        for (final int bit : bits) {
            final double value = Float.intBitsToFloat(bit);
            sum += value * value;
        }
        return Math.sqrt(sum);
    }

    private static void assertNear(final int[] expected, final int[] found) {
        final int[] differences = new int[expected.length];
        for (int i = 0; i < expected.length; i++) {
            differences[i] =
                    Float.floatToRawIntBits(Float.intBitsToFloat(found[i]) - Float.intBitsToFloat(expected[i]));
        }
        final double error = norm(differences) / norm(expected);
        assertTrue(error <= 1e-6, "relative error of gradients " + error + ", seed " + SEED);
    }

    @Test
    void shouldDecayMatricesAlone() {
        try (Trainer trainer = task.trainer(1)) {
            // the tokens 33 to 39 are padding: no gradient reaches their rows, only decay does
            final Parameter unembed = trainer.parameters().get("model.llm.unembed.weight");
            final Parameter gate = trainer.parameters().get("model.llm.layers.1.mlp.gate.bias");
            final int[] gateBefore = bits(gate.value(), gate.elements());
            final long padded = unembed.value() + (unembed.elements() - 1) * Float.BYTES;
            final float before = OffHeap.getFloat(padded);
            train(trainer, 0, 1);
            assertEquals(before * (float) (1 - RATE * 0.05), OffHeap.getFloat(padded));
            assertArrayEquals(gateBefore, bits(gate.value(), gate.elements()));
            trainer.forwardBackward(task.batch(0), CROSS_ENTROPY);
            trainer.optimStep(0);
            final int[] still = masters(trainer);
            trainer.forwardBackward(task.batch(1), CROSS_ENTROPY);
            trainer.optimStep(0);
            assertArrayEquals(still, masters(trainer), "a rate of 0 moves nothing");
        }
    }

    @Test
    void shouldFindRatiosOfOneUnderItsOwnPolicy() {
        try (Trainer trainer = task.trainer(2)) {
            final TrainingExample drawn = task.batch(0).get(0);
            final float[] advantages = new float[drawn.outputs()];
            Arrays.fill(advantages, 1f);
            final float[] sampler = trainer.logProbabilities(List.of(drawn)).get(0);
            final List<TrainingExample> batch = List.of(drawn.sampled(sampler, advantages));
            final TrainingResult own = trainer.forwardBackward(batch, new ImportanceSamplingLoss());
            assertEquals(1, own.meanRatio());
            assertEquals(0, own.meanKl());
            assertEquals(-drawn.outputs(), own.loss());
            assertArrayEquals(sampler, own.logProbabilities().get(0));
            trainer.optimStep(RATE);
            final TrainingResult moved = trainer.forwardBackward(batch, new ImportanceSamplingLoss());
            assertTrue(moved.meanRatio() > 1, "tokens of advantage 1 became less likely: " + moved);
            assertTrue(moved.meanKl() > 0, moved.toString());
        }
    }

    @Test
    void shouldChangeNothingWhenALossIsNoNumber() {
        for (int workers = 1; workers <= 2; workers++) {
            try (Trainer trainer = task.trainer(workers)) {
                train(trainer, 0, 1);
                trainer.forwardBackward(task.batch(1), CROSS_ENTROPY);
                final long place =
                        trainer.parameters().get("model.llm.norm.weight").value();
                final float good = OffHeap.getFloat(place);
                OffHeap.putFloat(place, Float.NaN);
                final int[] masters = masters(trainer);
                final int[] gradients = gradients(trainer);
                final TrainingException refused = assertThrows(
                        TrainingException.class, () -> trainer.forwardBackward(task.batch(2), CROSS_ENTROPY));
                assertTrue(refused.getMessage().contains("NaN"), refused.getMessage());
                assertThrows(TrainingException.class, () -> trainer.logProbabilities(task.batch(2)));
                assertArrayEquals(masters, masters(trainer));
                assertArrayEquals(gradients, gradients(trainer));
                OffHeap.putFloat(place, good);
                assertEquals(1, trainer.optimStep(RATE).batches());
                assertEquals(2, trainer.steps());
            }
        }
    }

    @Test
    void shouldChangeNothingWhenAGradientIsNoNumber() {
        try (Trainer trainer = task.trainer(2)) {
            trainer.forwardBackward(task.batch(0), CROSS_ENTROPY);
            final Parameter embed = trainer.parameters().get("model.llm.embed.weight");
            OffHeap.putFloat(embed.gradient() + 5 * Float.BYTES, Float.NaN);
            final int[] masters = masters(trainer);
            final TrainingException refused = assertThrows(TrainingException.class, () -> trainer.optimStep(RATE));
            assertTrue(refused.getMessage().contains(embed.name() + ", element 5"), refused.getMessage());
            assertArrayEquals(masters, masters(trainer));
            assertEquals(0, trainer.steps());
            trainer.discardGradients();
            train(trainer, 0, 1);
            assertFalse(Arrays.equals(masters, masters(trainer)));
        }
    }

    @Test
    void shouldRefuseWhatItCannotUse() throws IOException {
        final TinyTask wider = new TinyTask(directory.resolve("wider"), ledger, SEED, 24);
        final Path file = directory.resolve("wider.state");
        try (Trainer trainer = wider.trainer(1)) {
            trainer.saveState(file);
        }
        final Path unwritable = directory.resolve("missing").resolve("a.state");
        try (Trainer trainer = task.trainer(1)) {
            final int[] masters = masters(trainer);
            assertThrows(InvalidModelException.class, () -> trainer.loadState(file));
            assertThrows(TrainingException.class, () -> trainer.saveState(unwritable));
            assertArrayEquals(masters, masters(trainer));
            assertThrows(TrainingException.class, () -> trainer.optimStep(RATE));
            final Example example = task.batch(0).get(0).example();
            final int[] targets = new int[example.outputs().length];
            final float[] none = new float[targets.length];
            trainer.forwardBackward(List.of(TrainingExample.supervised(example, targets, none)), CROSS_ENTROPY);
            assertThrows(TrainingException.class, () -> trainer.optimStep(RATE), "no weight");
            targets[3] = TinyTask.VOCABULARY;
            final List<TrainingExample> outside = List.of(TrainingExample.supervised(example, targets));
            assertThrows(TrainingException.class, () -> trainer.forwardBackward(outside, CROSS_ENTROPY));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> TrainingExample.supervised(example, targets, Arrays.copyOf(none, 2)));
            assertThrows(IllegalArgumentException.class, () -> trainer.forwardBackward(List.of(), CROSS_ENTROPY));
        }
    }

    @Test
    void shouldHoldSixteenBytesPerParameter() {
        try (Trainer trainer = task.trainer(2)) {
            final TrainerMemory memory = trainer.memory();
            final int tensors = trainer.parameters().all().size();
            assertEquals(trainer.parameters().count(), memory.parameters());
            assertTrue(memory.parameterBytes() >= 16 * memory.parameters(), memory.toString());
            assertTrue(memory.parameterBytes() <= 16 * (memory.parameters() + 15L * tensors), memory.toString());
            assertEquals(ledger.liveBytes(), memory.bytes());
            train(trainer, 0, 2);
            assertEquals(ledger.liveBytes(), memory.bytes());
        }
    }
}
