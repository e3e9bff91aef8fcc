package dev.tactus.bench.train;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What training wants to reach: 6 million parameters, sequences of 1024 positions, by the most threads measured. */
public enum TrainTarget {
    /** The whole step beside one product. */
    GEMM_SHARE("step ≥ 0.35 of the f32 GEMM peak", 0.35, true, "%.2f"),
    /** The whole step. */
    SPEED("step ≥ 2,000 positions/s", 2_000, true, "%,.0f"),
    /** Masters, gradients and moments. */
    MEMORY("memory ≤ 16 bytes per parameter, plus activations", 16, false, "%.2f");

    /** Parameters of the model that the targets are about. */
    public static final long PARAMETERS = 6_000_000;

    /** Positions of its sequences. */
    public static final int POSITIONS = 1024;

    /** The space between tensors, up to the next cache line, is no byte of a parameter: half a percent covers it. */
    private static final double PADDING = 1.005;

    private final String text;
    private final double limit;
    private final boolean atLeast;
    private final String format;

    TrainTarget(final String text, final double limit, final boolean atLeast, final String format) {
        this.text = text;
        this.limit = limit;
        this.atLeast = atLeast;
        this.format = format;
    }

    /**
     * What was measured of this target; empty when nothing was.
     *
     * @return {@code step ≥ 2,000 positions/s: reached, 2,345 (2 threads)}
     */
    public Optional<String> verdict(final List<TrainResult> results) {
        return results.stream()
                .max(Comparator.comparingInt(TrainResult::threads))
                .filter(result -> !Double.isNaN(value(result)))
                .map(this::verdict);
    }

    private double value(final TrainResult result) {
        return switch (this) {
            case GEMM_SHARE -> result.gemmShare(TrainStage.STEP);
            case SPEED -> result.positionsPerSecond(TrainStage.STEP);
            case MEMORY -> result.memory().statePerParameter();
        };
    }

    private String verdict(final TrainResult result) {
        final double value = value(result);
        final boolean reached = atLeast ? value >= limit : value <= limit * PADDING;
        return String.format(
                Locale.ROOT,
                "%s: %s, " + format + " (%d thread%s)",
                text,
                reached ? "reached" : "missed",
                value,
                result.threads(),
                result.threads() == 1 ? "" : "s");
    }
}
