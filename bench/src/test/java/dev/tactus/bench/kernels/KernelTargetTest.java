package dev.tactus.bench.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tactus.bench.kernels.KernelCase.Bound;
import dev.tactus.bench.kernels.KernelCase.Cost;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What is said of a target follows from the worst line that it is about, against the bound of as many threads. */
class KernelTargetTest {
    private static final long STREAMED = 1L << 30;

    private static KernelResult line(
            final String op,
            final String shape,
            final String numerics,
            final String kernels,
            final int threads,
            final double ns,
            final Bound bound) {
        final Cost cost = Cost.of(1_000_000, 8_000_000);
        final KernelCase c = new KernelCase(op, shape, numerics, kernels, cost, bound, true, null);
        return KernelResult.of(c, threads, 1, List.of(ns));
    }

    private static KernelResult probe(final String op, final int threads, final double ns) {
        return line(op, "", "-", "c/avx2", threads, ns, Bound.NONE);
    }

    private static KernelResult gemv(final String numerics, final int threads, final double ns) {
        return line("gemv", "K=64", numerics, "c/avx2", threads, ns, Bound.READ);
    }

    private static KernelResult packed(
            final String shape, final String numerics, final String kernels, final double ns) {
        return line("packed", shape, numerics, kernels, 1, ns, Bound.FMA);
    }

    private static Optional<String> verdict(final KernelTarget target, final long bytes, final KernelResult... lines) {
        final KernelScenario scenario =
                new KernelScenario(bytes, 1, 2, List.of(), Pattern.compile(""), KernelShapes.TINY, 0, 0);
        return target.verdict(new KernelResults(scenario, new ArrayList<>(Arrays.asList(lines))));
    }

    @Test
    void shouldNameWorstLineAgainstBoundOfItsThreads() {
        final KernelResult one = probe("read", 1, 90);
        final KernelResult two = probe("read", 2, 50);
        final KernelResult near = gemv("exact bf16", 1, 100);
        final String text = "EXACT bf16 GEMV ≥ 0.80 of read bandwidth: ";
        assertEquals(
                Optional.of(text + "reached, worst 0.83 (K=64, c/avx2, 2 threads)"),
                verdict(KernelTarget.EXACT_GEMV, STREAMED, one, two, near, gemv("exact bf16", 2, 60)));
        assertEquals(
                Optional.of(text + "missed, worst 0.50 (K=64, c/avx2, 2 threads)"),
                verdict(KernelTarget.EXACT_GEMV, STREAMED, one, two, near, gemv("exact bf16", 2, 100)));
    }

    @Test
    void shouldSayNothingOfWhatWasNotMeasured() {
        final KernelResult read = probe("read", 1, 90);
        assertEquals(Optional.empty(), verdict(KernelTarget.INT8_GEMV, STREAMED, read, gemv("exact bf16", 1, 100)));
        assertEquals(Optional.empty(), verdict(KernelTarget.INT8_GEMV, STREAMED, gemv("fast-int8", 1, 100)));
        assertEquals(
                Optional.empty(),
                verdict(KernelTarget.INT8_GEMV, STREAMED >> 4, read, gemv("fast-int8", 1, 100)),
                "64 MiB may lie in a cache");
    }

    @Test
    void shouldCompareWithJavaKernelOfSameShape() {
        final KernelResult java = packed("K=64 N=9, 16 rows", "exact bf16", "vector", 210);
        final KernelResult other = packed("K=64 N=7, 16 rows", "exact bf16", "vector", 100);
        final KernelResult c = packed("K=64 N=9, 16 rows", "exact bf16", "c/avx2", 100);
        assertEquals(
                Optional.of("EXACT packed GEMM of 16 rows ≥ 2 times the Java vector kernel: reached, worst 2.10"
                        + " (K=64 N=9, 16 rows, c/avx2, 1 thread)"),
                verdict(KernelTarget.EXACT_PACKED, STREAMED, other, java, c));
        assertEquals(Optional.empty(), verdict(KernelTarget.EXACT_PACKED, STREAMED, other, c));
    }

    @Test
    void shouldCompareSixteenRowsWithOneByTilesOnly() {
        final KernelResult one = packed("K=64 N=9, 1 row", "fast-bf16", "c/amx", 100);
        final KernelResult sixteen = packed("K=64 N=9, 16 rows", "fast-bf16", "c/amx", 140);
        assertEquals(
                Optional.of("FAST_BF16 GEMM of 16 rows ≤ 1.3 times one row, by AMX: missed, worst 1.40"
                        + " (K=64 N=9, 16 rows, c/amx, 1 thread)"),
                verdict(KernelTarget.TILES, STREAMED, one, sixteen));
        assertEquals(
                Optional.empty(),
                verdict(
                        KernelTarget.TILES,
                        STREAMED,
                        packed("K=64 N=9, 1 row", "fast-bf16", "c/avx2", 100),
                        packed("K=64 N=9, 16 rows", "fast-bf16", "c/avx2", 140)));
    }

    @Test
    void shouldTakeMedianAndPercentilesBetweenTurns() {
        final KernelCase c = gemv("exact bf16", 1, 1).kernelCase();
        final KernelResult result = KernelResult.of(c, 1, 1, List.of(5.0, 1.0, 4.0, 2.0, 3.0));
        assertEquals(3, result.medianNs());
        assertEquals(1.4, result.p10Ns(), 1e-12);
        assertEquals(4.6, result.p90Ns(), 1e-12);
    }
}
