package dev.tactus.scenario.eval;

import dev.tactus.engine.audio.InvalidMediaException;
import dev.tactus.scenario.Episode;
import dev.tactus.scenario.EpisodeFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.stream.Stream;

/**
 * Episodes of a folder, in the order of their names, read when they are asked for: the folder itself if it has a
 * timeline, else every folder in it. What cannot be read is left out, with a line of why. One thread.
 */
public final class RecordedTrials implements Iterator<Trial> {
    private static final String GROUP = "recorded";

    private final Deque<Path> left = new ArrayDeque<>();
    private final List<String> problems = new ArrayList<>();
    private Trial next;

    /**
     * Trials.
     *
     * @throws InvalidMediaException if there is no episode at all
     * @throws IOException if the folder cannot be read
     */
    public RecordedTrials(final Path folder) throws IOException {
        if (Files.isRegularFile(folder.resolve(EpisodeFolder.TIMELINE))) {
            left.add(folder);
        } else if (Files.isDirectory(folder)) {
            try (Stream<Path> inside = Files.list(folder)) {
                inside.filter(Files::isDirectory)
                        .sorted(Comparator.comparing(path -> path.getFileName().toString()))
                        .forEach(left::add);
            }
        }
        if (left.isEmpty()) {
            throw new InvalidMediaException(
                    folder.toString(),
                    "episodes",
                    "none",
                    "a folder with " + EpisodeFolder.TIMELINE + " and " + EpisodeFolder.INPUT
                            + ", or a folder of such folders");
        }
    }

    /** Why episodes were left out up to now, a line each. */
    public List<String> problems() {
        return List.copyOf(problems);
    }

    @Override
    public boolean hasNext() {
        while (next == null && !left.isEmpty()) {
            final Path folder = left.remove();
            try {
                final Episode episode = EpisodeFolder.read(folder);
                if (episode.ticks() == 0) {
                    throw new InvalidMediaException(
                            folder.resolve(EpisodeFolder.INPUT).toString(), "length", "nothing", "some sound");
                }
                final String group = episode.family()
                        .map(family -> family.name().toLowerCase(Locale.ROOT))
                        .orElse(GROUP);
                next = new Trial(group, folder.toString(), episode);
            } catch (final InvalidMediaException ex) {
                problems.add(ex.getMessage());
            } catch (final IOException | UncheckedIOException ex) {
                problems.add(folder + ": cannot be read: " + ex.getMessage());
            }
        }
        return next != null;
    }

    @Override
    public Trial next() {
        if (!hasNext()) {
            throw new NoSuchElementException("all episodes are done");
        }
        final Trial out = next;
        next = null;
        return out;
    }
}
