package dev.tactus.engine.tuning.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecipeTest {
    @TempDir
    private Path folder;

    @Test
    void shouldReadEveryField() throws IOException {
        final Recipe recipe = new RecipeFixture(folder).recipe();
        assertEquals(5, recipe.fresh().orElseThrow().seed());
        assertEquals("cross_entropy", recipe.lossName());
        assertEquals(3, recipe.sequences());
        assertEquals(40, recipe.positions());
        assertEquals(2, recipe.accumulate());
        assertEquals(10, recipe.steps());
        assertEquals(0.98, recipe.adam().beta2());
        assertEquals(0.005, recipe.rate().at(0));
        assertEquals(0.01, recipe.rate().at(2));
        assertEquals(0.0003, recipe.rate().at(10), 1e-12);
        assertEquals(9, recipe.seed());
        assertEquals(4, recipe.checkpointEvery());
        assertEquals(2, recipe.keep());
        assertEquals(5, recipe.evaluation().orElseThrow().every());
        assertEquals(100, recipe.lossAtMost().orElseThrow());
        assertTrue(recipe.lora().isEmpty() && recipe.out().isEmpty());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "\"accumulate\": 2 | \"acumulate\": 2 | acumulate: found an unknown field",
                "\"steps\": 10 | \"steps\": 0 | steps: found 0, allowed an integer from 1 to",
                "\"steps\": 10 | \"steps\": 1.5 | steps: found 1.5, allowed an integer",
                "\"steps\": 10 | \"steps\": \"many\" | steps: found \"many\", allowed an integer",
                "\"steps\": 10, | ~~ | steps: found nothing, allowed an integer",
                "\"steps\": 10 | \"steps\": 10, \"steps\": 9 | not valid JSON: Duplicate",
                "\"sequences\": 3 | \"sequences\": 99999 | batch.sequences: found 99999, allowed",
                "\"positions\": 40 | \"positions\": 1 | batch.positions: found 1, allowed",
                "\"peak\": 0.01 | \"peak\": -1 | learning_rate.peak: found -1, allowed",
                "\"warm_up\": 2 | \"warmup\": 2 | learning_rate.warmup: found an unknown field",
                "\"every\": 4 | \"every\": 0 | checkpoint.every: found 0, allowed",
                "\"data\": \"same\" | \"data\": \"other\" | evaluate.data: found \"other\", allowed same",
                "\"data\": \"same\", \"batches\": 2 | \"batches\": 2 | evaluate.data: found neither data nor command",
                "\"loss_at_most\": 100 | \"loss_at_most\": \"x\" | expect.loss_at_most: found \"x\", allowed a number",
                "\"seed\": 9 | \"loss\": \"mse\" | loss: \"mse\": expected one of [cross_entropy",
                "\"seed\": 9 | \"lora\": {\"rank\": 2} | lora: found an adapter beside a new model",
                "\"seed\": 9 | \"adam\": {\"beta1\": 1} | adam.beta1: found 1, allowed a number from 0.0",
                "\"init\": 5 | \"init\": 5, \"x\": 1 | model.x: found an unknown field",
                "[\"ping\", \"pong\", \"sun\", \"moon\", \"hi\", \"you\"] | [\"a\", \"a\"] | tokenizer.words[1]: found"
                        + " \"a\"",
            })
    void shouldRefuseInOneLine(final String right, final String wrong, final String message) throws IOException {
        final RecipeFixture fixture = new RecipeFixture(folder);
        final Path file = fixture.file(right, wrong == null ? "" : wrong);
        final RecipeException e = assertThrows(RecipeException.class, () -> Recipe.read(file));
        assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
        assertTrue(e.getMessage().contains(message), e.getMessage());
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
    }

    @Test
    void shouldRefuseAFileThatIsNone() {
        final RecipeException e = assertThrows(RecipeException.class, () -> Recipe.read(folder.resolve("none.json")));
        assertTrue(e.getMessage().contains("none.json: file: found nothing, allowed a JSON file"), e.getMessage());
    }

    @Test
    void shouldReadAnAdapter() throws IOException {
        final Path file = Files.writeString(folder.resolve("r.json"), """
            {"model": "base/model", "data": {"kind": "made"}, "batch": {"sequences": 1, "positions": 8},
             "steps": 3, "learning_rate": {"peak": 0.1},
             "lora": {"rank": 4, "alpha": 8, "groups": ["unembedding", "mlp"], "init": "gaussian", "seed": 3}}
            """);
        final Recipe recipe = Recipe.read(file);
        final LoraChoice lora = recipe.lora().orElseThrow();
        assertEquals(folder.resolve("base/model"), recipe.base().orElseThrow());
        assertEquals(2f, lora.config().scale());
        assertEquals("[MLP, UNEMBEDDING]", new TreeSet<>(lora.groups()).toString());
        Files.writeString(file, Files.readString(file).replace("\"mlp\"", "\"router\""));
        final RecipeException e = assertThrows(RecipeException.class, () -> Recipe.read(file));
        assertTrue(e.getMessage().contains("lora.groups: found \"router\", allowed attention, mlp"), e.getMessage());
    }

    @Test
    void shouldTellRecipesApartByWhatARunDependsOn() throws IOException {
        final RecipeFixture fixture = new RecipeFixture(folder);
        final String identity = fixture.recipe().identity();
        assertEquals(
                identity,
                fixture.recipe("\"steps\": 10", "\"steps\": 20", "\"keep\": 2", "\"keep\": 1")
                        .identity());
        assertNotEquals(identity, fixture.recipe("\"seed\": 9", "\"seed\": 8").identity());
        assertNotEquals(
                identity, fixture.recipe("\"peak\": 0.01", "\"peak\": 0.02").identity());
    }

    /** Every name that a refusal of an unknown field offers is explained. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"model\"",
                "\"words\"",
                "\"sequences\"",
                "\"peak\"",
                "\"every\": 4",
                "\"every\": 5",
                "\"loss_at_most\"",
                "\"init\"",
                "\"kind\""
            })
    void shouldExplainEveryField(final String place) throws IOException {
        final String planted = place.startsWith("{") ? "{\"zzz\": 1, " + place.substring(1) : "\"zzz\": 1, " + place;
        final RecipeFixture fixture = new RecipeFixture(folder);
        try (fixture) {
            final RecipeException e = assertThrows(RecipeException.class, () -> {
                final Recipe recipe = fixture.recipe(place, planted);
                fixture.data(recipe, fixture.model(recipe), 1);
            });
            final String message = e.getMessage();
            final String path = message.substring((folder + "/recipe.json: ").length(), message.indexOf("zzz"));
            final Set<String> explained = new TreeSet<>();
            RecipeGuide.fields()
                    .forEach(field -> Arrays.stream(field.path().split(", \\."))
                            .forEach(name -> explained.add(name.substring(name.lastIndexOf('.') + 1))));
            final String[] offered =
                    message.substring(message.indexOf("allowed only ") + 13).split(", ");
            assertFalse(offered.length == 0, message);
            for (final String name : offered) {
                assertTrue(
                        explained.contains(name)
                                || RecipeGuide.fields().stream()
                                        .anyMatch(field -> field.path().startsWith(name + '.')
                                                || field.allowed().contains('"' + name + '"')
                                                || field.meaning().contains('"' + name + '"')),
                        path + name + " is in no line of the guide");
            }
        }
    }
}
