package dev.tactus.engine.video;

import dev.tactus.engine.audio.InvalidMediaException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.PatternSyntaxException;

/**
 * PNG and JPEG files as a film: all of a folder, or those that a pattern such as {@code shots/f*.png} names, in natural
 * order ({@code f2} before {@code f10}) at a fixed rate. Pictures may differ in size. Limits: 100,000 files, 64 MiB per
 * file, sides up to 16384, 2²⁵ pixels, each checked before memory is taken. One thread.
 */
public final class ImageSequence implements FrameSource {
    /** More than an hour at 25 frames per second; a larger folder is another one than was meant. */
    private static final int MAX_FILES = 100_000;

    private static final double MIN_FRAMES_PER_SECOND = 0.001;

    private final List<Path> files;
    private final double framesPerSecond;
    private final StillImage decoder = new StillImage();
    private final RgbFrame frame = new RgbFrame();
    private int frames;

    private ImageSequence(final List<Path> files, final double framesPerSecond) {
        this.files = files;
        this.framesPerSecond = framesPerSecond;
    }

    /**
     * Lists the files; decodes none yet.
     *
     * @param where a folder, one file, or a path whose last part is a pattern ({@code * ? [] {}})
     * @param framesPerSecond 0.001 to 1000
     * @throws InvalidMediaException if nothing matches, or too much
     * @throws IOException if the folder cannot be listed
     */
    public static ImageSequence open(final String where, final double framesPerSecond) throws IOException {
        if (!(framesPerSecond >= MIN_FRAMES_PER_SECOND && framesPerSecond <= FrameLimits.MAX_FRAMES_PER_SECOND)) {
            throw new InvalidMediaException(
                    where,
                    "frames per second",
                    framesPerSecond,
                    MIN_FRAMES_PER_SECOND + " to " + FrameLimits.MAX_FRAMES_PER_SECOND);
        }
        final List<Path> files = list(where);
        if (files.isEmpty()) {
            throw new InvalidMediaException(where, "files", "none", "at least one .png, .jpg or .jpeg file");
        }
        files.sort(Comparator.comparing(file -> file.getFileName().toString(), NaturalOrder.INSTANCE));
        return new ImageSequence(files, framesPerSecond);
    }

    /** The files in the order in which they are shown. */
    public List<Path> files() {
        return List.copyOf(files);
    }

    @Override
    public boolean next() throws IOException {
        if (frames == files.size()) {
            return false;
        }
        decoder.decode(files.get(frames), frame);
        frames++;
        return true;
    }

    @Override
    public long timeNs() {
        return Math.round(Math.max(0, frames - 1) * 1e9 / framesPerSecond);
    }

    @Override
    public RgbFrame frame() {
        return frame;
    }

    /** Does nothing: no file stays open between pictures. */
    @Override
    public void close() {}

    private static List<Path> list(final String where) throws IOException {
        final int slash = where.lastIndexOf('/');
        final String last = where.substring(slash + 1);
        if (last.chars().noneMatch(c -> "*?[{".indexOf(c) >= 0)) {
            final Path path = Path.of(where);
            return Files.isDirectory(path) ? folder(where, path) : new ArrayList<>(List.of(path));
        }
        final Path parent = Path.of(slash < 0 ? "." : where.substring(0, slash + 1));
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(parent, last)) {
            return collect(where, entries);
        } catch (final PatternSyntaxException e) {
            throw new InvalidMediaException(where, "pattern", last, "a glob such as *.png", e);
        }
    }

    private static List<Path> folder(final String where, final Path path) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(path, ImageSequence::hasImageName)) {
            return collect(where, entries);
        }
    }

    private static boolean hasImageName(final Path path) {
        final String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
        return name.endsWith(".png") || name.endsWith(".jpg") || name.endsWith(".jpeg");
    }

    private static List<Path> collect(final String where, final DirectoryStream<Path> entries) {
        final List<Path> out = new ArrayList<>();
        for (final Path entry : entries) {
            if (out.size() == MAX_FILES) {
                throw new InvalidMediaException(where, "files", "more than " + MAX_FILES, "at most " + MAX_FILES);
            }
            out.add(entry);
        }
        return out;
    }
}
