package dev.tactus.cuda;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tactus.bindings.NativeCall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The primary context of one GPU, and what was opened in it.
 *
 * <p>It is owned by one OS thread, because the driver keeps the current context per thread: a call from another thread
 * throws {@link WrongThreadException} before it reaches the driver. {@link #detach()} and {@link #attach()} hand it
 * from one thread to another, say from the thread that builds an engine to the one that ticks. It is closed last, after
 * all it opened. A thread may own several contexts of one GPU; to the driver they are the same.
 *
 * <p>Once a kernel has failed the context is lost: every call throws the {@link CudaException} that lost it, closing
 * still works. The counters may be read by any thread, which then may see an old value.
 */
public final class CudaContext implements AutoCloseable {
    private static final long SCRATCH_BYTES = 64;

    /** What the calling thread owns, the last opened last. All are of one GPU, and so the same to the driver. */
    private static final ThreadLocal<List<CudaContext>> OWNED = ThreadLocal.withInitial(ArrayList::new);

    private final CudaDevice device;
    private final long raw;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment scratch = arena.allocate(SCRATCH_BYTES, SCRATCH_BYTES);
    private final List<Object> open = new ArrayList<>();
    private volatile Thread owner;
    private boolean closed;
    private volatile CudaException loss;

    private long launches;
    private long graphLaunches;
    private long hostCopies;
    private long hostCopyBytes;
    private long deviceAllocations;
    private long pinnedAllocations;

    private CudaContext(final CudaDevice device, final long raw) {
        this.device = device;
        this.raw = raw;
        this.owner = Thread.currentThread();
    }

    static CudaContext open(final CudaDevice device) {
        requireFit(device);
        final CudaDriver driver = device.driver();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment out = arena.allocate(JAVA_LONG);
            final String retain = "cuDevicePrimaryCtxRetain(" + device + ")";
            driver.check(
                    NativeCall.run(retain, () ->
                            (int) DriverCalls.PRIMARY_CTX_RETAIN.invokeExact(out.address(), device.handle())),
                    retain);
            final CudaContext context = new CudaContext(device, out.get(JAVA_LONG, 0));
            final int result = context.setCurrent(context.raw);
            if (result != 0) {
                context.release();
                context.arena.close();
                throw driver.failure(result, "cuCtxSetCurrent", "");
            }
            OWNED.get().add(context);
            return context;
        }
    }

    /** The GPU. */
    public CudaDevice device() {
        return device;
    }

    /**
     * Opens a stream that runs beside the default stream.
     *
     * @param name for messages
     * @param priority 0 is normal, a lower number is more urgent; the driver takes the nearest it has
     */
    public CudaStream openStream(final String name, final int priority) {
        return CudaStream.open(this, name, priority);
    }

    /** Opens a stream of normal priority. */
    public CudaStream openStream(final String name) {
        return openStream(name, 0);
    }

    /**
     * Opens an event.
     *
     * @param name for messages
     * @param timing whether {@link CudaEvent#millisecondsSince} is wanted; without it events are cheaper
     */
    public CudaEvent openEvent(final String name, final boolean timing) {
        return CudaEvent.open(this, name, timing);
    }

    /**
     * Loads compiled kernels.
     *
     * @param name for messages
     * @param image a fatbin, a cubin, or PTX that ends with a zero byte; copied by the driver. On or off the heap
     * @throws CudaException when this driver or GPU cannot run it
     */
    public CudaModule loadModule(final String name, final MemorySegment image) {
        return CudaModule.load(this, name, image);
    }

    /**
     * Allocates GPU memory, which is not zeroed.
     *
     * @param name for messages
     * @param bytes at least 1
     * @throws CudaException {@code CUDA_ERROR_OUT_OF_MEMORY} says what is free
     */
    public DeviceMemory allocateDevice(final String name, final long bytes) {
        return DeviceMemory.allocate(this, name, bytes);
    }

    /**
     * Allocates zeroed host memory that is pinned, portable and mapped into the GPU's address space: kernels read what
     * Java writes, in place.
     *
     * @param name for messages
     * @param bytes at least 1; the memory begins at a multiple of 4096
     */
    public PinnedMemory allocatePinned(final String name, final long bytes) {
        return PinnedMemory.allocate(this, name, bytes);
    }

    /**
     * Pins memory that exists and maps it into the GPU's address space. Whoever owns the memory keeps it until the
     * returned handle is closed.
     *
     * @param name for messages
     * @param segment native memory of whole pages that begins at a page
     */
    public PinnedMemory pin(final String name, final MemorySegment segment) {
        return PinnedMemory.register(this, name, segment);
    }

    /** Waits for everything in the context. */
    public void synchronize() {
        enter();
        final int result;
        try {
            result = (int) DriverCalls.CTX_SYNCHRONIZE.invokeExact();
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature("cuCtxSynchronize", ex);
        }
        check(result, "cuCtxSynchronize", null);
    }

    /** GPU memory that nobody uses now, in bytes. */
    public long freeBytes() {
        enter();
        final long out = scratch.address();
        check(
                NativeCall.run(
                        "cuMemGetInfo_v2", () -> (int) DriverCalls.MEM_GET_INFO.invokeExact(out, out + Long.BYTES)),
                "cuMemGetInfo_v2",
                null);
        return scratch.get(JAVA_LONG, 0);
    }

    /**
     * Gives the context up, so that another thread can {@link #attach()} it. The owner's thread. Neither call allocates
     * on the Java heap, so that a tick may pass from thread to thread.
     */
    public void detach() {
        enterToClose();
        final int result = leave();
        owner = null;
        if (result != 0 && !isLost()) {
            throw failure(result, "cuCtxSetCurrent", null);
        }
    }

    /**
     * Makes the calling thread the owner.
     *
     * @throws IllegalStateException while a thread owns it, on a virtual thread, or on one that owns another GPU
     */
    public synchronized void attach() {
        requireFit(device);
        if (closed) {
            throw new IllegalStateException("the context of " + device + " is closed");
        }
        if (owner != null) {
            throw new IllegalStateException(
                    "the context of " + device + " belongs to thread " + owner.getName() + ": it must detach first");
        }
        owner = Thread.currentThread();
        final int result = setCurrent(raw);
        if (result != 0) {
            final CudaException failure = failure(result, "cuCtxSetCurrent", null);
            if (!isLost()) {
                owner = null;
                throw failure;
            }
            // a lost context can still be owned, and must be by whoever closes what is in it
        }
        OWNED.get().add(this);
    }

    /** Whether the calling thread owns the context. */
    public boolean isOwner() {
        return Thread.currentThread() == owner;
    }

    /**
     * Throws unless the calling thread may use the context now: for libraries that work in it.
     *
     * @throws WrongThreadException when another thread owns it
     * @throws IllegalStateException when it is closed
     * @throws CudaException when it is lost
     */
    public void requireUsable() {
        enter();
    }

    /** Names something that lives in the context and must be closed before it. The owner's thread. */
    public void enlist(final Object part) {
        enterToClose();
        open.add(part);
    }

    /** Takes back {@link #enlist}; its owner has closed the part. The owner's thread. */
    public void delist(final Object part) {
        enterToClose();
        open.remove(part);
    }

    /** Whether a failure has made everything in it unusable. */
    public boolean isLost() {
        return loss != null;
    }

    /** Kernels that were launched by themselves, not as part of a graph. */
    public long launches() {
        return launches;
    }

    /** Graphs that were launched. */
    public long graphLaunches() {
        return graphLaunches;
    }

    /** Copies between host and GPU memory, in either direction, those inside launched graphs included. */
    public long hostCopies() {
        return hostCopies;
    }

    /** Bytes of these copies. */
    public long hostCopyBytes() {
        return hostCopyBytes;
    }

    /** Allocations of GPU memory. */
    public long deviceAllocations() {
        return deviceAllocations;
    }

    /** Allocations and registrations of pinned memory. */
    public long pinnedAllocations() {
        return pinnedAllocations;
    }

    /**
     * Gives the context back to the driver. Calling it again does nothing.
     *
     * @throws IllegalStateException while something that it opened is not closed; it stays open
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        enterToClose();
        if (!open.isEmpty()) {
            throw new IllegalStateException("close what was opened in the context of " + device + " first: "
                    + open.stream().map(Object::toString).collect(Collectors.joining(", ")));
        }
        closed = true;
        leave();
        final int result = release();
        owner = null;
        arena.close();
        if (result != 0 && !isLost()) {
            throw device.driver().failure(result, "cuDevicePrimaryCtxRelease_v2(" + device + ")", "");
        }
    }

    /** Throws unless the calling thread may use the context now. */
    void enter() {
        enterToClose();
        final CudaException lost = loss;
        if (lost != null) {
            throw new CudaException(
                    lost.name(), lost.number(), lost.call(), lost.stream(), true, "that was before this call");
        }
    }

    /** The same for what may still be done to a lost context. */
    void enterToClose() {
        final Thread thread = owner;
        if (Thread.currentThread() != thread) {
            throw wrongThread(thread);
        }
    }

    private RuntimeException wrongThread(final Thread thread) {
        if (closed) {
            return new IllegalStateException("the context of " + device + " is closed");
        }
        return new WrongThreadException("the context of " + device
                + (thread == null
                        ? " belongs to no thread now: attach it first"
                        : " belongs to thread " + thread.getName() + ", not to "
                                + Thread.currentThread().getName()));
    }

    /** Throws what {@code result} means unless it is success; {@code stream} may be null. */
    void check(final int result, final String call, final CudaStream stream) {
        if (result != 0) {
            throw failure(result, call, stream);
        }
    }

    /** The exception for an error; remembers when the context is lost. */
    CudaException failure(final int error, final String call, final CudaStream stream) {
        final CudaException failure = device.driver().failure(error, call, stream == null ? "" : stream.name());
        if (failure.contextLost() && loss == null) {
            loss = failure;
        }
        return failure;
    }

    /** 64 bytes for what a call writes through its pointers; used and read before the next call. */
    MemorySegment scratch() {
        return scratch;
    }

    void countLaunch() {
        launches++;
    }

    void countGraphLaunch(final long copies, final long bytes) {
        graphLaunches++;
        hostCopies += copies;
        hostCopyBytes += bytes;
    }

    void countHostCopy(final long bytes) {
        hostCopies++;
        hostCopyBytes += bytes;
    }

    void countDeviceAllocation() {
        deviceAllocations++;
    }

    void countPinnedAllocation() {
        pinnedAllocations++;
    }

    /** Part of every hand-over of a tick, so that it must not make a lambda. */
    private int setCurrent(final long context) {
        try {
            return (int) DriverCalls.CTX_SET_CURRENT.invokeExact(context);
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature("cuCtxSetCurrent", ex);
        }
    }

    /** Takes it from the calling thread; another one that this owns becomes the driver's current. */
    private int leave() {
        final List<CudaContext> owned = OWNED.get();
        owned.remove(this);
        return setCurrent(owned.isEmpty() ? 0 : owned.getLast().raw);
    }

    private int release() {
        return NativeCall.run("cuDevicePrimaryCtxRelease_v2", () ->
                (int) DriverCalls.PRIMARY_CTX_RELEASE.invokeExact(device.handle()));
    }

    /** Throws unless the calling thread can own a context of {@code device}. */
    private static void requireFit(final CudaDevice device) {
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException(
                    "a virtual thread cannot own a CUDA context: the driver keeps its state per OS thread");
        }
        // by index: a hand-over is part of every tick, and an iterator would be an object
        final List<CudaContext> owned = OWNED.get();
        for (int i = 0; i < owned.size(); i++) {
            final CudaContext other = owned.get(i);
            if (other.device.ordinal() != device.ordinal()) {
                throw new IllegalStateException("thread "
                        + Thread.currentThread().getName() + " owns the " + other
                        + ": a thread works with one GPU, so detach that first or use another thread for " + device);
            }
        }
    }

    @Override
    public String toString() {
        return "context of " + device;
    }
}
