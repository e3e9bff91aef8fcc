package dev.tactus.posix;

/**
 * A limit of the process.
 *
 * @param softBytes what counts now, in bytes, or {@link #UNLIMITED}
 * @param hardBytes how far the process may raise it by itself, in bytes, or {@link #UNLIMITED}
 */
public record ResourceLimit(long softBytes, long hardBytes) {
    /** No limit. */
    public static final long UNLIMITED = Long.MAX_VALUE;

    /** Whether {@code bytes} more than nothing fit under the limit that counts now. */
    public boolean allows(final long bytes) {
        return bytes <= softBytes;
    }
}
