package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.Kernels;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.TeacherForcing;
import dev.tactus.engine.adapter.LoraAdapter;
import dev.tactus.engine.adapter.LoraConfig;
import dev.tactus.engine.adapter.LoraGroup;
import dev.tactus.engine.adapter.LoraInit;
import dev.tactus.engine.device.cpu.CpuKernels;
import dev.tactus.kernel.LogProbability;
import dev.tactus.kernel.NumericClass;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An engine with the adapter says what its trainer says, bit for bit: in place, and out of the adapter's folder. */
class LoraEngineTest {
    private static final long SEED = 20_261_122L;
    private static final int STEPS = 3;

    private final MemoryLedger ledger = new MemoryLedger();
    private final CpuKernels kernels = Kernels.of(KernelChoice.AUTO, null, NumericClass.EXACT);

    @TempDir
    Path directory;

    @AfterEach
    void shouldHaveFreedAllMemory() {
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    @ParameterizedTest
    @CsvSource({"text-dense, 5", "text-dense, 40", "multimodal-moe, 8", "multimodal-moe, 17"})
    void shouldGiveTheTrainersLogProbabilitiesToTheBit(final String name, final int rank) {
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
            try (Trainer trainer = Trainer.openAdapter(
                            golden.directory,
                            LoraConfig.of(rank, 1.7f * rank),
                            EnumSet.allOf(LoraGroup.class),
                            LoraInit.KAIMING,
                            SEED,
                            settings,
                            ledger);
                    LoadedModel model = LoadedModel.open(golden.directory, ledger)) {
                final int[] base = engine(model, List.of(), example);
                assertArrayEquals(base, bits(trainer, example), "a new adapter");
                for (int step = 0; step < STEPS; step++) {
                    trainer.forwardBackward(List.of(example), new CrossEntropyLoss());
                    trainer.optimStep(1e-2);
                }
                final int[] expected = bits(trainer, example);
                assertFalse(Arrays.equals(base, expected), "the steps changed nothing");
                assertArrayEquals(expected, engine(model, List.of(trainer.adapter()), example), "read in place");
                trainer.saveAdapter(directory);
                try (FreezableArena arena = new FreezableArena(ledger)) {
                    final LoraAdapter loaded = LoraAdapter.load(directory, model.loraBase(), arena, ledger);
                    assertArrayEquals(expected, engine(model, List.of(loaded), example), "out of its folder");
                }
            }
        }
    }

    private static int[] bits(final Trainer trainer, final TrainingExample example) {
        return bits(trainer.logProbabilities(List.of(example, example)).get(1));
    }

    private static int[] bits(final float[] values) {
        final int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }

    /** With the last adapter, if there is any. */
    private int[] engine(final LoadedModel model, final List<LoraAdapter> adapters, final TrainingExample example) {
        final int positions = example.outputs();
        final float[] found = new float[positions];
        final TeacherForcing.Sequence sequence = example.example().sequence().withAdapter(adapters.size());
        try (Arena arena = Arena.ofConfined();
                TeacherForcing forcing =
                        new TeacherForcing(model, adapters, kernels, 1, positions, 3, 0, Thread::new, ledger)) {
            final int vocabulary = model.config().text().unpaddedVocab();
            final long scratch =
                    arena.allocate((long) vocabulary * Float.BYTES, 64).address();
            final int[] targets = example.targets();
            forcing.run(
                    new TeacherForcing.Sequence[] {sequence},
                    3,
                    (number, position, logits) ->
                            found[position] = LogProbability.of(logits, vocabulary, targets[position], scratch));
        }
        return bits(found);
    }
}
