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

    /** There was an occasion for {@link #rate}, whether or not it comes to that. */
    void mayRate(final Measure measure) {
        counts.putIfAbsent(measure, new Rate(0, 0));
    }

    /** There was an occasion for {@link #time}, whether or not it comes to that. */
    void mayTime(final Measure measure) {
        times.computeIfAbsent(measure, key -> new Times());
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

    /**
     * The results, in the order of the measures. One that there was an occasion for, but nothing to be measured on,
     * because the model did not speak at all, has n = 0.
     */
    public Map<Measure, Result> results() {
        final Map<Measure, Result> out = new EnumMap<>(Measure.class);
        out.putAll(counts);
        times.forEach((measure, taken) -> out.put(measure, Spread.of(Arrays.copyOf(taken.values, taken.count))));
        return out;
    }
}
