package dev.tactus.scenario.speech;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.espeak.EspeakVoice;
import dev.tactus.scenario.Draws;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class VoiceBookTest {
    @Test
    void shouldHaveNoVoiceInTwoSplits() {
        final Map<String, Split> owners = new HashMap<>();
        for (final Split split : Split.values()) {
            VoiceBook.names(split).forEach(name -> {
                final Split other = owners.put(name, split);
                assertEquals(null, other, () -> name + " is in " + split + " and " + other);
            });
        }
        assertEquals(8, VoiceBook.HELD_OUT_VARIANTS.size());
        assertTrue(owners.size() > 500, () -> owners.size() + " voices");
    }

    @Test
    void shouldDrawFromTheSplitAlone() {
        final Draws draws = new Draws(3, 0);
        for (final Split split : Split.values()) {
            final Set<String> names = new HashSet<>(VoiceBook.names(split).toList());
            for (int i = 0; i < 500; i++) {
                final EspeakVoice voice = VoiceBook.draw(split, 0.1, draws);
                assertTrue(names.contains(voice.name()), () -> voice + " is not of " + split);
            }
        }
    }
}
