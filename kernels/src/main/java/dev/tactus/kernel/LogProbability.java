package dev.tactus.kernel;

import dev.tactus.memory.OffHeap;

/**
 * The log-probability of a token under a row of logits, in the one order in which sampler and trainer compute it.
 *
 * <pre>
 *   m     = the largest logit, by a &gt; b ? a : b, ids rising
 *   e[i]  = exp(x[i] - m)                 by {@link Elementary#exp}
 *   s     = sum of e                      by {@link ExactMath#sum}: 32 lanes and the fixed tree
 *   log p = (x[t] - m) - log(s)           by {@link Elementary#log}
 * </pre>
 *
 * Everything is float32 with one rounding per operation, over the whole vocabulary: without temperature, mask or top-p.
 * Equal logits therefore give equal bits, wherever the call comes from. s is at least 1 and log p at most 0.
 *
 * <p>All methods are pure apart from what they fill, and may be called by any thread.
 */
public final class LogProbability {
    private static final int EXPONENT_BITS = 0x7F80_0000;
    private static final int LOWEST_EXPONENT_BIT = 0x0080_0000;

    private LogProbability() {}

    /**
     * The id of the first logit that is NaN or infinite, or -1.
     *
     * @param logits float32 [n]
     */
    public static int firstNotFinite(final long logits, final int n) {
        int carries = 0;
        for (int i = 0; i < n; i++) {
            // an exponent of ones carries into the sign bit, any other does not
            carries |= (OffHeap.getInt(logits + (long) i * Integer.BYTES) & EXPONENT_BITS) + LOWEST_EXPONENT_BIT;
        }
        if (carries >= 0) {
            return -1;
        }
        int i = 0;
        while (Float.isFinite(OffHeap.getFloat(logits + (long) i * Float.BYTES))) {
            i++;
        }
        return i;
    }

    /**
     * The largest of {@code n} finite logits.
     *
     * @param logits float32 [n]
     * @param n at least 1
     */
    public static float max(final long logits, final int n) {
        float max = OffHeap.getFloat(logits);
        for (int i = 1; i < n; i++) {
            final float logit = OffHeap.getFloat(logits + (long) i * Float.BYTES);
            max = max > logit ? max : logit;
        }
        return max;
    }

    /**
     * Fills {@code out} with {@code exp(x[i] - max)} and returns their sum.
     *
     * @param logits float32 [n]
     * @param max what {@link #max} said of them
     * @param out float32 [n]; may be the logits themselves, which are gone then
     */
    public static float exponentials(final long logits, final int n, final float max, final long out) {
        for (int i = 0; i < n; i++) {
            final long at = (long) i * Float.BYTES;
            OffHeap.putFloat(out + at, Elementary.exp(OffHeap.getFloat(logits + at) - max));
        }
        return ExactMath.sum(out, n);
    }

    /**
     * The log-probability of a token.
     *
     * @param logit of the token
     * @param max the row's largest logit
     * @param sum what {@link #exponentials} returned for the row
     * @return at most 0; -∞ where the logits are further apart than float32 can say
     */
    public static float of(final float logit, final float max, final float sum) {
        return (logit - max) - Elementary.log(sum);
    }

    /**
     * The log-probability of the token {@code id}.
     *
     * @param logits float32 [n], all finite
     * @param n the vocabulary, at least 1
     * @param id 0 to n - 1
     * @param scratch float32 [n], overwritten; may be the logits themselves, which are gone then
     */
    public static float of(final long logits, final int n, final int id, final long scratch) {
        final float logit = OffHeap.getFloat(logits + (long) id * Float.BYTES);
        final float max = max(logits, n);
        return of(logit, max, exponentials(logits, n, max, scratch));
    }
}
