package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.Kernels;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.TeacherForcing;
import dev.tactus.engine.device.cpu.CpuKernels;
import dev.tactus.engine.model.SafetensorsFile;
import dev.tactus.engine.model.Tensor;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The golden checkpoints through the trainer: the engine's logits to the bit, and the gradients of the reference
 * implementation (PyTorch, float32) within 1e-4 of every tensor.
 */
class GoldenGradientsTest {
    private static final double GRADIENT_BOUND = 1e-4;
    private static final double LOSS_BOUND = 1e-5;

    private final MemoryLedger ledger = new MemoryLedger();
    private final CpuKernels kernels = Kernels.of(KernelChoice.AUTO, null, NumericClass.EXACT);

    @ParameterizedTest
    @ValueSource(strings = {"text-dense", "multimodal-moe", "long-context", "patch40"})
    void shouldGiveTheLogitsOfTheEngineToTheBit(final String name) {
        try (GoldenExample golden = new GoldenExample(name, ledger);
                FreezableArena arena = new FreezableArena(ledger);
                Crew crew = new Crew(2, Thread::new)) {
            final int positions = golden.sequence.ids().length;
            final Parameters parameters = Parameters.load(golden.config, golden.checkpoint, arena);
            final TrainingPass pass =
                    new TrainingPass(parameters, kernels.set(), crew, TrainingLimits.of(2, positions), arena);
            final TeacherForcing.Sequence other = TeacherForcing.Sequence.ofText(20, 33, 21, 250, 20);
            pass.forward(List.of(new Example(other, new int[] {1, 4}), Example.ofAll(golden.sequence)));
            final float[] got = new float[positions * pass.vocabulary()];
            final long first = pass.logits() + 2L * pass.vocabulary() * Float.BYTES;
            for (int i = 0; i < got.length; i++) {
                got[i] = OffHeap.getFloat(first + i * (long) Float.BYTES);
            }
            assertArrayEquals(bits(engineLogits(golden, pass.vocabulary())), bits(got), name);
        }
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    private float[] engineLogits(final GoldenExample golden, final int vocabulary) {
        final int positions = golden.sequence.ids().length;
        final float[] logits = new float[positions * vocabulary];
        try (LoadedModel model = LoadedModel.open(golden.directory, ledger);
                TeacherForcing forcing = new TeacherForcing(
                        model,
                        CpuKernels.exact(new ReferenceKernels()),
                        1,
                        positions,
                        positions,
                        0,
                        Thread::new,
                        ledger)) {
            forcing.run(new TeacherForcing.Sequence[] {golden.sequence}, positions, (sequence, position, address) -> {
                for (int id = 0; id < vocabulary; id++) {
                    logits[position * vocabulary + id] = OffHeap.getFloat(address + id * (long) Float.BYTES);
                }
            });
        }
        return logits;
    }

    private static int[] bits(final float[] values) {
        final int[] result = new int[values.length];
        for (int i = 0; i < values.length; i++) {
            result[i] = Float.floatToRawIntBits(values[i]);
        }
        return result;
    }

    @ParameterizedTest
    @ValueSource(strings = {"text-dense", "multimodal-moe"})
    void shouldMatchTheGradientsOfTheReferenceImplementation(final String name, final TestReporter reporter) {
        try (GoldenExample golden = new GoldenExample(name, ledger);
                SafetensorsFile expected =
                        SafetensorsFile.open(golden.directory.resolve("gradients.safetensors"), ledger);
                FreezableArena arena = new FreezableArena(ledger);
                Crew crew = new Crew(2, Thread::new)) {
            final Parameters parameters = Parameters.load(golden.config, golden.checkpoint, arena);
            final int[] ids = golden.sequence.ids();
            final TrainingPass pass =
                    new TrainingPass(parameters, kernels.set(), crew, TrainingLimits.of(1, ids.length), arena);
            pass.forward(List.of(Example.ofAll(golden.sequence)));
            final int[] targets = Arrays.copyOf(Arrays.copyOfRange(ids, 1, ids.length), ids.length);
            final float[] weights = new float[ids.length];
            Arrays.fill(weights, 0, ids.length - 1, 1f);
            final double loss = MeanCrossEntropy.mean(pass, targets, weights);
            pass.backward();

            final double wanted = OffHeap.getFloat(expected.tensor("loss").address());
            assertTrue(Math.abs(loss - wanted) <= LOSS_BOUND * wanted, "loss " + loss + ", expected " + wanted);
            compare(name, parameters, expected, reporter);
        }
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    private static void compare(
            final String name,
            final Parameters parameters,
            final SafetensorsFile expected,
            final TestReporter reporter) {
        double worst = 0;
        String where = "";
        int compared = 0;
        for (final Parameter parameter : parameters.all()) {
            if (!parameter.isTrained()) {
                assertTrue(!expected.contains(parameter.name()), parameter.name() + " has a golden gradient");
                continue;
            }
            final double error = expected.contains(parameter.name())
                    ? relativeError(parameter, expected.tensor(parameter.name()))
                    : norm(parameter);
            compared += expected.contains(parameter.name()) ? 1 : 0;
            assertTrue(error <= GRADIENT_BOUND, parameter.name() + ": relative error " + error);
            if (error > worst) {
                worst = error;
                where = parameter.name();
            }
        }
        assertEquals(expected.names().size() - 1, compared, "tensors compared");
        reporter.publishEntry(name, compared + " tensors, worst relative error " + worst + " in " + where);
    }

    private static double relativeError(final Parameter parameter, final Tensor want) {
        double difference = 0;
        double norm = 0;
        assertEquals(want.elements(), parameter.elements(), parameter.name());
        for (long i = 0; i < parameter.elements(); i++) {
            final double wanted = OffHeap.getFloat(want.address() + i * Float.BYTES);
            final double found = OffHeap.getFloat(parameter.gradient() + i * Float.BYTES);
            difference += (found - wanted) * (found - wanted);
            norm += wanted * wanted;
        }
        return Math.sqrt(difference / norm);
    }

    /** A tensor that the case does not touch has no gradient there, and zeros here. */
    private static double norm(final Parameter parameter) {
        double norm = 0;
        for (long i = 0; i < parameter.elements(); i++) {
            final double found = OffHeap.getFloat(parameter.gradient() + i * Float.BYTES);
            norm += found * found;
        }
        return Math.sqrt(norm);
    }
}
