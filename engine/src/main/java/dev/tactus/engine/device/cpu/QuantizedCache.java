package dev.tactus.engine.device.cpu;

import dev.tactus.engine.model.Matrix;
import dev.tactus.engine.model.SafetensorsFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;

/**
 * The quantised weights of a model in a file beside it, so that they are made once and not at every launch.
 *
 * <pre>
 *        0               8        12       16                48           56         60        4096
 *        +---------------+--------+--------+-----------------+------------+----------+-- … ----+---------
 *        | "TACTINT8"    | layout | 0      | fingerprint     | slab bytes | CRC-32C  | zeros   | slab …
 *        +---------------+--------+--------+-----------------+------------+----------+-- … ----+---------
 * </pre>
 *
 * The slab is what {@link FastMatrices} lays out: the same bytes on every CPU. A file of another model, layout or
 * length, or with another checksum, is not used but replaced. It appears under its name complete or not at all. That it
 * cannot be written costs nothing but time: {@link #note()} says so. Used by one thread.
 */
public final class QuantizedCache {
    /** The file in the model's directory. */
    public static final String FILE_NAME = "tactus-int8.cache";

    private static final byte[] MAGIC = {'T', 'A', 'C', 'T', 'I', 'N', 'T', '8'};

    /** To be raised whenever quantising or the layout of the slab changes. */
    private static final int LAYOUT = 1;

    private static final int SLAB = 4096;
    private static final int CHECKSUM = 56;

    /** A segment shows itself as a buffer of less than 2 GiB. */
    private static final long PIECE = 64L << 20;

    private static final AtomicInteger WRITES = new AtomicInteger();

    private final Path file;
    private final List<SafetensorsFile> sources;
    private byte[] fingerprint;
    private boolean read;
    private String note = "";

    /**
     * A cache that is neither read nor written yet.
     *
     * @param directory the model's
     * @param sources its tensor files
     */
    public QuantizedCache(final Path directory, final List<SafetensorsFile> sources) {
        this.file = directory.resolve(FILE_NAME);
        this.sources = List.copyOf(sources);
    }

    /** What the user should know; empty when the cache was read or written. */
    public String note() {
        return note;
    }

    /** Whether the weights came from the file. */
    public boolean isRead() {
        return read;
    }

    /**
     * Fills {@code slab} from the file, if that is one of these matrices.
     *
     * @return whether it did; if not, the slab is all zeros as before
     */
    boolean read(final Collection<Matrix> matrices, final MemorySegment slab) {
        try {
            fingerprint = ModelFingerprint.of(sources, matrices, LAYOUT);
        } catch (final IOException ex) {
            note = "the quantised weights are not cached: the model cannot be read again: " + reason(ex);
            return false;
        }
        if (!Files.isRegularFile(file)) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            read = read(channel, slab);
        } catch (final IOException ex) {
            // as good as none; writing tells what is wrong with the place
            return false;
        }
        return read;
    }

    private boolean read(final FileChannel channel, final MemorySegment slab) throws IOException {
        final ByteBuffer found = ByteBuffer.allocate(SLAB).order(ByteOrder.LITTLE_ENDIAN);
        if (channel.size() != SLAB + slab.byteSize() || !fill(channel, found)) {
            return false;
        }
        final int checksum = found.getInt(CHECKSUM);
        if (!Arrays.equals(found.array(), header(slab.byteSize(), checksum).array())) {
            return false;
        }
        boolean whole = false;
        try {
            whole = readSlab(channel, slab, checksum);
            return whole;
        } finally {
            if (!whole) {
                slab.fill((byte) 0);
            }
        }
    }

    private static boolean readSlab(final FileChannel channel, final MemorySegment slab, final int checksum)
            throws IOException {
        final CRC32C crc = new CRC32C();
        for (long at = 0; at < slab.byteSize(); at += PIECE) {
            final ByteBuffer piece = piece(slab, at);
            if (!fill(channel, piece)) {
                return false;
            }
            crc.update(piece.flip());
        }
        return (int) crc.getValue() == checksum;
    }

    private static boolean fill(final FileChannel channel, final ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                return false;
            }
        }
        return true;
    }

    private static ByteBuffer piece(final MemorySegment slab, final long at) {
        return slab.asSlice(at, Math.min(PIECE, slab.byteSize() - at)).asByteBuffer();
    }

    private ByteBuffer header(final long bytes, final int checksum) {
        return ByteBuffer.allocate(SLAB)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(MAGIC)
                .putInt(LAYOUT)
                .putInt(0)
                .put(fingerprint)
                .putLong(bytes)
                .putInt(checksum)
                .rewind();
    }

    /** Writes what {@link #read} did not find. Failing is no error: {@link #note()} tells. */
    void write(final MemorySegment slab) {
        if (fingerprint == null) {
            return;
        }
        final Path written = file.resolveSibling(
                "tactus-int8." + ProcessHandle.current().pid() + "." + WRITES.incrementAndGet() + ".tmp.cache");
        try {
            write(written, slab);
            Files.move(written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (final IOException ex) {
            note = "the quantised weights are not cached: " + file + " cannot be written: " + reason(ex);
            remove(written);
        }
    }

    private void write(final Path target, final MemorySegment slab) throws IOException {
        final CRC32C crc = new CRC32C();
        for (long at = 0; at < slab.byteSize(); at += PIECE) {
            crc.update(piece(slab, at));
        }
        try (FileChannel channel = FileChannel.open(
                target, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            drain(channel, header(slab.byteSize(), (int) crc.getValue()));
            for (long at = 0; at < slab.byteSize(); at += PIECE) {
                drain(channel, piece(slab, at));
            }
            channel.force(true);
        }
    }

    private static void drain(final FileChannel channel, final ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    private void remove(final Path written) {
        try {
            Files.deleteIfExists(written);
        } catch (final IOException ex) {
            note += "; " + written + " is left behind: " + reason(ex);
        }
    }

    /** Why a file operation failed, in one line. */
    private static String reason(final IOException failure) {
        if (failure instanceof AccessDeniedException) {
            return "permission denied";
        }
        final String message = failure.getMessage();
        return message == null ? failure.getClass().getSimpleName() : message;
    }
}
