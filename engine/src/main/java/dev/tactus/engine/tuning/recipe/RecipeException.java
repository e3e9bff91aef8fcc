package dev.tactus.engine.tuning.recipe;

/** A recipe, or a file it names, that makes no sense: one line with file, field, what was found and what is allowed. */
public final class RecipeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With the whole line. */
    public RecipeException(final String message) {
        super(message);
    }

    /** With the whole line, and what was thrown where it was found. */
    public RecipeException(final String message, final Throwable cause) {
        super(message, cause);
    }

    /** The usual line. */
    static RecipeException of(final Object file, final String field, final Object found, final String allowed) {
        return new RecipeException(file + ": " + field + ": found " + found + ", allowed " + allowed);
    }
}
