package dev.tactus.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.model.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The weights of {@code models/mini}, on the example that README begins with. */
class MiniModelTest {
    private static final Pattern HEARS = Pattern.compile("hears \"([^\"]*)\"");
    private static final Pattern SAYS = Pattern.compile("says \"([^\"]*)\"");
    private static final long MOST_BYTES = 12_000_000;
    private static final double MOST_MILLIONS = 6;

    @TempDir
    private Path folder;

    private static Path root() {
        return MiniRecipeTest.mini().getParent().getParent();
    }

    private static String all(final Pattern pattern, final String lines) {
        final StringBuilder found = new StringBuilder();
        for (final Matcher matcher = pattern.matcher(lines); matcher.find(); ) {
            found.append(matcher.group(1)).append(' ');
        }
        return found.toString().strip().replaceAll(" +", " ");
    }

    /** It is the default model, and its bits are those of every machine, so what it puts out is known. */
    @Test
    void shouldHearAnswerCountAndStopInTheTour() throws IOException {
        final Path tour = root().resolve("examples/tour");
        final Path out = folder.resolve("out");
        final Outcome outcome = Outcome.good(
                "run", "--audio", tour.resolve("input.wav"), "--video", tour.resolve("frames"), "--out", out);
        final String head = outcome.out().lines().findFirst().orElseThrow();
        assertTrue(head.contains("mini: "), head);
        final double millions = Double.parseDouble(head.replaceAll(".*: ([0-9.]+) M parameters.*", "$1"));
        assertTrue(millions <= MOST_MILLIONS, head);
        assertTrue(Files.size(MiniRecipeTest.mini().resolve(Checkpoint.SINGLE_FILE)) <= MOST_BYTES);
        assertEquals(
                "window morning morning computer what comes after two computer count the flashes computer count until"
                        + " ten stop computer paint the triangle no star green computer say when the shape crosses the"
                        + " line",
                all(HEARS, outcome.out()));
        assertEquals(
                "three okay one two three one two three four five six seven eight nine ten okay green star okay now",
                all(SAYS, outcome.out()));
        assertTrue(Files.size(out.resolve("speech.wav")) > 1_000_000, "45 s of sound at 16 kHz");
    }

    @Test
    void shouldScoreTheTourAsARecording() {
        final Outcome outcome = Outcome.good("eval", "--folder", root().resolve("examples/tour"), "-q");
        assertTrue(outcome.out().contains("tour, 1 episode"), outcome.out());
        assertTrue(
                outcome.out().lines().anyMatch(line -> line.matches(" +caption word errors +0[.]0 %.* n 32 .*")),
                outcome.out());
        assertTrue(
                outcome.out().lines().anyMatch(line -> line.matches(" +right reply +100[.]0 %.* n 5.*")),
                outcome.out());
    }
}
