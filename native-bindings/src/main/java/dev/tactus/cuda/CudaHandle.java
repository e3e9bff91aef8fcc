package dev.tactus.cuda;

/**
 * Something that the driver made and that must be given back to it: opened by a {@link CudaContext}, closed by whoever
 * opened it, before the context.
 *
 * <p>Every call is made by the thread that owns the context. A call on a closed handle throws
 * {@link IllegalStateException} and does not reach the driver, a call from another thread throws
 * {@link WrongThreadException}.
 */
public abstract sealed class CudaHandle implements AutoCloseable
        permits CudaEvent, CudaGraph, CudaGraphExec, CudaModule, CudaStream, DeviceMemory, PinnedMemory {
    private final CudaContext context;
    private final String label;
    private final long raw;
    private boolean closed;

    CudaHandle(final CudaContext context, final String label, final long raw) {
        this.context = context;
        this.label = label;
        this.raw = raw;
        context.enlist(this);
    }

    /** The context that opened it. */
    public final CudaContext context() {
        return context;
    }

    /** Whether {@link #close()} was called. */
    public final boolean isClosed() {
        return closed;
    }

    /** The driver's handle or address, for a call on the owner's thread while this is open. */
    final long use() {
        if (closed) {
            throw new IllegalStateException(label + " is closed");
        }
        context.enter();
        return raw;
    }

    /** The driver's handle without any check. */
    final long raw() {
        return raw;
    }

    /** What it is, for messages. */
    final String label() {
        return label;
    }

    /**
     * Gives it back to the driver. Calling it again does nothing. In a lost context nothing can fail any more, since
     * the driver has dropped everything.
     *
     * @throws WrongThreadException on another thread than the owner's; it stays open
     * @throws CudaException when the driver reports an error; it counts as closed all the same
     */
    @Override
    public final void close() {
        if (closed) {
            return;
        }
        context.enterToClose();
        beforeClose();
        closed = true;
        context.delist(this);
        final int result = destroy(raw);
        if (result != 0 && !context.isLost()) {
            throw context.failure(result, "closing " + label, null);
        }
    }

    /** Throws when it cannot be closed now; nothing has happened then. */
    void beforeClose() {}

    /** The driver's call; returns its {@code CUresult}. */
    abstract int destroy(long handle);

    @Override
    public String toString() {
        return label;
    }
}
