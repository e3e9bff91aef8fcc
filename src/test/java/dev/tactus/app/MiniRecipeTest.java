package dev.tactus.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.text.TextTokenizer;
import dev.tactus.engine.tuning.recipe.Recipe;
import dev.tactus.espeak.Espeak;
import dev.tactus.scenario.language.Vocabulary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code models/mini}: its recipe, its configuration and its tokenizer, and one step of its training. */
class MiniRecipeTest {
    @TempDir
    private Path folder;

    static Path mini() {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(root.resolve(".mvn"))) {
            root = root.getParent();
        }
        return root.resolve("models/mini");
    }

    @Test
    void shouldHaveTheTokenizerOfTheScenarios() throws IOException {
        final Path written = folder.resolve(TextTokenizer.FILE_NAME);
        Vocabulary.writeTokenizer(written);
        assertEquals(Files.readString(written), Files.readString(mini().resolve(TextTokenizer.FILE_NAME)));
        final ModelConfig config = ModelConfig.read(mini());
        assertEquals(Vocabulary.SIZE, config.text().unpaddedVocab());
        try (TextTokenizer tokenizer = TextTokenizer.open(
                mini(),
                config.text().unpaddedVocab(),
                config.interaction().orElseThrow().reservedIds(config))) {
            for (final String word : Vocabulary.all()) {
                assertEquals(List.of(Vocabulary.id(word)), ids(tokenizer, word), word);
            }
        }
    }

    private static List<Integer> ids(final TextTokenizer tokenizer, final String word) {
        return Arrays.stream(tokenizer.encode(word)).boxed().toList();
    }

    @Test
    void shouldHaveARecipeThatCanBeRead() {
        final Recipe recipe = Recipe.read(mini().resolve("recipe.json"));
        assertEquals(mini(), recipe.fresh().orElseThrow().from());
        assertTrue(recipe.fresh().orElseThrow().hears()
                && recipe.fresh().orElseThrow().sees());
    }

    @Test
    void shouldTrainAStep() throws IOException {
        assumeTrue(Espeak.whyUnavailable().isEmpty(), () -> "espeak-ng: " + Espeak.whyUnavailable());
        final Path recipe = folder.resolve("recipe.json");
        Files.writeString(
                recipe,
                TrainFixture.replace(
                        Files.readString(mini().resolve("recipe.json")),
                        "\"config\": \".\"",
                        "\"config\": \"" + mini() + '"',
                        "\"steps\": 5500",
                        "\"steps\": 2",
                        "\"sequences\": 8",
                        "\"sequences\": 2",
                        "\"batches\": 5",
                        "\"batches\": 1"));
        final Path out = folder.resolve("out");
        final Outcome outcome = Outcome.good("train", "--recipe", recipe, "--out", out);
        final double millions = Double.parseDouble(outcome.out().replaceAll("(?s).*: ([0-9.]+) M parameters.*", "$1"));
        assertTrue(millions < 6, outcome.out());
        assertTrue(outcome.out().contains("on held-out data, speech "), outcome.out());
        final List<String> rows = Files.readAllLines(out.resolve("losses.csv"));
        assertEquals(3, rows.size());
        for (final String row : rows.subList(1, 3)) {
            assertTrue(Double.parseDouble(row.split(",", -1)[8]) > 0, row);
        }
        final List<String> sorts = Files.readAllLines(out.resolve("evaluations.csv"));
        assertEquals(
                List.of("step,sort,loss", "2,captions", "2,hesitation"),
                sorts.stream().map(row -> row.replaceAll(",[-0-9.E]+$", "")).toList());
        Outcome.good("model", "inspect", out.resolve("model"));
    }
}
