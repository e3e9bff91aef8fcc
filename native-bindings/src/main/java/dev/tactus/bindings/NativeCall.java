package dev.tactus.bindings;

/** How a bound function is called where a call need not be fast, and what is done with what its handle throws. */
public final class NativeCall {
    /** One call; returns the function's status. */
    public interface Body {
        /** Calls through a method handle, which may throw whatever it declares. */
        int call() throws Throwable;
    }

    private NativeCall() {}

    /** Calls, and returns the status. Whatever {@code body} throws unchecked passes as it is. */
    public static int run(final String call, final Body body) {
        try {
            return body.call();
        } catch (final Throwable ex) {
            throw wrongSignature(call, ex);
        }
    }

    /**
     * What a handle throws that is not an exception of ours: the signature does not fit, which is a bug here. Never
     * returns; its type is for {@code throw}.
     */
    public static RuntimeException wrongSignature(final String call, final Throwable ex) {
        if (ex instanceof RuntimeException runtime) {
            throw runtime;
        }
        if (ex instanceof Error error) {
            throw error;
        }
        throw new AssertionError(call + " is bound with a wrong signature", ex);
    }
}
