package dev.tactus.engine.video;

import dev.tactus.engine.audio.InvalidMediaException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Streaming reader of YUV4MPEG2 (.y4m), as {@code ffmpeg -f yuv4mpegpipe -} writes it: 8-bit 4:2:0 (any siting), 4:2:2,
 * 4:4:4 and luma alone, progressive, odd sizes included. BT.601 limited range unless {@code XCOLORRANGE=FULL}.
 *
 * <p>Sizes are checked before memory is taken: sides up to 16384, 2²⁵ pixels. A frame that is cut short is an
 * {@link InvalidMediaException}. Nothing is allocated per frame. One thread.
 */
public final class Y4mReader implements FrameSource {
    private static final String MAGIC = "YUV4MPEG2";
    private static final int MAX_HEADER_BYTES = 4096;
    private static final int MAX_FRAME_HEADER_BYTES = 256;
    private static final String COLOUR_SPACES = "C420, C420jpeg, C420mpeg2, C420paldv, C422, C444 or Cmono (8 bit)";

    private final String name;
    private final InputStream in;
    private final byte[] line = new byte[MAX_HEADER_BYTES];
    private final RgbFrame frame = new RgbFrame();
    private final FrameRate rate;
    private final YuvPlanes format;
    private final byte[] planes;
    private int width;
    private int height;
    private FrameRate declaredRate;
    private String colourSpace = "420jpeg";
    private boolean fullRange;
    private long frames;

    private Y4mReader(final String name, final InputStream in) throws IOException {
        this.name = name;
        this.in = in;
        parseHeader();
        rate = declaredRate;
        format = planesOf(colourSpace);
        planes = new byte[format.frameBytes()];
    }

    /**
     * Opens a file and reads its header.
     *
     * @throws InvalidMediaException if the header is wrong
     * @throws IOException if the file cannot be read
     */
    public static Y4mReader open(final Path path) throws IOException {
        return open(path.toString(), Files.newInputStream(path));
    }

    /**
     * Reads the header of a stream, which is closed with the reader (and when the header is wrong).
     *
     * @param name what messages call the stream, such as {@code stdin}
     */
    public static Y4mReader open(final String name, final InputStream stream) throws IOException {
        try {
            return new Y4mReader(name, new BufferedInputStream(stream, 1 << 16));
        } catch (final IOException | RuntimeException e) {
            try {
                stream.close();
            } catch (final IOException onClose) {
                e.addSuppressed(onClose);
            }
            throw e;
        }
    }

    /** Pixels per row. */
    public int width() {
        return width;
    }

    /** Rows. */
    public int height() {
        return height;
    }

    @Override
    public boolean next() throws IOException {
        final String header = line(MAX_FRAME_HEADER_BYTES, "FRAME line");
        if (header == null) {
            return false;
        }
        if (!header.equals("FRAME") && !header.startsWith("FRAME ")) {
            throw invalid("start of frame " + frames, '"' + header + '"', "\"FRAME\"");
        }
        final int read = in.readNBytes(planes, 0, planes.length);
        if (read < planes.length) {
            throw invalid("frame " + frames, read + " bytes, then the end", planes.length + " bytes");
        }
        format.toRgb(planes, frame);
        frames++;
        return true;
    }

    @Override
    public long timeNs() {
        return rate.timeNs(Math.max(0, frames - 1));
    }

    @Override
    public RgbFrame frame() {
        return frame;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }

    private void parseHeader() throws IOException {
        final String header = line(MAX_HEADER_BYTES, "header line");
        if (header == null || !header.equals(MAGIC) && !header.startsWith(MAGIC + ' ')) {
            throw invalid("header", header == null ? "an empty stream" : '"' + header + '"', '"' + MAGIC + " …\"");
        }
        for (final String word : header.substring(MAGIC.length()).split(" ")) {
            if (!word.isEmpty()) {
                parameter(word.charAt(0), word.substring(1));
            }
        }
        if (width == 0 || height == 0) {
            throw invalid("header", width == 0 ? "no width (W)" : "no height (H)", "both W and H");
        }
        if (declaredRate == null) {
            throw invalid("header", "no frame rate (F)", "F with a fraction, such as F30:1");
        }
        FrameLimits.check(name, width, height);
    }

    private void parameter(final char key, final String value) {
        switch (key) {
            case 'W' -> width = (int) number("width (W)", value, FrameLimits.MAX_SIDE);
            case 'H' -> height = (int) number("height (H)", value, FrameLimits.MAX_SIDE);
            case 'F' -> declaredRate = rate(value);
            case 'C' -> colourSpace = value;
            case 'I' -> {
                if (!value.equals("p") && !value.equals("?")) {
                    throw invalid("interlacing (I)", 'I' + value, "Ip (deinterlace it first)");
                }
            }
            case 'X' -> {
                if (value.startsWith("COLORRANGE=")) {
                    fullRange = range(value.substring("COLORRANGE=".length()));
                }
            }
            case 'A' -> {} // the shape of a pixel: near 1 in what cameras give, and the model sees no difference
            default -> throw invalid("header parameter", '"' + (key + value) + '"', "W, H, F, I, A, C or X");
        }
    }

    private boolean range(final String value) {
        if (!value.equals("FULL") && !value.equals("LIMITED")) {
            throw invalid("XCOLORRANGE", value, "FULL or LIMITED");
        }
        return value.equals("FULL");
    }

    private FrameRate rate(final String value) {
        final int colon = value.indexOf(':');
        final String allowed = "a fraction of more than 0 and at most " + FrameLimits.MAX_FRAMES_PER_SECOND
                + " frames per second, such as F30000:1001";
        if (colon < 0) {
            throw invalid("frame rate (F)", 'F' + value, allowed);
        }
        final long numerator = number("frame rate (F)", value.substring(0, colon), Integer.MAX_VALUE);
        final long denominator = number("frame rate (F)", value.substring(colon + 1), Integer.MAX_VALUE);
        if (numerator > denominator * FrameLimits.MAX_FRAMES_PER_SECOND) {
            throw invalid("frame rate (F)", 'F' + value, allowed);
        }
        return new FrameRate(numerator, denominator);
    }

    private long number(final String field, final String text, final long max) {
        long value = 0;
        for (int i = 0; i < text.length() && value <= max; i++) {
            final char c = text.charAt(i);
            value = c >= '0' && c <= '9' ? 10 * value + (c - '0') : Long.MAX_VALUE;
        }
        if (text.isEmpty() || value < 1 || value > max) {
            throw invalid(field, '"' + text + '"', "1 to " + max);
        }
        return value;
    }

    private YuvPlanes planesOf(final String space) {
        return switch (space) {
            case "420", "420jpeg", "420mpeg2", "420paldv" -> new YuvPlanes(width, height, 1, 1, true, fullRange);
            case "422" -> new YuvPlanes(width, height, 1, 0, true, fullRange);
            case "444" -> new YuvPlanes(width, height, 0, 0, true, fullRange);
            case "mono" -> new YuvPlanes(width, height, 0, 0, false, fullRange);
            default -> throw invalid("colour space (C)", 'C' + space, COLOUR_SPACES);
        };
    }

    /** Up to the line feed, which is taken too; null at the end of the stream. */
    private String line(final int limit, final String field) throws IOException {
        int length = 0;
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                if (length == 0) {
                    return null;
                }
                throw invalid(field, "the end after " + length + " bytes", "a line feed at its end");
            }
            if (length == limit) {
                throw invalid(field, "more than " + limit + " bytes", "a line feed within " + limit + " bytes");
            }
            line[length++] = (byte) b;
        }
        return new String(line, 0, length, StandardCharsets.ISO_8859_1);
    }

    private InvalidMediaException invalid(final String field, final Object found, final String allowed) {
        return new InvalidMediaException(name, field, found, allowed);
    }
}
