package dev.tactus.bench.gpu;

import dev.tactus.kernel.NumericClass;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** What the engine wants of a GPU. */
public enum GpuTarget {
    /** Weights as fast as a copy, by the worst matrix large enough for that. */
    GEMV("GEMV of one row ≥ 0.7 of copy bandwidth"),
    /** A tick of the large model. */
    TICK("1B, FAST_BF16, window 4096, 8 sessions: whole tick p99 ≤ 20 ms"),
    /** The GPU always has something to do. */
    IDLE("GPU idle inside a tick ≤ 15 %"),
    /** The same bits as on the CPU. */
    BITS("EXACT bits equal to the CPU's");

    /** What came of it. */
    public enum Outcome {
        /** As wanted. */
        MET("met"),
        /** Not as wanted. */
        MISSED("missed"),
        /** Nobody knows. */
        NOT_MEASURED("not measured");

        private final String label;

        Outcome(final String label) {
            this.label = label;
        }

        /** As people read it. */
        public String label() {
            return label;
        }
    }

    /**
     * What was measured of a target.
     *
     * @param detail the figure, or the reason why there is none
     */
    public record Verdict(GpuTarget target, Outcome outcome, String detail) {
        /** {@code GEMV …: met, worst 0.81 (…)}. */
        public String line() {
            return target.text + ": " + outcome.label() + ", " + detail;
        }
    }

    private static final double GEMV_SHARE = 0.7;
    private static final double TICK_MS = 20;
    private static final double MOST_IDLE = 0.15;

    /** Below it a product takes so little time that the gap between two kernels counts more. */
    private static final long LARGE_BYTES = 32L << 20;

    private static final int SESSIONS = 8;
    private static final int WINDOW = 4096;
    private static final String SOFT = "softcuda: no times";

    private final String text;

    GpuTarget(final String text) {
        this.text = text;
    }

    /** The target as people read it. */
    public String text() {
        return text;
    }

    /** What was measured of it. */
    public Verdict verdict(final GpuResults results) {
        if (this == BITS) {
            return bits(results);
        }
        if (results.soft()) {
            return new Verdict(this, Outcome.NOT_MEASURED, SOFT);
        }
        return switch (this) {
            case GEMV -> gemv(results);
            case TICK -> tick(results);
            default -> idle(results);
        };
    }

    private Verdict bits(final GpuResults results) {
        return results.bits()
                .map(check -> of(
                        check.different() == 0,
                        String.format(
                                Locale.ROOT,
                                "%,d of %,d logits of %d positions equal%s",
                                check.logits() - check.different(),
                                check.logits(),
                                check.positions(),
                                results.soft() ? ", on softcuda" : "")))
                .orElseGet(() -> new Verdict(this, Outcome.NOT_MEASURED, "no logits were compared"));
    }

    private Verdict gemv(final GpuResults results) {
        return results.lines().stream()
                .filter(line -> line.op().equals(GpuCase.PRODUCT) && line.rows() == 1 && line.operand() >= LARGE_BYTES)
                .min(Comparator.comparingDouble(results::share))
                .map(worst -> of(
                        results.share(worst) >= GEMV_SHARE,
                        String.format(
                                Locale.ROOT,
                                "worst %.2f (%s, %s)",
                                results.share(worst),
                                worst.shape(),
                                worst.numerics())))
                .orElseGet(() -> new Verdict(this, Outcome.NOT_MEASURED, "no product of 32 MiB or more was run"));
    }

    private static Optional<TickRun> large(final GpuResults results) {
        return results.ticks().stream()
                .filter(run -> run.wanted().parameters().equals("1B")
                        && run.wanted().numerics() == NumericClass.FAST_BF16
                        && run.wanted().sessions() == SESSIONS
                        && run.wanted().context() == WINDOW)
                .findFirst();
    }

    private Verdict tick(final GpuResults results) {
        final Optional<TickRun> run = large(results);
        if (run.isEmpty() || run.get().result().isEmpty()) {
            return new Verdict(
                    this, Outcome.NOT_MEASURED, run.map(TickRun::reason).orElse("no such run was asked for"));
        }
        final double ms = run.get().result().get().whole().getValueAtPercentile(99) / 1e6;
        return of(ms <= TICK_MS, String.format(Locale.ROOT, "%.1f ms", ms));
    }

    /** What is known is a range: gaps between graphs, and at most those between kernels inside them. */
    private Verdict idle(final GpuResults results) {
        final Optional<TickRun> run = large(results);
        if (run.isEmpty() || run.get().idle().isEmpty()) {
            final String reason = run.map(TickRun::reason)
                    .filter(text -> !text.isEmpty())
                    .orElse("libtactus-trace.so does not stand before the driver, or no such run was asked for");
            return new Verdict(this, Outcome.NOT_MEASURED, reason);
        }
        final TickIdle idle = run.get().idle().get();
        final String range = String.format(
                Locale.ROOT,
                "%.1f %% between graphs, at most %.1f %% with the gaps between kernels (%.0f graphs, %.0f kernels)",
                100 * idle.between(),
                100 * idle.most(),
                idle.graphs(),
                idle.kernels());
        if (idle.between() <= MOST_IDLE && !(idle.most() <= MOST_IDLE)) {
            return new Verdict(this, Outcome.NOT_MEASURED, "the range is too wide: " + range);
        }
        return of(idle.between() <= MOST_IDLE, range);
    }

    private Verdict of(final boolean met, final String detail) {
        return new Verdict(this, met ? Outcome.MET : Outcome.MISSED, detail);
    }
}
