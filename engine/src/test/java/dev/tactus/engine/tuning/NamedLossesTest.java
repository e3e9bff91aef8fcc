package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NamedLossesTest {
    @Test
    void shouldMakeEveryLossByItsName() {
        assertEquals(new CrossEntropyLoss(), TokenLoss.named("cross_entropy", Map.of()));
        assertEquals(new ImportanceSamplingLoss(), TokenLoss.named("importance_sampling", Map.of()));
        assertEquals(PpoLoss.standard(), TokenLoss.named("ppo", Map.of()));
        assertEquals(new PpoLoss(0.5f, 1.2f), TokenLoss.named("ppo", Map.of("low", 0.5)));
        assertEquals(CispoLoss.standard(), TokenLoss.named("cispo", Map.of()));
        assertEquals(new CispoLoss(0f, 4f), TokenLoss.named("cispo", Map.of("low", 0.0, "high", 4.0)));
        assertEquals(new DroLoss(0.05f), TokenLoss.named("dro", Map.of("beta", 0.05)));
        // one name per class: a new loss without a name fails here
        assertEquals(5, TokenLoss.class.getPermittedSubclasses().length);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        grpo | beta | '"grpo": expected one of [cross_entropy, importance_sampling, ppo, cispo, dro]'
        cross_entropy | low | 'loss cross_entropy: option "low": expected no options'
        ppo | beta | 'loss ppo: option "beta": expected one of [low, high]'
        ppo | low | 'PPO: ratios from 7.0 to 1.2'
        cispo | low | 'CISPO: ratios from 7.0 to 1.2'
        dro | high | 'loss dro: option "high": expected one of [beta]'
        """)
    void shouldSayWhatThereIsInstead(final String name, final String option, final String message) {
        final IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> TokenLoss.named(name, Map.of(option, 7.0)));
        assertTrue(refused.getMessage().contains(message), refused.getMessage());
        assertEquals(1, refused.getMessage().lines().count());
    }

    @Test
    void shouldWantTheOptionThatHasNoStandard() {
        final IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> TokenLoss.named("dro", Map.of()));
        assertEquals("loss dro: no option \"beta\": expected a number", refused.getMessage());
    }
}
