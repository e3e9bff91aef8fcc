package dev.tactus.scheduler;

/**
 * How much sessions put out: which share of their ticks speaks, and how much text goes before it. Declared, and in a
 * live engine corrected by what they do.
 *
 * <p>Of a cohort of n sessions that speak independently with share q, n·q are expected to speak in a tick, and at p99.9
 * as many as the quantile of the binomial distribution says: four sessions that speak a third of the time do all speak
 * in one tick of a hundred.
 *
 * <p>{@link #onBatch} belongs to the tick thread and allocates nothing; the rest may be called by any thread.
 */
public final class Demand {
    /** {@code <say>}, three blocks fed back, and the sound of the last one. */
    private static final int SPEECH_PASSES = 5;

    private static final int SPEECH_BLOCKS = 4;
    private static final double QUANTILE = 0.999;
    private static final double QUANTILE_SIGMAS = 3.09;
    private static final double MOST_VARIANCE = 100;

    /** A batch counts for about so many of those after it: a minute and a half of eight slots. */
    private static final double MEMORY = 4_096;

    /** The longest output of late is forgotten this slowly, per batch. */
    private static final double PEAK_DECAY = 1.0 / 1_024;

    /** That all are quiet now does not mean that they stay so: talk comes in waves. */
    private static final double LEAST_OF_DECLARED = 0.5;

    private final boolean steady;
    private final double declaredShare;
    private double sessionSum;
    private double speakingSum;
    private double textSum;
    private volatile double speakingShare;
    private volatile double textRows;
    private volatile double textPasses;
    private volatile double peakPasses;

    private Demand(final boolean steady, final double share, final double rows, final double passes) {
        if (!(share >= 0 && share <= 1 && rows >= 0 && passes >= 0)) {
            throw new IllegalArgumentException("speaking share " + share + ", text rows " + rows + ", passes " + passes
                    + ": expected a share from 0 to 1, and nothing below 0");
        }
        this.steady = steady;
        declaredShare = share;
        speakingShare = share;
        textRows = rows;
        textPasses = passes;
        peakPasses = passes;
    }

    /**
     * What conversations are expected to be like, until they show: the model speaks in a third of all ticks, puts out
     * half a piece of text per tick, and the longest output of a cohort takes three passes before it speaks.
     */
    public static Demand ofConversations() {
        return new Demand(false, 1.0 / 3, 0.5, 3);
    }

    /**
     * A share of the sessions speaks in every tick, after the same number of text passes, and the others are always
     * quiet: benches. Nothing corrects it.
     */
    public static Demand steady(final double speakingShare, final int textPasses) {
        return new Demand(true, speakingShare, 0, textPasses);
    }

    /** Takes a batch into account. Tick thread. */
    public void onBatch(final BatchWork work) {
        if (steady || !(work.sessions() > 0)) {
            return;
        }
        final double keep = 1 - 1 / MEMORY;
        if (sessionSum == 0) {
            // what was declared weighs as much as a quarter of the memory
            sessionSum = work.sessions() * MEMORY / 4;
            speakingSum = speakingShare * sessionSum;
            textSum = textRows * sessionSum;
        }
        sessionSum = keep * sessionSum + work.sessions();
        speakingSum = keep * speakingSum + work.blocks() / SPEECH_BLOCKS;
        textSum = keep * textSum + work.decodeRows() - work.blocks();
        speakingShare = Math.max(LEAST_OF_DECLARED * declaredShare, speakingSum / sessionSum);
        textRows = textSum / sessionSum;
        final double passes = Math.max(0, work.passes() - (work.blocks() > 0 ? SPEECH_PASSES : 0));
        textPasses += (passes - textPasses) / MEMORY;
        peakPasses = Math.max(passes, peakPasses + (textPasses - peakPasses) * PEAK_DECAY);
    }

    /** Share of session ticks that speak. */
    public double speakingShare() {
        return speakingShare;
    }

    /** What a tick of {@code sessions} with so many rows is expected to be. */
    void mean(final int sessions, final int rows, final int patches, final BatchWork into) {
        final double share = speakingShare;
        final double speakers = share * sessions;
        final double any = steady ? Math.min(1, speakers) : 1 - Math.pow(1 - share, sessions);
        output(sessions, rows, patches, speakers, any, textPasses, into);
    }

    /** What it is at p99.9 of its output. */
    void tail(final int sessions, final int rows, final int patches, final BatchWork into) {
        final double share = speakingShare;
        final double speakers = steady ? Math.ceil(share * sessions) : quantile(sessions, share);
        output(sessions, rows, patches, speakers, Math.min(1, speakers), Math.max(textPasses, peakPasses), into);
    }

    private void output(
            final int sessions,
            final int rows,
            final int patches,
            final double speakers,
            final double anySpeaks,
            final double passes,
            final BatchWork into) {
        final double textPart = steady ? anySpeaks * passes : passes;
        final double textRowsPart = steady ? speakers * passes : sessions * textRows;
        into.set(
                sessions,
                rows,
                patches,
                textPart + anySpeaks * SPEECH_PASSES,
                textRowsPart + speakers * SPEECH_BLOCKS,
                speakers * SPEECH_BLOCKS);
    }

    /** Smallest k with P(X ≤ k) ≥ 99.9 % of a binomial X; by the normal distribution where that is exact enough. */
    static double quantile(final int n, final double share) {
        final double variance = n * share * (1 - share);
        if (variance > MOST_VARIANCE) {
            return Math.min(n, Math.ceil(n * share + QUANTILE_SIGMAS * Math.sqrt(variance)));
        }
        if (share >= 1 || share > 0.5 && variance == 0) {
            return n;
        }
        // from the side where the first term is no underflow: q^n is above e^-100/0.5 for shares up to a half
        if (share > 0.5) {
            return n - lowerCount(n, 1 - share);
        }
        double term = Math.pow(1 - share, n);
        double sum = term;
        int k = 0;
        while (sum < QUANTILE && k < n) {
            term *= (double) (n - k) / (k + 1) * share / (1 - share);
            k++;
            sum += term;
        }
        return k;
    }

    /** Largest k with P(X ≥ k) ≥ 99.9 %: n less this is the quantile of the others. */
    private static int lowerCount(final int n, final double share) {
        double term = Math.pow(1 - share, n);
        double below = 0;
        int k = 0;
        while (k < n && below + term <= 1 - QUANTILE) {
            below += term;
            term *= (double) (n - k) / (k + 1) * share / (1 - share);
            k++;
        }
        return k;
    }
}
