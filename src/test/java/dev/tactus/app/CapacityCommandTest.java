package dev.tactus.app;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CapacityCommandTest {
    @TempDir
    private Path folder;

    @Test
    void shouldPrintWhatIsPredictedBesideWhatIsMeasured() throws IOException {
        final Path model = Fixture.model(folder);
        final String out = Outcome.good(
                        "capacity",
                        "--model",
                        model,
                        "--threads",
                        1,
                        "--calibration",
                        0.1,
                        "--fill",
                        0.1,
                        "--settle",
                        0.1,
                        "--seconds",
                        0.4,
                        "--context",
                        64,
                        "--phases",
                        4,
                        "--modalities",
                        "audio,video")
                .out();
        for (final String part : new String[] {
            ", 1 thread, 4 slots of the period",
            "sessions     audio.video, 0 % of them speak in every tick",
            "context      64 positions, ",
            "calibration  ",
            "costs, ms    a tick ",
            "predicted  [0-9]+, steal ",
            "measured   [0-9]+",
            "corrected  [0-9]+: by the live ticks"
        }) {
            assertTrue(out.lines().anyMatch(line -> line.matches(".*(" + part + ").*")), () -> part + " in:\n" + out);
        }
        assertTrue(out.lines().anyMatch(line -> line.matches(" +[0-9]+ +[0-9.]+ % +[0-9.]+ ms .*hold.*")), out);
    }

    @Test
    void shouldRefuseWhatMakesNoSense() throws IOException {
        final Path model = Fixture.model(folder);
        Outcome.of("capacity", "--model", model, "--speaking", 1.5).assertBadInput("--speaking", "1.5", "0 to 1");
        Outcome.of("capacity", "--model", model, "--speaking", 0.5).assertBadInput("--speaking", "does not speak");
        Outcome.of("capacity", "--model", model, "--phases", 0).assertBadInput("--phases", "0", "1 to 64");
        Outcome.of("capacity", "--model", model, "--modalities", "smell").assertBadInput("smell", "audio, video");
        Outcome.of("capacity", "--model", model, "--seconds", 0).assertBadInput("--seconds", "more than 0");
        Outcome.of("capacity", "--model", model, "--context", 0).assertBadInput("--context", "1 or more");
        Outcome.of("capacity", "--model", folder.resolve("none")).assertBadInput("none");
    }
}
