package dev.tactus.espeak;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.bindings.NativeBindingException;
import java.util.List;
import org.junit.jupiter.api.Test;

class EspeakTest {
    private static final EspeakVoice VOICE = new EspeakVoice("en-us", "m3", 160, 50, 50);

    private static Espeak espeak() {
        assumeTrue(Espeak.whyUnavailable().isEmpty(), () -> "espeak-ng: " + Espeak.whyUnavailable());
        return Espeak.shared();
    }

    @Test
    void shouldEitherBeThereOrSayWhatToInstall() {
        if (Espeak.whyUnavailable().isEmpty()) {
            assertEquals(22_050, Espeak.shared().sampleRateHz());
        } else {
            final NativeBindingException ex = assertThrows(NativeBindingException.class, Espeak::shared);
            assertTrue(ex.getMessage().contains("install the Debian package espeak-ng"), ex::getMessage);
        }
    }

    @Test
    void shouldTellWhereWordsBegin() {
        final EspeakSound sound = espeak().speak(VOICE, "computer move the red circle");
        assertEquals(
                List.of(0, 9, 14, 18, 22),
                sound.words().stream().map(EspeakSound.Word::textIndex).toList());
        int before = -1;
        for (final EspeakSound.Word word : sound.words()) {
            assertTrue(word.startMs() > before, sound.words()::toString);
            before = word.startMs();
        }
        assertTrue(before < sound.samples().length * 1000L / espeak().sampleRateHz(), sound.words()::toString);
        assertTrue(sound.samples().length > 20_000, () -> sound.samples().length + " samples");
    }

    @Test
    void shouldSayTheSameWhateverWasSaidBefore() {
        final short[] alone = espeak().speak(VOICE, "yellow").samples();
        final List<EspeakVoice> others = List.of(
                new EspeakVoice("en", "klatt2", 200, 20, 75),
                new EspeakVoice("en-029", "f4", 115, 80, 30),
                new EspeakVoice("en-us", "m3", 220, 79, 70));
        for (final EspeakVoice other : others) {
            for (final String text : List.of("in", "stop", "seven flashes")) {
                espeak().speak(other, text);
                assertArrayEquals(alone, espeak().speak(VOICE, "yellow").samples(), other + " " + text);
            }
        }
    }

    @Test
    void shouldRefuseAVoiceThatIsNone() {
        final EspeakVoice none = new EspeakVoice("xx-nowhere", "m3", 160, 50, 50);
        final IllegalArgumentException ex =
                assertThrows(IllegalArgumentException.class, () -> espeak().speak(none, "red"));
        assertTrue(ex.getMessage().contains("no voice xx-nowhere+m3"), ex::getMessage);
        assertThrows(IllegalArgumentException.class, () -> new EspeakVoice("en", "m3", 60, 50, 50));
        assertThrows(IllegalArgumentException.class, () -> new EspeakVoice("en", "../m3", 160, 50, 50));
        assertThrows(IllegalArgumentException.class, () -> espeak().speak(VOICE, "  "));
    }
}
