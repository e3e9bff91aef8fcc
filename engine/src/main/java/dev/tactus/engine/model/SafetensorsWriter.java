package dev.tactus.engine.model;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a safetensors file as a stream: all tensors are declared first, then their bytes follow in that order, in
 * pieces of any size.
 *
 * <p>The file appears under its name only with {@link #commit()}, complete; until then it is a temporary file beside
 * it, which {@link #close()} removes. Used by one thread.
 */
public final class SafetensorsWriter implements AutoCloseable {
    /** The data starts at a multiple of it, so that matrices of a mapped file are aligned. */
    private static final int ALIGNMENT = 64;

    /** The largest piece handed to the channel at once: a segment shows itself as a buffer of at most 2 GiB. */
    private static final long PIECE = 1L << 28;

    /**
     * A tensor to be written.
     *
     * @param name its name
     * @param dtype its element type
     * @param shape its dimensions, outermost first
     */
    public record Declared(String name, DType dtype, long[] shape) {
        /** Copies the shape, so that the declaration does not change with the caller's array. */
        public Declared {
            shape = shape.clone();
        }

        /** The dimensions, outermost first; a fresh array. */
        @Override
        public long[] shape() {
            return shape.clone();
        }

        /** Bytes of the tensor. */
        public long bytes() {
            long bytes = dtype.bytes();
            for (final long dimension : shape) {
                bytes = Math.multiplyExact(bytes, dimension);
            }
            return bytes;
        }
    }

    private final Path target;
    private final PartialFile file;
    private final List<Declared> tensors;
    private int current;
    private long written;

    private SafetensorsWriter(final Path target, final List<Declared> tensors) throws IOException {
        this.target = target;
        this.tensors = List.copyOf(tensors);
        this.file = PartialFile.create(target);
    }

    /**
     * Starts a file.
     *
     * @param target its name; replaced if it exists
     * @param tensors what it will hold, in the order in which the bytes will come
     * @param metadata text for {@code __metadata__}; may be empty
     * @throws IOException if the header cannot be written
     */
    public static SafetensorsWriter create(
            final Path target, final List<Declared> tensors, final Map<String, String> metadata) throws IOException {
        final byte[] header = header(tensors, metadata);
        final SafetensorsWriter writer = new SafetensorsWriter(target, tensors);
        boolean started = false;
        try {
            final ByteBuffer start =
                    ByteBuffer.allocate(Long.BYTES + header.length).order(ByteOrder.LITTLE_ENDIAN);
            writer.writeAll(start.putLong(header.length).put(header).flip());
            started = true;
            return writer;
        } finally {
            if (!started) {
                writer.close();
            }
        }
    }

    /**
     * Appends bytes of the tensor {@code name}, which must be the next one that is not complete.
     *
     * @param bytes row-major, little-endian
     * @throws IllegalStateException if another tensor is due, or if these are more bytes than it has
     */
    public void write(final String name, final MemorySegment bytes) throws IOException {
        skipComplete();
        final Declared due = current == tensors.size() ? null : tensors.get(current);
        if (due == null || !due.name().equals(name)) {
            throw new IllegalStateException(target + ": tensor " + name + ": written out of order, due is "
                    + (due == null ? "none" : due.name()));
        }
        if (bytes.byteSize() > due.bytes() - written) {
            throw new IllegalStateException(target + ": tensor " + name + ": " + (written + bytes.byteSize())
                    + " bytes, declared " + due.bytes());
        }
        for (long from = 0; from < bytes.byteSize(); from += PIECE) {
            final long length = Math.min(PIECE, bytes.byteSize() - from);
            writeAll(bytes.asSlice(from, length).asByteBuffer());
        }
        written += bytes.byteSize();
    }

    /**
     * Makes the file durable and gives it its name, in one step.
     *
     * @throws IllegalStateException if bytes are missing
     */
    public void commit() throws IOException {
        skipComplete();
        if (current != tensors.size()) {
            throw new IllegalStateException(
                    target + ": tensor " + tensors.get(current).name() + ": " + written + " bytes, declared "
                            + tensors.get(current).bytes());
        }
        file.commit();
    }

    /** Ends writing; without a {@link #commit()} nothing is left behind. */
    @Override
    public void close() throws IOException {
        file.close();
    }

    private void skipComplete() {
        while (current < tensors.size() && written == tensors.get(current).bytes()) {
            current++;
            written = 0;
        }
    }

    private void writeAll(final ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            file.channel().write(bytes);
        }
    }

    private static byte[] header(final List<Declared> tensors, final Map<String, String> metadata) {
        final Map<String, Object> header = new LinkedHashMap<>();
        if (!metadata.isEmpty()) {
            header.put("__metadata__", metadata);
        }
        long begin = 0;
        for (final Declared tensor : tensors) {
            final long end = Math.addExact(begin, tensor.bytes());
            final Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("dtype", tensor.dtype().name());
            entry.put("shape", tensor.shape());
            entry.put("data_offsets", new long[] {begin, end});
            if (header.put(tensor.name(), entry) != null) {
                throw new IllegalArgumentException("tensor " + tensor.name() + ": declared twice");
            }
            begin = end;
        }
        final byte[] json = StrictJson.write(header);
        final int padded = (Long.BYTES + json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT - Long.BYTES;
        final byte[] result = Arrays.copyOf(json, padded);
        Arrays.fill(result, json.length, padded, (byte) ' ');
        return result;
    }
}
