package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.Kernels;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.TeacherForcing;
import dev.tactus.engine.device.cpu.CpuKernels;
import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.engine.model.RandomModel;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.Philox;
import dev.tactus.kernel.c.NativeKernels;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the engine and the trainer make of a sequence in which the model speaks is the same, bit for bit. */
class SpokenSequenceTest {
    private static final int SPEECH = TeacherForcing.Sequence.SPEECH;
    private static final int[] IDS = {
        1, 3, 100, 101, 8, SPEECH, SPEECH, SPEECH, SPEECH, 1, 9, 8, SPEECH, SPEECH, SPEECH, SPEECH, 1, 12, 55, 2, 1
    };
    private static final int BLOCKS = 8;
    private static final int BLOCK = 400;

    private final MemoryLedger ledger = new MemoryLedger();

    @TempDir
    Path directory;

    @AfterEach
    void shouldHaveFreedAllMemory() {
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    private TeacherForcing.Sequence sequence(final FreezableArena arena) {
        final long blocks =
                arena.allocate(MemoryTag.TEST, (long) BLOCKS * BLOCK * 4, 64).address();
        Philox.normals(4711, 0, 0, 99, blocks, BLOCKS * BLOCK);
        return TeacherForcing.Sequence.ofText(IDS).withSpeech(blocks, BLOCKS);
    }

    private LoadedModel model() throws IOException {
        final Path folder = directory.resolve("speaking");
        RandomModel.write(folder, 1_000_000, 7, false, true);
        return LoadedModel.open(folder, ledger);
    }

    private static int[] bits(final long address, final int count) {
        final int[] bits = new int[count];
        for (int i = 0; i < count; i++) {
            bits[i] = OffHeap.getInt(address + i * 4L);
        }
        return bits;
    }

    private static CpuKernels kernels(final KernelChoice choice) {
        assumeTrue(
                choice != KernelChoice.C || NativeKernels.load().isAvailable(),
                () -> "no C kernels: " + NativeKernels.load().reasons());
        return Kernels.of(choice, null, NumericClass.EXACT);
    }

    @ParameterizedTest
    @EnumSource(
            value = KernelChoice.class,
            names = {"REFERENCE", "VECTOR", "C"})
    void shouldGiveTheTrainersLogitsAndConditions(final KernelChoice choice) throws IOException {
        try (LoadedModel model = model();
                FreezableArena arena = new FreezableArena(ledger);
                Crew crew = new Crew(2, Thread::new);
                Checkpoint checkpoint = Checkpoint.open(model.directory(), ledger)) {
            final TeacherForcing.Sequence sequence = sequence(arena);
            final Parameters parameters = Parameters.load(model.config(), checkpoint, arena);
            final KernelSet kernels = kernels(KernelChoice.AUTO).set();
            final TrainingPass pass =
                    new TrainingPass(parameters, kernels, crew, TrainingLimits.of(2, IDS.length), arena);
            pass.forward(List.of(Example.ofAll(sequence), Example.ofAll(sequence)));
            final int d = model.config().text().hidden();
            final int vocabulary = pass.vocabulary();
            final int[] conditions = bits(pass.conditions(), 2 * BLOCKS * d);
            final int[] logits = bits(pass.logits(), 2 * IDS.length * vocabulary);
            for (final int chunk : new int[] {1, 3, IDS.length}) {
                for (int threads = 0; threads <= 3; threads++) {
                    final int[] told = new int[conditions.length];
                    final int[] given = new int[logits.length];
                    try (TeacherForcing forcing = new TeacherForcing(
                            model, kernels(choice), 2, IDS.length, IDS.length, threads, Thread::new, ledger)) {
                        forcing.run(
                                new TeacherForcing.Sequence[] {sequence, sequence},
                                chunk,
                                (number, position, address) ->
                                        put(address, given, number * IDS.length + position, vocabulary),
                                (number, block, address) -> put(address, told, number * BLOCKS + block, d));
                    }
                    final String where = choice + ", " + chunk + " rows a pass, " + threads + " threads";
                    assertArrayEquals(conditions, told, "conditions, " + where);
                    assertArrayEquals(logits, given, "logits, " + where);
                }
            }
        }
    }

    private static void put(final long address, final int[] rows, final int row, final int columns) {
        System.arraycopy(bits(address, columns), 0, rows, row * columns, columns);
    }

    @Test
    void shouldRefuseSpeechThatIsNotThere() throws IOException {
        try (LoadedModel model = model();
                FreezableArena arena = new FreezableArena(ledger);
                TeacherForcing forcing =
                        new TeacherForcing(model, kernels(KernelChoice.AUTO), 1, 30, 30, 0, Thread::new, ledger)) {
            final TeacherForcing.Sequence right = sequence(arena);
            assertRefused(forcing, right.withSpeech(right.speech(), BLOCKS - 1), "8 places of speech: found 7 blocks");
            assertRefused(forcing, TeacherForcing.Sequence.ofText(SPEECH, 1).withSpeech(right.speech(), 1), "is -2");
            assertRefused(forcing, TeacherForcing.Sequence.ofText(1, -1), "is -1: expected 0 to");
            assertRefused(forcing, right.withSpeech(0, BLOCKS), "blocks of sequence 0 lie at address 0");
        }
    }

    private static void assertRefused(
            final TeacherForcing forcing, final TeacherForcing.Sequence sequence, final String part) {
        final TeacherForcing.Sequence[] wrong = {sequence};
        final InvalidModelException ex = assertThrows(
                InvalidModelException.class, () -> forcing.run(wrong, 30, (number, position, address) -> {}));
        assertTrue(ex.getMessage().contains(part), ex.getMessage());
    }
}
