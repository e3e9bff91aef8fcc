package dev.tactus.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.bindings.NativeBindingException;
import dev.tactus.engine.audio.WavWriter;
import dev.tactus.engine.model.RandomModel;
import dev.tactus.scenario.Episode;
import dev.tactus.scenario.EpisodeFolder;
import dev.tactus.scenario.Family;
import dev.tactus.scenario.GeneratorSettings;
import dev.tactus.scenario.eval.Measure;
import dev.tactus.scenario.language.Vocabulary;
import dev.tactus.scenario.speech.EspeakSpeech;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EvalCommandTest {
    @TempDir
    private static Path shared;

    @TempDir
    private Path folder;

    @BeforeAll
    static void writeModel() throws IOException {
        RandomModel.write(shared.resolve("m"), 1_000_000, 5, false);
    }

    private static Path recording(final Path where, final String timeline) throws IOException {
        Files.createDirectories(where);
        try (WavWriter wav = new WavWriter(where.resolve("input.wav"))) {
            wav.write(new float[32_000], 0, 32_000);
        }
        return Files.writeString(where.resolve("timeline.json"), timeline).getParent();
    }

    @Test
    void shouldScoreARecordingAndWriteTheSameBytesTwice() throws IOException {
        final Path episode = recording(
                folder.resolve("e"), "{\"words\": [{\"start_ms\": 400, \"end_ms\": 750, \"text\": \"hello\"}]}");
        final Path first = folder.resolve("1.json");
        final Path second = folder.resolve("2.json");
        final Outcome outcome =
                Outcome.good("eval", "--model", shared.resolve("m"), "--folder", episode, "--json", first);
        assertTrue(outcome.out().contains("recorded, 1 episode"), outcome.out());
        assertTrue(
                outcome.out().lines().anyMatch(line -> line.matches(" +caption word errors.* n 1 .*")), outcome.out());
        assertTrue(outcome.out().contains("false output per minute of silence"), outcome.out());
        assertTrue(outcome.out().contains("talk-over per minute of user speech"), outcome.out());
        // the word is never shown right, so there is no latency of it
        assertTrue(outcome.out().lines().anyMatch(line -> line.matches(" +word latency +- +n 0")), outcome.out());
        Outcome.good(
                "eval",
                "--model",
                shared.resolve("m"),
                "--folder",
                episode,
                "--json",
                second,
                "--sessions",
                1,
                "--threads",
                1);
        assertTrue(Files.readString(first).contains("\"complete\" : true"), () -> outcome.out());
        assertEquals(Files.readString(first).replace("\"sessions\" : 8", "\"sessions\" : 1"), Files.readString(second));
    }

    @Test
    void shouldLeaveOutABadRecordingWithALine() throws IOException {
        recording(folder.resolve("a"), "{\"words\": []}");
        recording(folder.resolve("b"), "{\"words\": [{\"start_ms\": 1, \"end_ms\": 2, \"text\": \"banana\"}]}");
        Files.delete(recording(folder.resolve("c"), "{}").resolve("input.wav"));
        final Outcome outcome = Outcome.of("eval", "--model", shared.resolve("m"), "--folder", folder);
        assertEquals(Main.EXIT_FAILED, outcome.code());
        assertEquals(2, outcome.err().lines().count(), outcome.err());
        assertTrue(outcome.err().contains("timeline.json: words[0]: text: found \"banana\""), outcome.err());
        assertTrue(outcome.err().contains("input.wav"), outcome.err());
        assertTrue(outcome.out().contains("recorded, 1 episode"), outcome.out());
    }

    @Test
    void shouldEvaluateEpisodesThatEspeakSpeaks() throws IOException {
        assumeTrue(isEspeakThere(), "espeak-ng is not installed");
        final Path json = folder.resolve("scores.json");
        final Outcome outcome = Outcome.good(
                "eval",
                "--model",
                shared.resolve("m"),
                "--family",
                "correction",
                "--episodes",
                1,
                "--seed",
                4,
                "--split",
                "unseen-accent",
                "--phrases",
                "whole",
                "--json",
                json);
        assertTrue(outcome.out().contains("correction, 1 episode"), outcome.out());
        assertTrue(outcome.out().contains("correction obeyed"), outcome.out());
        assertTrue(Files.readString(json).contains("en-gb-scotland"));
    }

    private static boolean isEspeakThere() {
        try {
            return new EspeakSpeech() != null;
        } catch (final NativeBindingException ex) {
            return false;
        }
    }

    @Test
    void shouldDefineEveryMeasureInItsHelp() {
        final String help = Outcome.good("eval", "--help").out().replaceAll("\\s+", " ");
        for (final Measure measure : Measure.values()) {
            assertTrue(help.contains(measure.label().strip() + ": " + measure.definition()), measure::name);
        }
        assertTrue(help.contains("95 % interval"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--family      | walking | --family: found walking, allowed captions, hesitation",
                "--split       | all     | --split: found all, allowed held-out, unseen-accent, train",
                "--phrases     | long    | --phrases: found long, allowed mixed, joined, whole",
                "--episodes    | 0       | --episodes: found 0, allowed 1 to 2000",
                "--words       | 0       | --words: found 0, allowed 1 to",
                "--minutes     | -1      | --minutes: found -1, allowed 0 to",
                "--sessions    | 0       | --sessions: found 0, allowed 1 to 256",
                "--json        | /       | --json /: found a directory",
                "--adapter     | nowhere | nowhere",
                "--folder      | nowhere | nowhere: episodes: found none; allowed: a folder with timeline.json",
            })
    void shouldSayWhatIsWrongWithAnOption(final String option, final String value, final String message) {
        Outcome.of("eval", "--model", shared.resolve("m"), option, value).assertBadInput(message);
    }

    @Test
    void shouldWriteEpisodesThatCanBePlayed() throws IOException {
        assumeTrue(isEspeakThere(), "espeak-ng is not installed");
        final Path written = folder.resolve("written");
        final Outcome outcome = Outcome.good("eval", "--write", written, "--family", "tour", "--episodes", 1);
        final Path episode = written.resolve("tour-00000");
        assertTrue(outcome.out().startsWith(episode + ": "), outcome.out());
        final Episode read = EpisodeFolder.read(episode);
        assertEquals(Family.TOUR, read.family().orElseThrow());
        assertEquals(GeneratorSettings.TOUR_TICKS, read.ticks());
        assertTrue(read.hasVideo() && !read.timeline().interruptions().isEmpty());
        Outcome.of("eval", "--write", written, "--family", "tour", "--episodes", 1)
                .assertBadInput(episode + ": found something there already, allowed a new folder");
        assertTrue(Outcome.good("eval", "--model", shared.resolve("m"), "--folder", episode)
                .out()
                .contains("1 episode"));
    }

    @Test
    void shouldSayWhatElseIsWrong() {
        Outcome.of("eval", "--write", folder.resolve("w"), "--minutes", 3)
                .assertBadInput("--write: found --folder, --minutes or --json beside it");
        Outcome.of("eval", "--write", shared.resolve("m").resolve("config.json"))
                .assertBadInput("a directory");
        Outcome.of("eval", "--model", shared.resolve("m"), "--folder", folder, "--words", 3)
                .assertBadInput("--folder: found --words beside it");
        Outcome.of("eval", "--model", Fixture.golden("text-dense"), "--folder", folder)
                .assertBadInput("interaction_config: missing");
    }

    @Test
    void shouldRefuseATokenizerWithOtherIds() throws IOException {
        final Path other = folder.resolve("other");
        RandomModel.write(other, 1_000_000, 5, false);
        final Path words = folder.resolve("tokenizer.json");
        Vocabulary.writeTokenizer(words);
        final String right = Files.readString(words);
        Files.writeString(
                other.resolve("tokenizer.json"),
                right.replace("\"red\":", "\"r\":")
                        .replace("\"blue\":", "\"red\":")
                        .replace("\"r\":", "\"blue\":"));
        Outcome.of("eval", "--model", other, "--folder", folder).assertBadInput("tokenizer.json: \"red\": found ids [");
    }
}
