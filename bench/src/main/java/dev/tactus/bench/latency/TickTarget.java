package dev.tactus.bench.latency;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What the engine wants to reach with the default model and tick: 25M parameters, 24 rows in, 8 passes, context 1280.
 */
public enum TickTarget {
    /** A tick of one session. */
    ONE_SESSION("whole tick p50 of 1 session", 1, 45, "ms"),
    /** A beat of eight sessions. */
    EIGHT_SESSIONS("whole tick p50 of 8 sessions", 8, 250, "ms"),
    /** What eight sessions cost outside kernels. */
    OVERHEAD("overhead p50 of 8 sessions", 8, 200, "µs");

    /** Parameters of the model the targets are about. */
    public static final long PARAMETERS = 25_000_000;

    /** Its rows per tick. */
    public static final int ROWS = 24;

    /** Its decode passes per tick. */
    public static final int PASSES = 8;

    /** Positions before the ticks that count. */
    public static final int CONTEXT = 1280;

    private static final double MEDIAN = 50;

    private final String text;
    private final int sessions;
    private final double limit;
    private final String unit;

    TickTarget(final String text, final int sessions, final double limit, final String unit) {
        this.text = text;
        this.sessions = sessions;
        this.limit = limit;
        this.unit = unit;
    }

    /**
     * What was measured of this target; empty when nothing was.
     *
     * @return {@code whole tick p50 of 1 session ≤ 45 ms: reached, 41.3 ms}
     */
    public Optional<String> verdict(final List<TickResult> results) {
        return results.stream()
                .filter(result -> result.scenario().sessions() == sessions)
                .findFirst()
                .map(this::verdict);
    }

    private String verdict(final TickResult result) {
        final double measured = measured(result);
        final String word = measured <= limit ? "reached" : "missed";
        return String.format(Locale.ROOT, "%s ≤ %.0f %s: %s, %.1f %s", text, limit, unit, word, measured, unit);
    }

    private double measured(final TickResult result) {
        return this == OVERHEAD
                ? TickResult.micros(result.overhead(), MEDIAN)
                : TickResult.millis(result.whole(), MEDIAN);
    }
}
