package dev.tactus.app;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.tuning.recipe.RecipeGuide;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainCommandTest {
    @TempDir
    private Path folder;

    private Path out;

    @BeforeEach
    void nameOut() {
        out = folder.resolve("out");
    }

    private Path tiny(final String... replaced) throws IOException {
        return TrainFixture.tiny(folder.resolve("r.json"), replaced);
    }

    @Test
    void shouldWriteCurveCheckpointsAndModel() throws IOException {
        final Path recipe = tiny();
        final Outcome outcome = Outcome.good("train", "--recipe", recipe);
        assertEquals(
                List.of("checkpoints", "lock", "losses.csv", "losses.svg", "model", "recipe.json"),
                TrainFixture.names(out));
        assertEquals(List.of("step-000006.state", "step-000008.state"), TrainFixture.names(out.resolve("checkpoints")));
        assertEquals(
                List.of("config.json", "model.safetensors", "tokenizer.json"),
                TrainFixture.names(out.resolve("model")));
        assertEquals(Files.readString(recipe), Files.readString(out.resolve("recipe.json")));
        final List<String> rows = Files.readAllLines(out.resolve("losses.csv"));
        assertEquals(
                "step,loss,smoothed_loss,learning_rate,gradient_norm,positions,seconds,evaluation_loss,speech_loss,"
                        + "evaluation_speech_loss",
                rows.get(0));
        assertEquals(9, rows.size());
        for (int step = 1; step <= 8; step++) {
            final String[] cells = rows.get(step).split(",", -1);
            assertEquals(Integer.toString(step), cells[0]);
            assertEquals(step % 4 == 0, !cells[7].isEmpty(), rows.get(step));
        }
        final String svg = Files.readString(out.resolve("losses.svg"));
        for (final String part :
                new String[] {"step of the optimiser", ">loss", "held-out data", "smoothed", "polyline"}) {
            assertTrue(svg.contains(part), part);
        }
        assertTrue(outcome.out().contains("step 8/8"), outcome.out());
        assertFalse(outcome.out().contains("\u001b"), "no cursor movements outside a terminal");
        Outcome.good("model", "inspect", out.resolve("model"));
    }

    @Test
    void shouldExplainTheFields() {
        final String text = Outcome.good("train", "--explain").out();
        RecipeGuide.fields().forEach(field -> assertTrue(text.contains(field.path()), field.path()));
        assertTrue(Outcome.good("train", "--help").out().contains("--explain"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "\"seed\": 1      | \"sed\": 1             | r.json: sed: found an unknown field, allowed only",
                "\"hidden_size\": 16 | \"hidden_size\": 0   | text_config.hidden_size: found 0, allowed",
                "\"task\": \"reply\" | \"task\": \"nag\"    | data.task: found \"nag\", allowed echo, reply",
                "\"out\": \"out\" | \"lora\": {}           | lora: found an adapter beside a new model",
                "\"init\": 1      | \"init\": true         | model.init: found true, allowed an integer",
            })
    void shouldWriteNothingForABrokenRecipe(final String right, final String wrong, final String message)
            throws IOException {
        Outcome.of("train", "--recipe", tiny(right, wrong), "--out", out).assertBadInput(message);
        assertEquals(List.of("r.json"), TrainFixture.names(folder));
    }

    @Test
    void shouldSayWhatIsMissing() throws IOException {
        Outcome.of("train").assertBadInput("no recipe: name one with --recipe FILE");
        Outcome.of("train", "--recipe", folder.resolve("x.json")).assertBadInput("x.json: file: found nothing");
        final Path recipe = tiny("\"out\": \"out\"", "\"accumulate\": 1");
        Outcome.of("train", "--recipe", recipe).assertBadInput("out: found nothing, allowed a folder");
        Outcome.of("train", "--recipe", recipe, "--out", out, "--resume")
                .assertBadInput("found no run to resume, allowed the folder of one");
        Files.createDirectory(out);
        Files.createFile(out.resolve("diary.txt"));
        Outcome.of("train", "--recipe", recipe, "--out", out).assertBadInput("found other files, allowed a new or an");
        final Path base = folder.resolve("lora.json");
        Files.writeString(
                base,
                TrainFixture.committed("new-reply-lora.json").replace("../../out/call-and-reply/model", "nobase"));
        Outcome.of("train", "--recipe", base, "--out", folder.resolve("o")).assertBadInput("nobase");
        assertFalse(Files.exists(folder.resolve("o")));
    }

    @Test
    void shouldLeaveAFolderToTheRunThatHasIt() throws IOException {
        final Path recipe = tiny();
        Outcome.good("train", "--recipe", recipe);
        Outcome.of("train", "--recipe", recipe)
                .assertBadInput("found a run, allowed a new or an empty folder; --resume");
        try (FileChannel channel = FileChannel.open(out.resolve("lock"), StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            assertTrue(lock.isValid());
            Outcome.of("train", "--recipe", recipe, "--resume")
                    .assertBadInput("found another run at work, process "
                            + ProcessHandle.current().pid());
        }
    }

    @Test
    void shouldFailWhenTheLossIsNotReached() throws IOException {
        final Outcome outcome =
                Outcome.of("train", "--recipe", tiny("\"loss_at_most\": 1000", "\"loss_at_most\": 0.001"));
        assertEquals(Main.EXIT_FAILED, outcome.code());
        assertTrue(outcome.err().contains("expect.loss_at_most: found a loss of the held-out data of "), outcome.err());
        assertEquals(1, outcome.err().lines().count(), outcome.err());
        assertTrue(Files.exists(out.resolve("model/model.safetensors")), "the model is there all the same");
    }

    @Test
    void shouldSkipADamagedCheckpointAndEndInTheSameBits() throws IOException {
        final Path recipe = tiny();
        Outcome.good("train", "--recipe", recipe);
        final byte[] weights = Files.readAllBytes(out.resolve("model/model.safetensors"));
        final List<String> losses = TrainFixture.losses(out);
        final Path newest = out.resolve("checkpoints/step-000008.state");
        try (RandomAccessFile file = new RandomAccessFile(newest.toFile(), "rw")) {
            file.seek(file.length() / 2);
            file.write(file.read() ^ 1);
        }
        Files.delete(out.resolve("model/model.safetensors"));
        final Outcome outcome = Outcome.good("train", "--recipe", recipe, "--resume", "--threads", 1);
        assertTrue(outcome.out().contains("skipped " + newest + ": "), outcome.out());
        assertTrue(outcome.out().contains("going on behind step 6"), outcome.out());
        assertEquals(losses, TrainFixture.losses(out));
        assertArrayEquals(weights, Files.readAllBytes(out.resolve("model/model.safetensors")));
    }

    @Test
    void shouldGoOnWithMoreStepsAndRefuseAnotherRecipe() throws IOException {
        Outcome.good("train", "--recipe", tiny());
        Outcome.good("train", "--recipe", tiny("\"steps\": 8", "\"steps\": 10"), "--resume");
        assertEquals(11, TrainFixture.losses(out).size());
        final String kept = Files.readString(out.resolve("recipe.json"));
        assertTrue(kept.contains("\"steps\": 10"), kept);
        Outcome.of("train", "--recipe", tiny("\"seed\": 1", "\"seed\": 2"), "--resume")
                .assertBadInput("r.json: seed is 2 and was 1", "step-000010.state");
        assertEquals(11, TrainFixture.losses(out).size());
        assertEquals(kept, Files.readString(out.resolve("recipe.json")), "that of the run, not of the refused one");
    }

    @Test
    void shouldSayThatTheLearningRateFollowsTheSteps() throws IOException {
        final String line = "steps is 9 and was 8: the learning rate follows the new number from here on";
        Outcome.good("train", "--recipe", tiny());
        final Outcome same = Outcome.good("train", "--recipe", tiny(), "--resume");
        assertFalse(same.out().contains("steps is"), same.out());
        final Outcome longer = Outcome.good("train", "--recipe", tiny("\"steps\": 8", "\"steps\": 9"), "--resume");
        assertTrue(longer.out().contains(line), longer.out());
    }

    @Test
    void shouldBeginWhereAKilledProcessLeftHalfACopyOfTheRecipe() throws IOException {
        Files.createDirectory(out);
        Files.writeString(out.resolve(".recipe.json.partial"), "{\"mod");
        Outcome.good("train", "--recipe", tiny());
        assertFalse(TrainFixture.names(out).contains(".recipe.json.partial"));
    }

    @Test
    void shouldTellWhatEndedTheRunEvenIfTheCurveCannotBeDrawnEither() throws IOException {
        final String command = "\"batches\": 4, \"command\": [\"sh\", \"-c\", \"cd " + out
                + " && rm -r checkpoints && touch checkpoints && mkdir -p .losses.svg.partial/x\"]";
        final Outcome outcome = Outcome.of("train", "--recipe", tiny("\"batches\": 4", command));
        assertEquals(Main.EXIT_FAILED, outcome.code());
        assertTrue(outcome.err().contains("checkpoints"), outcome.err());
        assertFalse(outcome.err().contains("losses.svg"), outcome.err());
    }

    @Test
    void shouldRefuseAnAdapterOfAnotherBase() throws IOException {
        final Path base = folder.resolve("base");
        final Path other = folder.resolve("other");
        Outcome.good("train", "--recipe", tiny(), "--out", base);
        Outcome.good("train", "--recipe", tiny("\"init\": 1", "\"init\": 2"), "--out", other);
        final String adapter = TrainFixture.replace(
                TrainFixture.committed("new-reply-lora.json"),
                "../../out/call-and-reply/model",
                "base/model",
                "\"steps\": 150",
                "\"steps\": 2",
                "\"loss_at_most\": 0.01",
                "\"loss_at_most\": 1000");
        final Path recipe = Files.writeString(folder.resolve("lora.json"), adapter);
        Outcome.good("train", "--recipe", recipe, "--out", out);
        assertEquals(
                List.of("adapter_config.json", "adapter_model.safetensors"),
                TrainFixture.names(out.resolve("adapter")));
        final int from = adapter.indexOf("\"lora\": {");
        final String more = adapter.substring(0, from) + "\"lora\": {\"from\": \"out/adapter\"}"
                + adapter.substring(adapter.indexOf('}', from) + 1);
        final Path wrong = Files.writeString(folder.resolve("wrong.json"), more.replace("base/model", "other/model"));
        final Path nowhere = folder.resolve("nowhere");
        Outcome.of("train", "--recipe", wrong, "--out", nowhere).assertBadInput("out/adapter", "base");
        assertFalse(Files.exists(nowhere));
        final Path right = Files.writeString(folder.resolve("right.json"), more);
        Outcome.good("train", "--recipe", right, "--out", folder.resolve("further"));
        // the base is exchanged under a run that is to go on
        Files.move(base, folder.resolve("away"));
        Files.move(other, base);
        Outcome.of("train", "--recipe", recipe, "--out", out, "--resume").assertBadInput("step-000002.state", "base");
    }

    @Test
    void shouldKeepWhatTheEvaluationCommandPrintsAndSurviveItsFailure() throws IOException {
        final Path recipe = tiny(
                "\"batches\": 4",
                "\"batches\": 4, \"command\": [\"sh\", \"-c\", \"echo saw $0 at {step}; test {step} -lt 8\","
                        + " \"{checkpoint}\"]");
        final Outcome outcome = Outcome.good("train", "--recipe", recipe);
        assertEquals(
                "saw " + out.resolve("checkpoints/step-000004.state") + " at 4\n",
                Files.readString(out.resolve("evaluate/step-000004.txt")));
        assertTrue(outcome.out().contains("step 4: evaluate.command: done"), outcome.out());
        assertTrue(outcome.out().contains("step 8: evaluate.command: failed with exit code 1"), outcome.out());
        final Path other = folder.resolve("other");
        final Outcome missing = Outcome.good(
                "train",
                "--recipe",
                tiny("\"batches\": 4", "\"batches\": 4, \"command\": [\"/no/such\"]"),
                "--out",
                other);
        assertTrue(missing.out().contains("step 4: evaluate.command: failed: "), missing.out());
    }
}
