package dev.tactus.app.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.scheduler.SilenceReason;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class TickLineTest {
    private static TickView tick(final long number, final SilenceReason reason, final String heard, final String said) {
        return tick(number, reason, heard, said, false);
    }

    private static TickView tick(
            final long number,
            final SilenceReason reason,
            final String heard,
            final String said,
            final boolean speaks) {
        return new TickView(
                number, reason, heard, said, speaks, 6_300_000, 400_000, 4_900_000, 900_000, 2_000_000, 100_000);
    }

    @Test
    void shouldStandUnderItsHeader() {
        final String line = TickLine.of(tick(0, SilenceReason.CHOSE, "", ""));
        assertEquals("   time     wall    prep    fuse     gen   speak    wait  (ms)", TickLine.HEADER);
        assertEquals("  0.2 s      6.3     0.4     4.9     0.9     2.0     0.1  chose", line);
        for (final String column : new String[] {"wall", "prep", "fuse", "gen", "speak", "wait"}) {
            final int end = TickLine.HEADER.indexOf(column) + column.length();
            assertTrue(Character.isDigit(line.charAt(end - 1)) && line.charAt(end) == ' ', column);
        }
    }

    @Test
    void shouldShowWhatWasHeardSaidAndLate() {
        assertTrue(TickLine.of(tick(9, SilenceReason.NONE, "hi", "")).endsWith("  hears \"hi\""));
        assertTrue(TickLine.of(tick(9, SilenceReason.NONE, "hi", " you")).endsWith("  hears \"hi\"  says \" you\""));
        assertTrue(TickLine.of(tick(9, SilenceReason.NONE, "", "hi", true)).endsWith("  says \"hi\" ♪"));
        assertTrue(TickLine.of(tick(9, SilenceReason.NONE, "", "", true)).endsWith("  ♪"));
        assertTrue(TickLine.of(tick(9, SilenceReason.STALLED, "", "so")).endsWith("  says \"so\"  stalled"));
        assertTrue(TickLine.of(tick(9, SilenceReason.NONE, "", "⟨5⟩⟨6⟩")).endsWith("  says ⟨5⟩⟨6⟩"));
    }

    @Test
    void shouldLetNothingMoveTheCursor() {
        assertEquals("\"a\\nb\\t?[2J?\"", TickLine.quoted("a\nb\t\u001b[2J\u202E"));
        assertTrue(TickLine.quoted("x".repeat(5000)).length() < 500);
    }

    @Test
    void shouldReplaceSilentLinesOnATerminalOnly() {
        final StringWriter plain = new StringWriter();
        final StringWriter terminal = new StringWriter();
        final LiveView onPlain = new LiveView(new PrintWriter(plain), false);
        final LiveView onTerminal = new LiveView(new PrintWriter(terminal), true);
        for (final LiveView view : new LiveView[] {onPlain, onTerminal}) {
            view.show(tick(0, SilenceReason.CHOSE, "", ""));
            view.show(tick(1, SilenceReason.CHOSE, "", ""));
            view.show(tick(2, SilenceReason.NONE, "", "yes"));
            view.end();
        }
        assertEquals(4, plain.toString().lines().count());
        assertFalse(plain.toString().contains("\u001b"));
        assertEquals(2, terminal.toString().split("\n").length, "the header, and one line that was written thrice");
        assertEquals(2, terminal.toString().split("\u001b", -1).length - 1);
    }
}
