package dev.tactus.scheduler;

/**
 * What a device does for one cohort's tick, as the numbers that its time follows from:
 *
 * <pre>
 *   pass 0 (prefill)   sessions, rows, patches
 *   passes 1 … n       passes, decode rows in all of them
 *   of these, speech   blocks: four of each session that speaks, with flow head and vocoder
 * </pre>
 *
 * Fractions are allowed: an expectation is a batch, too. Reused by its owner; not thread-safe.
 */
public final class BatchWork {
    /** A constant, and the six numbers. */
    static final int FEATURES = 7;

    private final double[] features = new double[FEATURES];

    /** A batch of nothing. */
    public BatchWork() {
        features[0] = 1;
    }

    /**
     * Sets all of it.
     *
     * @param sessions sessions of the batch, each of which draws its first token from the prefill
     * @param rows rows of the prefill, patches among them
     * @param patches patches of frames among the rows
     * @param passes decode passes: as many as the session with the longest output needs
     * @param decodeRows rows of all decode passes together: one for each output of a session but its first
     * @param blocks blocks of speech that are made
     */
    public BatchWork set(
            final double sessions,
            final double rows,
            final double patches,
            final double passes,
            final double decodeRows,
            final double blocks) {
        features[1] = sessions;
        features[2] = rows;
        features[3] = patches;
        features[4] = passes;
        features[5] = decodeRows;
        features[6] = blocks;
        return this;
    }

    /** Sessions of the batch. */
    public double sessions() {
        return features[1];
    }

    /** Decode passes. */
    public double passes() {
        return features[4];
    }

    /** Rows of all decode passes together. */
    public double decodeRows() {
        return features[5];
    }

    /** Blocks of speech. */
    public double blocks() {
        return features[6];
    }

    double dot(final double[] coefficients) {
        double sum = 0;
        for (int i = 0; i < FEATURES; i++) {
            sum += coefficients[i] * features[i];
        }
        return sum;
    }

    double[] features() {
        return features.clone();
    }
}
