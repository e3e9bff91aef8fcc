package dev.tactus.kernel;

import dev.tactus.memory.OffHeap;

/**
 * The embedding e(t) of a flow time: sines of {@code t · f} at n/2 frequencies f, then their cosines. Frequency i is
 * {@code 1000^(i / (n/2 - 1))}, from 1 to 1000; a single one is 1. Computed by StrictMath in double and rounded once,
 * so it is the same everywhere. It holds nothing; any thread may call.
 */
public final class FlowTime {
    private static final double HIGHEST = 1000;

    private FlowTime() {}

    /**
     * Writes e(t).
     *
     * @param t 0 to 1
     * @param target float32 [n]
     * @param n even
     */
    public static void embed(final double t, final long target, final int n) {
        final int half = n / 2;
        for (int i = 0; i < half; i++) {
            final double frequency = half == 1 ? 1 : StrictMath.pow(HIGHEST, i / (half - 1.0));
            OffHeap.putFloat(target + (long) i * Float.BYTES, (float) StrictMath.sin(t * frequency));
            OffHeap.putFloat(target + (long) (half + i) * Float.BYTES, (float) StrictMath.cos(t * frequency));
        }
    }
}
