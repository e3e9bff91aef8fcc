package dev.tactus.scheduler;

/**
 * How long the beats of a slot take, and what every {@link LadderStep} leaves of that: what a {@link Ladder} predicts
 * by.
 *
 * <p>A load is how long a beat would have taken at {@link LadderStep#NONE}; a share is what a step leaves of it. Shares
 * are learned when the slot goes from one step to another, from the same load before and after. Allocates nothing; used
 * by the tick thread only.
 */
final class SlotLoad {
    /** Beats that the load is judged by. */
    static final int WINDOW = 32;

    /** What is left at a step before any beat was measured at it: little hope, so that too much is done at first. */
    private static final double[] SHARES = {1, 0.98, 0.96, 0.94, 0.5};

    /** What one step leaves of another is never taken for less. */
    private static final double LEAST_SHARE = 0.1;

    /** Beats after a change of step from which its share is learned, the first half of them twice as eagerly. */
    private static final int LESSONS = 4;

    /** A beat that is so much of the mean away from it is not like those before. */
    private static final double UNSTEADY = 0.5;

    /** A beat that took so many times as long as the next longest was hit by something. */
    private static final double UNLIKE = 1.35;

    /** A load below this share of what it was is another one. */
    private static final double LESS = 0.75;

    private static final int MEAN_OF = 8;

    private final double[] shares = SHARES.clone();
    private final double[] most = new double[LadderStep.COUNT];
    private final double[] loads = new double[WINDOW];
    private int count;
    private int head;
    private double mean;
    private int lastStep;
    private int fromStep;
    private int lessons;

    /** What the step of that code leaves. */
    double share(final int step) {
        return shares[step];
    }

    /** The mean load of some beats, those left out that a share was learned from. */
    double mean() {
        return mean;
    }

    /** A beat of all sessions at one step took so long. */
    void measured(final int step, final long ns) {
        if (step != lastStep) {
            fromStep = lastStep;
            lastStep = step;
            // a load that moves by itself teaches nothing
            lessons = count > 0 && Math.abs(last() - mean) < UNSTEADY * mean ? LESSONS : 0;
        }
        final boolean teaches = lessons > 0;
        if (teaches) {
            found(step, fromStep, ns / mean, lessons > LESSONS / 2 ? 0.5 : 0.25);
            lessons--;
        }
        add(ns / shares[step]);
        if (!teaches) {
            mean += count == 1 ? last() - mean : (last() - mean) / MEAN_OF;
            most[step] = Math.max(most[step], mean);
        }
    }

    /** A beat took so long in which that part of the sessions was one step below. */
    void measuredTrial(final int step, final double part, final long ns) {
        lastStep = step;
        lessons = 0;
        add(ns / (shares[step] + (shares[step - 1] - shares[step]) * part));
    }

    private void add(final double load) {
        loads[head] = Math.max(1, load);
        head = (head + 1) % WINDOW;
        count = Math.min(count + 1, WINDOW);
    }

    /** The share of step {@code at} was found by comparing with step {@code from}, by what counts so much. */
    void found(final int at, final int from, final double value, final double weight) {
        final double near = shares[from];
        final double before = shares[at];
        final double bounded = at > from
                ? Math.max(near * LEAST_SHARE, Math.min(near, value))
                : Math.max(near, Math.min(near / LEAST_SHARE, value));
        shares[at] = before + (bounded - before) * weight;
        final int away = at > from ? 1 : -1;
        for (int s = at + away; s >= 0 && s < LadderStep.COUNT; s += away) {
            shares[s] *= shares[at] / before;
        }
        for (int s = from + away; s != at; s += away) {
            final double upper = Math.max(near, shares[at]);
            shares[s] = Math.max(Math.min(shares[s], upper), Math.min(near, shares[at]));
        }
        rescale(shares[0]);
    }

    /** What is left at no step is all of it. */
    private void rescale(final double unit) {
        for (int s = 0; s < LadderStep.COUNT; s++) {
            shares[s] /= unit;
            most[s] *= unit;
        }
        for (int i = 0; i < WINDOW; i++) {
            loads[i] *= unit;
        }
        mean *= unit;
    }

    /** The load of the last beat. */
    double last() {
        return loads[(head - 1 + WINDOW) % WINDOW];
    }

    /** The longest of the last beats; the one after it when that one is like no other: what hit it may not be back. */
    double longest(final int ofLast) {
        double longest = 0;
        double second = 0;
        for (int i = 1; i <= Math.min(ofLast, count); i++) {
            final double load = loads[(head - i + WINDOW) % WINDOW];
            second = Math.max(second, Math.min(load, longest));
            longest = Math.max(longest, load);
        }
        return second > 0 && longest > UNLIKE * second ? second : longest;
    }

    /** The step was needed at the load of now. */
    void mark(final int step) {
        most[step] = mean;
    }

    /** Whether the load is clearly less than it was while the step was needed. */
    boolean isLess(final int step) {
        return mean < LESS * most[step];
    }

    /** Forgets all beats but the last ones. */
    void keep(final int last) {
        count = Math.min(count, last);
    }

    /** Forgets all beats, not what the steps leave. */
    void clear() {
        count = 0;
        lessons = 0;
        mean = 0;
    }
}
