package dev.tactus.engine;

import static dev.tactus.engine.GoldenLogitsTest.assertSameBits;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.engine.adapter.LoraAdapter;
import dev.tactus.engine.adapter.LoraGroup;
import dev.tactus.engine.adapter.LoraModule;
import dev.tactus.engine.device.cpu.CpuKernels;
import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.DType;
import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.SafetensorsWriter;
import dev.tactus.engine.model.Tensor;
import dev.tactus.engine.model.TensorSpec;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.c.CKernels;
import dev.tactus.kernel.c.Isa;
import dev.tactus.kernel.c.NativeKernels;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.kernel.vector.VectorKernels;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What adapters add to logits: what merged weights would, and the same bits whoever computes them beside whom. */
class AdapterLogitsTest {
    private static final long SEED = 20261;
    private static final double RELATIVE_BOUND = 1e-5;
    private static final CpuKernels REFERENCE = CpuKernels.exact(new ReferenceKernels());

    private final MemoryLedger ledger = new MemoryLedger();
    private final FreezableArena arena = new FreezableArena(ledger);

    @TempDir
    private Path directory;

    @AfterEach
    void close() {
        arena.close();
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    private static List<CpuKernels> allKernels() {
        final List<CpuKernels> all = new ArrayList<>(List.of(REFERENCE, CpuKernels.exact(new VectorKernels())));
        for (final Isa isa : NativeKernels.load().supported()) {
            all.add(CpuKernels.exact(new CKernels(isa)));
        }
        return all;
    }

    /** How a sequence is run: kernels, rows per pass, threads. */
    private record Way(CpuKernels kernels, int chunk, int threads) {}

    /** The logits of sequences run side by side, each with the adapter of that number. */
    private float[][] run(
            final GoldenCase golden, final List<LoraAdapter> adapters, final Way way, final int... chosen) {
        final float[][] logits = new float[chosen.length][golden.positions * golden.vocabulary];
        final TeacherForcing.Sequence[] sequences = new TeacherForcing.Sequence[chosen.length];
        for (int i = 0; i < chosen.length; i++) {
            sequences[i] = golden.sequence.withAdapter(chosen[i]);
        }
        try (TeacherForcing forcing = new TeacherForcing(
                golden.model,
                adapters,
                way.kernels(),
                chosen.length,
                golden.positions,
                way.chunk(),
                way.threads(),
                Thread::new,
                ledger)) {
            forcing.run(sequences, way.chunk(), (sequence, position, address) -> {
                for (int id = 0; id < golden.vocabulary; id++) {
                    logits[sequence][position * golden.vocabulary + id] =
                            OffHeap.getFloat(address + id * (long) Float.BYTES);
                }
            });
        }
        return logits;
    }

    private float[] base(final GoldenCase golden, final Way way) {
        return run(golden, List.of(), way, 0)[0];
    }

    private static double distance(final float[] want, final float[] got) {
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < want.length; i++) {
            difference += (got[i] - (double) want[i]) * (got[i] - (double) want[i]);
            norm += (double) want[i] * want[i];
        }
        return Math.sqrt(difference / norm);
    }

    @ParameterizedTest
    @ValueSource(strings = {"text-dense", "multimodal-moe"})
    void shouldGiveTheLogitsOfMergedWeights(final String name) throws IOException {
        try (GoldenCase golden = new GoldenCase(name, ledger)) {
            final Way way = new Way(REFERENCE, golden.positions, 0);
            final LoraAdapter adapter = RandomAdapter.everywhere(golden.model, 5, SEED, arena);
            final float[] got = run(golden, List.of(adapter), way, 1)[0];
            final float[] base = base(golden, way);
            assertTrue(distance(base, got) > 0.02, "the adapter changes little: " + distance(base, got));
            merge(name, adapter);
            try (LoadedModel merged = LoadedModel.open(directory, ledger);
                    TeacherForcing forcing = new TeacherForcing(
                            merged, REFERENCE, 1, golden.positions, golden.positions, 0, Thread::new, ledger)) {
                final float[] want = new float[got.length];
                forcing.run(new TeacherForcing.Sequence[] {golden.sequence}, golden.positions, (s, position, at) -> {
                    for (int id = 0; id < golden.vocabulary; id++) {
                        want[position * golden.vocabulary + id] = OffHeap.getFloat(at + id * (long) Float.BYTES);
                    }
                });
                final double relative = distance(want, got);
                assertTrue(relative <= RELATIVE_BOUND, name + ": relative error " + relative);
            }
        }
    }

    /** Writes the golden's weights in float32 with the adapter's products added. */
    private void merge(final String name, final LoraAdapter adapter) throws IOException {
        final Path golden = GoldenCase.directory(name);
        Files.copy(golden.resolve(ModelConfig.FILE_NAME), directory.resolve(ModelConfig.FILE_NAME));
        try (Checkpoint checkpoint = Checkpoint.open(golden, ledger);
                LoadedModel model = LoadedModel.open(golden, ledger)) {
            final Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (final TensorSpec spec : model.weights().tensors().expected()) {
                tensors.put(spec.name(), checkpoint.tensor(spec.name()));
            }
            final List<SafetensorsWriter.Declared> declared = tensors.values().stream()
                    .map(tensor -> new SafetensorsWriter.Declared(tensor.name(), DType.F32, tensor.shape()))
                    .toList();
            final Path file = directory.resolve(Checkpoint.SINGLE_FILE);
            try (SafetensorsWriter writer = SafetensorsWriter.create(file, declared, Map.of())) {
                for (final Tensor tensor : tensors.values()) {
                    final float[] values = widened(tensor);
                    adapter.beside(tensor.name())
                            .ifPresent(module -> add(module, adapter.config().scale(), values));
                    final MemorySegment bytes = OffHeap.ALL.asSlice(
                            arena.allocate(MemoryTag.WEIGHTS, values.length * 4L, 64)
                                    .address(),
                            values.length * 4L);
                    MemorySegment.copy(values, 0, bytes, ValueLayout.JAVA_FLOAT, 0, values.length);
                    writer.write(tensor.name(), bytes);
                }
                writer.commit();
            }
        }
    }

    private static float[] widened(final Tensor tensor) {
        final float[] values = new float[(int) tensor.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = tensor.dtype() == DType.F32
                    ? tensor.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, i * 4L)
                    : Float.intBitsToFloat(tensor.data().get(ValueLayout.JAVA_SHORT_UNALIGNED, i * 2L) << 16);
        }
        return values;
    }

    private static void add(final LoraModule module, final float scale, final float[] values) {
        for (int expert = 0; expert < module.experts(); expert++) {
            for (int row = 0; row < module.rows(); row++) {
                for (int col = 0; col < module.cols(); col++) {
                    double sum = 0;
                    for (int r = 0; r < module.rank(); r++) {
                        final long a = module.a(expert) + ((long) r * module.cols() + col) * Float.BYTES;
                        final long b = module.b(expert) + ((long) row * module.rank() + r) * Float.BYTES;
                        sum += (double) OffHeap.getFloat(a) * OffHeap.getFloat(b);
                    }
                    final int at = (expert * module.rows() + row) * module.cols() + col;
                    values[at] = (float) (values[at] + scale * sum);
                }
            }
        }
    }

    /** Rank 130 is more than any dimension of the model. */
    @ParameterizedTest
    @ValueSource(strings = {"text-dense", "multimodal-moe"})
    void shouldGiveTheSameBitsForAnyPassSizeKernelsAndThreads(final String name) {
        try (GoldenCase golden = new GoldenCase(name, ledger)) {
            final List<LoraAdapter> adapters = List.of(
                    RandomAdapter.everywhere(golden.model, 5, SEED, arena),
                    RandomAdapter.everywhere(golden.model, 130, SEED + 1, arena));
            final float[][] oracle = run(golden, adapters, new Way(REFERENCE, golden.positions, 0), 1, 2, 0);
            for (final CpuKernels kernels : allKernels()) {
                for (final int[] way :
                        new int[][] {{1, 2}, {17, 0}, {17, 1}, {17, 2}, {17, 3}, {golden.positions, 2}}) {
                    final float[][] got = run(golden, adapters, new Way(kernels, way[0], way[1]), 1, 2, 0);
                    for (int i = 0; i < oracle.length; i++) {
                        final String what = way[0] + " rows a pass, " + way[1] + " threads, sequence " + i;
                        assertSameBits(oracle[i], got[i], name + ", " + kernels.name() + ", " + what);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"text-dense", "multimodal-moe"})
    void shouldGiveTheSameBitsBesideOtherAdaptersAsAlone(final String name) {
        try (GoldenCase golden = new GoldenCase(name, ledger)) {
            final LoraAdapter first = RandomAdapter.everywhere(golden.model, 5, SEED, arena);
            final LoraAdapter second = RandomAdapter.of(
                    golden.model, 40, EnumSet.of(LoraGroup.MLP, LoraGroup.UNEMBEDDING), SEED + 1, arena);
            for (final CpuKernels kernels : allKernels()) {
                final Way way = new Way(kernels, 7, 2);
                final float[] ofBase = base(golden, way);
                final float[] ofFirst = run(golden, List.of(first), way, 1)[0];
                final float[] ofSecond = run(golden, List.of(second), way, 1)[0];
                assertTrue(distance(ofFirst, ofSecond) > 0.02, "two adapters, " + kernels.name());
                final float[][] together = run(golden, List.of(first, second), way, 0, 2, 1, 0, 1, 2);
                final float[][] want = {ofBase, ofSecond, ofFirst, ofBase, ofFirst, ofSecond};
                for (int i = 0; i < want.length; i++) {
                    assertSameBits(want[i], together[i], name + ", " + kernels.name() + ", sequence " + i);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"FAST_BF16", "FAST_INT8"})
    void shouldGiveTheSameBitsBesideOthersInAFastClass(final NumericClass numerics) {
        assumeTrue(NativeKernels.load().isAvailable(), "there are no C kernels");
        try (GoldenCase golden = new GoldenCase("multimodal-moe", ledger)) {
            final CpuKernels kernels =
                    new CpuKernels(new CKernels(NativeKernels.load().detected()), numerics);
            final LoraAdapter adapter = RandomAdapter.everywhere(golden.model, 5, SEED, arena);
            final float[] ofBase = base(golden, new Way(kernels, golden.positions, 0));
            final float[] alone = run(golden, List.of(adapter), new Way(kernels, golden.positions, 0), 1)[0];
            assertTrue(distance(ofBase, alone) > 0.02, "the adapter changes something");
            for (int threads = 0; threads <= 3; threads++) {
                final float[][] got = run(golden, List.of(adapter), new Way(kernels, 5, threads), 0, 1, 0);
                assertSameBits(ofBase, got[0], "the base before, " + threads + " threads");
                assertSameBits(alone, got[1], "the adapter, " + threads + " threads");
                assertSameBits(ofBase, got[2], "the base behind, " + threads + " threads");
            }
        }
    }

    @Test
    void shouldChangeNothingWhereBIsZero() {
        try (GoldenCase golden = new GoldenCase("multimodal-moe", ledger)) {
            final Set<LoraGroup> all = EnumSet.allOf(LoraGroup.class);
            final LoraAdapter adapter = RandomAdapter.silent(golden.model, 3, all, SEED, arena);
            for (final CpuKernels kernels : allKernels()) {
                final Way way = new Way(kernels, 17, 1);
                final float[] base = base(golden, way);
                assertSameBits(base, run(golden, List.of(adapter), way, 1)[0], kernels.name());
            }
            RandomAdapter.fill(adapter, SEED);
            final Way way = new Way(REFERENCE, 17, 0);
            assertTrue(distance(base(golden, way), run(golden, List.of(adapter), way, 1)[0]) > 0.02, "filled in place");
        }
    }

    @Test
    void shouldRefuseAnAdapterOfAnotherModelInOneLine() {
        try (GoldenCase golden = new GoldenCase("text-dense", ledger);
                GoldenCase other = new GoldenCase("multimodal-moe", ledger)) {
            final LoraAdapter adapter = RandomAdapter.everywhere(other.model, 2, SEED, arena);
            final InvalidModelException refused = assertThrows(
                    InvalidModelException.class, () -> run(golden, List.of(adapter), new Way(REFERENCE, 1, 0), 1));
            assertTrue(refused.getMessage().startsWith("base model: found "), refused.getMessage());
            assertTrue(refused.getMessage().endsWith("which is text-dense"), refused.getMessage());
            assertEquals(1, refused.getMessage().lines().count());
            assertThrows(IllegalArgumentException.class, () -> run(golden, List.of(), new Way(REFERENCE, 1, 0), 1));
        }
    }
}
