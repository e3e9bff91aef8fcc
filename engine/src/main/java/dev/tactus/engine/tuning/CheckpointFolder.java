package dev.tactus.engine.tuning;

import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.memory.MemoryLedger;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The checkpoints of a run in one folder, of which the newest are kept.
 *
 * <pre>
 *   step-000200.state | step-000400.state | …      the number is the optimiser's steps
 * </pre>
 *
 * <p>Files of other names are never touched. One process writes a folder at a time.
 */
public final class CheckpointFolder {
    private static final Pattern NAME = Pattern.compile("step-(\\d{6,18})\\.state");

    private final Path folder;
    private final int keep;
    private final MemoryLedger ledger;

    /**
     * What {@link #newest(Path, MemoryLedger)} found.
     *
     * @param path the newest checkpoint that can be loaded, or empty
     * @param steps of the optimiser, by its name; 0 without one
     * @param skipped why newer ones cannot be, one line each, newest first
     */
    public record Newest(Optional<Path> path, long steps, List<String> skipped) {
        /** Makes the list unmodifiable. */
        public Newest {
            skipped = List.copyOf(skipped);
        }
    }

    private record Named(long steps, Path path) {}

    /**
     * A folder.
     *
     * @param folder made if it does not exist
     * @param keep how many of the newest checkpoints stay, at least 1
     * @param ledger told of files while they are checked
     * @throws TrainingException in one line when the folder cannot be made
     */
    public CheckpointFolder(final Path folder, final int keep, final MemoryLedger ledger) {
        if (keep < 1) {
            throw new IllegalArgumentException(
                    folder + ": " + keep + " checkpoints to keep: expected at least 1, or nothing could be resumed");
        }
        this.folder = folder;
        this.keep = keep;
        this.ledger = ledger;
        try {
            Files.createDirectories(folder);
        } catch (final IOException e) {
            throw new TrainingException(folder + ": folder of checkpoints not made: " + e, e);
        }
    }

    /** Where the checkpoint after so many steps belongs. */
    public Path path(final long steps) {
        if (steps < 0) {
            throw new IllegalArgumentException(folder + ": checkpoint of step " + steps + ": expected at least 0");
        }
        return folder.resolve(String.format(Locale.ROOT, "step-%06d.state", steps));
    }

    /**
     * Deletes all but the newest checkpoints. The newest one that can be loaded stays, too, where those are damaged;
     * without any that can be loaded, nothing is deleted. To be called after each checkpoint that was written.
     *
     * @return what was deleted, oldest first
     * @throws TrainingException in one line when a file cannot be deleted
     */
    public List<Path> deleteOld() {
        final List<Named> all = list(folder);
        final List<Path> deleted = new ArrayList<>();
        if (all.size() <= keep) {
            return deleted;
        }
        final Optional<Path> good = newest(folder, ledger).path();
        for (int i = all.size() - 1; i >= keep && good.isPresent(); i--) {
            final Path old = all.get(i).path();
            if (!old.equals(good.get())) {
                try {
                    Files.deleteIfExists(old);
                } catch (final IOException e) {
                    throw new TrainingException(old + ": old checkpoint not deleted: " + e, e);
                }
                deleted.add(old);
            }
        }
        return deleted;
    }

    /**
     * The newest checkpoint of a folder that is whole and undamaged.
     *
     * @param folder need not exist
     * @param ledger told of files while they are checked
     * @throws TrainingException in one line when the folder cannot be read
     */
    public static Newest newest(final Path folder, final MemoryLedger ledger) {
        final List<String> skipped = new ArrayList<>();
        for (final Named checkpoint : list(folder)) {
            try {
                TrainingCheckpoint.open(checkpoint.path(), ledger).close();
                return new Newest(Optional.of(checkpoint.path()), checkpoint.steps(), skipped);
            } catch (final InvalidModelException e) {
                skipped.add(e.getMessage());
            }
        }
        return new Newest(Optional.empty(), 0, skipped);
    }

    /** The newest first. */
    private static List<Named> list(final Path folder) {
        final List<Named> found = new ArrayList<>();
        if (!Files.isDirectory(folder)) {
            return found;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (final Path file : files) {
                final Matcher name = NAME.matcher(file.getFileName().toString());
                if (name.matches()) {
                    found.add(new Named(Long.parseLong(name.group(1)), file));
                }
            }
        } catch (final IOException e) {
            throw new TrainingException(folder + ": folder of checkpoints not readable: " + e, e);
        }
        found.sort(Comparator.comparingLong(Named::steps).reversed().thenComparing(Named::path));
        return found;
    }
}
