package dev.tactus.engine.audio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WavReaderTest {
    private static final int FRAMES = 777;

    @TempDir
    Path folder;

    @Test
    void shouldReadEveryWidthAndChannelCountToTheBit() throws IOException {
        final long seed = 11;
        final Random random = new Random(seed);
        for (final int bits : new int[] {8, 16, 24, 32, -32, -64}) {
            for (final int channels : new int[] {1, 2, 3, 5, 6, 8, 64}) {
                for (final boolean extensible : new boolean[] {false, true}) {
                    final WavBytes wav = new WavBytes();
                    wav.tag = bits < 0 ? WavBytes.IEEE_FLOAT : WavBytes.PCM;
                    wav.bits = Math.abs(bits);
                    wav.channels = channels;
                    wav.rateHz = 44_100;
                    wav.extensible = extensible;
                    final float[] expected = fill(wav, bits, random);
                    final String what = "seed " + seed + ", bits " + bits + ", channels " + channels;
                    for (final int chunk : new int[] {1, 7, 4096}) {
                        try (WavReader reader = WavReader.open("clip", WavBytes.dribble(wav.build(), 1013))) {
                            assertEquals(44_100, reader.sampleRateHz(), what);
                            assertEquals(channels, reader.channels(), what);
                            assertEquals(FRAMES, reader.declaredFrames(), what);
                            assertArrayEquals(expected, WavBytes.readAll(reader, chunk), what + ", chunk " + chunk);
                        }
                    }
                }
            }
        }
    }

    @Test
    void shouldReadFilesWithOtherChunksAround() throws IOException {
        final WavBytes wav = ramp();
        wav.beforeFmt = WavBytes.chunk("LIST", 5, new byte[6]); // odd sizes are padded
        wav.beforeData = WavBytes.chunk("fact", 4, new byte[4]);
        wav.afterData = WavBytes.chunk("data", 4, new byte[4]);
        assertEquals(100, readFile(wav).length);
    }

    @Test
    void shouldReadRf64BySizeInDs64() throws IOException {
        for (final String magic : new String[] {"RF64", "BW64"}) {
            final WavBytes wav = ramp();
            wav.magic = magic;
            wav.dataSize = 0xFFFFFFFFL;
            wav.riffSize = 0xFFFFFFFFL;
            wav.ds64DataSize = wav.data.length;
            wav.afterData = WavBytes.chunk("LIST", 4, new byte[4]);
            assertEquals(100, readFile(wav).length, magic);
        }
    }

    @Test
    void shouldReadPlaceholderSizesToTheEnd() throws IOException {
        for (final long size : new long[] {0, 0xFFFFFFFFL, 0x7FFFFFFFL, 0x7FFFF000L}) {
            final WavBytes wav = ramp();
            wav.dataSize = size;
            wav.riffSize = 36;
            wav.afterData = new byte[] {1}; // half a sample
            try (WavReader reader = WavReader.open("stdin", new ByteArrayInputStream(wav.build()))) {
                assertEquals(-1, reader.declaredFrames());
                assertEquals(100, WavBytes.readAll(reader, 64).length, "size " + size);
            }
        }
        final WavBytes file = ramp();
        file.dataSize = 0;
        file.riffSize = 36;
        assertEquals(100, readFile(file).length);
    }

    @Test
    void shouldReadAnEmptyFileAsEmpty() throws IOException {
        final WavBytes wav = new WavBytes();
        wav.afterData = WavBytes.chunk("LIST", 4, new byte[4]);
        assertEquals(0, readFile(wav).length);
    }

    @Test
    void shouldNotWaitForMoreThanOneFrame() throws IOException {
        final byte[] bytes = ramp().build();
        try (WavReader reader = WavReader.open("stdin", WavBytes.dribble(bytes, 2))) {
            assertEquals(1, reader.read(new float[800], 0, 800));
        }
    }

    @Test
    void shouldNameEveryLieInOneLine() {
        lie(w -> w.magic = "RIFX", "RIFF tag", "\"RIFX\"");
        lie(w -> w.rateHz = 0, "fmt sample rate", "found 0 Hz");
        lie(w -> w.rateHz = 4_000_000_000L, "fmt sample rate", "found 4000000000 Hz", "8000 to 192000");
        lie(w -> w.channels = 0, "fmt channels", "found 0");
        lie(w -> w.channels = 65, "fmt channels", "found 65", "1 to 64");
        lie(w -> w.bits = 12, "fmt bits per sample", "found 12", "8, 16, 24 or 32");
        lie(
                w -> {
                    w.tag = WavBytes.IEEE_FLOAT;
                    w.bits = 16;
                },
                "fmt bits per sample",
                "32 or 64");
        lie(w -> w.blockAlign = 3, "fmt block align", "found 3 bytes", "allowed: 2 (1 channels of 16 bits)");
        lie(w -> w.tag = 0x55, "fmt format tag", "0x0055 (MP3)", "decode it first");
        lie(w -> w.tag = 7, "fmt format tag", "0x0007 (mu-law)");
        lie(w -> w.tag = 0x1234, "fmt format tag", "0x1234 (unknown)");
        lie(
                w -> {
                    w.extensible = true;
                    w.validBits = 17;
                },
                "fmt valid bits",
                "found 17");
        lie(w -> w.dataSize = 100_000, "data size", "found 100000 bytes");
        lie(w -> w.dataSize = 101, "data size", "found 101 bytes", "multiple of the 2 bytes");
        lie(w -> w.beforeFmt = WavBytes.chunk("data", 4, new byte[4]), "data chunk", "no fmt chunk before it");
        lie(w -> w.beforeData = WavBytes.chunk("fmt ", 16, validFmt()), "fmt chunk", "a second one");
        lie(w -> w.beforeFmt = WavBytes.chunk("fmt ", 8, new byte[8]), "fmt size", "found 8 bytes");
        lie(w -> w.beforeFmt = WavBytes.chunk("JUNK", Integer.MAX_VALUE), "size of chunk \"JUNK\"", "16777216 bytes");
        lie(w -> w.beforeFmt = WavBytes.chunk("J\nN\u0007", 1 << 30), "size of chunk", "16777216 bytes");
        lie(w -> w.magic = "RF64", "first chunk of RF64", "ds64");
    }

    @Test
    void shouldNameTruncationAtEveryByteOfTheHeader() {
        final WavBytes wav = ramp();
        wav.extensible = true;
        final byte[] whole = wav.build();
        for (int length = 0; length < whole.length; length++) {
            final byte[] cut = Arrays.copyOf(whole, length);
            final InvalidMediaException e = assertThrows(
                    InvalidMediaException.class,
                    () -> {
                        try (WavReader reader = WavReader.open("cut", new ByteArrayInputStream(cut))) {
                            WavBytes.readAll(reader, 64);
                        }
                    },
                    "length " + length);
            assertOneLine(e, "cut: ");
        }
    }

    @Test
    void shouldNameMissingChunks() {
        final byte[] whole = ramp().build();
        final InvalidMediaException noFmt =
                assertThrows(InvalidMediaException.class, () -> open(Arrays.copyOf(whole, 12)));
        assertOneLine(noFmt, "fmt chunk", "found none");
        final InvalidMediaException noData =
                assertThrows(InvalidMediaException.class, () -> open(Arrays.copyOf(whole, 36)));
        assertOneLine(noData, "data chunk", "found none");
    }

    @Test
    void shouldRefuseFloatsThatAreNoSound() {
        for (final float bad : new float[] {Float.NaN, Float.NEGATIVE_INFINITY, 1e30f}) {
            final WavBytes wav = new WavBytes();
            wav.tag = WavBytes.IEEE_FLOAT;
            wav.bits = 32;
            wav.channels = 2;
            wav.data = ByteBuffer.allocate(32)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putFloat(20, bad)
                    .array();
            final InvalidMediaException e = assertThrows(InvalidMediaException.class, () -> {
                try (WavReader reader = WavReader.open("nan.wav", new ByteArrayInputStream(wav.build()))) {
                    WavBytes.readAll(reader, 100);
                }
            });
            assertOneLine(e, "nan.wav: ", "frame 2, channel 1", String.valueOf((double) bad));
        }
    }

    private void lie(final Consumer<WavBytes> change, final String... parts) {
        final WavBytes wav = ramp();
        change.accept(wav);
        final InvalidMediaException e = assertThrows(InvalidMediaException.class, () -> readFile(wav));
        assertOneLine(e, parts);
        assertOneLine(e, "clip.wav: ", "; allowed: ");
    }

    private static void assertOneLine(final Exception e, final String... parts) {
        for (final String part : parts) {
            assertTrue(e.getMessage().contains(part), e.getMessage() + " should contain " + part);
        }
        assertFalse(e.getMessage().chars().anyMatch(Character::isISOControl), e.getMessage());
    }

    private float[] readFile(final WavBytes wav) throws IOException {
        final Path file = folder.resolve("clip.wav");
        Files.write(file, wav.build());
        try (WavReader reader = WavReader.open(file)) {
            return WavBytes.readAll(reader, 64);
        }
    }

    private static void open(final byte[] bytes) throws IOException {
        WavReader.open("clip", new ByteArrayInputStream(bytes)).close();
    }

    private static byte[] validFmt() {
        return Arrays.copyOfRange(ramp().build(), 20, 36);
    }

    private static WavBytes ramp() {
        final WavBytes wav = new WavBytes();
        final ByteBuffer data = ByteBuffer.allocate(200).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 100; i++) {
            data.putShort((short) (300 * i - 15_000));
        }
        wav.data = data.array();
        return wav;
    }

    /** Random frames; returns the mean of each. */
    private static float[] fill(final WavBytes wav, final int bits, final Random random) {
        final ByteBuffer data =
                ByteBuffer.allocate(FRAMES * wav.channels * wav.bits / 8).order(ByteOrder.LITTLE_ENDIAN);
        final float[] means = new float[FRAMES];
        for (int f = 0; f < FRAMES; f++) {
            double sum = 0;
            for (int c = 0; c < wav.channels; c++) {
                sum += value(data, bits, random);
            }
            means[f] = (float) (sum / wav.channels);
        }
        wav.data = data.array();
        return means;
    }

    private static double value(final ByteBuffer data, final int bits, final Random random) {
        final int x = random.nextInt();
        switch (bits) {
            case 8:
                data.put((byte) ((x >> 24) + 128));
                return (x >> 24) / 128.0;
            case 16:
                data.putShort((short) (x >> 16));
                return (x >> 16) / 32768.0;
            case 24:
                data.put((byte) (x >> 8)).put((byte) (x >> 16)).put((byte) (x >> 24));
                return (x >> 8) / 8388608.0;
            case 32:
                data.putInt(x);
                return x / 2147483648.0;
            case -32:
                data.putFloat(x / 1e9f);
                return x / 1e9f;
            default:
                data.putDouble(x / 1e9);
                return x / 1e9;
        }
    }
}
