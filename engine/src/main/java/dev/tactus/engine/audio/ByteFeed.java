package dev.tactus.engine.audio;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;

/** Little-endian fields from a stream whose end is a complaint about the field that was due. One thread. */
final class ByteFeed implements Closeable {
    /** {@link #length()} of a pipe. */
    static final long UNKNOWN = -1;

    private final String name;
    private final InputStream in;
    private final long length;
    private final byte[] small = new byte[8];
    private long position;

    /**
     * Bytes of {@code in}, which belongs to this object from now on.
     *
     * @param name what messages call the stream
     * @param length bytes in all, or {@link #UNKNOWN}
     */
    ByteFeed(final String name, final InputStream in, final long length) {
        this.name = name;
        this.in = in;
        this.length = length;
    }

    String name() {
        return name;
    }

    /** Bytes of the whole stream, or {@link #UNKNOWN}. */
    long length() {
        return length;
    }

    /** Bytes taken so far. */
    long position() {
        return position;
    }

    /** A complaint about {@code field} of this stream. */
    InvalidMediaException invalid(final String field, final Object found, final String allowed) {
        return new InvalidMediaException(name, field, found, allowed);
    }

    /** One read: at least one byte, -1 at the end. */
    int read(final byte[] target, final int offset, final int count) throws IOException {
        final int read = in.read(target, offset, count);
        position += Math.max(0, read);
        return read;
    }

    /** Exactly {@code count} bytes. */
    void readFully(final byte[] target, final int count, final String field) throws IOException {
        int held = 0;
        while (held < count) {
            final int read = read(target, held, count - held);
            if (read < 0) {
                throw invalid(field, "the end at byte " + position, "a complete header");
            }
            held += read;
        }
    }

    /** Four characters; -1 bytes are not characters of any tag. */
    String tag(final String field) throws IOException {
        readFully(small, 4, field);
        final StringBuilder out = new StringBuilder(4);
        for (int i = 0; i < 4; i++) {
            out.append((char) (small[i] & 0xff));
        }
        return out.toString();
    }

    /** True when the stream ends right here; otherwise nothing but {@link #tagAfterPeek} may follow. */
    boolean atEnd() throws IOException {
        return read(small, 0, 1) < 0;
    }

    /** The tag whose first byte {@link #atEnd} has taken. */
    String tagAfterPeek(final String field) throws IOException {
        final char head = (char) (small[0] & 0xff);
        readFully(small, 3, field);
        return "" + head + (char) (small[0] & 0xff) + (char) (small[1] & 0xff) + (char) (small[2] & 0xff);
    }

    int u16(final String field) throws IOException {
        readFully(small, 2, field);
        return (small[0] & 0xff) | (small[1] & 0xff) << 8;
    }

    long u32(final String field) throws IOException {
        return u16(field) | (long) u16(field) << 16;
    }

    /** A 64-bit size; one of 2⁶³ or more is a complaint. */
    long size64(final String field) throws IOException {
        final long value = u32(field) | u32(field) << 32;
        if (value < 0) {
            throw invalid(field, Long.toUnsignedString(value), "a size below 2^63");
        }
        return value;
    }

    void skip(final long bytes, final String field) throws IOException {
        final byte[] waste = new byte[(int) Math.min(bytes, 8192)];
        long left = bytes;
        while (left > 0) {
            final int part = (int) Math.min(left, waste.length);
            readFully(waste, part, field);
            left -= part;
        }
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
