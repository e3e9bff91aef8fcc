package dev.tactus.engine.audio;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;

/**
 * Writes a 16 kHz mono 16-bit WAV file that is valid after every {@link #flush()}, which happens by itself once per
 * second of sound: samples first, then the sizes in the header, so a process that is killed leaves a file that ends
 * early rather than one that lies.
 *
 * <p>A sample x becomes round(32768 · x), clamped to 16 bits; what {@link WavReader} read from a 16-bit file is written
 * back unchanged. One thread. Nothing is allocated after opening.
 */
public final class WavWriter implements Closeable {
    private static final int HEADER_BYTES = 44;
    private static final int FLUSH_SAMPLES = AudioSource.MODEL_RATE_HZ;
    private static final long MAX_DATA_BYTES = 0xFFFFFFFFL - HEADER_BYTES;

    private final Path path;
    private final FileChannel file;
    private final ByteBuffer buffer = buffer(2 * FLUSH_SAMPLES);
    private final ByteBuffer header = buffer(HEADER_BYTES);
    private long dataBytes; // on disk

    /**
     * Creates the file, or empties it, and writes a header for zero samples.
     *
     * @throws IOException if the file cannot be written
     */
    public WavWriter(final Path path) throws IOException {
        this.path = path;
        file = FileChannel.open(
                path, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
        try {
            writeHeader();
        } catch (final IOException e) {
            file.close();
            throw e;
        }
    }

    /**
     * Appends samples.
     *
     * @param samples full scale ±1; louder ones are clamped
     * @param offset index of the first
     * @param count how many
     * @throws IllegalArgumentException on a NaN; nothing after the samples before it is written
     * @throws IOException if writing fails or the file would pass the 4 GiB of a WAV file
     */
    public void write(final float[] samples, final int offset, final int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, samples.length);
        for (int i = offset; i < offset + count; i++) {
            final float x = samples[i];
            if (Float.isNaN(x)) {
                throw new IllegalArgumentException(path + ": sample " + samplesWritten() + " is NaN; allowed: numbers");
            }
            if (!buffer.hasRemaining()) {
                flush();
            }
            buffer.putShort((short) Math.max(-32_768, Math.min(32_767, Math.round(x * 32_768f))));
        }
    }

    /** Samples given so far, written out or not. */
    public long samplesWritten() {
        return (dataBytes + buffer.position()) / 2;
    }

    /** Writes out what was given; the file is valid afterwards. */
    public void flush() throws IOException {
        if (dataBytes + buffer.position() > MAX_DATA_BYTES) {
            throw new IOException(path + ": a WAV file holds at most " + MAX_DATA_BYTES + " bytes of samples");
        }
        buffer.flip();
        final int bytes = buffer.remaining();
        writeFully(buffer, HEADER_BYTES + dataBytes);
        buffer.clear();
        dataBytes += bytes;
        writeHeader();
    }

    /** Flushes and closes the file. Calling it again does nothing. */
    @Override
    public void close() throws IOException {
        try (file) {
            if (file.isOpen()) {
                flush();
            }
        }
    }

    private void writeHeader() throws IOException {
        header.clear();
        header.putInt(tag("RIFF")).putInt((int) (HEADER_BYTES - 8 + dataBytes)).putInt(tag("WAVE"));
        header.putInt(tag("fmt ")).putInt(16).putShort((short) 1).putShort((short) 1);
        header.putInt(AudioSource.MODEL_RATE_HZ).putInt(2 * AudioSource.MODEL_RATE_HZ);
        header.putShort((short) 2).putShort((short) 16);
        header.putInt(tag("data")).putInt((int) dataBytes).flip();
        writeFully(header, 0);
    }

    private void writeFully(final ByteBuffer bytes, final long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            at += file.write(bytes, at);
        }
    }

    private static int tag(final String name) {
        return name.charAt(0) | name.charAt(1) << 8 | name.charAt(2) << 16 | name.charAt(3) << 24;
    }

    private static ByteBuffer buffer(final int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
