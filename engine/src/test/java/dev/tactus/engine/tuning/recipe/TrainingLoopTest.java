package dev.tactus.engine.tuning.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.tuning.CheckpointFolder;
import dev.tactus.engine.tuning.Trainer;
import dev.tactus.engine.tuning.TrainerSettings;
import dev.tactus.engine.tuning.TrainingExample;
import dev.tactus.engine.tuning.TrainingException;
import dev.tactus.engine.tuning.TrainingLimits;
import dev.tactus.memory.OffHeap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingLoopTest {
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
        assertEquals(0, fixture.ledger.liveBytes(), "memory given back");
    }

    /** Keeps what it is told, and asks to stop behind a step. */
    private static final class Watcher implements TrainingListener {
        private final List<StepReport> reports = new ArrayList<>();
        private final List<String> events = new ArrayList<>();
        private final long last;
        private Trainer trainer;
        private long poisonedAt;

        Watcher(final long last) {
            this.last = last;
        }

        @Override
        public boolean isStopAsked() {
            return !reports.isEmpty() && reports.get(reports.size() - 1).step() == last;
        }

        @Override
        public void onStep(final StepReport report) {
            reports.add(report);
            if (report.step() == poisonedAt) {
                OffHeap.putFloat(
                        trainer.parameters().get("model.llm.norm.weight").value(), Float.NaN);
            }
            events.add("step " + report.step() + (report.evaluation().isPresent() ? " evaluated" : ""));
        }

        @Override
        public void onCheckpoint(final long step, final Path checkpoint) {
            assertTrue(Files.exists(checkpoint), checkpoint.toString());
            events.add("checkpoint " + step);
        }

        @Override
        public void onEvaluation(final long step, final Path checkpoint) {
            assertTrue(Files.exists(checkpoint), checkpoint.toString());
            events.add("command " + step);
        }
    }

    /** Runs a recipe in a folder, from its newest checkpoint if it has one; the bytes of the exported weights. */
    private byte[] run(final Recipe recipe, final Path out, final Watcher watcher) throws IOException {
        final Path model = fixture.model(recipe);
        final ExampleSource data = fixture.data(recipe, model, recipe.seed());
        final Recipe other = Recipe.read(recipe.file());
        final ExampleSource heldOut = fixture.data(other, model, 77);
        try (Trainer trainer = Trainer.create(
                model,
                false,
                false,
                new InitialWeights(recipe.fresh().orElseThrow().seed()),
                new TrainerSettings(TrainingLoop.limits(data, heldOut), recipe.adam(), 1, body -> null),
                fixture.ledger)) {
            final TrainingLoop loop = new TrainingLoop(
                    recipe, model, trainer, data, heldOut, new CheckpointFolder(out, recipe.keep(), fixture.ledger));
            final CheckpointFolder.Newest newest = CheckpointFolder.newest(out, fixture.ledger);
            if (newest.path().isPresent()) {
                loop.resume(newest.path().get(), fixture.ledger);
            }
            watcher.trainer = trainer;
            loop.run(watcher);
            trainer.exportModel(out.resolve("model"));
            return Files.readAllBytes(out.resolve("model/model.safetensors"));
        } finally {
            fixture.close();
        }
    }

    @Test
    void shouldCheckpointAndEvaluateWhenItIsDue() throws IOException {
        final Recipe recipe = fixture.recipe("\"batches\": 2", "\"batches\": 2, \"command\": [\"x\"]");
        final Watcher watcher = new Watcher(Long.MAX_VALUE);
        run(recipe, folder.resolve("out"), watcher);
        assertEquals(
                List.of(
                        "step 1",
                        "step 2",
                        "step 3",
                        "step 4",
                        "checkpoint 4",
                        "step 5 evaluated",
                        "checkpoint 5",
                        "command 5",
                        "step 6",
                        "step 7",
                        "step 8",
                        "checkpoint 8",
                        "step 9",
                        "step 10 evaluated",
                        "checkpoint 10",
                        "command 10"),
                watcher.events);
        final StepReport first = watcher.reports.get(0);
        final StepReport last = watcher.reports.get(9);
        assertEquals(first.loss(), first.smoothed(), 1e-12, "one step is its own average");
        assertTrue(last.smoothed() < first.loss(), first + " " + last);
        assertTrue(last.positions() > 10L * 2 * 3 * 7, last.toString());
    }

    @Test
    void shouldEndInTheSameBitsAfterAStop() throws IOException {
        final Watcher whole = new Watcher(Long.MAX_VALUE);
        final byte[] expected = run(fixture.recipe(), folder.resolve("whole"), whole);
        final Path out = folder.resolve("parts");
        final Watcher first = new Watcher(3);
        run(fixture.recipe(), out, first);
        assertEquals("checkpoint 3", first.events.get(3));
        Files.move(out.resolve("model"), folder.resolve("model-of-3"));
        final Watcher second = new Watcher(Long.MAX_VALUE);
        final byte[] found = run(fixture.recipe(), out, second);
        assertEquals(whole.reports.subList(3, 10), second.reports, "every number of every step");
        assertTrue(java.util.Arrays.equals(expected, found), "the weights");
    }

    @Test
    void shouldRefuseToGoOnWithAnotherRecipe() throws IOException {
        final Path out = folder.resolve("out");
        run(fixture.recipe(), out, new Watcher(1));
        Files.move(out.resolve("model"), folder.resolve("old"));
        final Recipe other = fixture.recipe("\"seed\": 9", "\"seed\": 10");
        final RecipeException e =
                assertThrows(RecipeException.class, () -> run(other, out, new Watcher(Long.MAX_VALUE)));
        assertTrue(e.getMessage().contains("recipe.json: seed is 10 and was 9, which is not what "), e.getMessage());
        final Recipe longer = fixture.recipe("\"steps\": 10", "\"steps\": 2");
        run(longer, out, new Watcher(Long.MAX_VALUE));
        assertTrue(Files.exists(out.resolve("step-000002.state")));
    }

    @Test
    void shouldRefuseDataThatChanged() throws IOException {
        final String data = RecipeFixture.RECIPE.substring(
                RecipeFixture.RECIPE.indexOf("{\"kind\""), RecipeFixture.RECIPE.indexOf(",\n \"batch\""));
        final String[] episodes = {data, "{\"kind\": \"episodes\", \"file\": \"e.jsonl\"}"};
        Files.writeString(folder.resolve("e.jsonl"), "{\"ticks\": [{\"in\": \"sun\", \"speak\": \"moon\"}]}\n");
        final Path out = folder.resolve("out");
        run(fixture.recipe(episodes), out, new Watcher(1));
        Files.writeString(folder.resolve("e.jsonl"), "{\"ticks\": [{\"in\": \"sun\", \"speak\": \"you\"}]}\n");
        final Recipe same = fixture.recipe(episodes);
        final RecipeException e = assertThrows(RecipeException.class, () -> run(same, out, new Watcher(2)));
        assertTrue(e.getMessage().contains("a resumed run needs the same data"), e.getMessage());
    }

    @Test
    void shouldRefuseToGoOnWithAnotherConfigurationOrTokenizer() throws IOException {
        final Path base = fixture.model(fixture.recipe());
        final String text = RecipeFixture.RECIPE;
        final String inline = text.substring(text.indexOf("{\"model_type\""), text.indexOf(", \"init\""));
        final String words = text.substring(text.indexOf("\"tokenizer\""), text.indexOf("\"data\""));
        final String[] named = {inline, '"' + base.toString() + '"', words, ""};
        final Path out = folder.resolve("out");
        run(fixture.recipe(named), out, new Watcher(1));
        final Path config = base.resolve("config.json");
        final String before = Files.readString(config);
        Files.writeString(config, before.replace("\"d_rel\" : 4", "\"d_rel\" : 4, \"rms_norm_eps\" : 0.25"));
        final Recipe same = fixture.recipe(named);
        final RecipeException e = assertThrows(RecipeException.class, () -> run(same, out, new Watcher(2)));
        assertTrue(
                e.getMessage().contains("config.json.text_config.rms_norm_eps is 0.25 and was nothing, which is not"),
                e.getMessage());
        Files.writeString(config, before.replace(" : ", ":"));
        final Path tokenizer = base.resolve("tokenizer.json");
        final String tokens = Files.readString(tokenizer);
        Files.writeString(tokenizer, tokens.replace("moon", "mars"));
        final Recipe again = fixture.recipe(named);
        final RecipeException other = assertThrows(RecipeException.class, () -> run(again, out, new Watcher(2)));
        assertTrue(other.getMessage().contains("model: tokenizer.json is "), other.getMessage());
        Files.writeString(tokenizer, tokens);
        Files.move(out.resolve("model"), folder.resolve("old"));
        run(fixture.recipe(named), out, new Watcher(2));
        assertTrue(Files.exists(out.resolve("step-000002.state")), "white space does not count");
    }

    @Test
    void shouldSayAtWhichStepTheDataFailed() throws IOException {
        final Recipe recipe = fixture.recipe();
        final Path model = fixture.model(recipe);
        final ExampleSource data = fixture.data(recipe, model, recipe.seed());
        final ExampleSource broken = new ExampleSource() {
            @Override
            public TrainingLimits limits() {
                return data.limits();
            }

            @Override
            public List<TrainingExample> batch(final long step) {
                if (step == 5) {
                    throw new IllegalStateException("no turns");
                }
                return data.batch(step);
            }

            @Override
            public String fingerprint() {
                return data.fingerprint();
            }
        };
        try (Trainer trainer = Trainer.create(
                model,
                false,
                false,
                new InitialWeights(1),
                new TrainerSettings(data.limits(), recipe.adam(), 1, body -> null),
                fixture.ledger)) {
            final TrainingLoop loop = new TrainingLoop(
                    recipe,
                    model,
                    trainer,
                    broken,
                    data,
                    new CheckpointFolder(folder.resolve("out"), recipe.keep(), fixture.ledger));
            final TrainingException e =
                    assertThrows(TrainingException.class, () -> loop.run(new Watcher(Long.MAX_VALUE)));
            assertTrue(e.getMessage().startsWith("step 3 of 10: data of " + recipe.file() + ": no turns; there is"));
            assertFalse(e.getMessage().contains("learning_rate"), e.getMessage());
        }
    }

    @Test
    void shouldSayWhichStepAndRowHadNoNumber() throws IOException {
        final Path out = folder.resolve("out");
        final Watcher watcher = new Watcher(Long.MAX_VALUE);
        watcher.poisonedAt = 6;
        final Recipe recipe = fixture.recipe();
        final TrainingException e = assertThrows(TrainingException.class, () -> run(recipe, out, watcher));
        assertTrue(e.getMessage().startsWith("step 7 of 10: row "), e.getMessage());
        assertNaNHelp(e, 4);
        assertEquals(4, CheckpointFolder.newest(out, fixture.ledger).steps());
    }

    @Test
    void shouldSayWhatARateThatIsTooHighDid() throws IOException {
        final Recipe wild = fixture.recipe("\"peak\": 0.01", "\"peak\": 1000", "\"every\": 4", "\"every\": 1");
        final Path out = folder.resolve("out");
        final Watcher watcher = new Watcher(Long.MAX_VALUE);
        final TrainingException e = assertThrows(TrainingException.class, () -> run(wild, out, watcher));
        final int made = watcher.reports.size();
        assertTrue(e.getMessage().startsWith("step " + (made + 1)), e.getMessage());
        assertNaNHelp(e, made);
        assertEquals(made, CheckpointFolder.newest(out, fixture.ledger).steps());
    }

    private static void assertNaNHelp(final TrainingException e, final long good) {
        assertTrue(e.getMessage().contains("try a lower learning_rate.peak"), e.getMessage());
        assertTrue(e.getMessage().contains("the last good checkpoint is that of step " + good), e.getMessage());
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
    }

    @Test
    void shouldRefuseAPolicyLossWithoutASampler() throws IOException {
        final Recipe recipe = fixture.recipe("\"seed\": 9", "\"loss\": \"importance_sampling\"");
        final RecipeException e =
                assertThrows(RecipeException.class, () -> run(recipe, folder.resolve("out"), new Watcher(1)));
        assertTrue(e.getMessage().contains("loss: found importance_sampling, allowed cross_entropy"), e.getMessage());
    }

    @Test
    void shouldBeginAsOurModelsLearnedBest() throws IOException {
        final Recipe recipe = fixture.recipe("\"hidden_size\": 16", "\"hidden_size\": 256");
        final Path model = fixture.model(recipe);
        final ExampleSource data = fixture.data(recipe, model, 1);
        final TrainerSettings settings = TrainerSettings.of(data.limits());
        try (Trainer trainer = Trainer.create(model, true, false, new InitialWeights(3), settings, fixture.ledger)) {
            final String layer = "model.llm.layers.1.";
            assertNormal(trainer, "model.llm.embed.weight", 1);
            assertNormal(trainer, "model.llm.unembed.weight", 0.3 / 16);
            assertNormal(trainer, layer + "attn.wq_du.weight", 1 / 16.0);
            assertNormal(trainer, layer + "attn.wo_ud.weight", 1 / Math.sqrt(16) / 2);
            assertNormal(trainer, layer + "mlp.w2_md.weight", 1 / Math.sqrt(24) / 2);
            assertNormal(trainer, layer + "attn.rel_logits_proj.proj", 0.1);
            assertConstant(trainer, layer + "attn.q_norm.weight", 2.4f);
            assertConstant(trainer, layer + "attn.k_norm.weight", 2.4f);
            assertConstant(trainer, layer + "attn_norm.weight", 1);
            assertConstant(trainer, layer + "mlp.global_scale", 1);
            assertConstant(trainer, layer + "attn.k_sconv.weight", 0);
            assertConstant(trainer, layer + "mlp_sconv.weight", 0);
            assertConstant(trainer, "model.audio.final_norm.weight", 1);
            assertSpread(trainer);
        }
        fixture.close();
    }

    private static float[] values(final Trainer trainer, final String name) {
        final var parameter = trainer.parameters().get(name);
        final float[] values = new float[(int) parameter.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = OffHeap.getFloat(parameter.value() + 4L * i);
        }
        return values;
    }

    private static void assertNormal(final Trainer trainer, final String name, final double deviation) {
        double sum = 0;
        double squares = 0;
        final float[] values = values(trainer, name);
        for (final float value : values) {
            sum += value;
            squares += (double) value * value;
        }
        final double slack = 6 / Math.sqrt(values.length);
        assertEquals(0, sum / values.length / deviation, slack, name);
        assertEquals(1, Math.sqrt(squares / values.length) / deviation, slack, name);
    }

    private static void assertConstant(final Trainer trainer, final String name, final float value) {
        for (final float found : values(trainer, name)) {
            assertEquals(value, found, name);
        }
    }

    /** Rows of near levels of a band are alike, those of far ones opposite. */
    private static void assertSpread(final Trainer trainer) {
        final float[] table = values(trainer, "model.audio.encoder.weight");
        assertTrue(cosine(table, 0, 1) > 0.9, "levels 0 and 1");
        assertTrue(cosine(table, 0, 15) < -0.9, "levels 0 and 15");
        assertFalse(Math.abs(cosine(table, 0, 16)) > 0.5, "two bands");
    }

    private static double cosine(final float[] table, final int a, final int b) {
        double ab = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < 256; i++) {
            final double x = table[a * 256 + i];
            final double y = table[b * 256 + i];
            ab += x * y;
            aa += x * x;
            bb += y * y;
        }
        return ab / Math.sqrt(aa * bb);
    }
}
