package dev.tactus.engine.audio;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Builds WAV files, right and wrong ones, field by field. */
final class WavBytes {
    static final int PCM = 1;
    static final int IEEE_FLOAT = 3;

    int tag = PCM;
    int channels = 1;
    long rateHz = 16_000;
    int bits = 16;
    int blockAlign = -1;
    boolean extensible;
    int validBits = -1;
    String magic = "RIFF";
    long riffSize = -1;
    long dataSize = -1;
    long ds64DataSize = -1;
    byte[] beforeFmt = {};
    byte[] beforeData = {};
    byte[] afterData = {};
    byte[] data = {};

    byte[] build() {
        final ByteBuffer out = ByteBuffer.allocate(
                        256 + beforeFmt.length + beforeData.length + data.length + afterData.length)
                .order(ByteOrder.LITTLE_ENDIAN);
        put(out, magic).putInt(0);
        put(out, "WAVE");
        if (ds64DataSize >= 0) {
            put(out, "ds64")
                    .putInt(28)
                    .putLong(0)
                    .putLong(ds64DataSize)
                    .putLong(0)
                    .putInt(0);
        }
        out.put(beforeFmt);
        put(out, "fmt ").putInt(extensible ? 40 : 16).putShort((short) (extensible ? 0xFFFE : tag));
        out.putShort((short) channels).putInt((int) rateHz).putInt((int) (rateHz * channels * bits / 8));
        out.putShort((short) (blockAlign < 0 ? channels * bits / 8 : blockAlign))
                .putShort((short) bits);
        if (extensible) {
            out.putShort((short) 22)
                    .putShort((short) (validBits < 0 ? bits : validBits))
                    .putInt(0);
            out.putShort((short) tag).put(new byte[] {0, 0, 0, 0, 16, 0, -128, 0, 0, -86, 0, 56, -101, 113});
        }
        out.put(beforeData);
        put(out, "data")
                .putInt((int) (dataSize < 0 ? data.length : dataSize))
                .put(data)
                .put(afterData);
        out.putInt(4, (int) (riffSize < 0 ? out.position() - 8 : riffSize));
        final byte[] bytes = new byte[out.position()];
        out.flip().get(bytes);
        return bytes;
    }

    static byte[] chunk(final String tag, final int size, final byte... content) {
        final ByteBuffer out = ByteBuffer.allocate(8 + content.length).order(ByteOrder.LITTLE_ENDIAN);
        put(out, tag).putInt(size).put(content);
        return out.array();
    }

    /** One read gives at most {@code most} bytes, as a slow pipe does. */
    static InputStream dribble(final byte[] bytes, final int most) {
        return new ByteArrayInputStream(bytes) {
            @Override
            public synchronized int read(final byte[] target, final int offset, final int count) {
                return super.read(target, offset, Math.min(most, count));
            }
        };
    }

    /** Everything that {@code source} gives, read {@code chunk} samples at a time. */
    static float[] readAll(final AudioSource source, final int chunk) throws IOException {
        float[] all = new float[1024];
        int held = 0;
        final float[] part = new float[chunk];
        for (int n = source.read(part, 0, chunk); n >= 0; n = source.read(part, 0, chunk)) {
            if (held + n > all.length) {
                all = Arrays.copyOf(all, 2 * (held + n));
            }
            System.arraycopy(part, 0, all, held, n);
            held += n;
        }
        return Arrays.copyOf(all, held);
    }

    private static ByteBuffer put(final ByteBuffer out, final String tag) {
        return out.put(tag.getBytes(StandardCharsets.ISO_8859_1));
    }
}
