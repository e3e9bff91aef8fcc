package dev.tactus.engine.device.cuda;

import dev.tactus.cuda.CudaContext;
import dev.tactus.cuda.CudaDriver;
import dev.tactus.cuda.CudaStream;
import dev.tactus.cuda.CudaUnavailableException;
import dev.tactus.engine.device.DeviceArenas;
import dev.tactus.kernel.cuda.CudaKernels;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import java.lang.foreign.MemorySegment;
import org.agrona.CloseHelper;

/**
 * The GPU of an engine: its context, the one stream that all work goes through, and the kernels.
 *
 * <p>A CUDA context belongs to one OS thread at a time. Here it belongs to whoever is inside {@link #enter()} and
 * {@link #leave()}: the launching thread while it builds, then the thread that submits or polls, for the length of the
 * call. So it does not matter which thread drives the beat, and none of them has to outlive the others. Entering does
 * not wait: two threads that want it at once are a fault, and the second one is told. Virtual threads are refused.
 */
public final class Gpu implements AutoCloseable {
    private final CudaContext context;
    private final CudaStream stream;
    private final CudaKernels kernels;

    /** What the driver was asked for, which arenas then hand out piece by piece under tags of their own. */
    private final MemoryLedger slabs = new MemoryLedger();

    /** How often the thread that owns the context has entered. */
    private int depth = 1;

    private boolean closed;

    private Gpu(final CudaContext context) {
        this.context = context;
        CudaStream opened = null;
        try {
            opened = context.openStream("engine");
            this.kernels = CudaKernels.load(context);
        } catch (final RuntimeException | Error ex) {
            CloseHelper.quietCloseAll(opened, context);
            throw ex;
        }
        this.stream = opened;
    }

    /**
     * Checks that there is a GPU that an engine can use.
     *
     * @throws IllegalArgumentException when there is none, with every reason and the remedy
     */
    public static void require() {
        if (!CudaKernels.arePackaged()) {
            throw new IllegalArgumentException(
                    "CUDA is chosen, but this build has no CUDA kernels: build it where CUDA's"
                            + " compiler is, or from sources that come with them");
        }
        driver();
    }

    private static CudaDriver driver() {
        try {
            return CudaDriver.load();
        } catch (final CudaUnavailableException ex) {
            throw new IllegalArgumentException("CUDA is chosen, but " + ex.getMessage(), ex);
        }
    }

    /**
     * Opens the first GPU that this process sees, loads the kernels, and leaves it to whoever enters next.
     *
     * @throws IllegalArgumentException when there is none, with every reason and the remedy
     * @throws dev.tactus.cuda.CudaException when the driver refuses
     */
    public static Gpu open() {
        require();
        final Gpu gpu = new Gpu(driver().device(0).openContext());
        gpu.leave();
        return gpu;
    }

    /** The memory of an engine whose passes run here; closing it closes this GPU last. */
    public DeviceArenas arenas(final MemoryLedger ledger) {
        return new DeviceArenas(
                new FreezableArena(ledger),
                new FreezableArena(ledger, SlabArena.pinned(this)),
                new FreezableArena(ledger, SlabArena.onDevice(this)),
                this);
    }

    /** Makes the calling thread the owner of the context; as often as wanted, with as many {@link #leave()}. */
    void enter() {
        if (context.isOwner()) {
            depth++;
            return;
        }
        context.attach();
        depth = 1;
    }

    /** Gives the context up, where the calling thread had entered once. */
    void leave() {
        depth--;
        if (depth == 0) {
            context.detach();
        }
    }

    /** The context, for whoever has entered; its counters for anybody. */
    CudaContext context() {
        return context;
    }

    /** The stream that all work goes through. */
    CudaStream stream() {
        return stream;
    }

    /** The kernels. */
    CudaKernels kernels() {
        return kernels;
    }

    /** The account of what the driver was asked for. */
    MemoryLedger slabs() {
        return slabs;
    }

    /**
     * Copies host memory to the device, at launch; when this returns the copy is there and the source may change.
     *
     * @param target a device address
     * @param source a host address
     * @param bytes at least 1
     */
    void upload(final long target, final long source, final long bytes) {
        stream.copyToDevice(target, source, bytes);
        stream.synchronize();
    }

    /** Device memory that holds a copy of a table made on the host. */
    long table(final FreezableArena resident, final MemoryTag tag, final MemorySegment table) {
        final long address =
                resident.allocate(tag, table.byteSize(), SlabArena.ALIGNMENT).address();
        upload(address, table.address(), table.byteSize());
        return address;
    }

    /** Closes stream, kernels and context; whatever else was opened here is closed. Calling it again does nothing. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        enter();
        CloseHelper.closeAll(stream, kernels, context);
    }
}
