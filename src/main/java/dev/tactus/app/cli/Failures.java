package dev.tactus.app.cli;

import dev.tactus.engine.AdmissionException;
import dev.tactus.engine.audio.InvalidMediaException;
import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.engine.tuning.recipe.RecipeException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** Tells what the user can put right from what they cannot. */
public final class Failures {
    private Failures() {}

    /** Whether {@code failure} is about what the user gave: a model, a recipe, a medium, an option. */
    public static boolean isBadInput(final Throwable failure) {
        return failure instanceof BadInputException
                || failure instanceof InvalidModelException
                || failure instanceof RecipeException
                || failure instanceof InvalidMediaException
                || failure instanceof AdmissionException;
    }

    /**
     * The error for a file that cannot be read: the JDK's exceptions often carry nothing but its name.
     *
     * @param file the file, with its option before it
     */
    public static BadInputException unreadable(final String file, final IOException failure) {
        return new BadInputException(file + ": cannot be read: " + reason(failure), failure);
    }

    /** Why a file operation failed, without the file's name. */
    public static String reason(final IOException failure) {
        if (failure instanceof NoSuchFileException) {
            return "no such file or directory";
        }
        if (failure instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (failure instanceof NotDirectoryException) {
            return "not a directory";
        }
        final String reason = failure instanceof FileSystemException system ? system.getReason() : failure.getMessage();
        return reason == null ? failure.getClass().getSimpleName() : reason;
    }
}
