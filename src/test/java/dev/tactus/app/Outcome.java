package dev.tactus.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;

/**
 * What a command line did.
 *
 * @param code the exit code
 * @param out standard output
 * @param err standard error
 */
record Outcome(int code, String out, String err) {
    /** Runs {@code tactus} with these arguments in this process. */
    static Outcome of(final Object... args) {
        final StringWriter out = new StringWriter();
        final StringWriter err = new StringWriter();
        final String[] texts = List.of(args).stream().map(Object::toString).toArray(String[]::new);
        final int code = Main.commandLine()
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(texts);
        return new Outcome(code, out.toString(), err.toString());
    }

    /** The same, which must succeed without a word on standard error. */
    static Outcome good(final Object... args) {
        final Outcome outcome = of(args);
        assertEquals(Main.EXIT_OK, outcome.code, outcome.err);
        assertEquals("", outcome.err);
        return outcome;
    }

    /** Fails unless the outcome is one line that holds all of {@code parts}, and exit code 2. */
    void assertBadInput(final String... parts) {
        assertEquals(Main.EXIT_USAGE, code, () -> "exit code; out:\n" + out + "err:\n" + err);
        assertEquals(1, err.lines().count(), err);
        assertTrue(err.startsWith("tactus: "), err);
        assertTrue(err.endsWith(System.lineSeparator()), err);
        for (final String part : parts) {
            assertTrue(err.contains(part), () -> "\"" + part + "\" in: " + err);
        }
    }
}
