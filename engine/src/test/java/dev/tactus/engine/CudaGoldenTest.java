package dev.tactus.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.adapter.LoraAdapter;
import dev.tactus.engine.device.cpu.CpuKernels;
import dev.tactus.engine.device.cuda.SoftGpu;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The goldens' logits on a GPU: the bits of the reference kernels, however a sequence is cut, beside whomever. */
class CudaGoldenTest {
    private static final CpuKernels REFERENCE = CpuKernels.exact(new ReferenceKernels());

    @BeforeAll
    static void requireGpu() {
        SoftGpu.require();
    }

    static Stream<String> cases() {
        return Stream.of(GoldenCase.NAMES);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void shouldGiveTheBitsOfTheReferenceKernelsForAnyPassSize(final String name) {
        final MemoryLedger ledger = new MemoryLedger();
        try (GoldenCase golden = new GoldenCase(name, ledger)) {
            final float[] oracle = GoldenLogitsTest.run(golden, REFERENCE, golden.positions, 0, 1, ledger);
            for (final int chunk : new int[] {golden.positions, 17, 1}) {
                final float[] got = run(golden, NumericClass.EXACT, chunk, 1, ledger);
                GoldenLogitsTest.assertSameBits(oracle, got, name + ", " + chunk + " rows");
            }
        }
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    @Test
    void shouldGiveTheSameBitsBesideSevenOtherSessions() {
        final MemoryLedger ledger = new MemoryLedger();
        try (GoldenCase golden = new GoldenCase("multimodal-moe", ledger)) {
            final float[] alone = GoldenLogitsTest.run(golden, REFERENCE, golden.positions, 1, 1, ledger);
            GoldenLogitsTest.assertSameBits(alone, run(golden, NumericClass.EXACT, 5, 8, ledger), "beside others");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"text-dense", "multimodal-moe"})
    void shouldAddWhatAdaptersAddOnTheCpu(final String name) {
        final MemoryLedger ledger = new MemoryLedger();
        try (GoldenCase golden = new GoldenCase(name, ledger);
                FreezableArena arena = new FreezableArena(ledger)) {
            final List<LoraAdapter> adapters = List.of(
                    RandomAdapter.everywhere(golden.model, 5, 20261, arena),
                    RandomAdapter.everywhere(golden.model, 33, 20262, arena));
            final int positions = golden.positions;
            final float[][] want;
            try (TeacherForcing forcing = new TeacherForcing(
                    golden.model, adapters, REFERENCE, 3, positions, positions, 0, Thread::new, ledger)) {
                want = run(forcing, golden, positions, 1, 2, 0);
            }
            final int chunk = 7;
            try (TeacherForcing forcing =
                    TeacherForcing.onCuda(golden.model, adapters, NumericClass.EXACT, 3, positions, chunk, ledger)) {
                final float[][] got = run(forcing, golden, chunk, 1, 2, 0);
                for (int i = 0; i < want.length; i++) {
                    GoldenLogitsTest.assertSameBits(want[i], got[i], name + ", sequence " + i);
                }
            }
        }
    }

    /** The logits of the golden sequence with each of these adapters, side by side. */
    private static float[][] run(
            final TeacherForcing forcing, final GoldenCase golden, final int chunk, final int... chosen) {
        final float[][] logits = new float[chosen.length][golden.positions * golden.vocabulary];
        final TeacherForcing.Sequence[] sequences = new TeacherForcing.Sequence[chosen.length];
        for (int i = 0; i < chosen.length; i++) {
            sequences[i] = golden.sequence.withAdapter(chosen[i]);
        }
        forcing.run(sequences, chunk, (sequence, position, address) -> {
            for (int id = 0; id < golden.vocabulary; id++) {
                logits[sequence][position * golden.vocabulary + id] =
                        OffHeap.getFloat(address + id * (long) Float.BYTES);
            }
        });
        return logits;
    }

    /** The errors of quantising the same places in float64: the table of NUMERICS.md, as FastGoldenTest has it. */
    @ParameterizedTest
    @CsvSource({"text-dense, 0.0046", "multimodal-moe, 0.074", "long-context, 0.025", "patch40, 0.005"})
    void shouldBeAsNearToExactAsBfloat16Allows(final String name, final double expectedError) {
        final MemoryLedger ledger = new MemoryLedger();
        try (GoldenCase golden = new GoldenCase(name, ledger)) {
            final float[] want = GoldenLogitsTest.run(golden, REFERENCE, golden.positions, 0, 1, ledger);
            final float[] got = run(golden, NumericClass.FAST_BF16, golden.positions, 1, ledger);
            final double rms = FastGoldenTest.rms(want, got);
            final double relative = rms / FastGoldenTest.rms(new float[want.length], want);
            final int wide = FastGoldenTest.flips(golden, want, got, FastGoldenTest.NEAR_TIE * rms);
            final String what =
                    String.format("%s: relative error %.4f (%.4f in float64)", name, relative, expectedError);
            System.out.println(what);
            assertTrue(relative <= FastGoldenTest.ALLOWANCE * expectedError, what);
            assertTrue(relative > 0, what + ": nothing was rounded");
            assertTrue(wide <= FastGoldenTest.wideFlips(name, NumericClass.FAST_BF16), what + ", " + wide + " flips");
            for (final int chunk : new int[] {1, 17}) {
                GoldenLogitsTest.assertSameBits(
                        got, run(golden, NumericClass.FAST_BF16, chunk, 1, ledger), name + ", " + chunk + " rows");
            }
            GoldenLogitsTest.assertSameBits(
                    got, run(golden, NumericClass.FAST_BF16, 5, 3, ledger), name + " beside others");
        }
    }

    /** The logits of the golden sequence, run as the last of {@code sessions}; the others run text of their own. */
    private static float[] run(
            final GoldenCase golden,
            final NumericClass numerics,
            final int chunk,
            final int sessions,
            final MemoryLedger ledger) {
        final float[] logits = new float[golden.positions * golden.vocabulary];
        final List<TeacherForcing.Sequence> sequences = GoldenLogitsTest.besides(sessions - 1);
        sequences.add(golden.sequence);
        try (TeacherForcing forcing =
                TeacherForcing.onCuda(golden.model, List.of(), numerics, sessions, golden.positions, chunk, ledger)) {
            forcing.run(sequences.toArray(TeacherForcing.Sequence[]::new), chunk, (sequence, position, address) -> {
                for (int id = 0; sequence == sessions - 1 && id < golden.vocabulary; id++) {
                    logits[position * golden.vocabulary + id] = OffHeap.getFloat(address + id * (long) Float.BYTES);
                }
            });
        }
        return logits;
    }
}
