package dev.tactus.scheduler;

import java.util.List;

/**
 * What a cohort's tick costs the device: an expectation that is linear in {@link BatchWork}, fitted to measured ticks,
 * and a p99.9 above it. Both are corrected while the engine runs.
 *
 * <pre>
 *   mean(w)  = drift · (a + b·sessions + c·rows + d·patches + e·passes + f·decodeRows + g·blocks)
 *   p99.9(w) = mean(w) + tail · √(mean(w) + 1 ms)
 * </pre>
 *
 * <p><em>Drift</em> is the ratio of what the last ticks took to what was predicted for them, weighted by their cost, so
 * that ticks of one quiet session do not decide for those of twenty.
 *
 * <p><em>Tail</em> is the p99.9 of (measured − mean) / √(mean + 1 ms). Why the root: what delays a tick (other guests,
 * interrupts, the frequency of a core) comes in time, whatever runs, and independent delays add up in their squares.
 * The same tail then holds for ticks of any length: a ratio learned from short ticks would refuse sessions that fit,
 * and a number of milliseconds would admit ones that do not. It also makes the excess of two ticks in a row that of one
 * tick as long as both.
 *
 * <p>{@link #onBatch} belongs to the tick thread and allocates nothing; the rest may be called by any thread.
 */
public final class CostModel {
    /** In √ns: 3.6 ms at a mean of 25 ms, 8.6 ms at 150 ms. Until 1,000 ticks were seen it is no less. */
    private static final double FIRST_TAIL = 700;

    private static final double FLOOR_NS = 1e6;

    /** A tick counts for about so many of those after it. */
    private static final double DRIFT_MEMORY = 256;

    /** How many ticks of the common kind the fit counts for, before the first one is seen. */
    private static final double DRIFT_START = 32;

    /** A machine that stopped for a second says nothing of what work costs. */
    private static final double MOST_RATIO = 8;

    private static final int TAIL_EVERY = 64;

    /** A calibration has about so many ticks: as many live ones know better what the machine is like now. */
    private static final int CALIBRATION_HOLDS = 128;

    private final double[] coefficients;
    private final TailSketch sketch = new TailSketch();
    private final double firstTail;
    private double measuredNs;
    private double predictedNs;
    private int sinceTail;
    private volatile double drift = 1;
    private volatile double tail;

    /**
     * One measured tick.
     *
     * @param work what was done; not changed afterwards
     * @param ns how long it took
     */
    public record Sample(BatchWork work, double ns) {}

    private CostModel(final double[] coefficients, final double firstTail) {
        this.coefficients = coefficients;
        this.firstTail = firstTail;
        this.tail = firstTail;
    }

    /**
     * A model with known costs.
     *
     * @param tail p99.9 of the excess in √ns, as {@link CostModel} defines it
     * @param coefficientsNs of 1, sessions, rows, patches, passes, decode rows and blocks
     */
    public static CostModel of(final double tail, final double... coefficientsNs) {
        if (coefficientsNs.length != BatchWork.FEATURES) {
            throw new IllegalArgumentException(coefficientsNs.length + " coefficients: expected " + BatchWork.FEATURES);
        }
        return new CostModel(coefficientsNs.clone(), tail);
    }

    /**
     * Fits a model. An error counts relative to the time plus 1 ms: a slot of few sessions is as often as one of many.
     *
     * @param medians one sample per kind of tick
     * @param worstExcess the largest (measured − median) / √(median + 1 ms) of all ticks behind the medians, √ns
     * @throws IllegalArgumentException without samples, or with one that took no time
     */
    public static CostModel fit(final List<Sample> medians, final double worstExcess) {
        final int n = medians.size();
        if (n == 0) {
            throw new IllegalArgumentException("no samples: a cost model is fitted to at least one");
        }
        final double[][] rows = new double[n][];
        final double[] values = new double[n];
        final double[] weights = new double[n];
        for (int i = 0; i < n; i++) {
            rows[i] = medians.get(i).work().features();
            values[i] = medians.get(i).ns();
            if (!(values[i] > 0)) {
                throw new IllegalArgumentException("sample " + i + " took " + values[i] + " ns: expected more than 0");
            }
            weights[i] = 1 / ((values[i] + FLOOR_NS) * (values[i] + FLOOR_NS));
        }
        return new CostModel(NonNegativeFit.solve(rows, values, weights), Math.max(FIRST_TAIL, worstExcess));
    }

    /** The excess of a measured time over an expected one, in √ns. */
    public static double excess(final double ns, final double expectedNs) {
        return (ns - expectedNs) / Math.sqrt(expectedNs + FLOOR_NS);
    }

    /** What work is expected to take, ns. */
    public double meanNs(final BatchWork work) {
        return drift * work.dot(coefficients);
    }

    /** By how much work that is expected to take so long exceeds it at p99.9, ns. */
    public double excessNs(final double meanNs) {
        return tail * Math.sqrt(meanNs + FLOOR_NS);
    }

    /** What work takes at p99.9, ns. */
    public double tailNs(final BatchWork work) {
        final double meanNs = meanNs(work);
        return meanNs + excessNs(meanNs);
    }

    /** Takes a tick into account that took {@code ns}. Tick thread. */
    public void onBatch(final BatchWork work, final long ns) {
        final double fittedNs = work.dot(coefficients);
        if (!(fittedNs > 0) || ns <= 0) {
            return;
        }
        if (predictedNs == 0) {
            predictedNs = DRIFT_START * fittedNs;
            measuredNs = predictedNs;
        }
        final double keep = 1 - 1 / DRIFT_MEMORY;
        final double excess = excess(ns, drift * fittedNs);
        predictedNs = keep * predictedNs + fittedNs;
        measuredNs = keep * measuredNs + Math.min(ns, MOST_RATIO * fittedNs);
        drift = measuredNs / predictedNs;
        sketch.add(excess);
        if (++sinceTail >= TAIL_EVERY || excess > tail) {
            sinceTail = 0;
            tail = Math.max(leastTail(), sketch.tail());
        }
    }

    /** How much is believed of a tail that was not measured on live ticks. */
    private double leastTail() {
        final int count = sketch.count();
        if (count >= TailSketch.ENOUGH) {
            return 0;
        }
        return count < CALIBRATION_HOLDS ? firstTail : Math.min(firstTail, FIRST_TAIL);
    }

    /** Ratio of what ticks take to what the fit says; 1 at the start. */
    public double drift() {
        return drift;
    }

    /** p99.9 of the excess, √ns. */
    public double tail() {
        return tail;
    }

    /** What 1, a session, a row, a patch, a pass, a decode row and a block of speech cost by the fit, ns. */
    public double[] coefficientsNs() {
        return coefficients.clone();
    }
}
