package dev.tactus.engine.audio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WavWriterTest {
    @TempDir
    Path folder;

    @Test
    void shouldWriteBackWhatWasRead() throws IOException {
        final long seed = 3;
        final Random random = new Random(seed);
        final float[] samples = new float[40_123];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = (short) random.nextInt() / 32_768f;
        }
        final Path file = folder.resolve("out.wav");
        try (WavWriter writer = new WavWriter(file)) {
            for (int at = 0; at < samples.length; at += 800) {
                writer.write(samples, at, Math.min(800, samples.length - at));
            }
            assertEquals(samples.length, writer.samplesWritten());
        }
        assertEquals(44 + 2L * samples.length, Files.size(file));
        assertArrayEquals(samples, read(file), "seed " + seed);
    }

    @Test
    void shouldBeValidWhileItIsWritten() throws IOException {
        final Path file = folder.resolve("out.wav");
        final float[] second = new float[16_000];
        Arrays.fill(second, 0.25f);
        final WavWriter writer = new WavWriter(file);
        assertEquals(0, read(file).length);
        writer.write(second, 0, 100);
        writer.flush();
        assertEquals(100, read(file).length);
        for (int i = 0; i < 5; i++) {
            writer.write(second, 0, 16_000);
            final float[] now = read(file); // never closed so far, as after a kill
            assertTrue(now.length >= 16_000 * i && now.length <= writer.samplesWritten(), "second " + i);
            assertTrue(now.length >= writer.samplesWritten() - 16_000, "second " + i);
        }
        writer.close();
        writer.close();
        assertEquals(80_100, read(file).length);
    }

    @Test
    void shouldClampLoudSamplesAndRefuseNaN() throws IOException {
        final Path file = folder.resolve("out.wav");
        try (WavWriter writer = new WavWriter(file)) {
            writer.write(new float[] {1f, 3f, Float.POSITIVE_INFINITY, -1f, -7f}, 0, 5);
            final IllegalArgumentException e =
                    assertThrows(IllegalArgumentException.class, () -> writer.write(new float[] {0f, Float.NaN}, 0, 2));
            assertTrue(e.getMessage().contains("sample 6 is NaN"), e.getMessage());
        }
        final float top = 32_767 / 32_768f;
        assertArrayEquals(new float[] {top, top, top, -1f, -1f, 0f}, read(file));
    }

    private static float[] read(final Path file) throws IOException {
        try (WavReader reader = WavReader.open(file)) {
            assertEquals(16_000, reader.sampleRateHz());
            return WavBytes.readAll(reader, 1000);
        }
    }
}
