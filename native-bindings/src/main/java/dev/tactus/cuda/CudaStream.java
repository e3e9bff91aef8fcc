package dev.tactus.cuda;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tactus.bindings.NativeCall;
import dev.tactus.cuda.ffi.CudaDriverApi;
import java.lang.foreign.MemorySegment;

/**
 * A queue of work on the GPU: what is put into one stream runs in order, streams run beside each other.
 *
 * <p>Calls return before the work is done, unless they say otherwise. Device addresses are plain numbers that the
 * caller takes from {@link DeviceMemory#address(long, long)}, {@link PinnedMemory#deviceAddress(long, long)} or a slab,
 * where they are checked. No call but {@link #beginCapture()} and {@link #endCapture(String)} allocates on the Java
 * heap.
 */
public final class CudaStream extends CudaHandle {
    private static final int GREATER_OR_EQUAL = CudaDriverApi.CU_STREAM_WAIT_VALUE_GEQ();
    private static final int WITH_BARRIER = CudaDriverApi.CU_STREAM_WRITE_VALUE_DEFAULT();

    private final String name;
    private boolean capturing;
    private int capturedKernels;
    private long capturedCopies;
    private long capturedCopyBytes;

    private CudaStream(final CudaContext context, final String name, final long raw) {
        super(context, "stream " + name, raw);
        this.name = name;
    }

    static CudaStream open(final CudaContext context, final String name, final int priority) {
        context.enter();
        final MemorySegment out = context.scratch();
        final int flags = CudaDriverApi.CU_STREAM_NON_BLOCKING();
        final int result = NativeCall.run("cuStreamCreateWithPriority", () ->
                (int) DriverCalls.STREAM_CREATE.invokeExact(out.address(), flags, priority));
        context.check(result, "cuStreamCreateWithPriority(" + name + ")", null);
        return new CudaStream(context, name, out.get(JAVA_LONG, 0));
    }

    /** The name given when it was opened. */
    public String name() {
        return name;
    }

    /** The driver's handle, for libraries that take a stream; checked like every call. */
    public long handle() {
        return use();
    }

    /** Whether all work of the stream is done. Never waits. */
    public boolean isDone() {
        final long stream = use();
        final int result;
        try {
            result = (int) DriverCalls.STREAM_QUERY.invokeExact(stream);
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature("cuStreamQuery", ex);
        }
        if (result == DriverCalls.NOT_READY) {
            return false;
        }
        context().check(result, "cuStreamQuery", this);
        return true;
    }

    /** Waits until all work of the stream is done. */
    public void synchronize() {
        final long stream = use();
        final int result;
        try {
            result = (int) DriverCalls.STREAM_SYNCHRONIZE.invokeExact(stream);
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature("cuStreamSynchronize", ex);
        }
        context().check(result, "cuStreamSynchronize", this);
    }

    /** Lets later work of this stream wait for what {@code event} has recorded. */
    public void waitFor(final CudaEvent event) {
        final long stream = use();
        final long other = event.use();
        final int result;
        try {
            result = (int) DriverCalls.STREAM_WAIT_EVENT.invokeExact(stream, other, 0);
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature("cuStreamWaitEvent", ex);
        }
        context().check(result, "cuStreamWaitEvent", this);
    }

    /**
     * Lets later work wait until the 32-bit word at {@code address} is at least {@code value}, counted on a circle:
     * until {@code word - value >= 0}.
     *
     * @param address a device address, a multiple of 4
     */
    public void waitUntilAtLeast(final long address, final int value) {
        requireAlignedWord(address);
        final long stream = use();
        final int result;
        try {
            result = (int) DriverCalls.STREAM_WAIT_VALUE.invokeExact(stream, address, value, GREATER_OR_EQUAL);
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature("cuStreamWaitValue32_v2", ex);
        }
        context().check(result, "cuStreamWaitValue32_v2", this);
    }

    /**
     * Writes a 32-bit word once all work so far is done and visible; with {@code address} in pinned memory the host can
     * poll it.
     *
     * @param address a device address, a multiple of 4
     */
    public void write(final long address, final int value) {
        requireAlignedWord(address);
        final long stream = use();
        final int result;
        try {
            result = (int) DriverCalls.STREAM_WRITE_VALUE.invokeExact(stream, address, value, WITH_BARRIER);
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature("cuStreamWriteValue32_v2", ex);
        }
        context().check(result, "cuStreamWriteValue32_v2", this);
    }

    /**
     * Copies host memory to the GPU. From pinned memory the copy runs later and the source must stay as it is until
     * then; from other memory the driver copies or waits first.
     *
     * @param target a device address
     * @param source a host address
     * @param bytes at least 1
     */
    public void copyToDevice(final long target, final long source, final long bytes) {
        requireBytes(bytes);
        final long stream = use();
        final int result;
        try {
            result = (int) DriverCalls.COPY_TO_DEVICE.invokeExact(target, source, bytes, stream);
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature("cuMemcpyHtoDAsync_v2", ex);
        }
        context().check(result, "cuMemcpyHtoDAsync_v2", this);
        countHostCopy(bytes);
    }

    /** Copies a whole native segment to the GPU. */
    public void copyToDevice(final long target, final MemorySegment source) {
        requireNative(source);
        copyToDevice(target, source.address(), source.byteSize());
    }

    /**
     * Copies GPU memory to the host, where it is valid after a {@link #synchronize()}.
     *
     * @param target a host address
     * @param source a device address
     * @param bytes at least 1
     */
    public void copyToHost(final long target, final long source, final long bytes) {
        requireBytes(bytes);
        final long stream = use();
        final int result;
        try {
            result = (int) DriverCalls.COPY_TO_HOST.invokeExact(target, source, bytes, stream);
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature("cuMemcpyDtoHAsync_v2", ex);
        }
        context().check(result, "cuMemcpyDtoHAsync_v2", this);
        countHostCopy(bytes);
    }

    /** Fills a whole native segment from the GPU; valid after a {@link #synchronize()}. */
    public void copyToHost(final MemorySegment target, final long source) {
        requireNative(target);
        if (target.isReadOnly()) {
            throw new IllegalArgumentException("the target of a copy is read-only");
        }
        copyToHost(target.address(), source, target.byteSize());
    }

    /** Copies from GPU memory to GPU memory; the ranges must not overlap. */
    public void copyOnDevice(final long target, final long source, final long bytes) {
        requireBytes(bytes);
        final long stream = use();
        final int result;
        try {
            result = (int) DriverCalls.COPY_ON_DEVICE.invokeExact(target, source, bytes, stream);
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature("cuMemcpyDtoDAsync_v2", ex);
        }
        context().check(result, "cuMemcpyDtoDAsync_v2", this);
    }

    /** Sets {@code bytes} bytes of GPU memory, at least 1, to one value. */
    public void fillBytes(final long target, final byte value, final long bytes) {
        requireBytes(bytes);
        final long stream = use();
        final int result;
        try {
            result = (int) DriverCalls.FILL_BYTES.invokeExact(target, value, bytes, stream);
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature("cuMemsetD8Async", ex);
        }
        context().check(result, "cuMemsetD8Async", this);
    }

    /** Sets {@code count} 32-bit words of GPU memory, at least 1, to one value; {@code target} is a multiple of 4. */
    public void fillInts(final long target, final int value, final long count) {
        requireBytes(count);
        requireAlignedWord(target);
        final long stream = use();
        final int result;
        try {
            result = (int) DriverCalls.FILL_INTS.invokeExact(target, value, count, stream);
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature("cuMemsetD32Async", ex);
        }
        context().check(result, "cuMemsetD32Async", this);
    }

    /**
     * Starts to record what is put into the stream instead of running it, until {@link #endCapture(String)}.
     *
     * @throws IllegalStateException while it is recording
     */
    public void beginCapture() {
        final long stream = use();
        if (capturing) {
            throw new IllegalStateException(this + " is recording a graph already");
        }
        final int mode = CudaDriverApi.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL();
        final int result = NativeCall.run(
                "cuStreamBeginCapture_v2", () -> (int) DriverCalls.STREAM_BEGIN_CAPTURE.invokeExact(stream, mode));
        context().check(result, "cuStreamBeginCapture_v2", this);
        capturing = true;
        capturedKernels = 0;
        capturedCopies = 0;
        capturedCopyBytes = 0;
    }

    /**
     * Ends the recording.
     *
     * @param graphName for messages
     * @return what was recorded; the caller closes it
     * @throws IllegalStateException when nothing is being recorded
     * @throws CudaException when something that cannot be recorded was called meanwhile; the recording is dropped
     */
    public CudaGraph endCapture(final String graphName) {
        final long stream = use();
        if (!capturing) {
            throw new IllegalStateException(this + " is not recording a graph: beginCapture() comes first");
        }
        capturing = false;
        final MemorySegment out = context().scratch();
        out.set(JAVA_LONG, 0, 0);
        final int result = NativeCall.run(
                "cuStreamEndCapture", () -> (int) DriverCalls.STREAM_END_CAPTURE.invokeExact(stream, out.address()));
        context().check(result, "cuStreamEndCapture(" + graphName + ")", this);
        return new CudaGraph(
                context(), graphName, out.get(JAVA_LONG, 0), capturedKernels, capturedCopies, capturedCopyBytes);
    }

    /** Whether the stream is recording a graph. */
    public boolean isCapturing() {
        return capturing;
    }

    /**
     * Records what {@code work} puts into the stream. When it throws, the recording is dropped and the exception goes
     * on.
     *
     * @return the graph; the caller closes it
     */
    public CudaGraph capture(final String graphName, final Runnable work) {
        beginCapture();
        try {
            work.run();
        } catch (final RuntimeException | Error ex) {
            dropCapture(ex);
            throw ex;
        }
        return endCapture(graphName);
    }

    private void dropCapture(final Throwable reason) {
        try {
            endCapture("dropped").close();
        } catch (final RuntimeException ex) {
            reason.addSuppressed(ex); // the driver has dropped it already
        }
    }

    void countLaunch() {
        if (capturing) {
            capturedKernels++;
        } else {
            context().countLaunch();
        }
    }

    private void countHostCopy(final long bytes) {
        if (capturing) {
            capturedCopies++;
            capturedCopyBytes += bytes;
        } else {
            context().countHostCopy(bytes);
        }
    }

    private static void requireBytes(final long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("nothing to copy or fill: " + bytes);
        }
    }

    private static void requireAlignedWord(final long address) {
        if (address == 0 || address % Integer.BYTES != 0) {
            throw new IllegalArgumentException("a device address that is a multiple of 4 is expected: got " + address);
        }
    }

    private static void requireNative(final MemorySegment segment) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException("the driver cannot copy memory on the Java heap: use a native segment");
        }
    }

    @Override
    void beforeClose() {
        if (capturing && !context().isLost()) {
            throw new IllegalStateException(this + " is recording a graph: end the capture before closing it");
        }
    }

    @Override
    int destroy(final long handle) {
        return NativeCall.run("cuStreamDestroy_v2", () -> (int) DriverCalls.STREAM_DESTROY.invokeExact(handle));
    }
}
