package dev.tactus.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class DrawsTest {
    @Test
    void shouldBeAFunctionOfSeedAndStream() {
        final Draws one = new Draws(5, 1);
        final Draws same = new Draws(5, 1);
        int differences = 0;
        final Draws otherStream = new Draws(5, 2);
        for (int i = 0; i < 100; i++) {
            final int bits = one.bits();
            assertEquals(bits, same.bits());
            differences += bits == otherStream.bits() ? 0 : 1;
        }
        assertNotEquals(0, differences);
    }

    @Test
    void shouldReachBothEndsAndNothingBeyond() {
        final Draws draws = new Draws(6, 0);
        final int[] counts = new int[7];
        double sum = 0;
        for (int i = 0; i < 7000; i++) {
            counts[draws.between(3, 9) - 3]++;
            sum += draws.normal();
        }
        for (final int count : counts) {
            assertTrue(count > 800 && count < 1200, () -> count + " of 1000");
        }
        assertEquals(0, sum / 7000, 0.05);
    }
}
