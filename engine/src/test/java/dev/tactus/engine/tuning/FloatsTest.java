package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tactus.kernel.Elementary;
import dev.tactus.kernel.ExactMath;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Vector steps against the plain ones they stand for, to the bit, at every length around a vector's. */
class FloatsTest {
    private static final long SEED = 711L;
    private static final int LONGEST = 103;

    @Test
    void shouldHaveTheBitsOfTheExactDot() {
        try (Arena arena = Arena.ofConfined()) {
            final long x = normals(arena, LONGEST, 0);
            final long y = normals(arena, LONGEST, 1);
            for (int n = 0; n <= LONGEST; n++) {
                assertEquals(ExactMath.dot(x, y, n), Floats.dot(x, y, n), n + " elements, seed " + SEED);
            }
        }
    }

    @Test
    void shouldDifferentiateSwigluAlikeInVectorsAndAlone() {
        try (Arena arena = Arena.ofConfined()) {
            final long gateUp = normals(arena, 2 * LONGEST, 2);
            final long dh = normals(arena, LONGEST, 3);
            final long got = zeros(arena, 2 * LONGEST).address();
            final long one = zeros(arena, 2).address();
            for (int n = 0; n <= LONGEST; n++) {
                Activation.swigluGradient(gateUp, dh, 0.7f, got, n);
                for (int i = 0; i < n; i++) {
                    Activation.swigluGradient(gateUp + 2L * i * Float.BYTES, dh + (long) i * Float.BYTES, 0.7f, one, 1);
                    final String what = "element " + i + " of " + n + ", seed " + SEED;
                    assertEquals(Floats.get(one, 0), Floats.get(got, 2L * i), what + ": gate");
                    assertEquals(Floats.get(one, 1), Floats.get(got, 2L * i + 1), what + ": up");
                }
            }
        }
    }

    @Test
    void shouldDifferentiateGeluAndSwigluAsTheirDefinitionsSay() {
        try (Arena arena = Arena.ofConfined()) {
            final long one = zeros(arena, 2).address();
            final long factor = zeros(arena, 1).address();
            Floats.put(factor, 0, 1f);
            for (float x = -6; x <= 6; x += 0.37f) {
                Floats.put(one, 0, x);
                Activation.geluGradient(one, factor, one, 1);
                final double gelu = (gelu(x + 1e-5) - gelu(x - 1e-5)) / 2e-5;
                assertEquals(gelu, Floats.get(one, 0), 1e-5, "gelu at " + x);
                Floats.put(one, 0, x);
                Floats.put(one, 1, 0.8f);
                Activation.swigluGradient(one, factor, 1f, one, 1);
                final double silu = (silu(x + 1e-5) - silu(x - 1e-5)) / 2e-5;
                assertEquals(0.8 * silu, Floats.get(one, 0), 1e-5, "gate at " + x);
                assertEquals(silu(x), Floats.get(one, 1), 1e-5, "up at " + x);
            }
        }
    }

    @Test
    void shouldMakeProbabilitiesOfEveryLength() {
        try (Arena arena = Arena.ofConfined()) {
            final long source = normals(arena, LONGEST, 4);
            final long s = zeros(arena, LONGEST).address();
            for (int n = 1; n <= LONGEST; n++) {
                Floats.copy(source, s, n);
                final int from = n / 3;
                final float max = SoftmaxRow.scores(s, source, from, n, 0, 1.5f, Float.NEGATIVE_INFINITY);
                SoftmaxRow.weights(s, from, n, max);
                float largest = Float.NEGATIVE_INFINITY;
                for (int i = from; i < n; i++) {
                    largest = Math.max(largest, (Floats.get(source, i) + Floats.get(source, i)) * 1.5f);
                }
                assertEquals(largest, max, n + " scores, seed " + SEED);
                for (int i = 0; i < n; i++) {
                    final float score = (Floats.get(source, i) + Floats.get(source, i)) * 1.5f;
                    final float want = i < from ? Floats.get(source, i) : Elementary.exp(score - max);
                    assertEquals(want, Floats.get(s, i), "score " + i + " of " + n + ", seed " + SEED);
                }
            }
        }
    }

    /** By the integral of the density: Simpson's rule, good to 1e-12 here. */
    private static double gelu(final double x) {
        final int steps = 400;
        final double h = x / steps;
        double sum = 0;
        for (int i = 0; i <= steps; i++) {
            final double t = i * h;
            final int weight = i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2;
            sum += weight * Math.exp(-t * t / 2);
        }
        return x * (0.5 + sum * h / 3 / Math.sqrt(2 * Math.PI));
    }

    private static double silu(final double x) {
        return x / (1 + Math.exp(-x));
    }

    private static MemorySegment zeros(final Arena arena, final int n) {
        return arena.allocate((long) n * Float.BYTES, 4);
    }

    private static long normals(final Arena arena, final int n, final int stream) {
        final SplittableRandom random = new SplittableRandom(SEED + stream);
        final long address = zeros(arena, n).address();
        for (int i = 0; i < n; i++) {
            Floats.put(address, i, (float) random.nextGaussian());
        }
        return address;
    }
}
