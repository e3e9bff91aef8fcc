package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.Kernels;
import dev.tactus.engine.adapter.LoraAdapter;
import dev.tactus.engine.adapter.LoraBase;
import dev.tactus.engine.adapter.LoraConfig;
import dev.tactus.engine.adapter.LoraGroup;
import dev.tactus.engine.adapter.LoraInit;
import dev.tactus.engine.adapter.LoraModule;
import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.DType;
import dev.tactus.engine.model.ModelTensors;
import dev.tactus.engine.model.SafetensorsWriter;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.c.NativeKernels;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.agrona.CloseHelper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Gradients of factors: from those of the merged matrix, from finite differences, and the same bits for any crew. */
class LoraPassTest {
    private static final long SEED = 20_261_122L;
    private static final Set<LoraGroup> ALL = EnumSet.allOf(LoraGroup.class);
    private static final double GRADIENT_BOUND = 1e-4;
    private static final double DIFFERENCE_BOUND = 3e-3;

    private final MemoryLedger ledger = new MemoryLedger();
    private final KernelSet kernels =
            Kernels.of(KernelChoice.AUTO, null, NumericClass.EXACT).set();

    @TempDir
    Path directory;

    @AfterEach
    void shouldHaveFreedAllMemory() {
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    private static LoraAdapter adapter(
            final LoraBase base, final int rank, final Set<LoraGroup> groups, final FreezableArena arena) {
        final LoraConfig config = new LoraConfig(rank, 1.5f * rank, false);
        return LoraAdapter.create(config, base, groups, LoraInit.KAIMING, SEED, arena);
    }

    /** Factors that change the model: a new adapter has none. */
    private static void fillB(final LoraAdapter adapter, final Set<LoraGroup> groups) {
        for (final LoraModule module : adapter.modules()) {
            final SplittableRandom random =
                    new SplittableRandom(SEED + module.name().hashCode());
            for (long i = 0; i < module.floatsOfB() && groups.contains(module.group()); i++) {
                OffHeap.putFloat(module.b() + i * Float.BYTES, (float) (0.2 * random.nextGaussian()));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"text-dense", "multimodal-moe"})
    void shouldGiveTheGradientsOfTheMergedModelProjectedOnTheFactors(final String name, final TestReporter reporter) {
        try (GoldenExample golden = new GoldenExample(name, ledger);
                FreezableArena arena = new FreezableArena(ledger);
                Crew crew = new Crew(2, Thread::new)) {
            final ModelTensors tensors = ModelTensors.check(golden.config, golden.checkpoint);
            final LoraAdapter adapter =
                    adapter(LoraBase.of(name, golden.checkpoint, tensors.expected()), 3, ALL, arena);
            fillB(adapter, ALL);
            final Factors factors = new Factors(adapter, arena);
            final TrainingLimits limits = TrainingLimits.of(1, golden.sequence.ids().length);
            final Parameters frozen = Parameters.frozen(golden.config, golden.checkpoint, arena);
            final Parameters merged = Parameters.load(golden.config, golden.checkpoint, arena);
            adapter.modules().forEach(module -> merge(merged.get(module.tensor().name()), module));
            final double loss = backward(
                    golden, new TrainingPass(frozen, factors, kernels, TrainingPass.products(), crew, limits, arena));
            final double mergedLoss = backward(golden, new TrainingPass(merged, kernels, crew, limits, arena));
            assertEquals(mergedLoss, loss, 1e-5 * mergedLoss);
            double worst = 0;
            for (int i = 0; i < adapter.modules().size(); i++) {
                final LoraModule module = adapter.modules().get(i);
                final Parameter whole = merged.get(module.tensor().name());
                final Parameter a = factors.all().get(2 * i);
                final Parameter b = factors.all().get(2 * i + 1);
                worst = Math.max(worst, requireNear(a, projectedOnB(whole, module)));
                worst = Math.max(worst, requireNear(b, projectedOnA(whole, module)));
            }
            reporter.publishEntry(name, factors.all().size() + " factors, worst relative error " + worst);
        }
    }

    private static double backward(final GoldenExample golden, final TrainingPass pass) {
        final int[] ids = golden.sequence.ids();
        pass.forward(List.of(Example.ofAll(golden.sequence)));
        final int[] targets = Arrays.copyOf(Arrays.copyOfRange(ids, 1, ids.length), ids.length);
        final float[] weights = new float[ids.length];
        Arrays.fill(weights, 0, ids.length - 1, 1f);
        final double loss = MeanCrossEntropy.mean(pass, targets, weights);
        pass.backward();
        return loss;
    }

    private static void merge(final Parameter whole, final LoraModule m) {
        for (int row = 0; row < m.experts() * m.rows(); row++) {
            for (int c = 0; c < m.cols(); c++) {
                double sum = 0;
                for (int r = 0; r < m.rank(); r++) {
                    sum += (double) Floats.get(m.b(), (long) row * m.rank() + r)
                            * Floats.get(m.a(row / m.rows()), (long) r * m.cols() + c);
                }
                final long at = (long) row * m.cols() + c;
                final double merged = Floats.get(whole.value(), at) + 1.5 * sum;
                Floats.put(whole.value(), at, (float) merged);
            }
        }
    }

    /** {@code da = scale · bᵀ · dw}. */
    private static double[] projectedOnB(final Parameter whole, final LoraModule m) {
        final double[] da = new double[(int) m.floatsOfA()];
        for (int row = 0; row < m.experts() * m.rows(); row++) {
            for (int r = 0; r < m.rank(); r++) {
                final double b = 1.5 * Floats.get(m.b(), (long) row * m.rank() + r);
                for (int c = 0; c < m.cols(); c++) {
                    da[(row / m.rows() * m.rank() + r) * m.cols() + c] +=
                            b * Floats.get(whole.gradient(), (long) row * m.cols() + c);
                }
            }
        }
        return da;
    }

    /** {@code db = scale · dw · aᵀ}. */
    private static double[] projectedOnA(final Parameter whole, final LoraModule m) {
        final double[] db = new double[(int) m.floatsOfB()];
        for (int row = 0; row < m.experts() * m.rows(); row++) {
            for (int r = 0; r < m.rank(); r++) {
                for (int c = 0; c < m.cols(); c++) {
                    db[row * m.rank() + r] += 1.5
                            * Floats.get(whole.gradient(), (long) row * m.cols() + c)
                            * Floats.get(m.a(row / m.rows()), (long) r * m.cols() + c);
                }
            }
        }
        return db;
    }

    private static double requireNear(final Parameter factor, final double[] expected) {
        final double[] found = Slopes.read(factor.gradient(), expected.length);
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < found.length; i++) {
            difference += (found[i] - expected[i]) * (found[i] - expected[i]);
            norm += expected[i] * expected[i];
        }
        assertTrue(norm > 0, factor.name() + ": no gradient");
        final double error = Math.sqrt(difference / norm);
        assertTrue(error <= GRADIENT_BOUND, factor.name() + ": relative error " + error + ", seed " + SEED);
        return error;
    }

    /** A frozen model of odd sizes, read in place, with factors beside it. */
    private final class Odd implements AutoCloseable {
        private final FreezableArena arena = new FreezableArena(ledger);
        private final OddModel model;
        private final Checkpoint checkpoint;
        private final Parameters frozen;
        private final LoraBase base;

        private Odd(final OddModel.Kind kind) throws IOException {
            model = new OddModel(directory, kind, arena, SEED);
            write(model.parameters);
            checkpoint = Checkpoint.open(directory, ledger);
            frozen = Parameters.frozen(model.config, checkpoint, arena);
            base = LoraBase.of(
                    "odd",
                    checkpoint,
                    ModelTensors.check(model.config, checkpoint).expected());
        }

        private void write(final Parameters parameters) throws IOException {
            final List<SafetensorsWriter.Declared> declared = new ArrayList<>();
            for (final Parameter parameter : parameters.all()) {
                declared.add(new SafetensorsWriter.Declared(parameter.name(), DType.F32, parameter.shape()));
            }
            final Path file = directory.resolve(Checkpoint.SINGLE_FILE);
            try (SafetensorsWriter writer = SafetensorsWriter.create(file, declared, Map.of())) {
                for (final Parameter parameter : parameters.all()) {
                    writer.write(parameter.name(), OffHeap.ALL.asSlice(parameter.value(), 4 * parameter.elements()));
                }
                writer.commit();
            }
        }

        private TrainingPass pass(
                final Factors factors, final Products products, final Crew crew, final TrainingLimits limits) {
            return new TrainingPass(frozen, factors, kernels, products, crew, limits, arena);
        }

        private Slopes slopes(final Factors factors, final TrainingPass pass, final List<Example> batch) {
            return new Slopes(model, batch, pass, () -> zero(factors), SEED + 1);
        }

        @Override
        public void close() {
            CloseHelper.closeAll(arena, checkpoint);
        }
    }

    private static void zero(final Factors factors) {
        Floats.zero(factors.gradients(), factors.adapter().floats());
    }

    @ParameterizedTest
    @CsvSource({"FULL, 5", "FULL, 1", "PLAIN, 23", "SPEAKING, 2"})
    void shouldMatchFiniteDifferencesOfEveryFactor(
            final OddModel.Kind kind, final int rank, final TestReporter reporter) throws IOException {
        try (Odd odd = new Odd(kind);
                Crew crew = new Crew(1, Thread::new)) {
            assertTrue(odd.frozen.isMapped(), "float32 is read in place");
            final LoraAdapter adapter = adapter(odd.base, rank, ALL, odd.arena);
            fillB(adapter, ALL);
            final Factors factors = new Factors(adapter, odd.arena);
            final TrainingPass pass = odd.pass(factors, TrainingPass.products(), crew, TrainingLimits.of(3, 71));
            final Slopes slopes = odd.slopes(factors, pass, odd.model.batch());
            slopes.gradients();
            double worst = 0;
            String where = "";
            for (final Parameter factor : factors.all()) {
                final double error = slopes.worstError(factor);
                assertTrue(error <= DIFFERENCE_BOUND, factor.name() + ": relative error " + error + ", seed " + SEED);
                where = error > worst ? factor.name() : where;
                worst = Math.max(worst, error);
            }
            reporter.publishEntry(kind + " rank " + rank, "worst relative error " + worst + " in " + where);
        }
    }

    @Test
    void shouldGiveTheSameBitsForAnyCrewAndProducts() throws IOException {
        try (Odd odd = new Odd(OddModel.Kind.FULL)) {
            final List<Example> batch = odd.model.largeBatch();
            final int[] targets = odd.model.targets(batch);
            final float[] weights = odd.model.weights(batch);
            final Products java = new JavaProducts();
            final int[] alone = gradientBits(odd, batch, targets, weights, 1, java);
            assertArrayEquals(alone, gradientBits(odd, batch, targets, weights, 2, java), "2 workers, seed " + SEED);
            assertArrayEquals(alone, gradientBits(odd, batch, targets, weights, 3, java), "3 workers, seed " + SEED);
            Assumptions.assumeTrue(NativeKernels.load().isAvailable(), "no C kernels here");
            final Products fast = new NativeProducts(NativeKernels.load().detected());
            assertArrayEquals(alone, gradientBits(odd, batch, targets, weights, 1, fast), "C, seed " + SEED);
            assertArrayEquals(alone, gradientBits(odd, batch, targets, weights, 2, fast), "C, 2 workers");
        }
    }

    /** Two steps, of which the second must find nothing of the first. */
    private int[] gradientBits(
            final Odd odd,
            final List<Example> batch,
            final int[] targets,
            final float[] weights,
            final int workers,
            final Products products) {
        try (Crew crew = new Crew(workers, Thread::new)) {
            final LoraAdapter adapter = adapter(odd.base, 5, ALL, odd.arena);
            fillB(adapter, ALL);
            final Factors factors = new Factors(adapter, odd.arena);
            final TrainingPass pass =
                    odd.pass(factors, products, crew, new TrainingLimits(16, 1000, 71, 700, 400, 40, 6, 2));
            int[] first = null;
            for (int i = 0; i < 2; i++) {
                zero(factors);
                pass.forward(batch);
                MeanCrossEntropy.mean(pass, targets, weights);
                pass.backward();
                final int[] bits = bits(factors.gradients(), adapter.floats());
                assertArrayEquals(first == null ? bits : first, bits, "the second of two equal steps");
                first = bits;
            }
            return first;
        }
    }

    private static int[] bits(final long address, final long floats) {
        final int[] bits = new int[(int) floats];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = OffHeap.getInt(address + i * (long) Integer.BYTES);
        }
        return bits;
    }

    @ParameterizedTest
    @EnumSource(LoraGroup.class)
    void shouldNotDependOnWhatElseIsTrained(final LoraGroup group) throws IOException {
        try (Odd odd = new Odd(OddModel.Kind.FULL);
                Crew crew = new Crew(2, Thread::new)) {
            final LoraAdapter all = adapter(odd.base, 4, ALL, odd.arena);
            final LoraAdapter one = adapter(odd.base, 4, EnumSet.of(group), odd.arena);
            final List<Example> batch = odd.model.batch();
            final int[] targets = odd.model.targets(batch);
            final float[] weights = odd.model.weights(batch);
            compareGradients(odd, crew, new LoraAdapter[] {all, one}, group, batch, targets, weights);
        }
    }

    @Test
    void shouldStopBelowTheLowestFactor() throws IOException {
        try (Odd odd = new Odd(OddModel.Kind.FULL);
                Crew crew = new Crew(1, Thread::new)) {
            final LoraAdapter all = adapter(odd.base, 4, ALL, odd.arena);
            fillB(all, EnumSet.noneOf(LoraGroup.class));
            // of the third layer only what its experts give back: nothing of its attention is trained
            final LoraAdapter few = adapter(
                    new LoraBase(
                            odd.base.name(),
                            odd.base.fingerprint(),
                            odd.base.tensors().stream()
                                    .filter(tensor -> tensor.name().contains("layers.3.")
                                            || tensor.name().contains("layers.2.mlp.experts.w13"))
                                    .toList()),
                    4,
                    ALL,
                    odd.arena);
            assertEquals(5 + 4 + 1, few.modules().size());
            final List<Example> batch = odd.model.batch();
            final int[] targets = odd.model.targets(batch);
            final float[] weights = odd.model.weights(batch);
            for (final LoraGroup group : EnumSet.of(LoraGroup.ATTENTION, LoraGroup.MLP)) {
                compareGradients(odd, crew, new LoraAdapter[] {all, few}, group, batch, targets, weights);
            }
        }
    }

    /** The factors of a group that both adapters have get the same gradients, if those of other groups do nothing. */
    private static void compareGradients(
            final Odd odd,
            final Crew crew,
            final LoraAdapter[] adapters,
            final LoraGroup group,
            final List<Example> batch,
            final int[] targets,
            final float[] weights) {
        final Factors[] factors = new Factors[2];
        for (int i = 0; i < 2; i++) {
            for (final LoraModule module : adapters[i].modules()) {
                Floats.zero(module.b(), module.floatsOfB());
                if (adapters[1].beside(module.tensor().name()).isPresent() && module.group() == group) {
                    final SplittableRandom random =
                            new SplittableRandom(SEED + module.name().hashCode());
                    for (long k = 0; k < module.floatsOfB(); k++) {
                        Floats.put(module.b(), k, (float) (0.2 * random.nextGaussian()));
                    }
                }
            }
            factors[i] = new Factors(adapters[i], odd.arena);
            final TrainingPass pass = odd.pass(factors[i], TrainingPass.products(), crew, TrainingLimits.of(3, 71));
            pass.forward(batch);
            MeanCrossEntropy.mean(pass, targets, weights);
            pass.backward();
        }
        int compared = 0;
        for (final Parameter wanted : factors[0].all()) {
            for (final Parameter found : factors[1].all()) {
                if (found.name().equals(wanted.name())) {
                    final int[] expected = bits(wanted.gradient(), wanted.elements());
                    assertArrayEquals(expected, bits(found.gradient(), found.elements()), found.name());
                    final boolean zero = Arrays.stream(expected).allMatch(bit -> bit << 1 == 0);
                    final boolean moves = found.name().contains("lora_B")
                            || adapters[1].modules().stream()
                                    .anyMatch(m ->
                                            m.group() == group && found.name().startsWith(m.name()));
                    assertFalse(zero && moves, found.name() + " has no gradient, seed " + SEED);
                    compared++;
                }
            }
        }
        assertEquals(factors[1].all().size(), compared);
    }

    @ParameterizedTest
    @ValueSource(strings = {"text-dense", "multimodal-moe", "long-context", "patch40"})
    void shouldGiveTheBasesLogitsToTheBitWhileBIsZero(final String name) {
        try (GoldenExample golden = new GoldenExample(name, ledger);
                FreezableArena arena = new FreezableArena(ledger);
                Crew crew = new Crew(2, Thread::new)) {
            final ModelTensors tensors = ModelTensors.check(golden.config, golden.checkpoint);
            final Factors factors = new Factors(
                    adapter(LoraBase.of(name, golden.checkpoint, tensors.expected()), 8, ALL, arena), arena);
            final TrainingLimits limits = TrainingLimits.of(1, golden.sequence.ids().length);
            final Parameters frozen = Parameters.frozen(golden.config, golden.checkpoint, arena);
            final TrainingPass plain = new TrainingPass(frozen, kernels, crew, limits, arena);
            final TrainingPass pass =
                    new TrainingPass(frozen, factors, kernels, TrainingPass.products(), crew, limits, arena);
            final int[] base = logits(plain, golden);
            assertArrayEquals(base, logits(pass, golden), name);
            fillB(factors.adapter(), ALL);
            assertFalse(Arrays.equals(base, logits(pass, golden)), "factors that are not zero change nothing");
        }
    }

    private static int[] logits(final TrainingPass pass, final GoldenExample golden) {
        pass.forward(List.of(Example.ofAll(golden.sequence)));
        return bits(pass.logits(), (long) pass.outputs() * pass.vocabulary());
    }
}
