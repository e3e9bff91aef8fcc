package dev.tactus.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogProbabilityTest {
    private static final long SEED = 20260101;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 31, 32, 33, 100, 257, 1001})
    void shouldFollowTheWrittenOrderToTheBit(final int n) {
        final Random random = new Random(SEED + n);
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment logits = logits(arena, n, random);
            final MemorySegment scratch = arena.allocate(4L * n, 4);
            final float[] x = logits.toArray(ValueLayout.JAVA_FLOAT);
            for (int id = 0; id < n; id += 1 + n / 7) {
                final float found = LogProbability.of(logits.address(), n, id, scratch.address());
                final String where = "seed " + SEED + ", n " + n + ", id " + id;
                assertEquals(Float.floatToRawIntBits(asWritten(x, id)), Float.floatToRawIntBits(found), where);
                assertEquals(inDouble(x, id), found, 2e-6 * Math.max(1, Math.abs(found)), where);
            }
        }
    }

    @Test
    void shouldGiveTheSameBitsInPlace() {
        final int n = 77;
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment logits = logits(arena, n, new Random(SEED));
            final MemorySegment scratch = arena.allocate(4L * n, 4);
            final float apart = LogProbability.of(logits.address(), n, 5, scratch.address());
            final float inPlace = LogProbability.of(logits.address(), n, 5, logits.address());
            assertEquals(Float.floatToRawIntBits(apart), Float.floatToRawIntBits(inPlace));
            assertEquals(-1, scratch.mismatch(logits));
        }
    }

    @Test
    void shouldNeverBePositiveAndBeZeroForTheOnlyToken() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment logits = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 5f, -300f, -300f);
            final MemorySegment scratch = arena.allocate(12, 4);
            assertEquals(0f, LogProbability.of(logits.address(), 3, 0, scratch.address()));
            assertEquals(-305f, LogProbability.of(logits.address(), 3, 1, scratch.address()));
            assertEquals(0f, LogProbability.of(logits.address(), 1, 0, scratch.address()));
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void shouldFindWhatIsNotFinite(final float bad) {
        final int n = 37;
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment logits = logits(arena, n, new Random(SEED));
            logits.setAtIndex(ValueLayout.JAVA_FLOAT, 3, Float.MAX_VALUE);
            logits.setAtIndex(ValueLayout.JAVA_FLOAT, 4, -Float.MAX_VALUE);
            logits.setAtIndex(ValueLayout.JAVA_FLOAT, 5, Float.MIN_VALUE);
            assertEquals(-1, LogProbability.firstNotFinite(logits.address(), n));
            for (int i = n - 1; i >= 0; i--) {
                logits.setAtIndex(ValueLayout.JAVA_FLOAT, i, bad);
                assertEquals(i, LogProbability.firstNotFinite(logits.address(), n));
            }
        }
    }

    @Test
    void shouldSayMinusInfinityWhereFloatsEnd() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment logits = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 3e38f, -3e38f);
            final MemorySegment scratch = arena.allocate(8, 4);
            assertTrue(LogProbability.of(logits.address(), 2, 1, scratch.address()) == Float.NEGATIVE_INFINITY);
        }
    }

    private static MemorySegment logits(final Arena arena, final int n, final Random random) {
        final MemorySegment logits = arena.allocate(4L * n, 4);
        for (int i = 0; i < n; i++) {
            logits.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian() * 6);
        }
        return logits;
    }

    /** The definition, lane by lane, sharing nothing with the code but the elementary functions. */
    private static float asWritten(final float[] x, final int id) {
        float max = x[0];
        for (final float logit : x) {
            max = max > logit ? max : logit;
        }
        final float[] lanes = new float[32];
        for (int i = 0; i < x.length; i++) {
            lanes[i % 32] += Elementary.exp(x[i] - max);
        }
        for (int o = 16; o > 0; o /= 2) {
            final float[] before = lanes.clone();
            for (int l = 0; l < 32; l++) {
                lanes[l] = before[l] + before[l ^ o];
            }
        }
        return (x[id] - max) - Elementary.log(lanes[0]);
    }

    private static double inDouble(final float[] x, final int id) {
        double sum = 0;
        for (final float logit : x) {
            sum += Math.exp((double) logit - x[id]);
        }
        return -Math.log(sum);
    }
}
