package dev.tactus.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tactus.cuda.CudaStream;
import dev.tactus.cuda.PinnedMemory;
import dev.tactus.memory.OffHeap;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A GPU and buffers in mapped memory, which host and device see alike. Each is an allocation of its own, filled with
 * NaN, so that a kernel that writes beside one is found by the red zones of softcuda.
 */
final class MappedDevice implements AutoCloseable {
    private final DeviceUnderTest device;
    private final List<PinnedMemory> buffers = new ArrayList<>();
    private final long seed;

    /**
     * Memory that both see.
     *
     * @param host where Java has it
     * @param device where kernels have it
     */
    record Buffer(long host, long device, long bytes) {
        void putInt(final long index, final int value) {
            OffHeap.putInt(host + index * Integer.BYTES, value);
        }

        void putLong(final long index, final long value) {
            OffHeap.putLong(host + index * Long.BYTES, value);
        }

        void putFloat(final long index, final float value) {
            OffHeap.putFloat(host + index * Float.BYTES, value);
        }

        int getInt(final long index) {
            return OffHeap.getInt(host + index * Integer.BYTES);
        }

        long getLong(final long index) {
            return OffHeap.getLong(host + index * Long.BYTES);
        }

        float getFloat(final long index) {
            return OffHeap.getFloat(host + index * Float.BYTES);
        }
    }

    /** Opens the GPU; the test is skipped where there is none. */
    MappedDevice(final long seed) {
        this.seed = seed;
        device = new DeviceUnderTest(seed);
    }

    CudaKernels kernels() {
        return device.kernels();
    }

    CudaStream stream() {
        return device.stream();
    }

    SplittableRandom random() {
        return device.random();
    }

    Buffer bytes(final long bytes) {
        final PinnedMemory memory = device.context().allocatePinned("test", Math.max(8, bytes));
        buffers.add(memory);
        memory.segment().fill((byte) 0xFF);
        return new Buffer(memory.segment().address(), memory.deviceAddress(), bytes);
    }

    Buffer zeros(final long bytes) {
        final Buffer buffer = bytes(bytes);
        OffHeap.zero(buffer.host(), bytes);
        return buffer;
    }

    Buffer ints(final int... values) {
        final Buffer buffer = bytes(4L * values.length);
        for (int i = 0; i < values.length; i++) {
            buffer.putInt(i, values[i]);
        }
        return buffer;
    }

    Buffer longs(final long... values) {
        final Buffer buffer = bytes(8L * values.length);
        for (int i = 0; i < values.length; i++) {
            buffer.putLong(i, values[i]);
        }
        return buffer;
    }

    Buffer floats(final long count) {
        return bytes(4 * count);
    }

    Buffer gaussians(final int count, final float scale) {
        final Buffer buffer = floats(count);
        for (int i = 0; i < count; i++) {
            buffer.putFloat(i, scale * (float) random().nextGaussian());
        }
        return buffer;
    }

    /** Where the device has what the host has at an address within a buffer. */
    long onDevice(final long host) {
        for (final PinnedMemory memory : buffers) {
            final long offset = host - memory.segment().address();
            if (offset >= 0 && offset < memory.bytes()) {
                return memory.deviceAddress() + offset;
            }
        }
        throw new AssertionError("no buffer at " + Long.toHexString(host));
    }

    void run(final List<CudaLaunch> launches) {
        launches.forEach(launch -> launch.launch(stream()));
        stream().synchronize();
    }

    void assertSameBits(final String what, final long expected, final long actual, final int count) {
        for (int i = 0; i < count; i++) {
            final int e = OffHeap.getInt(expected + 4L * i);
            final int a = OffHeap.getInt(actual + 4L * i);
            if (e != a) {
                assertEquals(
                        Float.intBitsToFloat(e) + " " + Integer.toHexString(e),
                        Float.intBitsToFloat(a) + " " + Integer.toHexString(a),
                        what + ", element " + i + " of " + count + ", seed " + seed);
            }
        }
    }

    @Override
    public void close() {
        try {
            buffers.forEach(PinnedMemory::close);
        } finally {
            device.close();
        }
    }
}
