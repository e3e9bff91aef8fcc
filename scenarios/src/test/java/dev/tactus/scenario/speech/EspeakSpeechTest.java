package dev.tactus.scenario.speech;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.espeak.Espeak;
import dev.tactus.espeak.EspeakVoice;
import dev.tactus.scenario.Draws;
import dev.tactus.scenario.language.Vocabulary;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class EspeakSpeechTest {
    @BeforeAll
    static void shouldHaveTheLibrary() {
        assumeTrue(Espeak.whyUnavailable().isEmpty(), () -> "espeak-ng: " + Espeak.whyUnavailable());
    }

    @Test
    void shouldSayEveryWordInTheModelsVoiceAtOneLevel() {
        final EspeakSpeech speech = new EspeakSpeech();
        for (final String word : Vocabulary.all()) {
            final Utterance said = speech.speak(VoiceBook.MODEL, List.of(word));
            double sum = 0;
            for (final float sample : said.samples()) {
                sum += (double) sample * sample;
            }
            assertEquals(Utterance.LEVEL, Math.sqrt(sum / said.samples().length), 1e-4, word);
            assertTrue(said.lengthMs() > 80 && said.lengthMs() < 1200, () -> word + ": " + said.lengthMs() + " ms");
        }
    }

    @Test
    void shouldKnowEveryVariant() {
        final EspeakSpeech speech = new EspeakSpeech();
        final List<String> variants = new ArrayList<>(VoiceBook.TRAINING_VARIANTS);
        variants.addAll(VoiceBook.HELD_OUT_VARIANTS);
        for (int i = 0; i < variants.size(); i++) {
            final String accent = i % 8 == 7 ? VoiceBook.UNSEEN_ACCENT : VoiceBook.ACCENTS.get(i % 8);
            final EspeakVoice voice = new EspeakVoice(accent, variants.get(i), 170, 50, 50);
            assertTrue(speech.speak(voice, List.of("six")).lengthMs() > 100, voice::toString);
        }
    }

    @Test
    void shouldDependOnItsArgumentsAlone() {
        final long seed = 17;
        final Draws draws = new Draws(seed, 0);
        final EspeakSpeech one = new EspeakSpeech(0);
        final EspeakSpeech other = new EspeakSpeech(1 << 20);
        for (int i = 0; i < 60; i++) {
            final EspeakVoice voice = VoiceBook.draw(Split.TRAIN, 0.1, draws);
            final List<String> words = List.of(draws.pick(Vocabulary.all()), draws.pick(Vocabulary.all()));
            final Utterance first = one.speak(voice, words);
            other.speak(VoiceBook.draw(Split.TRAIN, 0, draws), List.of(draws.pick(Vocabulary.all())));
            final Utterance second = other.speak(voice, words);
            assertArrayEquals(first.samples(), second.samples(), () -> voice + " " + words + ", seed " + seed);
            assertArrayEquals(first.startsMs(), second.startsMs(), () -> voice + " " + words + ", seed " + seed);
        }
    }
}
