package dev.tactus.cuda;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tactus.bindings.NativeCall;
import java.lang.foreign.MemorySegment;

/** Recorded work. Made executable by {@link #instantiate()}, after which it may be closed. */
public final class CudaGraph extends CudaHandle {
    private final String name;
    private final int kernels;
    private final long hostCopies;
    private final long hostCopyBytes;

    CudaGraph(
            final CudaContext context,
            final String name,
            final long raw,
            final int kernels,
            final long hostCopies,
            final long hostCopyBytes) {
        super(context, "graph " + name, raw);
        this.name = name;
        this.kernels = kernels;
        this.hostCopies = hostCopies;
        this.hostCopyBytes = hostCopyBytes;
    }

    /** The name given when it was recorded. */
    public String name() {
        return name;
    }

    /** Kernel launches that were recorded through the captured stream. */
    public int kernels() {
        return kernels;
    }

    /** Copies between host and GPU that were recorded; a graph of a tick has none. */
    public long hostCopies() {
        return hostCopies;
    }

    /** All nodes, as the driver counts them. */
    public long nodes() {
        final long graph = use();
        final MemorySegment out = context().scratch();
        out.set(JAVA_LONG, 0, 0);
        context()
                .check(
                        NativeCall.run("cuGraphGetNodes", () ->
                                (int) DriverCalls.GRAPH_GET_NODES.invokeExact(graph, 0L, out.address())),
                        "cuGraphGetNodes(" + name + ")",
                        null);
        return out.get(JAVA_LONG, 0);
    }

    /**
     * Makes it executable: everything that can be prepared is prepared here.
     *
     * @return what can be launched; the caller closes it
     */
    public CudaGraphExec instantiate() {
        final long graph = use();
        final MemorySegment out = context().scratch();
        final String call = "cuGraphInstantiateWithFlags(" + name + ")";
        context()
                .check(
                        NativeCall.run(
                                call, () -> (int) DriverCalls.GRAPH_INSTANTIATE.invokeExact(out.address(), graph, 0L)),
                        call,
                        null);
        return new CudaGraphExec(context(), name, out.get(JAVA_LONG, 0), kernels, hostCopies, hostCopyBytes);
    }

    @Override
    int destroy(final long handle) {
        return NativeCall.run("cuGraphDestroy", () -> (int) DriverCalls.GRAPH_DESTROY.invokeExact(handle));
    }
}
