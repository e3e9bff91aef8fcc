package dev.tactus.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The benches that run by the clock, with tiny parameters; what they measure is not looked at. */
class LiveBenchTest {
    private static final long TINY = 1_000_000;
    private static BenchModel model;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeAll
    static void writeModel() {
        model = BenchModel.random(TINY);
    }

    @AfterAll
    static void deleteModel() {
        model.close();
    }

    private String run(final int mostCode, final String command, final String... options) {
        final CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out));
        line.setErr(new PrintWriter(err));
        final String[] args = new String[options.length + 7];
        args[0] = command;
        args[1] = "--model";
        args[2] = model.directory().toString();
        args[3] = "--rows";
        args[4] = "18";
        args[5] = "--threads";
        args[6] = "1";
        System.arraycopy(options, 0, args, 7, options.length);
        final int code = line.execute(args);
        assertTrue(code <= mostCode, () -> code + ": " + out + err);
        return out.toString();
    }

    private static void has(final String text, final String pattern) {
        assertTrue(Pattern.compile(pattern, Pattern.MULTILINE).matcher(text).find(), () -> pattern + " in:\n" + text);
    }

    @Test
    void shouldSetSpreadSessionsBesideThoseThatTickTogether() {
        final String text = run(0, "phases", "--sessions", "2", "--phases", "1,2", "--seconds", "1", "--turns", "1");
        has(text, "^ +1 +[0-9.]*[1-9].* of 200 ");
        has(text, "^ +2 .* of 200 ");
        has(text, "^p99 of 2 slots is 1/[0-9.]+ of that of 1; ticks/s are [0-9.]+ % of it$");
    }

    @Test
    void shouldStopSessionsAtPlacesOfTheTick() {
        // on a machine that is busy a tick may be late, and its output with it
        final String text = run(1, "stop", "--others", "1", "--offsets", "2");
        has(text, "^last output( +[0-9.]+){5}$");
        has(text, "^output after the end of the tick: [0-2] of 2$");
    }

    @Test
    void shouldLookAtSessionsThatLiveOn() {
        final String text =
                run(0, "soak", "--sessions", "2", "--minutes", "0.03", "--look", "1", "--mode", "dedicated");
        has(text, "^ +2 +2 +[0-9]+ ");
        has(text, "^admitted 2; missed [0-9,]+ of [0-9,]+ session ticks");
    }

    @Test
    void shouldOfferMoreSessionsThanFit(@TempDir final Path folder) throws IOException {
        final Path json = folder.resolve("overload.json");
        final String text = run(
                0,
                "overload",
                "--capacity",
                "2",
                "--factors",
                "0.5,1.5",
                "--seconds",
                "1",
                "--settle",
                "0.4",
                "--fill",
                "0.4",
                "--out",
                json.toString());
        has(text, "^capacity  2, as given$");
        has(text, "^admission on$(?s:.*)^ +0.50 +1 +1 (?s:.*)^admission off");
        has(text, "^admission off.*$(?s:.*)^ +1.50 +3 +3 +[0-9]+ ");

        final JsonNode root = JsonMapper.builder().build().readTree(Files.readString(json));
        assertEquals("overload", root.get("bench").asString());
        assertTrue(root.get("command").asString().startsWith("./tactus bench overload --model "), root::toString);
        assertEquals(4, root.get("results").size());
        assertEquals(3, root.get("results").get(3).get("offered").asInt());
        assertTrue(root.get("results").get(3).get("ticks").asInt() > 0, root::toString);
    }

    @Test
    void shouldMeasureHowManySessionsFit() {
        final String text = run(
                0,
                "overload",
                "--factors",
                "0.01",
                "--seconds",
                "1",
                "--settle",
                "0.2",
                "--fill",
                "0.2",
                "--search",
                "0.3",
                "--calibration",
                "0.2",
                "--context",
                "64");
        has(text, "^sessions .* context 64, ");
        has(text, "^capacity  [1-9][0-9]* measured.*, [0-9]+ predicted, steal ");
        has(text, "^ +0.01 ");
    }
}
