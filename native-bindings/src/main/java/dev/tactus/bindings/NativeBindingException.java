package dev.tactus.bindings;

import java.util.List;

/**
 * A native library or symbol could not be bound; the message lists every way that was tried and why each failed.
 *
 * <p>Catch it where the library is optional: {@link #reasons()} is what to show the user.
 */
public final class NativeBindingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient List<String> reasons;

    /** An error about {@code what}, with one reason per attempt. */
    public NativeBindingException(final String what, final List<String> reasons) {
        super(what + ": " + String.join("; ", reasons));
        this.reasons = List.copyOf(reasons);
    }

    /** One sentence per attempt, in the order tried. */
    public List<String> reasons() {
        return reasons == null ? List.of() : reasons;
    }
}
