package dev.tactus.scenario.language;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.text.StreamingDecoder;
import dev.tactus.engine.text.TextTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VocabularyTest {
    @Test
    void shouldHaveSixtyWordsAndEveryTokenOnce() {
        assertEquals(60, Vocabulary.all().size());
        assertEquals(60, new HashSet<>(Vocabulary.all()).size());
        assertEquals(Vocabulary.SIZE, Vocabulary.tokens().size());
        assertEquals(Vocabulary.SIZE, new HashSet<>(Vocabulary.tokens()).size());
        for (final String word : Vocabulary.all()) {
            assertEquals(word, Vocabulary.word(Vocabulary.id(word)));
            assertEquals(word, Vocabulary.tokens().get(Vocabulary.id(word)));
        }
        assertThrows(IllegalArgumentException.class, () -> Vocabulary.id("zebra"));
        assertThrows(IllegalArgumentException.class, () -> Vocabulary.word(Vocabulary.FIRST_WORD_ID - 1));
    }

    @Test
    void shouldGiveControlTokensTheIdsOfTheDefaultInteraction() {
        final InteractionConfig ids = InteractionConfig.defaults();
        final List<String> tokens = Vocabulary.tokens();
        assertEquals("<tick>", tokens.get(ids.tickTokenId()));
        assertEquals("<quiet>", tokens.get(ids.quietTokenId()));
        assertEquals("<speak>", tokens.get(ids.speakTokenId()));
        assertEquals("<say>", tokens.get(ids.sayTokenId()));
        assertEquals("<audio_gap>", tokens.get(ids.audioGapTokenId()));
        assertEquals("<video_gap>", tokens.get(ids.videoGapTokenId()));
        assertEquals("<text_in>", tokens.get(ids.textInTokenId()));
        assertEquals("<hear>", tokens.get(ids.hearTokenId()));
        assertEquals("<cut>", tokens.get(ids.cutTokenId()));
    }

    @Test
    void shouldWriteATokenizerThatTheEngineReads(@TempDir final Path folder) throws IOException {
        Vocabulary.writeTokenizer(folder.resolve(TextTokenizer.FILE_NAME));
        try (TextTokenizer tokenizer = TextTokenizer.open(folder, Vocabulary.SIZE, Set.of(1, 2, 3))) {
            final String all = String.join(" ", Vocabulary.all());
            assertArrayEquals(Vocabulary.ids(Vocabulary.all()), tokenizer.encode(all));
            assertArrayEquals(Vocabulary.ids(List.of("computer", "say", "red")), tokenizer.encode("Computer say RED"));
            assertEquals(all, tokenizer.decode(Vocabulary.ids(Vocabulary.all())));
            assertThrows(IllegalArgumentException.class, () -> tokenizer.encode("<tick>"));
            final StreamingDecoder decoder = tokenizer.decoder();
            final StringBuilder streamed = new StringBuilder();
            for (final int id : Vocabulary.ids(List.of("okay", "red", "circle"))) {
                streamed.append(decoder.accept(id));
            }
            assertEquals("okay red circle", streamed.append(decoder.finish()).toString());
            assertTrue(tokenizer.isPresent());
        }
    }
}
