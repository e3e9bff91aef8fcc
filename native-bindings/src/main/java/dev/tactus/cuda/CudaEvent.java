package dev.tactus.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tactus.bindings.NativeCall;
import dev.tactus.cuda.ffi.CudaDriverApi;
import java.lang.foreign.MemorySegment;

/** A mark in a stream that the host can poll and other streams can wait for. No call but opening allocates. */
public final class CudaEvent extends CudaHandle {
    private final boolean timing;

    private CudaEvent(final CudaContext context, final String name, final boolean timing, final long raw) {
        super(context, "event " + name, raw);
        this.timing = timing;
    }

    static CudaEvent open(final CudaContext context, final String name, final boolean timing) {
        context.enter();
        final MemorySegment out = context.scratch();
        final int flags = timing ? CudaDriverApi.CU_EVENT_DEFAULT() : CudaDriverApi.CU_EVENT_DISABLE_TIMING();
        final int result =
                NativeCall.run("cuEventCreate", () -> (int) DriverCalls.EVENT_CREATE.invokeExact(out.address(), flags));
        context.check(result, "cuEventCreate(" + name + ")", null);
        return new CudaEvent(context, name, timing, out.get(JAVA_LONG, 0));
    }

    /** Marks the end of what {@code stream} holds now; an earlier mark is forgotten. */
    public void record(final CudaStream stream) {
        final long event = use();
        final long queue = stream.use();
        final int result;
        try {
            result = (int) DriverCalls.EVENT_RECORD.invokeExact(event, queue);
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature("cuEventRecord", ex);
        }
        context().check(result, "cuEventRecord", stream);
    }

    /** Whether the stream has passed the mark; true while there is none. Never waits. */
    public boolean isDone() {
        final long event = use();
        final int result;
        try {
            result = (int) DriverCalls.EVENT_QUERY.invokeExact(event);
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature("cuEventQuery", ex);
        }
        if (result == DriverCalls.NOT_READY) {
            return false;
        }
        context().check(result, "cuEventQuery", null);
        return true;
    }

    /** Waits until the stream has passed the mark. */
    public void synchronize() {
        final long event = use();
        final int result;
        try {
            result = (int) DriverCalls.EVENT_SYNCHRONIZE.invokeExact(event);
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature("cuEventSynchronize", ex);
        }
        context().check(result, "cuEventSynchronize", null);
    }

    /**
     * The GPU's time from {@code earlier} to this event in milliseconds, to half a microsecond; both are done.
     *
     * @throws IllegalStateException when one of them was opened without timing
     */
    public float millisecondsSince(final CudaEvent earlier) {
        if (!timing || !earlier.timing) {
            throw new IllegalStateException(this + " and " + earlier + " must both be opened with timing");
        }
        final long end = use();
        final long start = earlier.use();
        final MemorySegment out = context().scratch();
        final long address = out.address();
        final int result;
        try {
            result = (int) DriverCalls.EVENT_ELAPSED_TIME.invokeExact(address, start, end);
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature("cuEventElapsedTime_v2", ex);
        }
        context().check(result, "cuEventElapsedTime_v2", null);
        return out.get(JAVA_FLOAT, 0);
    }

    @Override
    int destroy(final long handle) {
        return NativeCall.run("cuEventDestroy_v2", () -> (int) DriverCalls.EVENT_DESTROY.invokeExact(handle));
    }
}
