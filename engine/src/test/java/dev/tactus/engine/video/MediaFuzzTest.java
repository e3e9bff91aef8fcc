package dev.tactus.engine.video;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.audio.AudioSource;
import dev.tactus.engine.audio.InvalidMediaException;
import dev.tactus.engine.audio.WavReader;
import dev.tactus.engine.audio.WavWriter;
import dev.tactus.engine.text.TimedTextScript;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged inputs end in a clear line or read as something else, never in another exception. */
class MediaFuzzTest {
    private static final long SEED = 71;
    private static final int[] INTERESTING = {0, 1, 2, 127, 128, 255, '\n', ' ', '-', '9'};

    @TempDir
    Path folder;

    /** Reads the whole input. */
    private interface Parser {
        void read(byte[] input) throws IOException;
    }

    @Test
    void shouldSurviveDamagedWavStreams() throws IOException {
        final Path path = folder.resolve("valid.wav");
        try (WavWriter writer = new WavWriter(path)) {
            writer.write(new float[] {0.1f, -0.5f, 0.9f, 0, 0.2f, 0.3f}, 0, 6);
        }
        final byte[] pcm = Files.readAllBytes(path);
        final byte[] floats = Arrays.copyOf(pcm, pcm.length);
        floats[20] = 3; // IEEE float
        floats[32] = 4;
        floats[34] = 32;
        final float[] chunk = new float[64];
        fuzz("wav", 6_000, new byte[][] {pcm, floats}, input -> {
            try (WavReader reader = WavReader.open("fuzz", new ByteArrayInputStream(input))) {
                readAll(reader, chunk);
            }
        });
    }

    @Test
    void shouldSurviveDamagedWavFiles() throws IOException {
        final Path path = folder.resolve("fuzz.wav");
        try (WavWriter writer = new WavWriter(path)) {
            writer.write(new float[100], 0, 100);
        }
        final byte[] valid = Files.readAllBytes(path);
        final float[] chunk = new float[64];
        fuzz("wav file", 1_000, new byte[][] {valid}, input -> {
            Files.write(path, input);
            try (WavReader reader = WavReader.open(path)) {
                readAll(reader, chunk);
            }
        });
    }

    @Test
    void shouldSurviveDamagedY4m() {
        final String header = "YUV4MPEG2 W4 H3 F30000:1001 Ip A1:1 C420jpeg XCOLORRANGE=LIMITED\n";
        final String frame = "FRAME\n0123456789abcdefghij";
        final byte[] valid = (header + frame + frame).getBytes(StandardCharsets.US_ASCII);
        fuzz("y4m", 6_000, new byte[][] {valid}, input -> {
            try (Y4mReader reader = Y4mReader.open("fuzz", new ByteArrayInputStream(input))) {
                if ((long) reader.width() * reader.height() < 100_000) { // the limits are tested elsewhere
                    while (reader.next()) {
                        assertTrue(reader.timeNs() >= 0);
                    }
                }
            }
        });
    }

    @Test
    void shouldSurviveDamagedPictures() throws IOException {
        final BufferedImage image = new BufferedImage(9, 7, BufferedImage.TYPE_INT_RGB);
        image.setRGB(3, 3, 0xff8040);
        final BufferedImage indexed = new BufferedImage(9, 7, BufferedImage.TYPE_BYTE_INDEXED);
        final byte[][] valid = {encode(image, "png"), encode(indexed, "png"), encode(image, "jpg")};
        final StillImage decoder = new StillImage();
        final RgbFrame frame = new RgbFrame();
        fuzz("picture", 3_000, valid, input -> decoder.decode("fuzz", input, frame));
    }

    @Test
    void shouldSurviveDamagedScripts() {
        final byte[] valid = "# c\n0 start\n\n1.20 hello wörld\r\n3.5 ✓ yes\n".getBytes(StandardCharsets.UTF_8);
        fuzz("script", 6_000, new byte[][] {valid}, input -> {
            try (TimedTextScript script = TimedTextScript.open("fuzz", new ByteArrayInputStream(input))) {
                while (script.next()) {
                    assertFalse(script.text().isBlank());
                }
            }
        });
    }

    private static void fuzz(final String what, final int cases, final byte[][] valid, final Parser parser) {
        final Random random = new Random(SEED);
        int refused = 0;
        for (int i = 0; i < cases; i++) {
            final byte[] input = mutate(valid[i % valid.length], random);
            try {
                parser.read(input);
            } catch (final InvalidMediaException e) {
                refused++;
                assertFalse(e.getMessage().chars().anyMatch(Character::isISOControl), what + ", case " + i);
            } catch (final IOException e) {
                refused++;
            } catch (final RuntimeException | Error e) {
                throw new AssertionError(what + ", seed " + SEED + ", case " + i + ": " + e, e);
            }
        }
        assertTrue(refused > cases / 10 && refused < cases, what + ": refused " + refused + " of " + cases);
    }

    private static byte[] mutate(final byte[] valid, final Random random) {
        byte[] out = valid.clone();
        for (int n = random.nextInt(4); n >= 0; n--) {
            final int at = out.length == 0 ? 0 : random.nextInt(out.length);
            switch (out.length == 0 ? 4 : random.nextInt(6)) {
                case 0 -> out[at] = (byte) random.nextInt();
                case 1 -> out[at] ^= (byte) (1 << random.nextInt(8));
                case 2 -> out[at] = (byte) INTERESTING[random.nextInt(INTERESTING.length)];
                case 3 -> out = Arrays.copyOf(out, at);
                case 4 -> out = Arrays.copyOf(out, out.length + random.nextInt(20));
                default -> {
                    final int from = random.nextInt(out.length);
                    final int count = random.nextInt(1 + out.length - Math.max(from, at));
                    System.arraycopy(out, from, out, at, count);
                }
            }
        }
        return out;
    }

    private static void readAll(final AudioSource source, final float[] chunk) throws IOException {
        for (int n = source.read(chunk, 0, chunk.length); n >= 0; n = source.read(chunk, 0, chunk.length)) {
            for (int i = 0; i < n; i++) {
                assertTrue(Float.isFinite(chunk[i]));
            }
        }
    }

    private static byte[] encode(final BufferedImage image, final String format) throws IOException {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertTrue(ImageIO.write(image, format, out), format);
        return out.toByteArray();
    }
}
