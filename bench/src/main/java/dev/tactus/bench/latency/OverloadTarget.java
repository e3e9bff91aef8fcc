package dev.tactus.bench.latency;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What the engine wants to reach when more sessions come than fit. */
public enum OverloadTarget {
    /** With admission. */
    ADMITTED_HOLD("with admission, of 3 times what fits, ticks missed < 0.1 %", OverloadBench.Policy.ADMISSION) {
        @Override
        boolean isAbout(final OverloadBench.Point point) {
            return point.factor() == OFFERED;
        }

        @Override
        boolean isReached(final OverloadBench.Point point) {
            return 1_000 * point.look().missed() < point.look().ticks();
        }

        @Override
        String measured(final OverloadBench.Point point) {
            final double ticks = Math.max(1, point.look().ticks());
            return String.format(
                    Locale.ROOT,
                    "%.3f %% of %,.0f, %d sessions let in",
                    100 * point.look().missed() / ticks,
                    ticks,
                    point.result().admitted());
        }
    },
    /** On the ladder alone. */
    NEVER_TWICE(
            "on the ladder, up to 1.5 times what fits, no session misses two ticks in a row",
            OverloadBench.Policy.LADDER) {
        @Override
        boolean isAbout(final OverloadBench.Point point) {
            return point.factor() <= BORNE;
        }

        @Override
        boolean isReached(final OverloadBench.Point point) {
            return point.look().missedInARow() == 0;
        }

        @Override
        String measured(final OverloadBench.Point point) {
            return String.format(
                    Locale.ROOT,
                    "%d of %,d ticks at %.2f",
                    point.look().missedInARow(),
                    point.look().ticks(),
                    point.factor());
        }
    };

    private static final double OFFERED = 3;
    private static final double BORNE = 1.5;

    private final String text;
    private final OverloadBench.Policy policy;

    OverloadTarget(final String text, final OverloadBench.Policy policy) {
        this.text = text;
        this.policy = policy;
    }

    abstract boolean isAbout(OverloadBench.Point point);

    abstract boolean isReached(OverloadBench.Point point);

    abstract String measured(OverloadBench.Point point);

    /**
     * What was measured of this target, at the first point that missed it, else at the last; empty when no point is
     * about it.
     */
    public Optional<String> verdict(final List<OverloadBench.Point> points) {
        OverloadBench.Point shown = null;
        for (final OverloadBench.Point point : points) {
            final boolean about = point.policy() == policy && point.look().ticks() > 0 && isAbout(point);
            if (about && (shown == null || isReached(shown))) {
                shown = point;
            }
        }
        return Optional.ofNullable(shown)
                .map(point -> text + ": " + (isReached(point) ? "reached, " : "missed, ") + measured(point));
    }

    /** The verdicts of all targets that points are about. */
    public static List<String> verdicts(final List<OverloadBench.Point> points) {
        return Arrays.stream(values())
                .flatMap(target -> target.verdict(points).stream())
                .toList();
    }
}
