package dev.tactus.engine.audio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RawPcmReaderTest {
    @Test
    void shouldGiveTheSameSamplesWhateverTheChunks() throws IOException {
        final long seed = 5;
        final Random random = new Random(seed);
        final ByteBuffer bytes = ByteBuffer.allocate(20_001).order(ByteOrder.LITTLE_ENDIAN); // half a sample at the end
        final float[] expected = new float[10_000];
        for (int i = 0; i < expected.length; i++) {
            final short value = (short) random.nextInt();
            bytes.putShort(value);
            expected[i] = value / 32_768f;
        }
        for (final int most : new int[] {1, 2, 3, 999, 100_000}) {
            for (final int chunk : new int[] {1, 800, 20_000}) {
                try (RawPcmReader reader = new RawPcmReader(WavBytes.dribble(bytes.array(), most))) {
                    assertEquals(16_000, reader.sampleRateHz());
                    assertArrayEquals(
                            expected, WavBytes.readAll(reader, chunk), "seed " + seed + ", " + most + ", " + chunk);
                }
            }
        }
    }
}
