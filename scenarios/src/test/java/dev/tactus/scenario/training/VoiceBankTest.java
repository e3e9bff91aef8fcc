package dev.tactus.scenario.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.espeak.EspeakVoice;
import dev.tactus.scenario.Draws;
import dev.tactus.scenario.speech.SpeechSource;
import dev.tactus.scenario.speech.Split;
import dev.tactus.scenario.speech.Utterance;
import dev.tactus.scenario.speech.VoiceBook;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class VoiceBankTest {
    @ParameterizedTest
    @EnumSource(Split.class)
    void shouldSpeakWithSoManyVoicesOfTheSplit(final Split split) {
        final Set<EspeakVoice> heard = new HashSet<>();
        final Tones tones = new Tones();
        final SpeechSource source = (voice, words) -> {
            heard.add(voice);
            return tones.speak(voice, words);
        };
        final VoiceBank bank = new VoiceBank(source, split, 20, new SoundBudget(1 << 26));
        final Draws draws = new Draws(3, 0);
        for (int i = 0; i < 500; i++) {
            bank.speak(VoiceBook.draw(split, 0, draws), List.of("red"));
        }
        assertEquals(20, heard.size());
        assertEquals(20, tones.asked.get(), "a word is asked for once per voice");
        final Set<String> names = new HashSet<>(VoiceBook.names(split).toList());
        assertTrue(heard.stream().allMatch(voice -> names.contains(voice.name())), heard::toString);
    }

    @Test
    void shouldSayTheSameWithAndWithoutHavingSaidItBefore() {
        final Tones tones = new Tones();
        final VoiceBank one = new VoiceBank(tones, Split.TRAIN, 4, new SoundBudget(1 << 26));
        final VoiceBank other = new VoiceBank(tones, Split.TRAIN, 4, new SoundBudget(1 << 26));
        final Draws draws = new Draws(4, 0);
        for (int i = 0; i < 40; i++) {
            final EspeakVoice voice = VoiceBook.draw(Split.TRAIN, 0.2, draws);
            final List<String> words = i % 3 == 0 ? List.of("six", "seven") : List.of("six");
            final Utterance first = one.speak(voice, words);
            final Utterance again = one.speak(voice, words);
            final Utterance fresh = new VoiceBank(tones, Split.TRAIN, 4, new SoundBudget(1 << 26)).speak(voice, words);
            assertArrayEquals(first.samples(), again.samples());
            assertArrayEquals(first.samples(), fresh.samples());
            assertArrayEquals(first.endsMs(), other.speak(voice, words).endsMs());
        }
    }

    @Test
    void shouldKeepNoMoreThanItsBudgetAndGiveItBack() {
        final Tones tones = new Tones();
        final SoundBudget budget = new SoundBudget(60_000); // two or three words
        final List<String> words = List.of("red", "blue", "six", "seven", "circle", "square");
        try (VoiceBank one = new VoiceBank(tones, Split.TRAIN, 1, budget);
                VoiceBank other = new VoiceBank(tones, Split.TRAIN, 1, budget)) {
            for (int round = 0; round < 2; round++) {
                for (final String word : words) {
                    one.speak(VoiceBook.MODEL, List.of(word));
                    other.speak(VoiceBook.MODEL, List.of(word));
                }
            }
            assertTrue(budget.taken() > 0 && budget.taken() <= 60_000, "taken " + budget.taken());
            assertTrue(tones.asked.get() > 12 && tones.asked.get() < 24, "asked " + tones.asked);
        }
        assertEquals(0, budget.taken());
        assertTrue(SoundBudget.SHARED.most() <= Runtime.getRuntime().maxMemory() / 4);
    }

    @Test
    void shouldLeaveTheModelItsVoiceAndKeepWhatItSays() {
        final Tones tones = new Tones();
        final VoiceBank bank = new VoiceBank(tones, Split.TRAIN, 1, new SoundBudget(1 << 26));
        final List<String> words = List.of("okay", "red", "circle");
        final Utterance expected = tones.speak(VoiceBook.MODEL, words);
        final Utterance found = bank.speak(VoiceBook.MODEL, words);
        assertArrayEquals(expected.startsMs(), found.startsMs());
        assertArrayEquals(expected.samples(), found.samples(), 1e-5f);
        bank.speak(VoiceBook.MODEL, words);
        assertEquals(2, tones.asked.get());
    }
}
