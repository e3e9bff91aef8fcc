package dev.tactus.app.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/** Where a command writes, checked before it does any work. */
public final class OutputPath {
    private OutputPath() {}

    /**
     * Checks that {@code directory} is a directory that can be written to, or can be created.
     *
     * @throws BadInputException in one line
     */
    public static void requireDirectory(final String option, final Path directory) {
        if (Files.exists(directory)) {
            if (!Files.isDirectory(directory)) {
                throw BadInputException.of(option + " " + directory, "a file", "a directory, which may be missing");
            }
            requireWritable(option, directory, directory);
            return;
        }
        Path ancestor = directory.toAbsolutePath().normalize().getParent();
        while (ancestor != null && !Files.exists(ancestor)) {
            ancestor = ancestor.getParent();
        }
        if (ancestor == null || !Files.isDirectory(ancestor)) {
            throw new BadInputException(
                    option + " " + directory + ": cannot be created: " + ancestor + " is not a directory");
        }
        requireWritable(option, directory, ancestor);
    }

    /**
     * Checks that {@code file} can be written: it is no directory, and its own directory exists.
     *
     * @throws BadInputException in one line
     */
    public static void requireFile(final String option, final Path file) {
        if (Files.isDirectory(file)) {
            throw BadInputException.of(option + " " + file, "a directory", "a file, which may be missing");
        }
        final Path parent = file.toAbsolutePath().normalize().getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            throw new BadInputException(option + " " + file + ": cannot be written: " + parent + " is not a directory");
        }
        requireWritable(option, file, parent);
    }

    /**
     * Creates {@code directory} and whatever is missing above it.
     *
     * @return the directories that were created, the deepest one first
     */
    public static Deque<Path> create(final Path directory) throws IOException {
        final Deque<Path> missing = new ArrayDeque<>();
        Path path = directory.toAbsolutePath().normalize();
        while (path != null && !Files.exists(path)) {
            missing.addLast(path);
            path = path.getParent();
        }
        Files.createDirectories(directory);
        return missing;
    }

    private static void requireWritable(final String option, final Path target, final Path directory) {
        if (!Files.isWritable(directory)) {
            throw new BadInputException(option + " " + target + ": cannot be written: no permission for " + directory);
        }
    }
}
