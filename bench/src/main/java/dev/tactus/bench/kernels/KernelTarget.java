package dev.tactus.bench.kernels;

import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.c.Isa;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** What the C kernels want to reach, each by its worst line. */
public enum KernelTarget {
    /** One row of bfloat16 weights, streamed. */
    EXACT_GEMV("EXACT bf16 GEMV ≥ 0.80 of read bandwidth", 0.80, true, c -> isGemv(c, LinearCases.EXACT_BF16)),
    /** One row of int8 weights, streamed. */
    INT8_GEMV("FAST_INT8 GEMV ≥ 0.78 of read bandwidth", 0.78, true, c -> isGemv(c, NumericClass.FAST_INT8.label())),
    /** The products of training. */
    TRAINING("f32 training GEMM ≥ 0.70 of FMA peak", 0.70, true, c -> c.op().equals(TrainingCases.OP)),
    /** Sixteen rows with cached weights. */
    EXACT_PACKED(
            "EXACT packed GEMM of 16 rows ≥ 2 times the Java vector kernel",
            2,
            true,
            c -> isPacked(c, LinearCases.EXACT_BF16, ", 16 rows")),
    /** Sixteen rows through the tiles that one row goes through. */
    TILES(
            "FAST_BF16 GEMM of 16 rows ≤ 1.3 times one row, by AMX",
            1.3,
            false,
            c -> isPacked(c, NumericClass.FAST_BF16.label(), ", 16 rows")
                    && c.kernels().equals("c/" + Isa.AMX.label()));

    private final String text;
    private final double limit;
    private final boolean atLeast;
    private final Predicate<KernelCase> about;

    KernelTarget(final String text, final double limit, final boolean atLeast, final Predicate<KernelCase> about) {
        this.text = text;
        this.limit = limit;
        this.atLeast = atLeast;
        this.about = about;
    }

    private static boolean isGemv(final KernelCase c, final String numerics) {
        return c.op().equals(LinearCases.GEMV) && c.numerics().equals(numerics);
    }

    private static boolean isPacked(final KernelCase c, final String numerics, final String rows) {
        return c.op().equals(LinearCases.PACKED)
                && c.numerics().equals(numerics)
                && c.shape().endsWith(rows);
    }

    /** A line that a target is about, with the figure that counts. */
    private record Measured(KernelResult line, double value) {}

    /**
     * What was measured of this target; empty when nothing was, or nothing that says anything.
     *
     * @return {@code EXACT bf16 GEMV ≥ 0.80 of read bandwidth: reached, worst 0.93 (K=1024, 1.0 GiB, c/avx2, 1 thread)}
     */
    public Optional<String> verdict(final KernelResults results) {
        final Comparator<Measured> rising = Comparator.comparingDouble(Measured::value);
        return measured(results).min(atLeast ? rising : rising.reversed()).map(this::verdict);
    }

    private Stream<Measured> measured(final KernelResults results) {
        final boolean cached = results.scenario().bytes() < KernelScenario.LEAST_STREAMED;
        if (cached && (this == EXACT_GEMV || this == INT8_GEMV)) {
            return Stream.empty();
        }
        return results.lines().stream()
                .filter(line -> !line.kernelCase().isJava())
                .filter(line -> about.test(line.kernelCase()))
                .map(line -> new Measured(line, value(results, line)))
                .filter(measured -> !Double.isNaN(measured.value()));
    }

    private double value(final KernelResults results, final KernelResult line) {
        final KernelCase c = line.kernelCase();
        return switch (this) {
            case EXACT_PACKED ->
                results.beside(line, c.shape(), KernelCase.VECTOR)
                        .map(java -> java.medianNs() / line.medianNs())
                        .orElse(Double.NaN);
            case TILES ->
                results.beside(line, c.shape().replace(", 16 rows", ", 1 row"), c.kernels())
                        .map(one -> line.medianNs() / one.medianNs())
                        .orElse(Double.NaN);
            default -> results.share(line);
        };
    }

    private String verdict(final Measured worst) {
        final boolean reached = atLeast ? worst.value() >= limit : worst.value() <= limit;
        final KernelResult line = worst.line();
        return String.format(
                Locale.ROOT,
                "%s: %s, worst %.2f (%s, %s, %d thread%s)",
                text,
                reached ? "reached" : "missed",
                worst.value(),
                line.kernelCase().shape(),
                line.kernelCase().kernels(),
                line.threads(),
                line.threads() == 1 ? "" : "s");
    }
}
