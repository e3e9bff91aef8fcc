package dev.tactus.scheduler;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/**
 * Whether one more session fits, and into which slot of the period.
 *
 * <p>A session is admitted when every slot, its own and all others, still ends before its deadline at p99.9, with a
 * margin. The device is one and serial: a slot's work begins when its seal is done and the device is free.
 *
 * <pre>
 *   seal      0          1          2          3          0
 *             |----------|----------|----------|----------|---
 *   device     [ 0    ]   [ 1            ][ 2    ][ 3 ]    [ 0
 *                                         ^ 2 begins late, since 1 was long
 *   end(s)  =  max over every slot r from which the device may have been busy without a pause until s:
 *              seal(r) + Σ mean(r … s) + √ Σ excess²(r … s)
 * </pre>
 *
 * <p>Why means with one root of squares, and not the p99.9 of each slot: slots are late independently of each other.
 * Two of eight are at their p99.9 in the same period once in two hours, all of them never, and time kept free for that
 * is time that no session gets; the spread of a sum of independent delays is the root of the sum of their squares. The
 * excess of a slot has two independent parts: what the machine adds ({@link CostModel#excessNs}), and what its sessions
 * put out beyond the expected ({@link Demand}). Beside that the means of all slots must fit into the period less the
 * margin, or the queue would grow for ever.
 *
 * <p>Guarded by its caller's lock. Off the tick path.
 */
public final class Admission {
    /** No slot holds the deadline. */
    public static final int REFUSED = -1;

    private static final double NS_PER_MS = 1e6;

    private final CostModel model;
    private final Demand demand;
    private final Timing timing;
    private final int maxSessions;
    private final PhaseTable table;
    private final int[] counts;
    private final int[] rows;
    private final int[] patches;
    private final double[] meanNs;
    private final double[] squaredExcess;
    private final BatchWork work = new BatchWork();

    /**
     * When slots are sealed, and when they must have ended.
     *
     * @param phases slots of the period
     * @param periodNs T
     * @param allowanceNs how long after the end of its beat a slot is sealed
     * @param marginNs how long before its deadline a slot must have ended at p99.9
     */
    public record Timing(int phases, long periodNs, long allowanceNs, long marginNs) {
        /** Checks the numbers. */
        public Timing {
            if (phases < 1 || allowanceNs < 0 || marginNs < 0 || allowanceNs + marginNs >= periodNs) {
                throw new IllegalArgumentException(String.format(
                        "%d phases, period %d ns, allowance %d ns, margin %d ns: expected 1 phase or more, and a period"
                                + " that is longer than allowance and margin",
                        phases, periodNs, allowanceNs, marginNs));
            }
        }
    }

    /**
     * Something that a caller could open instead.
     *
     * @param name as {@code audio+video}
     * @param load what it brings
     */
    public record Kind(String name, SessionLoad load) {}

    /**
     * Of an engine without sessions.
     *
     * @param model what ticks cost
     * @param demand what sessions put out
     * @param maxSessions there is memory for so many
     */
    public Admission(final CostModel model, final Demand demand, final Timing timing, final int maxSessions) {
        this.model = model;
        this.demand = demand;
        this.timing = timing;
        this.maxSessions = maxSessions;
        this.table = new PhaseTable(timing.phases());
        this.counts = new int[timing.phases()];
        this.rows = new int[timing.phases()];
        this.patches = new int[timing.phases()];
        this.meanNs = new double[timing.phases()];
        this.squaredExcess = new double[timing.phases()];
    }

    /**
     * The emptiest slot that can take a session so that all deadlines hold, or {@link #REFUSED}. Nothing is entered.
     */
    public int choose(final SessionLoad load) {
        if (sessions() >= maxSessions) {
            return REFUSED;
        }
        predict();
        final int emptiest = emptiest();
        if (holdsWith(emptiest, load)) {
            return emptiest;
        }
        final boolean[] tried = new boolean[timing.phases()];
        tried[emptiest] = true;
        for (int i = 1; i < timing.phases(); i++) {
            int next = -1;
            for (int phase = 0; phase < timing.phases(); phase++) {
                if (!tried[phase] && (next < 0 || counts[phase] < counts[next])) {
                    next = phase;
                }
            }
            tried[next] = true;
            if (holdsWith(next, load)) {
                return next;
            }
        }
        return REFUSED;
    }

    /** Counts a session in, whether or not it fits. */
    public void enter(final int phase, final SessionLoad load) {
        counts[phase]++;
        rows[phase] += load.rows();
        patches[phase] += load.patches();
    }

    /**
     * Counts a session out that has ended.
     *
     * @throws IllegalStateException when the slot has none
     */
    public void leave(final int phase, final SessionLoad load) {
        if (counts[phase] == 0 || rows[phase] < load.rows() || patches[phase] < load.patches()) {
            throw new IllegalStateException("slot " + phase + " has " + counts[phase] + " sessions and " + rows[phase]
                    + " rows: no session with " + load + " can leave it");
        }
        counts[phase]--;
        rows[phase] -= load.rows();
        patches[phase] -= load.patches();
    }

    /** Counts all sessions out. */
    public void clear() {
        Arrays.fill(counts, 0);
        Arrays.fill(rows, 0);
        Arrays.fill(patches, 0);
    }

    /** Sessions that are counted in. */
    public int sessions() {
        return Arrays.stream(counts).sum();
    }

    /** Sessions of a slot. */
    public int sessions(final int phase) {
        return counts[phase];
    }

    private int emptiest() {
        table.clear();
        for (int phase = 0; phase < counts.length; phase++) {
            for (int i = 0; i < counts[phase]; i++) {
                table.enter(phase);
            }
        }
        return table.emptiest();
    }

    /** How many more sessions of a load fit beside those that are there. */
    public int fitting(final SessionLoad load) {
        final int[] entered = new int[maxSessions];
        int count = 0;
        for (int phase = choose(load); phase != REFUSED; phase = choose(load)) {
            enter(phase, load);
            entered[count++] = phase;
        }
        for (int i = 0; i < count; i++) {
            leave(entered[i], load);
        }
        return count;
    }

    /**
     * How long after the end of its beat the slot that is latest of all ends at p99.9; it must be at most the period
     * less the margin.
     */
    public double endNs() {
        predict();
        return latestNs();
    }

    /** How long of every period the device is expected to be busy. */
    public double busyNs() {
        predict();
        return Arrays.stream(meanNs).sum();
    }

    /**
     * Why a session was refused and what would fit, in one line.
     *
     * @param wanted what was asked for
     * @param others what else could be asked for
     */
    public String refusal(final Kind wanted, final List<Kind> others) {
        final StringJoiner fits = new StringJoiner(", ");
        fits.add(fitting(wanted.load()) + " of " + wanted.name());
        for (final Kind kind : others) {
            if (!kind.equals(wanted)) {
                fits.add(fitting(kind.load()) + " of " + kind.name());
            }
        }
        return String.format(
                Locale.ROOT,
                "no room for one more session of %s: %s; what would fit beside the %d open: %s",
                wanted.name(),
                reason(wanted.load()),
                sessions(),
                fits);
    }

    private String reason(final SessionLoad load) {
        if (sessions() >= maxSessions) {
            return "there is memory for " + maxSessions;
        }
        final int phase = emptiest();
        enter(phase, load);
        final double busyNs = busyNs();
        final double endNs = endNs();
        leave(phase, load);
        final double limitMs = (timing.periodNs() - timing.marginNs()) / NS_PER_MS;
        return busyNs > timing.periodNs() - timing.marginNs()
                ? String.format(
                        Locale.ROOT,
                        "the device would be busy for %.1f ms of every %.1f, and %.1f are allowed",
                        busyNs / NS_PER_MS,
                        timing.periodNs() / NS_PER_MS,
                        limitMs)
                : String.format(
                        Locale.ROOT,
                        "1 tick in 1,000 would end %.1f ms after its beat or later, and %.1f of %.1f are allowed",
                        endNs / NS_PER_MS,
                        limitMs,
                        timing.periodNs() / NS_PER_MS);
    }

    private void predict() {
        for (int phase = 0; phase < timing.phases(); phase++) {
            predict(phase);
        }
    }

    private void predict(final int phase) {
        final int sessions = counts[phase];
        if (sessions == 0) {
            meanNs[phase] = 0;
            squaredExcess[phase] = 0;
            return;
        }
        demand.mean(sessions, rows[phase], patches[phase], work);
        final double mean = model.meanNs(work);
        demand.tail(sessions, rows[phase], patches[phase], work);
        final double more = Math.max(0, model.meanNs(work) - mean);
        final double machine = model.excessNs(mean);
        meanNs[phase] = mean;
        squaredExcess[phase] = more * more + machine * machine;
    }

    private boolean holdsWith(final int phase, final SessionLoad load) {
        enter(phase, load);
        predict(phase);
        final long limitNs = timing.periodNs() - timing.marginNs();
        final boolean holds = Arrays.stream(meanNs).sum() <= limitNs && latestNs() <= limitNs;
        leave(phase, load);
        predict(phase);
        return holds;
    }

    /** Of all slots; two periods back is far enough, since less than one period of work comes in each. */
    private double latestNs() {
        final int phases = timing.phases();
        final double apartNs = (double) timing.periodNs() / phases;
        double latest = 0;
        for (int phase = 0; phase < phases; phase++) {
            double work = 0;
            double squares = 0;
            for (int back = 0; meanNs[phase] > 0 && back < 2 * phases; back++) {
                final int from = Math.floorMod(phase - back, phases);
                work += meanNs[from];
                squares += squaredExcess[from];
                latest = Math.max(latest, work + Math.sqrt(squares) - back * apartNs);
            }
        }
        return latest + timing.allowanceNs();
    }
}
