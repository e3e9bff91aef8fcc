package dev.tactus.cuda;

/**
 * A call of the CUDA driver failed. Carries the error's name and number, the call, the stream, and whether the context
 * is lost with all that lives in it.
 */
public final class CudaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String name;
    private final int number;
    private final String call;
    private final String stream;
    private final boolean contextLost;

    CudaException(
            final String name,
            final int number,
            final String call,
            final String stream,
            final boolean contextLost,
            final String explanation) {
        super(call + (stream.isEmpty() ? "" : " on stream " + stream) + " failed with " + name + " (" + number + ")"
                + (explanation.isEmpty() ? "" : ": " + explanation)
                + (contextLost
                        ? "; the context is lost: what is in GPU memory is gone, go on on the CPU or start a new"
                                + " process"
                        : ""));
        this.name = name;
        this.number = number;
        this.call = call;
        this.stream = stream;
        this.contextLost = contextLost;
    }

    /** The error as the header spells it: {@code CUDA_ERROR_ILLEGAL_ADDRESS}. */
    public String name() {
        return name;
    }

    /** The error's number, a {@code CUresult}. */
    public int number() {
        return number;
    }

    /** The function that failed, with what identifies its object. An earlier asynchronous failure can surface here. */
    public String call() {
        return call;
    }

    /** The stream's name, or an empty text where the call has none. */
    public String stream() {
        return stream;
    }

    /** Whether every further call on the context fails: the owner closes it, and sessions go on elsewhere. */
    public boolean contextLost() {
        return contextLost;
    }
}
