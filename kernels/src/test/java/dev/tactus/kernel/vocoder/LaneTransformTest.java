package dev.tactus.kernel.vocoder;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tactus.memory.OffHeap;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The transform against sums in double. */
class LaneTransformTest {
    private static final int LANES = VocoderLayout.LANES;
    private static final int HALF = VocoderLayout.HALF;
    private static final int WINDOW = VocoderLayout.WINDOW;
    private static final long SEED = 7;

    private final SplittableRandom random = new SplittableRandom(SEED);

    private static long sample(final long time, final int n, final int lane) {
        return time + 4L * (((n & 1) * HALF + (n >> 1)) * LANES + lane);
    }

    private long noise(final VocoderMemory memory, final int count) {
        final long address = memory.floats(count);
        for (int i = 0; i < count; i++) {
            OffHeap.putFloat(address + 4L * i, (float) random.nextGaussian());
        }
        return address;
    }

    @Test
    void shouldGiveTwiceTheSpectrumOfEveryLane() {
        try (VocoderMemory memory = new VocoderMemory()) {
            final long time = noise(memory, WINDOW * LANES);
            final double[][] frames = new double[LANES][WINDOW];
            for (int lane = 0; lane < LANES; lane++) {
                for (int n = 0; n < WINDOW; n++) {
                    frames[lane][n] = OffHeap.getFloat(sample(time, n, lane));
                }
            }
            final long spectrum = memory.floats(WINDOW * LANES);
            LaneTransform.forward(memory.tables.address(), time, noise(memory, WINDOW * LANES), spectrum);
            for (int lane = 0; lane < LANES; lane++) {
                for (int k = 1; k < HALF; k++) {
                    double re = 0;
                    double im = 0;
                    for (int n = 0; n < WINDOW; n++) {
                        final double angle = 2 * Math.PI * (k * n % WINDOW) / WINDOW;
                        re += 2 * frames[lane][n] * Math.cos(angle);
                        im -= 2 * frames[lane][n] * Math.sin(angle);
                    }
                    final long at = spectrum + 4L * (k * LANES + lane);
                    final String where = "lane " + lane + ", bin " + k + ", seed " + SEED;
                    assertEquals(re, OffHeap.getFloat(at), 1e-4, where);
                    assertEquals(im, OffHeap.getFloat(at + 4L * HALF * LANES), 1e-4, where);
                }
            }
        }
    }

    @Test
    void shouldGiveSignalsThatTheForwardTransformTurnsBack() {
        try (VocoderMemory memory = new VocoderMemory()) {
            final long spectrum = noise(memory, WINDOW * LANES);
            final long time = memory.floats(WINDOW * LANES);
            final long work = noise(memory, WINDOW * LANES);
            final long again = memory.floats(WINDOW * LANES);
            LaneTransform.inverse(memory.tables.address(), spectrum, work, time);
            LaneTransform.forward(memory.tables.address(), time, work, again);
            for (int part = 0; part < 2; part++) {
                for (int i = LANES; i < HALF * LANES; i++) {
                    final long at = 4L * (part * HALF * LANES + i);
                    final float expected = OffHeap.getFloat(spectrum + at);
                    // twice forward, 640 times back
                    final float actual = OffHeap.getFloat(again + at) / (2 * WINDOW);
                    assertEquals(expected, actual, 1e-5f, "vector " + i / LANES + ", seed " + SEED);
                }
            }
        }
    }
}
