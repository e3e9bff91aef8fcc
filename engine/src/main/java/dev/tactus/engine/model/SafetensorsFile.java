package dev.tactus.engine.model;

import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * A safetensors file, mapped read-only: an 8-byte little-endian header length, a JSON header, then the tensors' bytes.
 *
 * <p>Tensors are read where they lie; only the header passes through the heap. Any thread may read them until
 * {@link #close()}, which the owner calls when nothing uses them any more. The file must not be truncated while it is
 * open: that is an access fault, as with any mapping. Format: github.com/huggingface/safetensors.
 */
public final class SafetensorsFile implements AutoCloseable {
    private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path path;
    private final MemoryLedger ledger;
    private final Arena arena;
    private final long bytes;
    private final Map<String, Tensor> tensors;
    private final Map<String, String> metadata;
    private boolean closed;

    private SafetensorsFile(
            final Path path, final MemoryLedger ledger, final Arena arena, final MemorySegment mapping) {
        this.path = path;
        this.ledger = ledger;
        this.arena = arena;
        this.bytes = mapping.byteSize();
        final long headerBytes = headerBytes(path, mapping);
        final MemorySegment data = mapping.asSlice(Long.BYTES + headerBytes);
        final SafetensorsHeader header = SafetensorsHeader.parse(
                path.toString(), new SegmentStream(mapping.asSlice(Long.BYTES, headerBytes)), data.byteSize());
        final Map<String, Tensor> byName = new LinkedHashMap<>();
        for (final SafetensorsHeader.Entry entry : header.entries()) {
            final MemorySegment slice = data.asSlice(entry.begin(), entry.end() - entry.begin());
            byName.put(entry.name(), new Tensor(path.toString(), entry.name(), entry.dtype(), entry.shape(), slice));
        }
        this.tensors = Collections.unmodifiableMap(byName);
        this.metadata = Collections.unmodifiableMap(header.metadata());
        ledger.onAllocate(MemoryTag.WEIGHTS, bytes);
    }

    /**
     * Maps {@code path} and reads its header.
     *
     * @param ledger told of the mapped bytes under {@link MemoryTag#WEIGHTS} until the file is closed
     * @throws InvalidModelException if the file cannot be read or is not a safetensors file
     */
    public static SafetensorsFile open(final Path path, final MemoryLedger ledger) {
        if (!Files.isRegularFile(path)) {
            throw new InvalidModelException(path + ": no such file");
        }
        final Arena arena = Arena.ofShared();
        boolean opened = false;
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            final long size = channel.size();
            if (size < Long.BYTES) {
                throw InvalidModelException.of(path, "file", size + " bytes", "at least 8, the length of the header");
            }
            final MemorySegment mapping = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
            final SafetensorsFile file = new SafetensorsFile(path, ledger, arena, mapping);
            opened = true;
            return file;
        } catch (final IOException e) {
            throw new InvalidModelException(path + ": cannot be mapped: " + e, e);
        } finally {
            if (!opened) {
                arena.close();
            }
        }
    }

    /** The file as it was opened. */
    public Path path() {
        return path;
    }

    /** The mapped bytes: the size of the file. */
    public long bytes() {
        return bytes;
    }

    /** The names of all tensors, in the order of their bytes. */
    public Set<String> names() {
        return tensors.keySet();
    }

    /** What the writer of the file noted in {@code __metadata__}; usually empty or {@code format: pt}. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** Whether there is a tensor of that name. */
    public boolean contains(final String name) {
        return tensors.containsKey(name);
    }

    /**
     * The tensor of that name.
     *
     * @throws InvalidModelException if there is none
     */
    public Tensor tensor(final String name) {
        final Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new InvalidModelException(path + ": tensor " + name + ": missing");
        }
        return tensor;
    }

    /** Unmaps the file; its tensors are invalid afterwards. Calling it again does nothing. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            arena.close();
            ledger.onFree(MemoryTag.WEIGHTS, bytes);
        }
    }

    private static long headerBytes(final Path path, final MemorySegment mapping) {
        final long found = mapping.get(LENGTH, 0);
        final long most = Math.min(SafetensorsHeader.LARGEST_HEADER, mapping.byteSize() - Long.BYTES);
        if (found <= 0 || found > most) {
            throw InvalidModelException.of(
                    path, "header length", Long.toUnsignedString(found) + " bytes", "1 to " + most + " in this file");
        }
        final byte first = mapping.get(ValueLayout.JAVA_BYTE, Long.BYTES);
        if (first != '{') {
            throw InvalidModelException.of(path, "header", "first byte " + (first & 0xFF), "a JSON object, {");
        }
        return found;
    }

    /** The bytes of a segment as a stream, so that a large header needs no copy of itself. */
    private static final class SegmentStream extends InputStream {
        private final MemorySegment segment;
        private long position;

        private SegmentStream(final MemorySegment segment) {
            this.segment = segment;
        }

        @Override
        public int read() {
            return position == segment.byteSize() ? -1 : segment.get(ValueLayout.JAVA_BYTE, position++) & 0xFF;
        }

        @Override
        public int read(final byte[] target, final int offset, final int length) {
            final int count = (int) Math.min(length, segment.byteSize() - position);
            if (count == 0) {
                return length == 0 ? 0 : -1;
            }
            MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, position, target, offset, count);
            position += count;
            return count;
        }
    }
}
