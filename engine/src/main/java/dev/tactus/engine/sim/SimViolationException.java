package dev.tactus.engine.sim;

/** Ends a run at its first violation. */
final class SimViolationException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient Violation violation;

    SimViolationException(final Violation violation, final Throwable cause) {
        super(violation.toString(), cause);
        this.violation = violation;
    }

    Violation violation() {
        return violation;
    }
}
