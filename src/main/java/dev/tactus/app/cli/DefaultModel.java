package dev.tactus.app.cli;

import dev.tactus.engine.model.Checkpoint;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;

/** The model that comes with Tactus, {@code models/mini}, for commands to which none is named. */
public final class DefaultModel {
    /** Of the option that names a model. */
    public static final String DESCRIPTION =
            "The model: a folder with config.json and weights. Default: models/mini, which comes with Tactus.";

    private static final Path PLACE = Path.of("models", "mini");

    private DefaultModel() {}

    /**
     * {@code named}, or the model that comes with Tactus.
     *
     * @throws BadInputException in one line when none is named, and there is none where Tactus lies
     */
    public static Path or(final Path named) {
        return named != null ? named : find(home());
    }

    static Path find(final Path home) {
        final Path found = home == null ? null : home.resolve(PLACE);
        if (found == null || !Files.isRegularFile(found.resolve(Checkpoint.SINGLE_FILE))) {
            throw new BadInputException("no model: name one with --model DIR, a folder with config.json and "
                    + Checkpoint.SINGLE_FILE
                    + " (tactus model random makes one to try); the one that comes with Tactus, "
                    + PLACE + ", is not " + (found == null ? "beside this program" : "in " + home));
        }
        final Path here = Path.of("").toAbsolutePath();
        return found.startsWith(here) ? here.relativize(found) : found;
    }

    /** The folder above {@code src/target}, in which the program lies: a jar, or a folder of classes. */
    private static Path home() {
        final CodeSource source = DefaultModel.class.getProtectionDomain().getCodeSource();
        try {
            final Path place = Path.of(source.getLocation().toURI()).toAbsolutePath();
            final Path target = place.getParent();
            return target == null || target.getParent() == null
                    ? null
                    : target.getParent().getParent();
        } catch (final URISyntaxException | RuntimeException ex) {
            return null; // not from a file, so there is no folder beside it
        }
    }
}
