package dev.tactus.engine.model;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A file that is being written beside its name and takes the name complete, in one step, or never.
 *
 * <pre>
 *   .&lt;name&gt;-&lt;digits&gt;.partial   until {@link #commit()}
 * </pre>
 *
 * <p>It has the rights of any new file, as the process's umask says: temporary files of the JDK are their owner's
 * alone, and a model that a service of another user must read would not be. Used by one thread, which closes it.
 */
public final class PartialFile implements AutoCloseable {
    /** Names that earlier processes of the same number may have left; more of them say that something else is wrong. */
    private static final int MOST_ATTEMPTS = 1000;

    private static final AtomicLong COUNT = new AtomicLong();

    private final Path target;
    private final Path path;
    private final FileChannel channel;
    private boolean committed;

    private PartialFile(final Path target, final Path path, final FileChannel channel) {
        this.target = target;
        this.path = path;
        this.channel = channel;
    }

    /**
     * An empty file beside {@code target}.
     *
     * @param target the name it is for, in a folder that exists
     * @throws IOException when it cannot be made
     */
    public static PartialFile create(final Path target) throws IOException {
        final Path folder = target.toAbsolutePath().getParent();
        final long process = ProcessHandle.current().pid();
        for (int attempt = 1; ; attempt++) {
            final Path path =
                    folder.resolve("." + target.getFileName() + '-' + process + COUNT.getAndIncrement() + ".partial");
            try {
                final FileChannel channel =
                        FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
                return new PartialFile(target, path, channel);
            } catch (final FileAlreadyExistsException e) {
                if (attempt == MOST_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    /** Where the content goes. */
    public FileChannel channel() {
        return channel;
    }

    /** Makes the content durable and gives the file its name, which is replaced if it exists. */
    public void commit() throws IOException {
        channel.force(true);
        channel.close();
        Files.move(path, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        committed = true;
    }

    /** Ends writing; without a {@link #commit()} nothing is left behind. */
    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            if (!committed) {
                Files.deleteIfExists(path);
            }
        }
    }
}
