package dev.tactus.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;

class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final CommandLine line =
            Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));

    @Command(name = "fail")
    private static final class Fail implements Callable<Integer> {
        private final Exception failure;

        Fail(final Exception failure) {
            this.failure = failure;
        }

        @Override
        public Integer call() throws Exception {
            throw failure;
        }
    }

    private int runFailing(final Exception failure, final String... options) {
        line.addSubcommand("fail", new Fail(failure));
        line.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        final String[] args = new String[options.length + 1];
        args[0] = "fail";
        System.arraycopy(options, 0, args, 1, options.length);
        return line.execute(args);
    }

    @Test
    void shouldShowTheVersionInOneLine() {
        assertEquals(Main.EXIT_OK, line.execute("--version"));
        assertTrue(out.toString().startsWith("tactus "), out::toString);
        assertTrue(out.toString().contains("JDK " + Runtime.version()), out::toString);
        assertEquals(1, out.toString().lines().count());
    }

    @Test
    void shouldListTheCommandsWhenNoneIsGiven() {
        assertEquals(Main.EXIT_OK, line.execute());
        assertTrue(out.toString().contains("doctor"), out::toString);
        assertEquals("", err.toString());
    }

    @Test
    void shouldAnswerAWrongLineInOneLine() {
        assertEquals(Main.EXIT_USAGE, line.execute("docto"));
        assertEquals(1, err.toString().lines().count(), err::toString);
        assertTrue(err.toString().contains("did you mean doctor"), err::toString);
        assertEquals("", out.toString());
    }

    @Test
    void shouldAnswerAFailureInOneLine() {
        assertEquals(Main.EXIT_FAILED, runFailing(new IllegalArgumentException("no such model:\n  a.json")));
        assertEquals("tactus: no such model:; a.json", err.toString().strip());
    }

    @Test
    void shouldCallADefectOfOursWhatItIs() {
        assertEquals(Main.EXIT_FAILED, runFailing(new NullPointerException()));
        assertEquals(
                "tactus: java.lang.NullPointerException (internal error: --debug shows where)",
                err.toString().strip());
    }

    @Test
    void shouldShowTheStackTraceWhenAsked() {
        assertEquals(Main.EXIT_FAILED, runFailing(new IllegalStateException("broken"), "--debug"));
        assertTrue(err.toString().contains("at dev.tactus.app.MainTest"), err::toString);
    }

    @Test
    void shouldExamineThisMachine() {
        assertEquals(Main.EXIT_OK, line.execute("doctor"));
        final String report = out.toString();
        for (final String subject : new String[] {"JDK", "JVM options", "CPU", "vectors", "memory locking", "GPU"}) {
            assertTrue(report.contains("  " + subject + " "), report);
        }
        assertTrue(report.contains("runs on the CPU only") || report.contains("compute capability"), report);
        assertFalse(report.contains("  fix  "), report);
    }
}
