package dev.tactus.engine.audio;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Streaming reader of WAV files and pipes: RIFF, RF64 and BW64; PCM of 8, 16, 24 and 32 bits and IEEE floats of 32 and
 * 64 bits, plain or WAVE_FORMAT_EXTENSIBLE; 8–192 kHz; up to 64 channels, mixed to mono by their mean.
 *
 * <p>Integers are divided by 2^(bits - 1) (8-bit ones are offset by 128 first), so full scale is [-1, 1). Sums are
 * taken in double and rounded once to float32; 8, 16 and 24 bit mono is exact.
 *
 * <p>A data size of 0xFFFFFFFF or 0 is a streaming writer's placeholder: samples go on to the end, and an incomplete
 * last frame is dropped. So is the end of a pipe that declared about 2 GiB. Any other difference between header and
 * content is an {@link InvalidMediaException}. Chunks after the samples are not read. One thread.
 */
public final class WavReader implements AudioSource {
    /** Float files scaled like 16-bit integers still pass; beyond, a value is damage, not sound. */
    private static final double MAX_ABSOLUTE_SAMPLE = 65_536;

    private static final int BUFFER_BYTES = 32 * 1024;
    private static final VarHandle SHORT = view(short[].class);
    private static final VarHandle INT = view(int[].class);
    private static final VarHandle FLOAT = view(float[].class);
    private static final VarHandle DOUBLE = view(double[].class);

    private final ByteFeed in;
    private final WavHeader header;
    private final int frameBytes;
    private final byte[] buffer;
    private int held;
    private long bytesLeft; // of the data chunk, not yet in the buffer
    private long framesRead;

    private WavReader(final ByteFeed in) throws IOException {
        this.in = in;
        header = WavHeader.read(in);
        frameBytes = header.channels() * header.bytesPerValue();
        buffer = new byte[BUFFER_BYTES / frameBytes * frameBytes];
        bytesLeft = header.dataBytes() == ByteFeed.UNKNOWN ? Long.MAX_VALUE : header.dataBytes();
    }

    /**
     * Opens a file (or a named pipe) and reads its header.
     *
     * @throws InvalidMediaException if the header is wrong or does not fit the file
     * @throws IOException if the file cannot be read
     */
    public static WavReader open(final Path path) throws IOException {
        final long length = Files.isRegularFile(path) ? Files.size(path) : ByteFeed.UNKNOWN;
        return open(new ByteFeed(path.toString(), Files.newInputStream(path), length));
    }

    /**
     * Reads the header of a stream of unknown length, which is closed with the reader (and when the header is wrong).
     *
     * @param name what messages call the stream, such as {@code stdin}
     */
    public static WavReader open(final String name, final InputStream stream) throws IOException {
        return open(new ByteFeed(name, stream, ByteFeed.UNKNOWN));
    }

    private static WavReader open(final ByteFeed feed) throws IOException {
        try {
            return new WavReader(feed);
        } catch (final IOException | RuntimeException e) {
            try {
                feed.close();
            } catch (final IOException onClose) {
                e.addSuppressed(onClose);
            }
            throw e;
        }
    }

    @Override
    public int sampleRateHz() {
        return header.rateHz();
    }

    /** Channels of the file; what is read is their mean. */
    public int channels() {
        return header.channels();
    }

    /** Bits of one value of one channel. */
    public int bitsPerSample() {
        return 8 * header.bytesPerValue();
    }

    /** Frames that the header declares, or -1 when it leaves that open. */
    public long declaredFrames() {
        return header.dataBytes() == ByteFeed.UNKNOWN || header.mayEndEarly() ? -1 : header.dataBytes() / frameBytes;
    }

    @Override
    public int read(final float[] target, final int offset, final int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, target.length);
        if (count == 0) {
            return 0;
        }
        while (held < frameBytes) {
            if (!fill(count)) {
                return -1;
            }
        }
        final int frames = Math.min(count, held / frameBytes);
        for (int i = 0; i < frames; i++) {
            target[offset + i] = frame(i * frameBytes);
            framesRead++;
        }
        held -= frames * frameBytes;
        System.arraycopy(buffer, frames * frameBytes, buffer, 0, held);
        return frames;
    }

    /** One read from the stream; false at the end of the samples. */
    private boolean fill(final int frames) throws IOException {
        final long wanted = Math.min((long) frames * frameBytes, buffer.length) - held;
        final int read = bytesLeft == 0 ? -1 : in.read(buffer, held, (int) Math.min(wanted, bytesLeft));
        if (read > 0) {
            held += read;
            bytesLeft -= read;
        } else if (read < 0 && bytesLeft > 0 && !header.mayEndEarly()) {
            throw in.invalid(
                    "data size",
                    header.dataBytes() + " bytes, but the stream ended " + bytesLeft + " bytes earlier",
                    "as many bytes as declared");
        }
        return read >= 0;
    }

    private float frame(final int at) {
        double sum = 0;
        for (int c = 0; c < header.channels(); c++) {
            sum += value(at + c * header.bytesPerValue(), c);
        }
        return (float) (sum / header.channels());
    }

    private double value(final int at, final int channel) {
        if (header.isFloat()) {
            final double value =
                    header.bytesPerValue() == 4 ? (float) FLOAT.get(buffer, at) : (double) DOUBLE.get(buffer, at);
            if (!(Math.abs(value) <= MAX_ABSOLUTE_SAMPLE)) {
                throw in.invalid(
                        "frame " + framesRead + ", channel " + channel,
                        value,
                        "finite values up to ±" + (int) MAX_ABSOLUTE_SAMPLE);
            }
            return value;
        }
        return switch (header.bytesPerValue()) {
            case 1 -> ((buffer[at] & 0xff) - 128) / 128.0;
            case 2 -> (short) SHORT.get(buffer, at) / 32_768.0;
            case 3 -> (buffer[at + 2] << 16 | (buffer[at + 1] & 0xff) << 8 | buffer[at] & 0xff) / 8_388_608.0;
            default -> (int) INT.get(buffer, at) / 2_147_483_648.0;
        };
    }

    @Override
    public void close() throws IOException {
        in.close();
    }

    private static VarHandle view(final Class<?> arrayType) {
        return MethodHandles.byteArrayViewVarHandle(arrayType, ByteOrder.LITTLE_ENDIAN);
    }
}
