package dev.tactus.engine.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.audio.InvalidMediaException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TimedTextScriptTest {
    @TempDir
    Path folder;

    @Test
    void shouldReadTimesAndTexts() throws IOException {
        final Path file = folder.resolve("script.txt");
        Files.writeString(
                file,
                "\uFEFF# greeting\n\n0 start\r\n  # indented\n1.20 hello  wörld \n1.2  two blanks\n3.000000001 ✓");
        try (TimedTextScript script = TimedTextScript.open(file)) {
            assertNext(script, 3, 0, "start");
            assertNext(script, 5, 1_200_000_000L, "hello  wörld ");
            assertNext(script, 6, 1_200_000_000L, " two blanks");
            assertNext(script, 7, 3_000_000_001L, "✓");
            assertFalse(script.next());
        }
    }

    @Test
    void shouldNameFileLineAndWhatWouldBeRight() {
        refuse("abc def", "in:1: time: found \"abc\"", "such as 1.20");
        refuse("# ok\n\n-1 x", "in:3: time: found \"-1\"");
        refuse("NaN x", "in:1: time: found \"NaN\"");
        refuse("1e3 x", "in:1: time: found \"1e3\"");
        refuse("1. x", "in:1: time: found \"1.\"");
        refuse(".5 x", "in:1: time: found \".5\"");
        refuse("+1 x", "in:1: time: found \"+1\"");
        refuse("1.0000000001 x", "in:1: time: found \"1.0000000001\"");
        refuse("99999999 x", "in:1: time: found 99999999 s");
        refuse("999999999999999999999 x", "in:1: time");
        refuse("\u0661 x", "in:1: time"); // a digit, but not one of ours
        refuse(" 1 x", "in:1: time: found \"\"");
        refuse("1\tx", "in:1: time: found \"1?x\"");
        refuse("2 a\n1.9 b", "in:2: time: found 1.9 s; allowed: at least the 2.0 s of the line before");
        refuse("1", "in:1: text: found none after \"1\"");
        refuse("1 ", "in:1: text: found blanks only");
        refuse("1  \t ", "in:1: text: found blanks only");
        refuse("1 " + "x".repeat(4095), "in:1: line: found more than 4096 bytes");
    }

    @Test
    void shouldRefuseWhatIsNotUtf8() {
        final byte[][] none = {
            {(byte) 0xff}, {(byte) 0xc3}, {(byte) 0xc0, (byte) 0x80}, {(byte) 0xed, (byte) 0xa0, (byte) 0x80}
        };
        for (final byte[] bad : none) {
            final byte[] bytes = new byte[4 + bad.length];
            System.arraycopy("1 xy".getBytes(StandardCharsets.US_ASCII), 0, bytes, 0, 4);
            System.arraycopy(bad, 0, bytes, 4, bad.length);
            final TimedTextScript script = TimedTextScript.open("in", new ByteArrayInputStream(bytes));
            final InvalidMediaException e = assertThrows(InvalidMediaException.class, script::next);
            assertEquals("in:1: encoding: found a wrong byte at column 5; allowed: UTF-8", e.getMessage());
        }
    }

    @Test
    void shouldTakeTheLongestLine() throws IOException {
        final String text = "x".repeat(4094);
        try (TimedTextScript script = open("1 " + text + "\n2 y")) {
            assertNext(script, 1, 1_000_000_000L, text);
            assertNext(script, 2, 2_000_000_000L, "y");
        }
    }

    private static void assertNext(final TimedTextScript script, final long line, final long timeNs, final String text)
            throws IOException {
        assertTrue(script.next());
        assertEquals(line, script.lineNumber());
        assertEquals(timeNs, script.timeNs());
        assertEquals(text, script.text());
    }

    private static void refuse(final String content, final String... parts) {
        final InvalidMediaException e = assertThrows(InvalidMediaException.class, () -> {
            try (TimedTextScript script = open(content)) {
                while (script.next()) {
                    assertFalse(script.text().isBlank());
                }
            }
        });
        for (final String part : parts) {
            assertTrue(e.getMessage().contains(part), e.getMessage() + " should contain " + part);
        }
        assertFalse(e.getMessage().chars().anyMatch(Character::isISOControl), e.getMessage());
    }

    private static TimedTextScript open(final String content) {
        return TimedTextScript.open("in", new ByteArrayInputStream(content.getBytes(StandardCharsets.UTF_8)));
    }
}
