package dev.tactus.app.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Files that are replaced in one step: whoever looks finds the old content or the new one, whole. */
final class WholeFile {
    private WholeFile() {}

    /** Where the new content of {@code file} grows; a leftover of a killed process is worth nothing. */
    static Path partial(final Path file) {
        return file.resolveSibling("." + file.getFileName() + ".partial");
    }

    /**
     * Replaces the content of {@code file}, on the disk before it is in its place.
     *
     * @throws IOException when that fails; the old content stays, and nothing of the new one
     */
    static void write(final Path file, final byte[] content) throws IOException {
        final Path partial = partial(file);
        try {
            try (FileChannel out = FileChannel.open(
                    partial,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE)) {
                final ByteBuffer left = ByteBuffer.wrap(content);
                while (left.hasRemaining()) {
                    out.write(left);
                }
                out.force(true);
            }
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (final IOException ex) {
            try {
                Files.deleteIfExists(partial);
            } catch (final IOException second) {
                ex.addSuppressed(second);
            }
            throw ex;
        }
    }
}
