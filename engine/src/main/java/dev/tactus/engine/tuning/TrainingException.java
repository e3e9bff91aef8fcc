package dev.tactus.engine.tuning;

/**
 * Training cannot go on: a loss or a gradient that is no number, an input that no loss is defined for, a checkpoint
 * that could not be written.
 *
 * <p>The message is one line that says what was wrong, where, and what would be right. Whatever throws it has changed
 * no parameter, no optimiser state and no checkpoint that was there before.
 */
public final class TrainingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** An error without a further cause. */
    public TrainingException(final String message) {
        super(message);
    }

    /** An error that came from elsewhere, as from the file system. */
    public TrainingException(final String message, final Throwable cause) {
        super(message, cause);
    }
}
