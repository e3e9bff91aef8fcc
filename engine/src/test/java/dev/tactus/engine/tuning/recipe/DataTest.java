package dev.tactus.engine.tuning.recipe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.text.TextTokenizer;
import dev.tactus.engine.tuning.TrainingExample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DataTest {
    private static final String DATA = RecipeFixture.RECIPE.substring(
            RecipeFixture.RECIPE.indexOf("{\"kind\""), RecipeFixture.RECIPE.indexOf(",\n \"batch\""));
    private static final int QUIET = 2;
    private static final int SPEAK = 3;
    private static final int YOU = 19;

    @TempDir
    private Path folder;

    private RecipeFixture fixture;

    @BeforeEach
    void open() {
        fixture = new RecipeFixture(folder);
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private ExampleSource data(final String json, final long seed) throws IOException {
        final Recipe recipe = fixture.recipe(DATA, json);
        return fixture.data(recipe, fixture.model(recipe), seed);
    }

    private static String text(final List<TrainingExample> batch) {
        final StringBuilder text = new StringBuilder();
        for (final TrainingExample example : batch) {
            text.append(Arrays.toString(example.example().sequence().ids()))
                    .append(Arrays.toString(example.example().outputs()))
                    .append(Arrays.toString(example.targets()));
        }
        return text.toString();
    }

    @Test
    void shouldGiveTheBatchOfAStepInAnyOrder() throws IOException {
        final ExampleSource data = data(DATA, 1);
        final List<String> forwards =
                IntStream.range(0, 20).mapToObj(step -> text(data.batch(step))).toList();
        for (int step = 19; step >= 0; step--) {
            assertEquals(forwards.get(step), text(data.batch(step)), "step " + step);
        }
        assertEquals(20, new TreeSet<>(forwards).size(), "every step has a batch of its own");
        assertFalse(forwards.contains(text(data(DATA, 2).batch(0))), "another seed makes others");
    }

    @Test
    void shouldAnswerEveryCallAfterItsDelay() throws IOException {
        final Recipe recipe = fixture.recipe("\"delay\": 1", "\"delay\": 2");
        final Path model = fixture.model(recipe);
        final DataContext context = fixture.context(recipe, model, 3);
        final TextTokenizer words = context.tokenizer();
        int answered = 0;
        try (MadeSource data = (MadeSource) DataKinds.standard().open(recipe.data(), context)) {
            for (long number = 0; number < 200; number++) {
                final List<TextTick> episode = data.episode(number);
                for (int tick = 0; tick < episode.size(); tick++) {
                    final String call =
                            tick < 2 ? "" : words.decode(episode.get(tick - 2).in());
                    final String answer =
                            words.decode(episode.get(tick).speak()).strip();
                    assertEquals(call.equals("ping") ? "pong" : call.equals("hi") ? "hi you" : "", answer);
                    answered += answer.isEmpty() ? 0 : 1;
                }
            }
        }
        assertTrue(answered > 100, answered + " answers");
    }

    @Test
    void shouldEchoWordsInTheSameTickWithTheirCaption() throws IOException {
        final ExampleSource data = data(
                "{\"kind\": \"made\", \"task\": \"echo\", \"words\": [\"sun\", \"moon\"], \"length\": [2, 2],"
                        + " \"delay\": 0, \"caption\": true, \"ticks\": [2, 3], \"rate\": 1}",
                1);
        final TrainingExample example = data.batch(0).get(0);
        final int[] ids = example.example().sequence().ids();
        // <tick> <text_in> a b | <hear> a b <speak> a b <quiet> | <tick> …
        assertArrayEquals(
                new int[] {1, 11, ids[2], ids[3], 12, ids[2], ids[3], SPEAK, ids[2], ids[3], QUIET, 1},
                Arrays.copyOf(ids, 12));
        assertArrayEquals(
                new int[] {12, ids[2], ids[3], SPEAK, ids[2], ids[3], QUIET}, Arrays.copyOf(example.targets(), 7));
        assertEquals(0.5f, example.weights()[6]);
        assertEquals(1f, example.weights()[5]);
    }

    @Test
    void shouldReadEpisodesAndShowEachOncePerEpoch() throws IOException {
        final StringBuilder lines = new StringBuilder();
        final String[] words = {"ping", "pong", "sun", "moon", "hi", "you"};
        for (final String word : words) {
            lines.append("{\"ticks\": [{\"in\": \"" + word + "\"}, {}, {\"speak\": \"" + word + " you\"}]}\n\n");
        }
        Files.writeString(folder.resolve("e.jsonl"), lines);
        final ExampleSource data = data("{\"kind\": \"episodes\", \"file\": \"e.jsonl\"}", 1);
        final int[] first = new int[4];
        for (int epoch = 0; epoch < 4; epoch++) {
            final TreeSet<Integer> seen = new TreeSet<>();
            for (int step = 0; step < 2; step++) {
                for (final TrainingExample example : data.batch(2L * epoch + step)) {
                    final int[] ids = example.example().sequence().ids();
                    assertArrayEquals(new int[] {1, 11, ids[2], QUIET, 1, QUIET, 1, SPEAK, ids[2], YOU}, ids);
                    first[epoch] = first[epoch] * 31 + ids[2];
                    seen.add(ids[2]);
                }
            }
            assertEquals(words.length, seen.size(), "epoch " + epoch);
        }
        assertTrue(Arrays.stream(first).distinct().count() > 1, "epochs have orders of their own");
    }

    @Test
    void shouldForetellEveryTokenOfAText() throws IOException {
        Files.writeString(folder.resolve("t.txt"), "ping pong sun moon ".repeat(30) + "you");
        final ExampleSource data = data("{\"kind\": \"text\", \"file\": \"t.txt\"}", 1);
        final List<TrainingExample> batch = data.batch(0);
        final int[] outputs =
                batch.stream().mapToInt(TrainingExample::outputs).sorted().toArray();
        assertArrayEquals(new int[] {40, 40, 40}, outputs, "121 tokens are three windows of 40 and what follows");
        Files.writeString(folder.resolve("t.jsonl"), "{\"text\": \"ping pong\"}\n{\"text\": \"sun\"}\n");
        final ExampleSource lines = data("{\"kind\": \"text\", \"file\": \"t.jsonl\", \"format\": \"jsonl\"}", 1);
        assertEquals(1, lines.batch(0).get(0).outputs(), "the one document of two tokens");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"ticks\": []} | ticks: found [], allowed an array of 1 to",
                "{\"ticks\": [{\"inn\": \"sun\"}]} | ticks[0].inn: found an unknown field, allowed only",
                "{\"ticks\": [{\"in\": 3}]} | ticks[0].in: found 3, allowed a text",
                "{\"ticks\": [{}, 4]} | ticks[1]: found NUMBER, allowed an object",
                "{\"ticks\": [{\"speak\": \"you you you you you you you\"}]} | .speak: found 7 ids, allowed",
                "{\"ticks\": [{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}]} | episode: found 41",
                "{\"ticks\" [ | not valid JSON",
            })
    void shouldSayWhichLineIsWrong(final String line, final String message) throws IOException {
        Files.writeString(folder.resolve("e.jsonl"), "{\"ticks\": [{\"in\": \"sun\"}]}\n" + line + "\n");
        final RecipeException e =
                assertThrows(RecipeException.class, () -> data("{\"kind\": \"episodes\", \"file\": \"e.jsonl\"}", 1));
        assertTrue(e.getMessage().contains("e.jsonl: line 2: "), e.getMessage());
        assertTrue(e.getMessage().contains(message), e.getMessage());
        assertEquals(0, fixture.ledger.liveBytes(), "memory given back");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"kind\": \"made\" | \"kind\": \"video\" | data.kind: found \"video\", allowed episodes",
                "\"task\": \"reply\" | \"task\": \"sing\" | data.task: found \"sing\", allowed echo, reply",
                "\"ping\": \"pong\" | \"ping\": \"bang\" | data.pairs.ping: found \"bang\", allowed text",
                "\"ticks\": [4, 8] | \"ticks\": [8, 4] | data.ticks: found an array [8,4], allowed",
                "\"ticks\": [4, 8] | \"ticks\": [4, 99] | data.ticks: found 99, up to",
                "\"rate\": 0.5 | \"rat\": 0.5 | data.rat: found an unknown field, allowed only",
                "\"kind\": \"made\" | \"kind\": \"text\", \"file\": \"no.txt\" | no.txt, which is not there, allowed a"
                        + " file",
            })
    void shouldRefuseDataInOneLine(final String right, final String wrong, final String message) {
        final RecipeException e = assertThrows(RecipeException.class, () -> data(DATA.replace(right, wrong), 1));
        assertTrue(e.getMessage().contains(message), e.getMessage());
        assertEquals(0, fixture.ledger.liveBytes(), "memory given back");
    }
}
