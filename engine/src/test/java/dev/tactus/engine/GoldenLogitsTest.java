package dev.tactus.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.device.cpu.CpuKernels;
import dev.tactus.kernel.c.CKernels;
import dev.tactus.kernel.c.Isa;
import dev.tactus.kernel.c.NativeKernels;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.kernel.vector.VectorKernels;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The published architecture, to 1e-5 against transformers 5.18; and the same bits however the sequence is cut,
 * whichever kernels, however many threads, and beside whichever neighbours.
 */
class GoldenLogitsTest {
    private static final double RELATIVE_BOUND = 1e-5;
    private static final CpuKernels REFERENCE = CpuKernels.exact(new ReferenceKernels());

    /** All that this machine can run: both of Java's, and C for every instruction set. */
    private static List<CpuKernels> allKernels() {
        final List<CpuKernels> all = new ArrayList<>(List.of(REFERENCE, CpuKernels.exact(new VectorKernels())));
        for (final Isa isa : NativeKernels.load().supported()) {
            all.add(CpuKernels.exact(new CKernels(isa)));
        }
        return all;
    }

    static Stream<Arguments> casesAndKernels() {
        return Stream.of(GoldenCase.NAMES)
                .flatMap(name -> allKernels().stream().map(kernels -> Arguments.of(name, kernels)));
    }

    static Stream<String> cases() {
        return Stream.of(GoldenCase.NAMES);
    }

    @ParameterizedTest
    @MethodSource("casesAndKernels")
    void shouldMatchTheReferenceImplementation(final String name, final CpuKernels kernels) {
        final MemoryLedger ledger = new MemoryLedger();
        try (GoldenCase golden = new GoldenCase(name, ledger)) {
            final float[] got = run(golden, kernels, golden.positions, 2, 1, ledger);
            double difference = 0;
            double norm = 0;
            for (int i = 0; i < got.length; i++) {
                final double want = golden.expected(i / golden.vocabulary, i % golden.vocabulary);
                difference += (got[i] - want) * (got[i] - want);
                norm += want * want;
            }
            final double relative = Math.sqrt(difference / norm);
            assertTrue(relative <= RELATIVE_BOUND, name + ": relative error " + relative);
        }
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void shouldGiveTheSameBitsForAnyPassSizeKernelsAndThreads(final String name) {
        final MemoryLedger ledger = new MemoryLedger();
        try (GoldenCase golden = new GoldenCase(name, ledger)) {
            final float[] oracle = run(golden, REFERENCE, golden.positions, 0, 1, ledger);
            for (final CpuKernels kernels : allKernels()) {
                for (final int chunk : new int[] {1, 3, 17, golden.positions}) {
                    for (int threads = 0; threads <= 3; threads++) {
                        final float[] got = run(golden, kernels, chunk, threads, 1, ledger);
                        assertSameBits(oracle, got, name + ", " + kernels.name() + ", " + chunk + " rows, " + threads);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void shouldGiveTheSameBitsBesideSevenOtherSessions(final String name) {
        final MemoryLedger ledger = new MemoryLedger();
        try (GoldenCase golden = new GoldenCase(name, ledger)) {
            final float[] alone = run(golden, REFERENCE, golden.positions, 1, 1, ledger);
            for (final CpuKernels kernels : allKernels()) {
                assertSameBits(
                        alone, run(golden, kernels, 5, 2, 8, ledger), name + " beside others, " + kernels.name());
            }
        }
    }

    static void assertSameBits(final float[] want, final float[] got, final String what) {
        assertArrayEquals(bits(want), bits(got), what);
    }

    private static int[] bits(final float[] values) {
        final int[] result = new int[values.length];
        for (int i = 0; i < values.length; i++) {
            result[i] = Float.floatToRawIntBits(values[i]);
        }
        return result;
    }

    /** So many sequences of text, each of its own length. */
    static List<TeacherForcing.Sequence> besides(final int count) {
        final List<TeacherForcing.Sequence> sequences = new ArrayList<>();
        for (int s = 0; s < count; s++) {
            final int[] ids = new int[11 * (s + 1)];
            for (int i = 0; i < ids.length; i++) {
                ids[i] = 20 + (i * 37 + s * 11) % 200;
            }
            sequences.add(TeacherForcing.Sequence.ofText(ids));
        }
        return sequences;
    }

    /** The logits of the golden sequence, run as the last of {@code sessions}; the others run text of their own. */
    static float[] run(
            final GoldenCase golden,
            final CpuKernels kernels,
            final int chunk,
            final int threads,
            final int sessions,
            final MemoryLedger ledger) {
        final float[] logits = new float[golden.positions * golden.vocabulary];
        final List<TeacherForcing.Sequence> sequences = besides(sessions - 1);
        sequences.add(golden.sequence);
        try (TeacherForcing forcing = new TeacherForcing(
                golden.model, kernels, sessions, golden.positions, chunk, threads, Thread::new, ledger)) {
            forcing.run(sequences.toArray(TeacherForcing.Sequence[]::new), chunk, (sequence, position, address) -> {
                for (int id = 0; sequence == sessions - 1 && id < golden.vocabulary; id++) {
                    logits[position * golden.vocabulary + id] = OffHeap.getFloat(address + id * (long) Float.BYTES);
                }
            });
        }
        return logits;
    }
}
