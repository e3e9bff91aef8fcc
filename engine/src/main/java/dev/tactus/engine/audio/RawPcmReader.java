package dev.tactus.engine.audio;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/**
 * Headerless 16-bit little-endian mono samples at 16 kHz, as {@code arecord -f S16_LE -r 16000 -t raw} and
 * {@code ffmpeg -f s16le -ar 16000 -ac 1 -} write them. Half a sample at the end is dropped. One thread.
 */
public final class RawPcmReader implements AudioSource {
    private static final int BUFFER_BYTES = 8 * 1024;

    private final InputStream in;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int held;

    /** Samples of {@code in}, which is closed with the reader. */
    public RawPcmReader(final InputStream in) {
        this.in = in;
    }

    @Override
    public int sampleRateHz() {
        return MODEL_RATE_HZ;
    }

    @Override
    public int read(final float[] target, final int offset, final int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, target.length);
        if (count == 0) {
            return 0;
        }
        while (held < 2) {
            final int read = in.read(buffer, held, (int) Math.min(2L * count, BUFFER_BYTES) - held);
            if (read < 0) {
                return -1;
            }
            held += read;
        }
        final int samples = held / 2;
        for (int i = 0; i < samples; i++) {
            target[offset + i] = (short) (buffer[2 * i + 1] << 8 | buffer[2 * i] & 0xff) / 32_768f;
        }
        buffer[0] = buffer[2 * samples - 1 + held % 2];
        held %= 2;
        return samples;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
