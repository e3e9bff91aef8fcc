package dev.tactus.scenario.eval;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/** What was counted and timed up to now, measure by measure. One thread. */
public final class Tally {
    private final Map<Measure, Result> counts = new EnumMap<>(Measure.class);
    private final Map<Measure, Times> times = new EnumMap<>(Measure.class);

    private static final class Times {
        private double[] values = new double[16];
        private int count;

        void add(final double value) {
            values = count == values.length ? Arrays.copyOf(values, 2 * count) : values;
            values[count++] = value;
        }
    }

    /** Something could have been so, and was or was not. */
    void rate(final Measure measure, final boolean hit) {
        final Rate before = (Rate) counts.getOrDefault(measure, new Rate(0, 0));
        counts.put(measure, new Rate(before.hits() + (hit ? 1 : 0), before.n() + 1));
    }

    /** Something took so long. */
    void time(final Measure measure, final double ms) {
        times.computeIfAbsent(measure, key -> new Times()).add(ms);
    }

    /** Words were aligned. */
    void words(final Measure measure, final WordErrors errors) {
        counts.put(measure, ((WordErrors) counts.getOrDefault(measure, WordErrors.NONE)).plus(errors));
    }

    /** A tick of watching. */
    void watch(final Measure measure, final boolean event) {
        final PerMinute before = (PerMinute) counts.getOrDefault(measure, new PerMinute(0, 0));
        counts.put(measure, new PerMinute(before.events() + (event ? 1 : 0), before.n() + 1));
    }

    /** What was measured on at least one thing, in the order of the measures. */
    public Map<Measure, Result> results() {
        final Map<Measure, Result> out = new EnumMap<>(Measure.class);
        counts.forEach((measure, result) -> {
            if (result.n() > 0) {
                out.put(measure, result);
            }
        });
        times.forEach((measure, taken) -> out.put(measure, Spread.of(Arrays.copyOf(taken.values, taken.count))));
        return out;
    }
}
