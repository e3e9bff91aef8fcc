package dev.tactus.kernel;

import dev.tactus.memory.OffHeap;

/**
 * The draw of a token from sorted candidates: the part of {@link KernelSet#sample} that looks at no more than
 * {@link SamplingParameters#MAX_CANDIDATES} numbers.
 *
 * <pre>
 *   scratch   logit [256] | id [256] | cumulated weight [256]
 * </pre>
 *
 * Any thread may call, with a scratch area of its own.
 */
public final class CandidateDraw {
    /** Bytes of scratch. */
    public static final long SCRATCH_BYTES = 3L * SamplingParameters.MAX_CANDIDATES * Float.BYTES;

    private static final long IDS = (long) SamplingParameters.MAX_CANDIDATES * Float.BYTES;
    private static final long CUMULATED = 2 * IDS;

    private CandidateDraw() {}

    /** The logit of a candidate. */
    public static float logit(final long scratch, final int place) {
        return OffHeap.getFloat(scratch + (long) place * Float.BYTES);
    }

    /** The id of a candidate. */
    public static int id(final long scratch, final int place) {
        return OffHeap.getInt(scratch + IDS + (long) place * Integer.BYTES);
    }

    /** Sets a candidate. */
    public static void set(final long scratch, final int place, final float logit, final int id) {
        OffHeap.putFloat(scratch + (long) place * Float.BYTES, logit);
        OffHeap.putInt(scratch + IDS + (long) place * Integer.BYTES, id);
    }

    /**
     * The drawn id.
     *
     * @param scratch holds the candidates, best first
     * @param candidates how many, at least 1
     */
    public static int draw(
            final long scratch,
            final int candidates,
            final SamplingParameters parameters,
            final long seed,
            final int sessionTick,
            final int positionInTick) {
        if (parameters.temperature() == 0f) {
            return id(scratch, 0);
        }
        final int kept = weigh(scratch, candidates, parameters);
        final int word = Philox.word(seed, sessionTick, positionInTick, 0, Philox.Purpose.SAMPLE, 0);
        final float target = Philox.uniform(word) * cumulated(scratch, kept - 1);
        int i = 0;
        while (i < kept - 1 && !(cumulated(scratch, i) > target)) {
            i++;
        }
        return id(scratch, i);
    }

    /** Cumulates the candidates' weights; how many top-p keeps. */
    private static int weigh(final long scratch, final int candidates, final SamplingParameters parameters) {
        final float max = logit(scratch, 0);
        float total = 0f;
        for (int i = 0; i < candidates; i++) {
            total += Elementary.exp((logit(scratch, i) - max) / parameters.temperature());
            OffHeap.putFloat(scratch + CUMULATED + (long) i * Float.BYTES, total);
        }
        int kept = 1;
        while (kept < candidates && !(cumulated(scratch, kept - 1) >= parameters.topP() * total)) {
            kept++;
        }
        return kept;
    }

    private static float cumulated(final long scratch, final int place) {
        return OffHeap.getFloat(scratch + CUMULATED + (long) place * Float.BYTES);
    }
}
