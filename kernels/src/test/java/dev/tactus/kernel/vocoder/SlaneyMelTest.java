package dev.tactus.kernel.vocoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The filters have the corners and the area that they claim. */
class SlaneyMelTest {
    private static final SlaneyMel BANK = new SlaneyMel(80, 8_000);

    @Test
    void shouldReachFromNothingToTheTop() {
        assertEquals(80, BANK.mels());
        assertEquals(0, BANK.edgeHz(0));
        assertEquals(8_000, BANK.edgeHz(81), 1e-9);
    }

    @Test
    void shouldSpaceCornersEvenlyBelowOneKilohertzAndByRatioAbove() {
        final double step = BANK.edgeHz(1);
        assertEquals(37.2392, step, 1e-4, "45.2456 mels of 66.67 Hz in 81 steps");
        assertEquals(26 * step, BANK.edgeHz(26), 1e-9);
        final double ratio = BANK.edgeHz(31) / BANK.edgeHz(30);
        assertEquals(ratio, BANK.edgeHz(81) / BANK.edgeHz(80), 1e-12);
        assertEquals(Math.pow(6.4, step / (200.0 / 3) / 27), ratio, 1e-12);
    }

    @Test
    void shouldGiveEveryFilterAreaOne() {
        for (int mel = 0; mel < BANK.mels(); mel++) {
            double area = 0;
            final double step = (BANK.edgeHz(mel + 2) - BANK.edgeHz(mel)) / 10_000;
            for (int i = 0; i < 10_000; i++) {
                area += step * BANK.weight(mel, BANK.edgeHz(mel) + (i + 0.5) * step);
            }
            assertEquals(1, area, 1e-6, "filter " + mel);
            assertEquals(0, BANK.weight(mel, BANK.edgeHz(mel) - 1));
            assertEquals(0, BANK.weight(mel, BANK.edgeHz(mel + 2) + 1));
        }
    }

    @Test
    void shouldRefuseABankWithoutFiltersOrWithoutHeight() {
        final String none = assertThrows(IllegalArgumentException.class, () -> new SlaneyMel(0, 8_000))
                .getMessage();
        assertTrue(none.startsWith("0 filters up to 8000.0 Hz"), none);
        assertThrows(IllegalArgumentException.class, () -> new SlaneyMel(80, Double.NaN));
    }
}
