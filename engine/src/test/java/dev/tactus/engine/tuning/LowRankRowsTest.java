package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.kernel.ExactMath;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Products of a few rows at odd sizes: the EXACT one to the bit, the others near float64. */
class LowRankRowsTest {
    private static final long SEED = 20_261_122L;

    private final SplittableRandom random = new SplittableRandom(SEED);

    private long filled(final Arena arena, final int floats) {
        final long address = arena.allocate((floats + 1L) * Float.BYTES, 64).address();
        for (int i = 0; i < floats; i++) {
            Floats.put(address, i, i % 11 == 3 ? -0f : (float) random.nextGaussian());
        }
        return address;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 7, 8, 9, 16, 23, 31, 32, 33, 40, 64, 100})
    void shouldAddTheDotsOfTheExactClassToTheBit(final int rank) {
        try (Arena arena = Arena.ofConfined()) {
            final int outputs = 45;
            final long b = filled(arena, outputs * rank);
            final long t = filled(arena, rank);
            final long turned = filled(arena, outputs * rank);
            final long scratch = filled(arena, 8 + 32 * outputs);
            LowRankRows.turn(b, outputs, rank, rank, turned);
            for (final int n : new int[] {1, 7, 8, 37, 45}) {
                final long y = filled(arena, n);
                final long before = filled(arena, n);
                Floats.copy(y, before, n);
                LowRankRows.addDots(0.7f, t, rank, turned, outputs, y, n, scratch);
                for (int i = 0; i < n; i++) {
                    final float dot = ExactMath.dot(Floats.row(b, i, rank), t, rank);
                    final float product = 0.7f * dot;
                    // a product of the engine is never -0, which these values to add to may be
                    final float expected = Floats.get(before, i) + product + 0f;
                    assertEquals(expected, Floats.get(y, i) + 0f, "rank " + rank + ", " + i + ", seed " + SEED);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 8, 11, 32})
    void shouldComputeDotsAndSumsOfRows(final int rank) {
        try (Arena arena = Arena.ofConfined()) {
            for (final int n : new int[] {1, 7, 8, 21, 64, 203}) {
                final long m = filled(arena, rank * n);
                final long x = filled(arena, n);
                final long c = filled(arena, 3 * rank);
                final long y = filled(arena, rank);
                final long sum = filled(arena, n);
                LowRankRows.dots(1.5f, m, rank, n, x, y, filled(arena, 64));
                Floats.zero(sum, n);
                LowRankRows.addRows(c, 3, m, n, rank, sum, n);
                for (int r = 0; r < rank; r++) {
                    double expected = 0;
                    for (int i = 0; i < n; i++) {
                        expected += 1.5 * Floats.get(x, i) * Floats.get(m, (long) r * n + i);
                    }
                    requireNear(expected, Floats.get(y, r), "dot " + r + " of " + n);
                }
                for (int i = 0; i < n; i++) {
                    double expected = 0;
                    for (int r = 0; r < rank; r++) {
                        expected += (double) Floats.get(c, 3L * r) * Floats.get(m, (long) r * n + i);
                    }
                    requireNear(expected, Floats.get(sum, i), "sum " + i + " of " + rank);
                }
            }
        }
    }

    private static void requireNear(final double expected, final float found, final String what) {
        assertTrue(
                Math.abs(found - expected) <= 2e-5 * Math.max(1, Math.abs(expected)),
                what + " is " + found + ", expected " + expected + ", seed " + SEED);
    }
}
