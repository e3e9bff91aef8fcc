package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.adapter.LoraConfig;
import dev.tactus.engine.adapter.LoraGroup;
import dev.tactus.engine.adapter.LoraInit;
import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.DType;
import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.engine.model.SafetensorsFile;
import dev.tactus.engine.model.SafetensorsWriter;
import dev.tactus.engine.model.Tensor;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/** The calls of a trainer of an adapter: it learns beside a base that stays, it repeats itself, and it refuses. */
class LoraTrainerTest {
    private static final long SEED = 20_261_122L;
    private static final TokenLoss CROSS_ENTROPY = new CrossEntropyLoss();
    private static final Set<LoraGroup> ALL = EnumSet.allOf(LoraGroup.class);
    private static final LoraConfig RANK_4 = LoraConfig.of(4, 8);
    private static final double RATE = 1e-2;
    private static final int STEPS = 20;

    private final MemoryLedger ledger = new MemoryLedger();

    @TempDir
    Path directory;

    private TinyTask task;
    private Path base;

    @BeforeEach
    void makeBase() throws IOException {
        task = new TinyTask(directory.resolve("tiny"), ledger, SEED);
        base = directory.resolve("base");
        try (Trainer trainer = task.trainer(1)) {
            trainer.exportModel(base);
        }
    }

    @AfterEach
    void shouldHaveFreedAllMemory() {
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    private static TrainerSettings settings(final int workers) {
        return new TrainerSettings(TrainingLimits.of(4, 13), AdamSettings.standard(), workers, Thread::new);
    }

    private Trainer open(final int workers) {
        return open(RANK_4, ALL, workers);
    }

    private Trainer open(final LoraConfig config, final Set<LoraGroup> groups, final int workers) {
        return Trainer.openAdapter(base, config, groups, LoraInit.KAIMING, SEED, settings(workers), ledger);
    }

    private void train(final Trainer trainer, final int from, final int to) {
        for (int step = from; step < to; step++) {
            trainer.forwardBackward(task.batch(step), CROSS_ENTROPY);
            trainer.optimStep(RATE);
        }
    }

    private static int[] factors(final Trainer trainer) {
        final int[] bits = new int[(int) trainer.adapter().floats()];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = OffHeap.getInt(trainer.adapter().address() + i * (long) Integer.BYTES);
        }
        return bits;
    }

    private static int[] bits(final List<float[]> values) {
        return values.stream()
                .flatMapToInt(array -> IntStream.range(0, array.length).map(i -> Float.floatToRawIntBits(array[i])))
                .toArray();
    }

    @Test
    void shouldLearnANewContinuationBesideABaseThatStays(final TestReporter reporter) throws IOException {
        final List<TrainingExample> probe = task.batch(1_000_000);
        final byte[] weights = Files.readAllBytes(base.resolve(Checkpoint.SINGLE_FILE));
        final int[] before;
        try (Trainer whole = Trainer.open(base, settings(1), ledger)) {
            before = bits(whole.logProbabilities(probe));
        }
        try (Trainer trainer = open(LoraConfig.of(8, 16), ALL, 1)) {
            assertArrayEquals(before, bits(trainer.logProbabilities(probe)), "a new adapter");
            final double first =
                    trainer.forwardBackward(task.batch(0), CROSS_ENTROPY).meanLoss();
            trainer.discardGradients();
            train(trainer, 0, 250);
            final double last = trainer.forwardBackward(probe, CROSS_ENTROPY).meanLoss();
            reporter.publishEntry("loss", first + " before, " + last + " after 250 steps");
            assertTrue(first > 2, "loss before is " + first + ", near log 32 expected, seed " + SEED);
            assertTrue(last < 0.1, "loss after is " + last + ", seed " + SEED);
        }
        assertArrayEquals(weights, Files.readAllBytes(base.resolve(Checkpoint.SINGLE_FILE)));
        try (Trainer whole = Trainer.open(base, settings(1), ledger)) {
            assertArrayEquals(before, bits(whole.logProbabilities(probe)), "the base after training beside it");
        }
    }

    @Test
    void shouldEndInTheSameBitsForAnyWorkersAndAfterAResume() {
        final Path half = directory.resolve("half.state");
        final int[] alone;
        final TrainingState run = new TrainingState(Map.of("n", 3L), Map.of(), Map.of(), Map.of("recipe", "tiny"));
        try (Trainer trainer = open(1)) {
            train(trainer, 0, STEPS / 2);
            trainer.saveState(half, run);
            train(trainer, STEPS / 2, STEPS);
            alone = factors(trainer);
        }
        try (Trainer trainer = open(2)) {
            train(trainer, 0, STEPS);
            assertArrayEquals(alone, factors(trainer), "2 workers, seed " + SEED);
        }
        try (Trainer trainer = open(2)) {
            // what it did before must not matter
            train(trainer, 7, 9);
            trainer.forwardBackward(task.batch(9), CROSS_ENTROPY);
            assertEquals(run, trainer.loadState(half));
            assertEquals(STEPS / 2, trainer.steps());
            train(trainer, STEPS / 2, STEPS);
            assertArrayEquals(alone, factors(trainer), "resumed, seed " + SEED);
        }
    }

    @Test
    void shouldKeepUnusedGradientsInItsState() {
        final Path file = directory.resolve("pending.state");
        final int[] expected;
        try (Trainer trainer = open(1)) {
            train(trainer, 0, 2);
            trainer.forwardBackward(task.batch(2), CROSS_ENTROPY);
            trainer.saveState(file);
            trainer.optimStep(RATE);
            expected = factors(trainer);
        }
        try (Trainer trainer = open(1)) {
            trainer.loadState(file);
            assertEquals(1, trainer.optimStep(RATE).batches());
            assertArrayEquals(expected, factors(trainer), "seed " + SEED);
        }
    }

    @Test
    void shouldComeBackFromItsFolderBitForBit() throws IOException {
        final Path folder = directory.resolve("adapter");
        final List<TrainingExample> probe = task.batch(5);
        final int[] expected;
        final int[] saved;
        try (Trainer trainer = open(new LoraConfig(3, 5f, true), ALL, 2)) {
            train(trainer, 0, 5);
            expected = bits(trainer.logProbabilities(probe));
            saved = factors(trainer);
            trainer.saveAdapter(folder);
            trainer.saveAdapter(folder);
        }
        try (Trainer trainer = Trainer.openAdapter(base, folder, settings(1), ledger)) {
            assertTrue(trainer.isAdapter());
            assertEquals(new LoraConfig(3, 5f, true), trainer.adapter().config());
            assertEquals("base", trainer.adapter().baseName());
            assertArrayEquals(saved, factors(trainer));
            assertArrayEquals(expected, bits(trainer.logProbabilities(probe)), "seed " + SEED);
            assertEquals(0, trainer.steps());
            train(trainer, 0, 1);
            assertFalse(Arrays.equals(saved, factors(trainer)));
        }
    }

    @Test
    void shouldMergeIntoAModelThatSaysNearlyTheSame() {
        final Path merged = directory.resolve("merged");
        final List<TrainingExample> probe = task.batch(5);
        try (Trainer trainer = open(1)) {
            train(trainer, 0, 5);
            trainer.exportMerged(merged);
            final List<float[]> expected = trainer.logProbabilities(probe);
            try (Trainer whole = Trainer.open(merged, settings(1), ledger)) {
                final List<float[]> found = whole.logProbabilities(probe);
                for (int i = 0; i < found.size(); i++) {
                    assertArrayEquals(expected.get(i), found.get(i), 2e-5f, "example " + i + ", seed " + SEED);
                }
            }
            try (Trainer whole = Trainer.open(base, settings(1), ledger)) {
                final float here = expected.get(0)[0];
                assertTrue(Math.abs(here - whole.logProbabilities(probe).get(0)[0]) > 1e-3, "nothing was learnt");
            }
            final TrainingException refused =
                    assertThrows(TrainingException.class, () -> trainer.exportModel(directory.resolve("model")));
            assertTrue(refused.getMessage().contains("saveAdapter"), refused.getMessage());
            assertFalse(Files.exists(directory.resolve("model")));
            assertThrows(TrainingException.class, () -> trainer.exportMerged(base), "not empty");
        }
    }

    @Test
    void shouldRefuseWhatIsOfAnotherBaseOrShapeAndChangeNothing() throws IOException {
        final Path otherBase = directory.resolve("other");
        try (Trainer trainer = new TinyTask(directory.resolve("t"), ledger, SEED + 1).trainer(1)) {
            trainer.exportModel(otherBase);
            trainer.saveState(directory.resolve("whole.state"));
        }
        final Path folder = directory.resolve("adapter");
        try (Trainer trainer =
                Trainer.openAdapter(otherBase, RANK_4, ALL, LoraInit.KAIMING, SEED, settings(1), ledger)) {
            trainer.saveState(directory.resolve("other.state"));
            trainer.saveAdapter(folder);
        }
        saved("rank.state", LoraConfig.of(5, 8), ALL);
        saved("alpha.state", LoraConfig.of(4, 9), ALL);
        saved("groups.state", RANK_4, EnumSet.of(LoraGroup.MLP));
        try (Trainer trainer = open(1)) {
            train(trainer, 0, 1);
            trainer.forwardBackward(task.batch(1), CROSS_ENTROPY);
            final int[] before = factors(trainer);
            refuseState(trainer, "other.state", "beside the base");
            refuseState(trainer, "whole.state", "whole model");
            refuseState(trainer, "rank.state", "rank 5");
            refuseState(trainer, "alpha.state", "alpha 9.0");
            refuseState(trainer, "groups.state", "tensor ");
            assertArrayEquals(before, factors(trainer));
            trainer.saveState(directory.resolve("adapter.state"));
            assertEquals(1, trainer.optimStep(RATE).batches());
        }
        try (Trainer whole = Trainer.open(base, settings(1), ledger)) {
            refuseState(whole, "adapter.state", "allowed whole model");
            assertThrows(IllegalStateException.class, whole::adapter);
            assertThrows(IllegalStateException.class, () -> whole.saveAdapter(folder));
            assertThrows(IllegalStateException.class, () -> whole.exportMerged(directory.resolve("m")));
            assertFalse(whole.isAdapter());
        }
        refuseAdapter(base, folder, "base model: found ");
        try (Trainer wider = new TinyTask(directory.resolve("w"), ledger, SEED, 24).trainer(1)) {
            wider.exportModel(directory.resolve("wide"));
        }
        stripFingerprint(folder);
        refuseAdapter(directory.resolve("wide"), folder, "rank 4 beside ");
        refuseAdapter(base, directory.resolve("nowhere"), "no such file");
        assertThrows(
                IllegalArgumentException.class, () -> open(RANK_4, EnumSet.noneOf(LoraGroup.class), 1), "no groups");
    }

    private void saved(final String name, final LoraConfig config, final Set<LoraGroup> groups) {
        try (Trainer trainer = open(config, groups, 1)) {
            trainer.saveState(directory.resolve(name));
        }
    }

    private void refuseState(final Trainer trainer, final String name, final String message) {
        final InvalidModelException refused =
                assertThrows(InvalidModelException.class, () -> trainer.loadState(directory.resolve(name)));
        requireOneLine(refused, message);
    }

    private void refuseAdapter(final Path model, final Path folder, final String message) {
        final InvalidModelException refused = assertThrows(
                InvalidModelException.class, () -> Trainer.openAdapter(model, folder, settings(1), ledger));
        requireOneLine(refused, message);
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    private static void requireOneLine(final RuntimeException refused, final String message) {
        assertTrue(refused.getMessage().contains(message), refused.getMessage());
        assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
    }

    /** As another program would write it, which knows no fingerprints. */
    private void stripFingerprint(final Path folder) throws IOException {
        final Path file = folder.resolve("adapter_model.safetensors");
        try (SafetensorsFile weights = SafetensorsFile.open(file, ledger)) {
            final List<SafetensorsWriter.Declared> declared = new ArrayList<>();
            for (final String name : weights.names()) {
                final Tensor tensor = weights.tensor(name);
                declared.add(new SafetensorsWriter.Declared(name, tensor.dtype(), tensor.shape()));
            }
            try (SafetensorsWriter writer = SafetensorsWriter.create(file, declared, Map.of())) {
                for (final String name : weights.names()) {
                    writer.write(name, weights.tensor(name).data());
                }
                writer.commit();
            }
        }
    }

    @Test
    void shouldChangeNothingWhenANumberIsNone() throws IOException {
        try (Trainer trainer = open(2)) {
            train(trainer, 0, 1);
            trainer.forwardBackward(task.batch(1), CROSS_ENTROPY);
            final long place = trainer.adapter().modules().get(0).b();
            final float good = OffHeap.getFloat(place);
            OffHeap.putFloat(place, Float.NaN);
            final int[] before = factors(trainer);
            requireOneLine(
                    assertThrows(TrainingException.class, () -> trainer.forwardBackward(task.batch(2), CROSS_ENTROPY)),
                    "NaN");
            requireOneLine(
                    assertThrows(TrainingException.class, () -> trainer.saveAdapter(directory.resolve("bad"))), "NaN");
            assertFalse(Files.exists(directory.resolve("bad")));
            assertArrayEquals(before, factors(trainer));
            trainer.saveState(directory.resolve("nan.state"));
            OffHeap.putFloat(place, good);
            final int[] whole = factors(trainer);
            refuseState(trainer, "nan.state", "element 0: found NaN");
            assertArrayEquals(whole, factors(trainer));
            assertEquals(1, trainer.optimStep(RATE).batches());
            trainer.saveAdapter(directory.resolve("good"));
        }
        final Path file = directory.resolve("good").resolve("adapter_model.safetensors");
        final byte[] bytes = Files.readAllBytes(file);
        MemorySegment.ofArray(bytes).set(ValueLayout.JAVA_FLOAT_UNALIGNED, bytes.length - 4, Float.NaN);
        Files.write(file, bytes, StandardOpenOption.TRUNCATE_EXISTING);
        refuseAdapter(base, directory.resolve("good"), "is NaN, allowed finite");
    }

    @Test
    void shouldHoldSixteenBytesPerFactorAndNoneForABaseReadInPlace() throws IOException {
        final TrainerMemory mapped;
        try (Trainer trainer = open(2)) {
            mapped = trainer.memory();
            final long factors = trainer.adapter().floats();
            assertEquals(factors, mapped.parameters());
            assertTrue(mapped.parameterBytes() >= 16 * factors, mapped.toString());
            assertTrue(mapped.parameterBytes() <= 16 * factors + 4 * 64, mapped.toString());
            assertEquals(trainer.parameters().count(), mapped.frozenParameters());
            assertTrue(
                    mapped.frozenBytes() < mapped.frozenParameters(), "more is copied than small tensors: " + mapped);
            assertEquals(Files.size(base.resolve(Checkpoint.SINGLE_FILE)), mapped.mappedBytes());
            assertEquals(ledger.liveBytes(), mapped.bytes());
            train(trainer, 0, 2);
            assertEquals(ledger.liveBytes(), mapped.bytes());
        }
        toHalves(base);
        try (Trainer trainer = open(2)) {
            final TrainerMemory widened = trainer.memory();
            assertEquals(0, widened.mappedBytes());
            final int tensors = trainer.parameters().all().size();
            assertTrue(widened.frozenBytes() >= 4 * widened.frozenParameters(), widened.toString());
            assertTrue(widened.frozenBytes() <= 4 * (widened.frozenParameters() + 15L * tensors), widened.toString());
            assertEquals(mapped.parameterBytes(), widened.parameterBytes());
            assertEquals(ledger.liveBytes(), widened.bytes());
            train(trainer, 0, 2);
        }
        try (Trainer whole = Trainer.open(base, settings(2), ledger)) {
            assertTrue(whole.memory().activationBytes() > 0);
            assertNotEquals(0, whole.memory().parameterBytes());
            assertEquals(0, whole.memory().frozenParameters());
        }
    }

    /** Rewrites a model's weights as bfloat16. */
    private void toHalves(final Path model) throws IOException {
        final Path file = model.resolve(Checkpoint.SINGLE_FILE);
        try (SafetensorsFile weights = SafetensorsFile.open(file, ledger)) {
            final List<SafetensorsWriter.Declared> declared = new ArrayList<>();
            for (final String name : weights.names()) {
                declared.add(new SafetensorsWriter.Declared(
                        name, DType.BF16, weights.tensor(name).shape()));
            }
            try (SafetensorsWriter writer = SafetensorsWriter.create(file, declared, Map.of())) {
                for (final String name : weights.names()) {
                    final Tensor tensor = weights.tensor(name);
                    final MemorySegment halves = MemorySegment.ofArray(new byte[(int) tensor.elements() * 2]);
                    for (int i = 0; i < tensor.elements(); i++) {
                        final int wide = tensor.data().get(ValueLayout.JAVA_INT_UNALIGNED, i * 4L);
                        halves.set(ValueLayout.JAVA_SHORT_UNALIGNED, i * 2L, (short) (wide >>> 16));
                    }
                    writer.write(name, halves);
                }
                writer.commit();
            }
        }
    }
}
