package dev.tactus.app.train;

import dev.tactus.app.cli.BadInputException;
import dev.tactus.app.cli.Failures;
import dev.tactus.app.cli.OutputPath;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The folder of a run, which one process at a time may write:
 *
 * <pre>
 *   recipe.json     what it was made with         checkpoints/  what it resumes from
 *   losses.csv      a row per step                evaluate/     what evaluate.command printed
 *   losses.svg      the same, drawn               model/        the result, or adapter/
 * </pre>
 */
final class RunFolder implements AutoCloseable {
    private static final String RECIPE = "recipe.json";
    private static final String LOCK = "lock";
    private static final int PID_BYTES = 32;

    private final Path folder;
    private final FileChannel channel;

    private RunFolder(final Path folder, final FileChannel channel) {
        this.folder = folder;
        this.channel = channel;
    }

    /**
     * Checks that a run can begin, or go on, in {@code folder}; writes nothing.
     *
     * @throws BadInputException in one line
     */
    static void check(final Path folder, final boolean resume) {
        OutputPath.requireDirectory("--out", folder);
        final boolean run = Files.exists(folder.resolve(RECIPE));
        if (resume && !run) {
            throw BadInputException.of(
                    "--out " + folder, "no run to resume", "the folder of one; without --resume a run begins");
        }
        if (!resume && run) {
            throw BadInputException.of(
                    "--out " + folder, "a run", "a new or an empty folder; --resume goes on with that run");
        }
        if (!resume && !isEmpty(folder)) {
            throw BadInputException.of("--out " + folder, "other files", "a new or an empty folder");
        }
    }

    private static boolean isEmpty(final Path folder) {
        if (!Files.isDirectory(folder)) {
            return true;
        }
        try (Stream<Path> files = Files.list(folder)) {
            final Path partial = WholeFile.partial(folder.resolve(RECIPE)).getFileName();
            return files.map(Path::getFileName).allMatch(file -> file.toString().equals(LOCK) || file.equals(partial));
        } catch (final IOException ex) {
            throw Failures.unreadable("--out " + folder, ex);
        }
    }

    /**
     * Makes the folder and locks it.
     *
     * @throws BadInputException when another run has the folder
     */
    static RunFolder open(final Path folder) {
        try {
            Files.createDirectories(folder);
            final FileChannel channel = FileChannel.open(
                    folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            boolean opened = false;
            try {
                final RunFolder run = new RunFolder(folder, channel);
                run.lock();
                opened = true;
                return run;
            } finally {
                if (!opened) {
                    channel.close();
                }
            }
        } catch (final IOException ex) {
            throw unwritable(folder, ex);
        }
    }

    private static BadInputException unwritable(final Path folder, final IOException ex) {
        return new BadInputException("--out " + folder + ": cannot be written: " + Failures.reason(ex), ex);
    }

    /**
     * Keeps a copy of the recipe, instead of the one before: what the run is made with from now on.
     *
     * @throws BadInputException when it cannot be written; the copy before stays
     */
    void keep(final Path recipe) {
        final Path copy = folder.resolve(RECIPE);
        try {
            if (!Files.exists(copy) || !Files.isSameFile(recipe, copy)) {
                WholeFile.write(copy, Files.readAllBytes(recipe));
            }
        } catch (final IOException ex) {
            throw unwritable(folder, ex);
        }
    }

    private void lock() throws IOException {
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (final OverlappingFileLockException ex) {
            lock = null;
        }
        if (lock == null) {
            final ByteBuffer owner = ByteBuffer.allocate(PID_BYTES);
            channel.read(owner, 0);
            final String pid = new String(owner.array(), 0, owner.position(), StandardCharsets.US_ASCII).strip();
            throw BadInputException.of(
                    "--out " + folder,
                    "another run at work" + (pid.isEmpty() ? "" : ", process " + pid),
                    "a folder that no run is writing");
        }
        channel.truncate(0);
        final String pid = ProcessHandle.current().pid() + "\n";
        channel.write(ByteBuffer.wrap(pid.getBytes(StandardCharsets.US_ASCII)), 0);
    }

    /** A file or folder in it. */
    Path resolve(final String name) {
        return folder.resolve(name);
    }

    /** Removes {@code folder}, whose files are this program's own, with all that is in it. */
    static void delete(final Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> tree = Files.walk(folder)) {
            final List<Path> deepestFirst =
                    tree.sorted(Comparator.reverseOrder()).toList();
            for (final Path path : deepestFirst) {
                Files.delete(path);
            }
        }
    }

    /** Lets others have it. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (final IOException ex) {
            throw new BadInputException("--out " + folder + ": cannot be closed: " + Failures.reason(ex), ex);
        }
    }
}
