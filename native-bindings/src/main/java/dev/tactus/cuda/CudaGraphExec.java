package dev.tactus.cuda;

import dev.tactus.bindings.NativeCall;

/** A graph that is ready to run, as often as wanted, one run at a time. Launching allocates nothing. */
public final class CudaGraphExec extends CudaHandle {
    private final int kernels;
    private final long hostCopies;
    private final long hostCopyBytes;

    CudaGraphExec(
            final CudaContext context,
            final String name,
            final long raw,
            final int kernels,
            final long hostCopies,
            final long hostCopyBytes) {
        super(context, "executable graph " + name, raw);
        this.kernels = kernels;
        this.hostCopies = hostCopies;
        this.hostCopyBytes = hostCopyBytes;
    }

    /** Kernels that one launch runs. */
    public int kernels() {
        return kernels;
    }

    /** Copies between host and GPU that one launch makes. */
    public long hostCopies() {
        return hostCopies;
    }

    /** Brings it to the GPU ahead of the first launch, which is then as fast as the others. */
    public void upload(final CudaStream stream) {
        final long exec = use();
        final long queue = stream.use();
        context()
                .check(
                        NativeCall.run("cuGraphUpload", () -> (int) DriverCalls.GRAPH_UPLOAD.invokeExact(exec, queue)),
                        "cuGraphUpload",
                        stream);
    }

    /** Puts one run into a stream. */
    public void launch(final CudaStream stream) {
        final long exec = use();
        final long queue = stream.use();
        final int result;
        try {
            result = (int) DriverCalls.GRAPH_LAUNCH.invokeExact(exec, queue);
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature("cuGraphLaunch", ex);
        }
        if (result != 0) {
            throw context().failure(result, "cuGraphLaunch(" + label() + ")", stream);
        }
        context().countGraphLaunch(hostCopies, hostCopyBytes);
    }

    @Override
    int destroy(final long handle) {
        return NativeCall.run("cuGraphExecDestroy", () -> (int) DriverCalls.GRAPH_EXEC_DESTROY.invokeExact(handle));
    }
}
