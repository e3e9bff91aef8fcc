package dev.tactus.engine.text;

import dev.tactus.engine.audio.InvalidMediaException;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Text that is typed at given times, read line by line from a file or a pipe:
 *
 * <pre>
 * # seconds, one blank, text
 * 1.20 hello
 * 3 and what do you see?
 * </pre>
 *
 * <p>Times are decimal seconds with at most nine decimals, up to {@value #MAX_SECONDS}, and never go back. Text is
 * UTF-8, taken as it stands after the one blank, and is not blank itself. Empty lines, and lines whose first visible
 * character is {@code #}, are skipped. A line has at most {@value #MAX_LINE_BYTES} bytes and ends with LF or CR LF.
 * Every other line is an {@link InvalidMediaException} that names file and line. One thread.
 */
public final class TimedTextScript implements Closeable {
    /** A line is one chunk of text; the engine takes 16 tokens a tick, so this much is a minute of typing. */
    public static final int MAX_LINE_BYTES = 4096;
    /** Longer than any session runs. */
    public static final long MAX_SECONDS = 10_000_000;

    private static final int MAX_DECIMALS = 9;
    private static final String TIME = "decimal seconds from 0 to " + MAX_SECONDS + ", such as 1.20";

    private final String name;
    private final InputStream in;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    private final byte[] line = new byte[MAX_LINE_BYTES];
    private final CharBuffer chars = CharBuffer.allocate(MAX_LINE_BYTES);
    private int length;
    private long lineNumber;
    private long timeNs;
    private String text = "";

    private TimedTextScript(final String name, final InputStream in) {
        this.name = name;
        this.in = in;
    }

    /**
     * Opens a file.
     *
     * @throws IOException if it cannot be read
     */
    public static TimedTextScript open(final Path path) throws IOException {
        return open(path.toString(), Files.newInputStream(path));
    }

    /**
     * Lines of a stream, which is closed with the script. A line is given as soon as its line feed has come.
     *
     * @param name what messages call the stream, such as {@code stdin}
     */
    public static TimedTextScript open(final String name, final InputStream stream) {
        return new TimedTextScript(name, new BufferedInputStream(stream));
    }

    /**
     * Moves to the next text, waiting for its line.
     *
     * @return false at the end
     * @throws InvalidMediaException if the line is none; it names file, line and what would be right
     * @throws IOException if reading fails
     */
    public boolean next() throws IOException {
        while (readLine()) {
            final String content = decode();
            if (!content.isBlank() && !content.stripLeading().startsWith("#")) {
                parse(content);
                return true;
            }
        }
        return false;
    }

    /** When the current text is typed, in nanoseconds after the start. */
    public long timeNs() {
        return timeNs;
    }

    /** The current text. */
    public String text() {
        return text;
    }

    /** Line of the current text, from 1. */
    public long lineNumber() {
        return lineNumber;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }

    private boolean readLine() throws IOException {
        length = 0;
        int b = in.read();
        if (b < 0) {
            return false;
        }
        lineNumber++;
        for (; b >= 0 && b != '\n'; b = in.read()) {
            if (length == MAX_LINE_BYTES) {
                throw invalid("line", "more than " + MAX_LINE_BYTES + " bytes", "at most " + MAX_LINE_BYTES + " bytes");
            }
            line[length++] = (byte) b;
        }
        if (length > 0 && line[length - 1] == '\r') {
            length--;
        }
        return true;
    }

    private String decode() {
        chars.clear();
        final ByteBuffer bytes = ByteBuffer.wrap(line, 0, length);
        decoder.reset();
        try {
            if (decoder.decode(bytes, chars, true).isError()
                    || decoder.flush(chars).isError()) {
                throw new CharacterCodingException();
            }
        } catch (final CharacterCodingException e) {
            throw invalid("encoding", "a wrong byte at column " + (bytes.position() + 1), "UTF-8");
        }
        final String content = chars.flip().toString();
        return lineNumber == 1 && content.startsWith("\uFEFF") ? content.substring(1) : content;
    }

    private void parse(final String content) {
        final int blank = content.indexOf(' ');
        final String number = blank < 0 ? content : content.substring(0, blank);
        final long time = nanoseconds(number);
        if (time < timeNs) {
            throw invalid("time", number + " s", "at least the " + timeNs / 1e9 + " s of the line before");
        }
        if (blank < 0 || content.substring(blank + 1).isBlank()) {
            throw invalid("text", blank < 0 ? "none after \"" + number + '"' : "blanks only", "a blank, then text");
        }
        timeNs = time;
        text = content.substring(blank + 1);
    }

    private long nanoseconds(final String number) {
        final int dot = number.indexOf('.');
        final String whole = dot < 0 ? number : number.substring(0, dot);
        final String decimals = dot < 0 ? "" : number.substring(dot + 1);
        final boolean wellFormed = isDigits(whole, 1, 8) && isDigits(decimals, dot < 0 ? 0 : 1, MAX_DECIMALS);
        if (!wellFormed) {
            throw invalid("time", '"' + number + '"', TIME);
        }
        long nanos = 0;
        for (int i = 0; i < MAX_DECIMALS; i++) {
            nanos = 10 * nanos + (i < decimals.length() ? decimals.charAt(i) - '0' : 0);
        }
        final long time = Long.parseLong(whole) * 1_000_000_000L + nanos;
        if (time > MAX_SECONDS * 1_000_000_000L) {
            throw invalid("time", number + " s", TIME);
        }
        return time;
    }

    private static boolean isDigits(final String text, final int min, final int max) {
        return text.length() >= min && text.length() <= max && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    private InvalidMediaException invalid(final String field, final Object found, final String allowed) {
        return new InvalidMediaException(name + ':' + lineNumber, field, found, allowed);
    }
}
