package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.Kernels;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.TeacherForcing;
import dev.tactus.engine.device.cpu.CpuKernels;
import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.DType;
import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.SafetensorsFile;
import dev.tactus.engine.model.SafetensorsWriter;
import dev.tactus.engine.model.Tensor;
import dev.tactus.kernel.LogProbability;
import dev.tactus.kernel.NumericClass;
import dev.tactus.memory.MemoryLedger;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a trainer exports is what an engine samples from. */
class ModelExportTest {
    private static final long SEED = 4;
    private static final TokenLoss CROSS_ENTROPY = new CrossEntropyLoss();

    private final MemoryLedger ledger = new MemoryLedger();
    private final CpuKernels kernels = Kernels.of(KernelChoice.AUTO, null, NumericClass.EXACT);

    @TempDir
    Path directory;

    @AfterEach
    void shouldHaveFreedAllMemory() {
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"text-dense", "multimodal-moe"})
    void shouldGiveTheLogProbabilitiesOfTheEngineToTheBit(final String name) {
        try (GoldenExample golden = new GoldenExample(name, ledger)) {
            final int[] ids = golden.sequence.ids();
            final int vocabulary = golden.config.text().unpaddedVocab();
            final int[] targets = new int[ids.length];
            for (int i = 0; i < targets.length; i++) {
                targets[i] = ids[(i + 1) % ids.length] % vocabulary;
            }
            final TrainingExample example = TrainingExample.supervised(Example.ofAll(golden.sequence), targets);
            final TrainerSettings settings =
                    new TrainerSettings(TrainingLimits.of(2, ids.length), AdamSettings.standard(), 2, Thread::new);
            try (Trainer trainer = Trainer.open(golden.directory, settings, ledger)) {
                final float[] before = requireEqual(trainer, example, "before", golden.directory);
                trainer.forwardBackward(List.of(example), CROSS_ENTROPY);
                trainer.optimStep(1e-2);
                final float[] after = requireEqual(trainer, example, "after", null);
                assertFalse(Arrays.equals(before, after), "the step changed nothing");
            }
        }
    }

    /** The trainer against the export, and against the model it came from if there is one. */
    private float[] requireEqual(
            final Trainer trainer, final TrainingExample example, final String when, final Path original) {
        final Path exported = directory.resolve(when);
        trainer.exportModel(exported);
        final List<float[]> found = trainer.logProbabilities(List.of(example, example));
        assertArrayEquals(bits(engine(exported, example)), bits(found.get(1)), when);
        if (original != null) {
            assertArrayEquals(bits(engine(original, example)), bits(found.get(0)), when + ", the original");
        }
        return found.get(0);
    }

    private float[] engine(final Path model, final TrainingExample example) {
        final int positions = example.outputs();
        final float[] found = new float[positions];
        try (Arena arena = Arena.ofConfined();
                LoadedModel loaded = LoadedModel.open(model, ledger);
                TeacherForcing forcing = new TeacherForcing(loaded, kernels, 1, positions, 3, 0, Thread::new, ledger)) {
            final int vocabulary = loaded.config().text().unpaddedVocab();
            final long scratch =
                    arena.allocate((long) vocabulary * Float.BYTES, 64).address();
            final int[] targets = example.targets();
            forcing.run(
                    new TeacherForcing.Sequence[] {example.example().sequence()},
                    3,
                    (sequence, position, logits) ->
                            found[position] = LogProbability.of(logits, vocabulary, targets[position], scratch));
        }
        return found;
    }

    private static int[] bits(final float[] values) {
        final int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }

    @Test
    void shouldRoundMatricesToBfloat16WhenAsked() throws IOException {
        final TinyTask task = new TinyTask(directory.resolve("source"), ledger, SEED);
        final Path whole = directory.resolve("whole");
        final Path rounded = directory.resolve("rounded");
        final Path again = directory.resolve("again");
        try (Trainer trainer = task.trainer(1)) {
            trainer.exportModel(whole);
            trainer.exportModel(rounded, DType.BF16);
            assertThrows(IllegalArgumentException.class, () -> trainer.exportModel(again, DType.F16));
        }
        int matrices = 0;
        try (Checkpoint masters = Checkpoint.open(whole, ledger);
                Checkpoint written = Checkpoint.open(rounded, ledger)) {
            for (final String name : masters.names()) {
                final Tensor expected = masters.tensor(name);
                final Tensor found = written.tensor(name);
                final boolean matrix = found.dtype() == DType.BF16;
                matrices += matrix ? 1 : 0;
                assertEquals(Arrays.stream(expected.shape()).filter(n -> n > 1).count() > 1, matrix, found.toString());
                for (long i = 0; i < expected.elements(); i++) {
                    final float value = expected.floatAt(i);
                    final float nearest = Float.intBitsToFloat(DType.bfloat16(value) << 16);
                    assertEquals(matrix ? nearest : value, found.floatAt(i), name);
                }
            }
        }
        assertTrue(matrices > 0);
        try (Trainer trainer = Trainer.open(rounded, TrainerSettings.of(TrainingLimits.of(1, 4)), ledger)) {
            trainer.exportModel(again, DType.BF16);
        }
        assertEquals(
                -1,
                Files.mismatch(rounded.resolve(Checkpoint.SINGLE_FILE), again.resolve(Checkpoint.SINGLE_FILE)),
                "rounding a second time changes nothing");
    }

    @Test
    void shouldTakeSmallFilesAndForeignHeadsAlong() throws IOException {
        final Path source = directory.resolve("source");
        final TinyTask task = new TinyTask(source, ledger, SEED);
        Files.writeString(source.resolve("tokenizer.json"), "{}");
        Files.writeString(source.resolve("preprocessor_config.json"), "{\"a\": 1}");
        Files.writeString(source.resolve("notes.bin"), "not ours");
        final Path first = directory.resolve("first");
        try (Trainer trainer = task.trainer(1)) {
            trainer.exportModel(first);
        }
        assertEquals(
                List.of(ModelConfig.FILE_NAME, Checkpoint.SINGLE_FILE, "preprocessor_config.json", "tokenizer.json"),
                names(first));
        addHead(first);
        final Path weights = Files.copy(first.resolve(Checkpoint.SINGLE_FILE), source.resolve("kept"));
        final Path second = directory.resolve("second");
        Files.createDirectory(second);
        try (Trainer trainer = Trainer.open(first, TrainerSettings.of(TrainingLimits.of(1, 4)), ledger)) {
            trainer.exportModel(second);
            assertEquals(names(first), names(second));
            assertThrows(TrainingException.class, () -> trainer.exportModel(second), "not empty");
            Files.writeString(first.resolve(ModelConfig.FILE_NAME), "not what was trained");
            trainer.exportModel(directory.resolve("third"));
            assertEquals(-1, Files.mismatch(config(second), config(directory.resolve("third"))));
            Files.delete(first.resolve(Checkpoint.SINGLE_FILE));
            assertThrows(InvalidModelException.class, () -> trainer.exportModel(directory.resolve("fourth")));
        }
        assertEquals(List.of("first", "second", "source", "third"), names(directory), "nothing half written");
        assertEquals(-1, Files.mismatch(config(source), config(second)));
        assertEquals(-1, Files.mismatch(weights, second.resolve(Checkpoint.SINGLE_FILE)));
    }

    private static Path config(final Path model) {
        return model.resolve(ModelConfig.FILE_NAME);
    }

    private static List<String> names(final Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    /** Puts a tensor behind the others that the engine knows and the trainer does not train. */
    private void addHead(final Path model) throws IOException {
        final Path file = model.resolve(Checkpoint.SINGLE_FILE);
        try (SafetensorsFile weights = SafetensorsFile.open(file, ledger)) {
            final List<SafetensorsWriter.Declared> declared = new ArrayList<>();
            for (final String name : weights.names()) {
                final Tensor tensor = weights.tensor(name);
                declared.add(new SafetensorsWriter.Declared(name, tensor.dtype(), tensor.shape()));
            }
            declared.add(new SafetensorsWriter.Declared("model.mtp.head.weight", DType.BF16, new long[] {3}));
            try (SafetensorsWriter writer = SafetensorsWriter.create(file, declared, Map.of("format", "pt"))) {
                for (final String name : weights.names()) {
                    writer.write(name, weights.tensor(name).data());
                }
                final MemorySegment head = MemorySegment.ofArray(new byte[3 * Short.BYTES]);
                head.set(ValueLayout.JAVA_SHORT_UNALIGNED, Short.BYTES, (short) 0x3F80);
                writer.write("model.mtp.head.weight", head);
                writer.commit();
            }
        }
    }
}
