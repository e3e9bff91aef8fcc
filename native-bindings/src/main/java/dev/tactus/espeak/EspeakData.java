package dev.tactus.espeak;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A copy of espeak-ng's data directory in which nothing that a voice says depends on what was said before.
 *
 * <p>The library keeps three things from one utterance to the next: the place in its table of pitch flutter, a count of
 * glottal cycles that roughness goes by, and the tail of its echo. A variant may set all three, and the last line
 * counts; so every variant is written again with flutter 0, roughness 8 (which is none: 0 to 7 are degrees) and no
 * echo, and the same text in the same voice has the same samples wherever it stands. The one exception are variants
 * with {@code klatt 6}. Everything else is linked, not copied.
 */
final class EspeakData {
    private static final String FOLDER = "espeak-ng-data";
    private static final String VARIANTS = "voices/!v";

    private EspeakData() {}

    /**
     * Makes the copy in the system's folder for temporary files; it is deleted as the process ends.
     *
     * @param original the library's own {@code espeak-ng-data}
     * @return the folder to give to the library, which contains {@code espeak-ng-data}
     * @throws UncheckedIOException when it cannot be written
     */
    static Path stateless(final Path original) {
        try {
            final Path parent = Files.createTempDirectory("tactus-espeak");
            parent.toFile().deleteOnExit();
            final Path copy = folder(parent.resolve(FOLDER));
            link(original, copy, "voices");
            final Path voices = folder(copy.resolve("voices"));
            link(original.resolve("voices"), voices, "!v");
            final Path variants = folder(voices.resolve("!v"));
            for (final Path variant : children(original.resolve(VARIANTS))) {
                final Path target = variants.resolve(variant.getFileName());
                Files.write(target, withoutState(Files.readAllBytes(variant)));
                target.toFile().deleteOnExit();
            }
            return parent;
        } catch (final IOException e) {
            throw new UncheckedIOException("espeak-ng: cannot copy the voices of " + original, e);
        }
    }

    /** The lines of a variant that keep no state, and two that switch the rest off. */
    static byte[] withoutState(final byte[] variant) {
        final StringBuilder out = new StringBuilder();
        new String(variant, StandardCharsets.ISO_8859_1)
                .lines()
                .filter(line -> !line.matches("\\s*(flutter|roughness|echo)\\b.*"))
                .forEach(line -> out.append(line).append('\n'));
        return out.append("flutter 0\nroughness 8\n").toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    private static void link(final Path original, final Path copy, final String except) throws IOException {
        for (final Path child : children(original)) {
            if (!child.getFileName().toString().equals(except)) {
                final Path link = copy.resolve(child.getFileName());
                Files.createSymbolicLink(link, child.toAbsolutePath());
                link.toFile().deleteOnExit();
            }
        }
    }

    /** A folder's deletion is registered before its children's: they run in reverse order. */
    private static Path folder(final Path path) throws IOException {
        Files.createDirectory(path);
        path.toFile().deleteOnExit();
        return path;
    }

    private static List<Path> children(final Path folder) throws IOException {
        final List<Path> out = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            entries.forEach(out::add);
        }
        return out;
    }
}
