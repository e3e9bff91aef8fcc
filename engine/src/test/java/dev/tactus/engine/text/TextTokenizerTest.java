package dev.tactus.engine.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.model.InvalidModelException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The test tokenizer has 14 special tokens, one id per byte, and merges that make "hello", " world" and " the". */
class TextTokenizerTest {
    private static final int VOCABULARY = 282;
    private static final Set<Integer> RESERVED = new TreeSet<>(Set.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13));
    private static TextTokenizer tokenizer;

    @BeforeAll
    static void open() {
        tokenizer = TextTokenizer.open(resources(), VOCABULARY, RESERVED);
    }

    @AfterAll
    static void close() {
        tokenizer.close();
    }

    @Test
    void shouldEncodeWithoutSpecialTokensAndDecodeBack() {
        assertTrue(tokenizer.isPresent());
        assertEquals(2, tokenizer.encode("hello world").length);
        final String[] texts = {"", "hello world", "the  end\n", "naïve 😀 日本", "a\u0000b", "<tick"};
        for (final String text : texts) {
            assertEquals(text, tokenizer.decode(tokenizer.encode(text)));
        }
        final String longText = "hello world ".repeat(5000);
        assertEquals(longText, tokenizer.decode(tokenizer.encode(longText)));
    }

    @Test
    void shouldReplaceHalfCharacters() {
        assertEquals("a\uFFFDb", tokenizer.decode(tokenizer.encode("a\uD800b")));
        assertEquals("\uFFFD", tokenizer.decode(tokenizer.encode("\uDC00")));
        assertEquals("\uFFFD😀", tokenizer.decode(tokenizer.encode("\uD83D\uD83D\uDE00")));
    }

    @Test
    void shouldRefuseTextThatHoldsAControlToken() {
        assertRefused(tokenizer, "hello <tick> world", "contains \"<tick>\" (id 1), which is reserved");
        assertRefused(tokenizer, "<quiet>", "contains \"<quiet>\" (id 2)");
    }

    @Test
    void shouldRefuseTextTooLongForOneCall() {
        final String text = "a".repeat(TextTokenizer.LONGEST_TEXT + 1);
        assertRefused(tokenizer, text, "found 65537 characters, allowed at most 65536");
    }

    @Test
    void shouldRefuseIdsTheModelDoesNotKnow() {
        try (TextTokenizer small = TextTokenizer.open(resources(), 100, RESERVED)) {
            assertEquals("A", small.decode(small.encode("A")));
            assertRefused(small, "hello", "allowed ids below the model's vocabulary, 100");
        }
    }

    @Test
    void shouldStreamTextCharacterByCharacterWhateverTheCuts() {
        final long seed = 5;
        final SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 200; round++) {
            final StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(12); i >= 0; i--) {
                final String[] words = {"hello", " world", " the", "é", "😀", "日", " ", "\n", "x", "👩‍👧"};
                text.append(words[random.nextInt(words.length)]);
            }
            final StreamingDecoder decoder = tokenizer.decoder();
            final StringBuilder streamed = new StringBuilder();
            for (final int id : tokenizer.encode(text.toString())) {
                final String added = decoder.accept(id);
                assertEquals(-1, added.indexOf('\uFFFD'), "round " + round + " seed " + seed);
                streamed.append(added);
            }
            streamed.append(decoder.finish());
            assertEquals(text.toString(), streamed.toString(), "round " + round + " seed " + seed);
        }
    }

    @Test
    void shouldHoldBackAnIncompleteCharacterButNotForEver() {
        final int[] smile = tokenizer.encode("😀");
        assertEquals(4, smile.length);
        final StreamingDecoder decoder = tokenizer.decoder();
        assertEquals("", decoder.accept(smile[0]));
        assertEquals("", decoder.accept(smile[1]));
        assertEquals("\uFFFD", decoder.finish());
        final int held = (int) Arrays.stream(new int[StreamingDecoder.MOST_HELD])
                .filter(i -> decoder.accept(smile[0]).isEmpty())
                .count();
        assertEquals(StreamingDecoder.MOST_HELD - 1, held);
        assertEquals("hello", tokenizer.decoder().accept(tokenizer.encode("hello")[0]));
    }

    @Test
    void shouldGiveNoTextForSpecialAndUnknownIds() {
        assertEquals("hello", tokenizer.decode(new int[] {1, tokenizer.encode("hello")[0], 2, 9_999, -1}));
        assertEquals("", tokenizer.decoder().accept(2));
    }

    @Test
    void shouldRefuseTextAndBracketIdsWithoutATokenizer(@TempDir final Path empty) {
        final TextTokenizer absent = TextTokenizer.open(empty, VOCABULARY, RESERVED);
        assertFalse(absent.isPresent());
        assertRefused(absent, "hello", "the model has no tokenizer.json");
        assertEquals("⟨17⟩⟨3⟩", absent.decode(new int[] {17, 3}));
        final StreamingDecoder decoder = absent.decoder();
        assertEquals("⟨17⟩", decoder.accept(17));
        assertEquals("", decoder.finish());
        absent.close();
    }

    @Test
    void shouldRefuseAFileTheNativeLibraryWouldDieOf(@TempDir final Path directory) throws IOException {
        final byte[] valid = Files.readAllBytes(resources().resolve(TextTokenizer.FILE_NAME));
        final String text = new String(valid, StandardCharsets.UTF_8);
        assertNotLoaded(directory, text.substring(0, text.length() - 200), "not valid JSON");
        assertNotLoaded(directory, text.replace("\"use_regex\": true", "\"use_regex\": tru"), "not valid JSON");
        assertNotLoaded(directory, text.replace("\"<tick>\"", "\"\\ud800\""), "half of a surrogate pair");
        assertNotLoaded(directory, text.replace("\"dropout\": null", "\"dropout\": 1e999"), "finite numbers");
        assertNotLoaded(
                directory,
                text.replace("\"continuing_subword_prefix\": null", "\"continuing_subword_prefix\": \"Metaspace\""),
                "model.continuing_subword_prefix: found \"Metaspace\", allowed none for BPE");
        assertNotLoaded(directory, "{}", "model: found nothing");
        assertNotLoaded(directory, "[]", "allowed a JSON object");
        assertNotLoaded(directory, text.replace("\"BPE\"", "\"Nonsense\""), "cannot be loaded as a tokenizer");
    }

    private static void assertNotLoaded(final Path directory, final String json, final String message)
            throws IOException {
        Files.writeString(directory.resolve(TextTokenizer.FILE_NAME), json);
        final InvalidModelException e =
                assertThrows(InvalidModelException.class, () -> TextTokenizer.open(directory, VOCABULARY, RESERVED));
        assertTrue(e.getMessage().contains(message), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
    }

    private static void assertRefused(final TextTokenizer by, final String text, final String message) {
        final IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> by.encode(text));
        assertTrue(e.getMessage().startsWith("text input: "), e.getMessage());
        assertTrue(e.getMessage().contains(message), e.getMessage());
        assertArrayEquals(new String[] {e.getMessage()}, e.getMessage().lines().toArray());
    }

    private static Path resources() {
        try {
            return Path.of(TextTokenizerTest.class.getResource("/tokenizer").toURI());
        } catch (final URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
