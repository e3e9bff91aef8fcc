package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class LearningRateTest {
    @Test
    void shouldWarmUpHoldFallAndStay() {
        final LearningRate rate = LearningRate.cosine(2e-3, 10, 110, 0.3, 0.03);
        assertEquals(2e-4, rate.at(0));
        assertEquals(2e-3, rate.at(9));
        assertEquals(2e-3, rate.at(32));
        assertEquals(2e-3, rate.at(33), 1e-18);
        final double middle = rate.at(33 + 77 / 2);
        assertEquals(2e-3 * 0.515, middle, 2e-3 * 0.02);
        assertEquals(6e-5, rate.at(110));
        assertEquals(6e-5, rate.at(Long.MAX_VALUE));
        for (int step = 33; step < 110; step++) {
            assertTrue(rate.at(step + 1) < rate.at(step), "step " + step);
        }
    }

    @Test
    void shouldStayConstantWithoutADecay() {
        final LearningRate rate = LearningRate.constant(1e-4, 0);
        assertEquals(1e-4, rate.at(0));
        assertEquals(1e-4, rate.at(1L << 40));
    }

    @Test
    void shouldRefuseWhatIsOutOfOrder() {
        assertThrows(IllegalArgumentException.class, () -> new LearningRate(-1, 0, 0, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new LearningRate(1, 0, 0, 0, 2));
        assertThrows(IllegalArgumentException.class, () -> new LearningRate(1, 5, 4, 9, 0));
        assertThrows(IllegalArgumentException.class, () -> new LearningRate(Double.NaN, 0, 0, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> LearningRate.cosine(1, 0, 10, 2, 0));
    }
}
