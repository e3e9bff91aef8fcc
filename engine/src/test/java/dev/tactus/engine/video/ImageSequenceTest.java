package dev.tactus.engine.video;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.audio.InvalidMediaException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageSequenceTest {
    private static final String[] SHUFFLED = {"f10.png", "f2.PNG", "f1.jpg", "f002b.jpeg", "a.png"};

    @TempDir
    Path folder;

    @Test
    void shouldShowAFolderInNaturalOrder() throws IOException {
        for (final String name : SHUFFLED) {
            write(name, new BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB));
        }
        Files.writeString(folder.resolve("notes.txt"), "no picture");
        try (ImageSequence film = ImageSequence.open(folder.toString(), 30)) {
            final List<String> names = new ArrayList<>();
            film.files().forEach(file -> names.add(file.getFileName().toString()));
            assertEquals(List.of("a.png", "f1.jpg", "f2.PNG", "f002b.jpeg", "f10.png"), names);
            final RgbFrame frame = film.frame();
            for (int i = 0; i < 5; i++) {
                assertTrue(film.next());
                assertSame(frame, film.frame());
                assertEquals(Math.round(i * 1e9 / 30), film.timeNs());
                assertEquals(3, frame.width());
                assertEquals(2, frame.height());
            }
            assertFalse(film.next());
        }
        assertEquals(1, ImageSequence.open(folder + "/f*0.png", 1).files().size());
        assertEquals(2, ImageSequence.open(folder + "/f{1,2}.*", 1).files().size());
        assertEquals(1, ImageSequence.open(folder + "/a.png", 1).files().size());
    }

    @Test
    void shouldDecodeEveryKindOfPng() throws IOException {
        final long seed = 61;
        final int[] types = {
            BufferedImage.TYPE_INT_RGB,
            BufferedImage.TYPE_3BYTE_BGR,
            BufferedImage.TYPE_4BYTE_ABGR,
            BufferedImage.TYPE_BYTE_INDEXED,
            BufferedImage.TYPE_BYTE_BINARY
        };
        for (final int type : types) {
            final BufferedImage image = noise(new Random(seed), type);
            assertPixels(image, decode(image, "png"), "seed " + seed + ", type " + type);
        }
    }

    @Test
    void shouldKeepGreyValues() throws IOException {
        for (final int type : new int[] {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_USHORT_GRAY}) {
            final BufferedImage image = new BufferedImage(256, 1, type);
            for (int x = 0; x < 256; x++) {
                image.getRaster().setSample(x, 0, 0, type == BufferedImage.TYPE_BYTE_GRAY ? x : x << 8 | 77);
            }
            final RgbFrame frame = decode(image, "png");
            for (int x = 0; x < 256; x++) {
                assertEquals(x, frame.pixels()[3 * x] & 0xff, "type " + type);
                assertEquals(x, frame.pixels()[3 * x + 2] & 0xff, "type " + type);
            }
        }
    }

    @Test
    void shouldDecodeJpegCloseToItsSource() throws IOException {
        final BufferedImage image = new BufferedImage(64, 48, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < 48; y++) {
            for (int x = 0; x < 64; x++) {
                image.setRGB(x, y, 4 * x << 16 | 5 * y << 8 | 2 * (x + y));
            }
        }
        final RgbFrame frame = decode(image, "jpg");
        for (int i = 0; i < 64 * 48; i++) {
            final int want = image.getRGB(i % 64, i / 64);
            for (int c = 0; c < 3; c++) {
                assertEquals(want >> 16 - 8 * c & 0xff, frame.pixels()[3 * i + c] & 0xff, 20, "pixel " + i);
            }
        }
    }

    @Test
    void shouldRefuseHugeSizesBeforeDecoding() throws IOException {
        final byte[] png = encode(new BufferedImage(2, 2, BufferedImage.TYPE_INT_RGB), "png");
        ByteBuffer.wrap(png).putInt(16, 100_000).putInt(20, 100_000);
        refuse(png, "size", "100000x100000 pixels");
        final byte[] jpeg = encode(new BufferedImage(2, 2, BufferedImage.TYPE_INT_RGB), "jpg");
        int frameHeader = 0;
        while (jpeg[frameHeader] != (byte) 0xff || jpeg[frameHeader + 1] != (byte) 0xc0) {
            frameHeader++;
        }
        ByteBuffer.wrap(jpeg).putShort(frameHeader + 5, (short) 60_000).putShort(frameHeader + 7, (short) 60_000);
        refuse(jpeg, "size", "60000x60000 pixels");
    }

    @Test
    void shouldNameEveryLieInOneLine() throws IOException {
        refuse("GIF89a".getBytes(StandardCharsets.US_ASCII), "first bytes", "a PNG or JPEG file");
        refuse(new byte[0], "first bytes");
        final byte[] png = encode(noise(new Random(1), BufferedImage.TYPE_INT_RGB), "png");
        refuse(Arrays.copyOf(png, png.length - 9), "PNG", "chunks up to IEND");
        final byte[] longChunk = png.clone();
        ByteBuffer.wrap(longChunk).putInt(33, 0x7fffffff);
        refuse(longChunk, "length of the PNG chunk at byte 33", "2147483647 bytes");
        final byte[] damaged = png.clone();
        for (int i = 45; i < 80; i++) {
            damaged[i] ^= (byte) 0xa5;
        }
        refuse(damaged, "PNG", "damage");
        refuse(new byte[] {(byte) 0xff, (byte) 0xd8, (byte) 0xff, (byte) 0xd9}, "JPEG", "damage");
    }

    @Test
    void shouldRefuseAnEmptyFolderAndBadRates() throws IOException {
        final String where = folder.toString();
        assertThrows(InvalidMediaException.class, () -> ImageSequence.open(where, 25));
        assertThrows(InvalidMediaException.class, () -> ImageSequence.open(where + "/[", 25));
        for (final double rate : new double[] {0, -1, Double.NaN, 1001, Double.POSITIVE_INFINITY}) {
            assertThrows(InvalidMediaException.class, () -> ImageSequence.open(where, rate));
        }
        try (ImageSequence film = ImageSequence.open(where + "/missing.png", 25)) {
            assertThrows(NoSuchFileException.class, film::next);
        }
    }

    private void refuse(final byte[] file, final String... parts) throws IOException {
        final Path path = folder.resolve("bad.png");
        Files.write(path, file);
        try (ImageSequence film = ImageSequence.open(path.toString(), 25)) {
            final InvalidMediaException e = assertThrows(InvalidMediaException.class, film::next);
            assertFalse(e.getMessage().chars().anyMatch(Character::isISOControl), e.getMessage());
            assertTrue(e.getMessage().contains("bad.png: "), e.getMessage());
            for (final String part : parts) {
                assertTrue(e.getMessage().contains(part), e.getMessage() + " should contain " + part);
            }
        }
    }

    private static void assertPixels(final BufferedImage image, final RgbFrame frame, final String what) {
        assertEquals(image.getWidth(), frame.width(), what);
        assertEquals(image.getHeight(), frame.height(), what);
        for (int i = 0; i < frame.width() * frame.height(); i++) {
            final int argb = image.getRGB(i % frame.width(), i / frame.width());
            for (int c = 0; c < 3; c++) {
                final double want = (argb >> 16 - 8 * c & 0xff) * (argb >>> 24) / 255.0;
                assertEquals(want, frame.pixels()[3 * i + c] & 0xff, 0.5001, what + ", pixel " + i);
            }
        }
    }

    private static BufferedImage noise(final Random random, final int type) {
        final BufferedImage image = new BufferedImage(23, 11, type);
        for (int i = 0; i < 23 * 11; i++) {
            image.setRGB(i % 23, i / 23, random.nextInt());
        }
        return image;
    }

    private void write(final String name, final BufferedImage image) throws IOException {
        Files.write(
                folder.resolve(name),
                encode(image, name.toLowerCase(Locale.ROOT).endsWith("png") ? "png" : "jpg"));
    }

    private static RgbFrame decode(final BufferedImage image, final String format) throws IOException {
        final RgbFrame frame = new RgbFrame();
        new StillImage().decode("picture", encode(image, format), frame);
        return frame;
    }

    private static byte[] encode(final BufferedImage image, final String format) throws IOException {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertTrue(ImageIO.write(image, format, out), format);
        return out.toByteArray();
    }
}
