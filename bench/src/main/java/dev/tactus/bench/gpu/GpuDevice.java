package dev.tactus.bench.gpu;

import dev.tactus.bindings.NativeLibrary;
import dev.tactus.cuda.CudaContext;
import dev.tactus.cuda.CudaDriver;
import dev.tactus.cuda.CudaStream;
import dev.tactus.cuda.DeviceMemory;
import dev.tactus.cuda.PinnedMemory;
import dev.tactus.kernel.cuda.CudaKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.agrona.CloseHelper;

/**
 * The first GPU of this machine for the bench's thread: context, stream, kernels, and buffers that live as long.
 *
 * <p>The software driver of the tests is one, too; times on it say nothing, and {@link #isSoft()} tells.
 */
final class GpuDevice implements AutoCloseable {
    private static final int PATTERN_BYTES = 1 << 20;
    private static final long SEED = 7;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final Arena arena = Arena.ofConfined();
    private final CudaContext context;
    private final CudaStream stream;
    private final CudaKernels kernels;
    private final boolean soft;
    private long pattern;

    /**
     * Opens it.
     *
     * @throws dev.tactus.cuda.CudaUnavailableException when there is none, with every reason
     * @throws IllegalStateException when this build has no CUDA kernels
     */
    GpuDevice() {
        soft = isSoft(CudaDriver.load());
        context = CudaDriver.load().device(0).openContext();
        opened.add(context);
        try {
            stream = context.openStream("bench");
            opened.add(stream);
            kernels = CudaKernels.load(context);
            opened.add(kernels);
        } catch (final RuntimeException | Error ex) {
            close();
            throw ex;
        }
    }

    /** Whether a driver is the software one, which has functions that no other has. */
    static boolean isSoft(final CudaDriver driver) {
        return NativeLibrary.open(driver.library()).find("softcuda_load").isPresent();
    }

    boolean isSoft() {
        return soft;
    }

    CudaContext context() {
        return context;
    }

    CudaStream stream() {
        return stream;
    }

    CudaKernels kernels() {
        return kernels;
    }

    /** Zeroed device memory; its address. */
    long zeros(final String name, final long bytes) {
        final DeviceMemory memory = allocate(name, bytes);
        stream.fillBytes(memory.address(), (byte) 0, bytes);
        return memory.address();
    }

    /** Device memory of small random numbers, which are some in bfloat16 as well as in float32; its address. */
    long random(final String name, final long bytes) {
        final long target = allocate(name, bytes).address();
        final long source = pattern();
        for (long at = 0; at < bytes; at += PATTERN_BYTES) {
            stream.copyOnDevice(target + at, source, Math.min(PATTERN_BYTES, bytes - at));
        }
        stream.synchronize();
        return target;
    }

    private DeviceMemory allocate(final String name, final long bytes) {
        final DeviceMemory memory = context.allocateDevice(name, bytes);
        opened.add(memory);
        return memory;
    }

    private long pattern() {
        if (pattern == 0) {
            final SplittableRandom random = new SplittableRandom(SEED);
            final MemorySegment host = arena.allocate(PATTERN_BYTES, 64);
            for (long at = 0; at < PATTERN_BYTES; at += Short.BYTES) {
                final int bits = Float.floatToRawIntBits((float) random.nextGaussian());
                host.set(ValueLayout.JAVA_SHORT, at, (short) (bits >>> Short.SIZE));
            }
            pattern = upload("pattern", host);
        }
        return pattern;
    }

    /** Device memory with a copy of a segment; its address. */
    long upload(final String name, final MemorySegment source) {
        final long target = allocate(name, source.byteSize()).address();
        stream.copyToDevice(target, source);
        stream.synchronize();
        return target;
    }

    long ints(final String name, final int... values) {
        return upload(name, arena.allocateFrom(ValueLayout.JAVA_INT, values));
    }

    long longs(final String name, final long... values) {
        return upload(name, arena.allocateFrom(ValueLayout.JAVA_LONG, values));
    }

    long floats(final String name, final float... values) {
        return upload(name, arena.allocateFrom(ValueLayout.JAVA_FLOAT, values));
    }

    /** Memory that both see. */
    PinnedMemory pinned(final String name, final long bytes) {
        final PinnedMemory memory = context.allocatePinned(name, bytes);
        opened.add(memory);
        return memory;
    }

    /** Closes all of it, the last opened first. */
    @Override
    public void close() {
        Collections.reverse(opened);
        try {
            CloseHelper.closeAll(opened);
        } finally {
            opened.clear();
            arena.close();
        }
    }
}
