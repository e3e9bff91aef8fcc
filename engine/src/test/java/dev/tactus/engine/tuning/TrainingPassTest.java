package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.Kernels;
import dev.tactus.engine.TeacherForcing;
import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.c.NativeKernels;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Gradients at odd shapes: finite differences of the loss, and the same bits for any crew and any products. */
class TrainingPassTest {
    private static final long SEED = 20_261_122L;
    private static final TrainingLimits EVERYTHING = TrainingLimits.of(3, 71);
    private static final TrainingLimits LARGE = new TrainingLimits(16, 1000, 71, 700, 400, 40, 6, 2, 700);
    private static final TrainingLimits SINKS = new TrainingLimits(3, 85, 71, 85, 85, 85, 6, 2);

    private static final double BOUND = 3e-3;

    private final MemoryLedger ledger = new MemoryLedger();
    private final KernelSet kernels =
            Kernels.of(KernelChoice.AUTO, null, NumericClass.EXACT).set();

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({"FULL, false", "FULL, true", "PLAIN, false", "SPEAKING, false"})
    void shouldMatchFiniteDifferencesOfEveryTensor(
            final OddModel.Kind kind, final boolean sinks, final TestReporter reporter) throws IOException {
        try (FreezableArena arena = new FreezableArena(ledger);
                Crew crew = new Crew(1, Thread::new)) {
            final OddModel model = new OddModel(directory, kind, arena, SEED);
            final TrainingPass pass =
                    new TrainingPass(model.parameters, kernels, crew, sinks ? SINKS : EVERYTHING, arena);
            final Slopes slopes = new Slopes(model, model.batch(), pass, model.parameters::zeroGradients, SEED + 1);
            slopes.gradients();
            double worst = 0;
            String where = "";
            for (final Parameter parameter : model.parameters.all()) {
                if (parameter.isTrained()) {
                    final double error = slopes.worstError(parameter);
                    assertTrue(error <= BOUND, parameter.name() + ": relative error " + error + ", seed " + SEED);
                    where = error > worst ? parameter.name() : where;
                    worst = Math.max(worst, error);
                }
            }
            reporter.publishEntry(
                    kind + (sinks ? " with sinks" : ""), "worst relative error " + worst + " in " + where);
        }
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    @Test
    void shouldGiveTheSameBitsForAnyCrewAndProducts() throws IOException {
        final Products java = new JavaProducts();
        final int[] alone = gradientBits(OddModel.Kind.FULL, 1, java);
        assertArrayEquals(alone, gradientBits(OddModel.Kind.FULL, 2, java), "2 workers, seed " + SEED);
        assertArrayEquals(alone, gradientBits(OddModel.Kind.FULL, 3, java), "3 workers, seed " + SEED);
        final int[] speaking = gradientBits(OddModel.Kind.SPEAKING, 1, java);
        assertArrayEquals(speaking, gradientBits(OddModel.Kind.SPEAKING, 2, java), "2 workers speak, seed " + SEED);
        assertArrayEquals(speaking, gradientBits(OddModel.Kind.SPEAKING, 3, java), "3 workers speak, seed " + SEED);
        Assumptions.assumeTrue(NativeKernels.load().isAvailable(), "no C kernels here");
        final Products fast = new NativeProducts(NativeKernels.load().detected());
        assertArrayEquals(alone, gradientBits(OddModel.Kind.FULL, 1, fast), "products in C, seed " + SEED);
        assertArrayEquals(alone, gradientBits(OddModel.Kind.FULL, 2, fast), "products in C, 2 workers, seed " + SEED);
    }

    /** Two steps, of which the second must find nothing of the first. */
    private int[] gradientBits(final OddModel.Kind kind, final int workers, final Products products)
            throws IOException {
        try (FreezableArena arena = new FreezableArena(ledger);
                Crew crew = new Crew(workers, Thread::new)) {
            final OddModel model = new OddModel(directory, kind, arena, SEED);
            final TrainingPass pass = new TrainingPass(model.parameters, null, kernels, products, crew, LARGE, arena);
            final Slopes slopes =
                    new Slopes(model, model.largeBatch(), pass, model.parameters::zeroGradients, SEED + 1);
            slopes.gradients();
            final int[] first = bits(model.parameters);
            slopes.gradients();
            assertArrayEquals(first, bits(model.parameters), "the second of two equal steps");
            return first;
        }
    }

    private static int[] bits(final Parameters parameters) {
        final int[] bits = new int[(int) parameters.slabFloats()];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = OffHeap.getInt(parameters.gradients() + i * (long) Integer.BYTES);
        }
        return bits;
    }

    @Test
    void shouldNotLetSequencesSeeEachOther() throws IOException {
        try (FreezableArena arena = new FreezableArena(ledger);
                Crew crew = new Crew(2, Thread::new)) {
            final OddModel model = new OddModel(directory, OddModel.Kind.FULL, arena, SEED);
            final TrainingPass pass = new TrainingPass(model.parameters, kernels, crew, EVERYTHING, arena);
            final Example example = model.example(29);
            pass.forward(List.of(example));
            final double[] alone = Slopes.read(pass.logits(), pass.outputs() * pass.vocabulary());
            final Example other = model.example(31);
            pass.forward(List.of(other, example));
            final long second = pass.logits() + (long) other.outputs().length * pass.vocabulary() * Float.BYTES;
            assertArrayEquals(alone, Slopes.read(second, alone.length), "seed " + SEED);
        }
    }

    @Test
    void shouldRefuseWhatDoesNotFit() throws IOException {
        try (FreezableArena arena = new FreezableArena(ledger);
                Crew crew = new Crew(1, Thread::new)) {
            final OddModel model = new OddModel(directory, OddModel.Kind.FULL, arena, SEED);
            final TrainingPass pass = new TrainingPass(model.parameters, kernels, crew, TrainingLimits.of(1, 4), arena);
            refuse(IllegalArgumentException.class, pass, List.of());
            refuse(IllegalArgumentException.class, pass, List.of(text(8), text(9)));
            refuse(IllegalArgumentException.class, pass, List.of(text(8, 9, 10, 11, 12)));
            refuse(InvalidModelException.class, pass, List.of(text(41)));
            refuse(InvalidModelException.class, pass, List.of(text(8, 7)));
            refuse(InvalidModelException.class, pass, List.of(text(8, TeacherForcing.Sequence.SPEECH)));
            refuse(InvalidModelException.class, pass, List.of(text()));
            assertThrows(IllegalStateException.class, pass::backward);
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new Example(TeacherForcing.Sequence.ofText(8, 9), new int[] {1, 1}));
        }
    }

    private static void refuse(
            final Class<? extends RuntimeException> type, final TrainingPass pass, final List<Example> batch) {
        assertThrows(type, () -> pass.forward(batch));
    }

    private static Example text(final int... ids) {
        return Example.ofAll(TeacherForcing.Sequence.ofText(ids));
    }
}
