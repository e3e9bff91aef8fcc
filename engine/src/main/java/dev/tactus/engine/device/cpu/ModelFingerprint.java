package dev.tactus.engine.device.cpu;

import dev.tactus.engine.model.Matrix;
import dev.tactus.engine.model.SafetensorsFile;
import dev.tactus.memory.OffHeap;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/**
 * Tells one model from another without reading all of it: SHA-256 over name, size, time of the last change, header and
 * samples of every tensor file, and over what is made of it: the matrices in their order, with the first bytes of each
 * as they are mapped.
 *
 * <p>Samples are 64 KiB of every 16 MiB and the end. Whoever changes a byte between them and sets the time of the last
 * change back is not found out.
 */
final class ModelFingerprint {
    static final int BYTES = 32;

    private static final int SAMPLE = 64 << 10;
    private static final long INTERVAL = 16L << 20;
    private static final long START_OF_MATRIX = 4096;

    private final MessageDigest digest;
    private final ByteBuffer number = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);

    private ModelFingerprint() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (final NoSuchAlgorithmException ex) {
            throw new IllegalStateException("every Java platform has SHA-256", ex);
        }
    }

    /**
     * The fingerprint.
     *
     * @param layout version of what is made of the matrices
     * @throws IOException when a file cannot be read
     */
    static byte[] of(final List<SafetensorsFile> files, final Collection<Matrix> matrices, final int layout)
            throws IOException {
        final ModelFingerprint print = new ModelFingerprint();
        print.add(layout);
        print.add(files.size());
        for (final SafetensorsFile file : files) {
            print.add(file);
        }
        final long[] addresses =
                matrices.stream().mapToLong(Matrix::address).sorted().toArray();
        print.add(matrices.size());
        for (final Matrix m : matrices) {
            print.add(Arrays.binarySearch(addresses, m.address()));
            print.add(m);
        }
        return print.digest.digest();
    }

    private void add(final long value) {
        digest.update(number.clear().putLong(value).flip());
    }

    private void add(final SafetensorsFile file) throws IOException {
        final byte[] name = file.path().getFileName().toString().getBytes(StandardCharsets.UTF_8);
        add(name.length);
        digest.update(name);
        add(Files.getLastModifiedTime(file.path()).toMillis());
        try (FileChannel channel = FileChannel.open(file.path(), StandardOpenOption.READ)) {
            final long size = channel.size();
            add(size);
            final ByteBuffer buffer = ByteBuffer.allocate(SAMPLE).order(ByteOrder.LITTLE_ENDIAN);
            final long data = Math.min(
                    size, Long.BYTES + read(channel, 0, Long.BYTES, buffer).getLong());
            for (long at = 0; at < data; at += SAMPLE) {
                digest.update(read(channel, at, data - at, buffer));
            }
            for (long at = data; at < size; at += INTERVAL) {
                digest.update(read(channel, at, size - at, buffer));
            }
            digest.update(read(channel, Math.max(0, size - SAMPLE), SAMPLE, buffer));
        }
    }

    /** Up to {@code most} bytes, and no more than a sample, from {@code position} on. */
    private static ByteBuffer read(
            final FileChannel channel, final long position, final long most, final ByteBuffer buffer)
            throws IOException {
        final long wanted = Math.min(most, channel.size() - position);
        buffer.clear().limit((int) Math.min(SAMPLE, Math.max(0, wanted)));
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, position + buffer.position()) < 0) {
                throw new EOFException("the file was cut while it was read");
            }
        }
        return buffer.flip();
    }

    /** What is mapped must be what the file holds now: it may have been replaced since. */
    private void add(final Matrix m) {
        add(m.type().ordinal());
        add(m.rows());
        add(m.cols());
        digest.update(OffHeap.ALL
                .asSlice(m.address(), Math.min(START_OF_MATRIX, m.bytes()))
                .asByteBuffer());
    }
}
