package dev.tactus.bench;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

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
}
