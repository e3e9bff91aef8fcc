package dev.tactus.app.cli;

/** The user gave something that cannot be used. The message is one line: what, what was found, what is allowed. */
public final class BadInputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With the whole line. */
    public BadInputException(final String message) {
        super(message);
    }

    /** With the whole line, and what was thrown where it was found. */
    public BadInputException(final String message, final Throwable cause) {
        super(message, cause);
    }

    /** The usual line about an option or a file. */
    public static BadInputException of(final String where, final Object found, final String allowed) {
        return new BadInputException(where + ": found " + found + ", allowed " + allowed);
    }
}
