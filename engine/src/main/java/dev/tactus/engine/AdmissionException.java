package dev.tactus.engine;

/** A session was refused: the message says why and what would fit. The engine is unchanged. */
public final class AdmissionException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With a reason. */
    public AdmissionException(final String message) {
        super(message);
    }
}
