package dev.tactus.engine.video;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.audio.InvalidMediaException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Y4mReaderTest {
    @Test
    void shouldConvertEveryFormatAsTheStandardDefines() throws IOException {
        final long seed = 41;
        final Random random = new Random(seed);
        final String[] spaces = {"", " C420", " C420jpeg", " C420mpeg2", " C420paldv", " C422", " C444", " Cmono"};
        for (final String space : spaces) {
            for (final boolean full : new boolean[] {false, true}) {
                for (final int[] size : new int[][] {{16, 8}, {7, 5}, {1, 1}, {2, 9}}) {
                    final String what =
                            "seed " + seed + ", " + space + ", full " + full + ", " + size[0] + "x" + size[1];
                    final int cw = space.contains("444") ? size[0] : (size[0] + 1) / 2;
                    final int ch = space.contains("444") || space.contains("422") ? size[1] : (size[1] + 1) / 2;
                    final byte[] planes = new byte[size[0] * size[1] + (space.contains("mono") ? 0 : 2 * cw * ch)];
                    random.nextBytes(planes);
                    final String header = "YUV4MPEG2 W" + size[0] + " H" + size[1] + " F25:1 Ip A1:1" + space
                            + (full ? " XCOLORRANGE=FULL" : "") + " XYSCSS=ANY\n";
                    try (Y4mReader reader = open(header, "FRAME\n", planes)) {
                        assertTrue(reader.next(), what);
                        assertFrame(planes, size, cw, ch, full, reader.frame(), what);
                        assertFalse(reader.next(), what);
                    }
                }
            }
        }
    }

    @Test
    void shouldCountTimeWithoutDrift() throws IOException {
        final ByteArrayOutputStream film = new ByteArrayOutputStream();
        film.writeBytes(ascii("YUV4MPEG2 W1 H1 F30000:1001 Cmono\n"));
        for (int i = 0; i < 90_001; i++) {
            film.writeBytes(ascii(i % 2 == 0 ? "FRAME\nx" : "FRAME Ip\nx"));
        }
        try (Y4mReader reader = Y4mReader.open("film", new ByteArrayInputStream(film.toByteArray()))) {
            RgbFrame first = null;
            for (int i = 0; i < 90_001; i++) {
                assertTrue(reader.next());
                first = first == null ? reader.frame() : first;
                assertSame(first, reader.frame());
                if (i == 1) {
                    assertEquals(33_366_666L, reader.timeNs());
                }
            }
            assertEquals(3_003_000_000_000L, reader.timeNs());
            assertFalse(reader.next());
        }
    }

    @Test
    void shouldNameEveryLieInOneLine() {
        refuse("YUV4MPEG W2 H2 F25:1\n", "header", "YUV4MPEG2");
        refuse("", "header", "an empty stream");
        refuse("YUV4MPEG2 W2 H2 F25:1", "header line", "the end after 21 bytes");
        refuse("YUV4MPEG2 " + "X".repeat(5000) + "\n", "header line", "more than 4096 bytes");
        refuse("YUV4MPEG2 H2 F25:1\n", "no width (W)");
        refuse("YUV4MPEG2 W2 F25:1\n", "no height (H)");
        refuse("YUV4MPEG2 W2 H2\n", "no frame rate (F)");
        refuse("YUV4MPEG2 W0 H2 F25:1\n", "width (W)", "found \"0\"", "1 to 16384");
        refuse("YUV4MPEG2 W-2 H2 F25:1\n", "width (W)", "found \"-2\"");
        refuse("YUV4MPEG2 W2 H99999999999999999999 F25:1\n", "height (H)");
        refuse("YUV4MPEG2 W16384 H16384 F25:1\n", "size", "16384x16384 pixels", "at most 33554432 pixels");
        refuse("YUV4MPEG2 W2 H2 F0:0\n", "frame rate (F)");
        refuse("YUV4MPEG2 W2 H2 F25\n", "frame rate (F)", "F25", "F30000:1001");
        refuse("YUV4MPEG2 W2 H2 F100000:1\n", "frame rate (F)", "at most 1000 frames");
        refuse("YUV4MPEG2 W2 H2 F25:1 C420p10\n", "colour space (C)", "C420p10", "C444");
        refuse("YUV4MPEG2 W2 H2 F25:1 It\n", "interlacing (I)", "deinterlace");
        refuse("YUV4MPEG2 W2 H2 F25:1 Q7\n", "header parameter", "\"Q7\"");
        refuse("YUV4MPEG2 W2 H2 F25:1 XCOLORRANGE=SOME\n", "XCOLORRANGE", "FULL or LIMITED");
        refuse("YUV4MPEG2 W2 H2 F25:1\nFRAMES\n", "start of frame 0", "\"FRAMES\"");
        refuse("YUV4MPEG2 W2 H2 F25:1\nFRAME\n12345", "frame 0", "found 5 bytes", "allowed: 6 bytes");
        refuse("YUV4MPEG2 W2 H2 F25:1\nFRAME\n123456FRA", "FRAME line", "the end after 3 bytes");
    }

    private static void refuse(final String film, final String... parts) {
        final InvalidMediaException e = assertThrows(InvalidMediaException.class, () -> {
            try (Y4mReader reader = Y4mReader.open("cam.y4m", new ByteArrayInputStream(ascii(film)))) {
                while (reader.next()) {
                    assertEquals(2, reader.frame().width());
                }
            }
        });
        assertTrue(e.getMessage().startsWith("cam.y4m: "), e.getMessage());
        assertFalse(e.getMessage().chars().anyMatch(Character::isISOControl), e.getMessage());
        for (final String part : parts) {
            assertTrue(e.getMessage().contains(part), e.getMessage() + " should contain " + part);
        }
    }

    private static void assertFrame(
            final byte[] planes,
            final int[] size,
            final int cw,
            final int ch,
            final boolean full,
            final RgbFrame frame,
            final String what) {
        final int w = size[0];
        final int h = size[1];
        assertEquals(w, frame.width(), what);
        assertEquals(h, frame.height(), what);
        final boolean mono = planes.length == w * h;
        for (int y = 0; y < h; y++) {
            for (int x = 0; x < w; x++) {
                final int c = w * h + (y * ch / h == y ? y : y / 2) * cw + (cw == w ? x : x / 2);
                final double luma = full ? at(planes, y * w + x) : (at(planes, y * w + x) - 16) * 255 / 219.0;
                final double gain = full ? 1 : 255 / 224.0;
                final double cb = mono ? 0 : (at(planes, c) - 128) * gain;
                final double cr = mono ? 0 : (at(planes, c + cw * ch) - 128) * gain;
                final double[] want = {luma + 1.402 * cr, luma - 0.344136286 * cb - 0.714136286 * cr, luma + 1.772 * cb
                };
                for (int i = 0; i < 3; i++) {
                    final double clamped = Math.max(0, Math.min(255, want[i]));
                    assertEquals(clamped, at(frame.pixels(), (y * w + x) * 3 + i), 0.51, what + " at " + x + "," + y);
                }
            }
        }
    }

    private static int at(final byte[] bytes, final int index) {
        return bytes[index] & 0xff;
    }

    private static Y4mReader open(final String header, final String frame, final byte[] planes) throws IOException {
        final ByteArrayOutputStream film = new ByteArrayOutputStream();
        film.writeBytes(ascii(header + frame));
        film.writeBytes(planes);
        return Y4mReader.open("film", new ByteArrayInputStream(film.toByteArray()));
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
