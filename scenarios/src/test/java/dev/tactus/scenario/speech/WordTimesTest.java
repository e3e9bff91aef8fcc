package dev.tactus.scenario.speech;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.tactus.espeak.EspeakSound;
import java.util.List;
import org.junit.jupiter.api.Test;

class WordTimesTest {
    private static final List<String> WORDS = List.of("say", "in", "the", "line");

    @Test
    void shouldTakeWhatTheLibraryTells() {
        final List<EspeakSound.Word> events = List.of(word(0, 10), word(4, 210), word(7, 310), word(11, 410));
        assertArrayEquals(new int[] {0, 200, 300, 400}, WordTimes.starts(WORDS, events, 10, 700));
    }

    @Test
    void shouldShareOutWordsThatTheLibraryJoined() {
        final List<EspeakSound.Word> events = List.of(word(0, 0), word(4, 200), word(11, 450));
        assertArrayEquals(new int[] {0, 200, 300, 450}, WordTimes.starts(WORDS, events, 0, 700));
        assertArrayEquals(new int[] {0, 225, 375, 600}, WordTimes.starts(WORDS, List.of(), 0, 900));
    }

    @Test
    void shouldKeepWordsApartWhateverIsTold() {
        final List<EspeakSound.Word> events = List.of(word(0, 0), word(4, 900), word(7, 100), word(11, 950));
        assertArrayEquals(new int[] {0, 197, 198, 199}, WordTimes.starts(WORDS, events, 0, 200));
    }

    private static EspeakSound.Word word(final int textIndex, final int startMs) {
        return new EspeakSound.Word(textIndex, startMs);
    }
}
