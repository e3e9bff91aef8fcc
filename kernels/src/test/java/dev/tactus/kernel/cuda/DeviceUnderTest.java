package dev.tactus.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.bindings.NativeLibrary;
import dev.tactus.bindings.NativeSymbols;
import dev.tactus.cuda.CudaContext;
import dev.tactus.cuda.CudaDriver;
import dev.tactus.cuda.CudaStream;
import dev.tactus.cuda.DeviceMemory;
import dev.tactus.kernel.WeightType;
import dev.tactus.memory.OffHeap;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A GPU with the kernels, and buffers that are on the host, where reference ops work, and on the device, where the
 * kernels do. The GPU is softcuda's unless the system property {@code tactus.test.device} is {@code gpu}; tests are
 * skipped where there is neither.
 *
 * <p>Buffers begin filled with NaN. Both sides of a buffer then differ wherever only one of them was written.
 */
final class DeviceUnderTest implements AutoCloseable {
    private static final String UNSET = "nothing was built";
    private static final int COUNT_BYTES = 16;

    private final Arena arena = Arena.ofConfined();
    private final List<AutoCloseable> opened = new ArrayList<>();
    private final long seed;
    private final SplittableRandom random;
    private final CudaContext context;
    private final CudaStream stream;
    private final CudaKernels kernels;

    /** A buffer on both sides, {@code bytes} long. */
    record Buffer(long host, long device, long bytes) {
        /** Float {@code index} of the host's side. */
        float get(final long index) {
            return OffHeap.getFloat(host + index * Float.BYTES);
        }

        /** The device's address of element {@code index}, elements being 4 bytes. */
        long device(final long index) {
            return device + index * Float.BYTES;
        }

        /** The host's address of element {@code index}, elements being 4 bytes. */
        long host(final long index) {
            return host + index * Float.BYTES;
        }
    }

    /** softcuda with the kernels, built by Maven or named by a property. */
    private static final class Soft {
        static final String REASON = load();

        private Soft() {}

        private static Path folder() {
            final String named = System.getProperty("tactus.softcuda");
            return named != null
                    ? Path.of(named)
                    : Path.of(System.getProperty("basedir", "kernels"), "target/softcuda");
        }

        /** Empty when it is there. */
        private static String load() {
            final Path driver = folder().resolve("libcuda.so.1").toAbsolutePath();
            final Path library = folder().resolve("libtactus-kernels-soft.so").toAbsolutePath();
            if (!Files.exists(driver) || !Files.exists(library)) {
                return UNSET + " at " + folder() + ": g++ 12 or newer is needed";
            }
            System.setProperty(CudaDriver.LIBRARY_PROPERTY, driver.toString());
            final MethodHandle load = NativeSymbols.bind(
                    NativeLibrary.open(driver.toString()),
                    "softcuda_load",
                    FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS),
                    false);
            try (Arena arena = Arena.ofConfined()) {
                final MemorySegment path = arena.allocateFrom(library.toString());
                final MemorySegment wrong = (MemorySegment) load.invoke(path);
                return wrong.address() == 0
                        ? ""
                        : wrong.reinterpret(Long.MAX_VALUE).getString(0);
            } catch (final Throwable ex) {
                throw new AssertionError(ex);
            }
        }
    }

    /** Opens a GPU; what is random in its buffers follows from the seed. */
    DeviceUnderTest(final long seed) {
        if (!"gpu".equals(System.getProperty("tactus.test.device"))) {
            assumeTrue(!Soft.REASON.startsWith(UNSET), () -> "no softcuda: " + Soft.REASON);
            assertEquals("", Soft.REASON);
        }
        assumeTrue(CudaKernels.arePackaged(), "this build has no CUDA kernels");
        this.seed = seed;
        this.random = new SplittableRandom(seed);
        this.context = CudaDriver.load().device(0).openContext();
        opened.add(context);
        this.stream = context.openStream("test");
        opened.add(stream);
        this.kernels = CudaKernels.load(context);
        opened.add(kernels);
    }

    CudaKernels kernels() {
        return kernels;
    }

    CudaStream stream() {
        return stream;
    }

    CudaContext context() {
        return context;
    }

    SplittableRandom random() {
        return random;
    }

    /** {@code bytes} bytes of ones on both sides, at multiples of 256. */
    Buffer bytes(final long bytes) {
        final DeviceMemory device = context.allocateDevice("buffer " + opened.size(), Math.max(1, bytes));
        opened.add(device);
        final MemorySegment host = arena.allocate(Math.max(1, bytes), 256).fill((byte) -1);
        final Buffer buffer = new Buffer(host.address(), device.address(), bytes);
        upload(buffer);
        return buffer;
    }

    /** Makes the device's side what the host's is. */
    Buffer upload(final Buffer buffer) {
        if (buffer.bytes() > 0) {
            stream.copyToDevice(buffer.device(), buffer.host(), buffer.bytes());
            stream.synchronize();
        }
        return buffer;
    }

    Buffer floats(final long count) {
        return bytes(count * Float.BYTES);
    }

    Buffer gaussians(final long count) {
        return gaussians(count, 1f);
    }

    Buffer gaussians(final long count, final float scale) {
        final Buffer buffer = floats(count);
        for (long i = 0; i < count; i++) {
            OffHeap.putFloat(buffer.host(i), scale * (float) random.nextGaussian());
        }
        return upload(buffer);
    }

    Buffer values(final float... values) {
        final Buffer buffer = floats(values.length);
        for (int i = 0; i < values.length; i++) {
            OffHeap.putFloat(buffer.host(i), values[i]);
        }
        return upload(buffer);
    }

    Buffer ints(final int... values) {
        final Buffer buffer = floats(values.length);
        for (int i = 0; i < values.length; i++) {
            OffHeap.putInt(buffer.host(i), values[i]);
        }
        return upload(buffer);
    }

    /** Addresses: those of the host on its side, those of the device on the other. */
    Buffer addresses(final long[] host, final long[] device) {
        final Buffer buffer = bytes((long) host.length * Long.BYTES);
        for (int i = 0; i < host.length; i++) {
            OffHeap.putLong(buffer.host() + (long) i * Long.BYTES, device[i]);
        }
        upload(buffer);
        for (int i = 0; i < host.length; i++) {
            OffHeap.putLong(buffer.host() + (long) i * Long.BYTES, host[i]);
        }
        return buffer;
    }

    Buffer longs(final long... values) {
        return addresses(values, values);
    }

    /** Random elements of a matrix. */
    Buffer weights(final WeightType type, final long count) {
        return weights(type, count, 1f);
    }

    Buffer weights(final WeightType type, final long count, final float scale) {
        final Buffer buffer = bytes(count * type.bytes());
        for (long i = 0; i < count; i++) {
            final int bits = Float.floatToRawIntBits(scale * (float) random.nextGaussian());
            if (type == WeightType.BF16) {
                OffHeap.putShort(buffer.host() + 2 * i, (short) (bits >>> 16));
            } else {
                OffHeap.putInt(buffer.host() + 4 * i, bits);
            }
        }
        return upload(buffer);
    }

    /** A matrix in a buffer. */
    static CudaMatrix matrix(final WeightType type, final Buffer buffer, final int rows, final int cols) {
        return new CudaMatrix(type, buffer.device(), rows, cols);
    }

    /** {@code now} rows in a grid for {@code most}. */
    CudaRows rows(final int now, final int most) {
        final Buffer count = bytes(COUNT_BYTES);
        OffHeap.putInt(count.host(), now);
        upload(count);
        return new CudaRows(count.device(), most);
    }

    /** The segments of a pass, one entry each, entries falling so that they are not the segments' numbers. */
    CudaSegments segments(final int most, final int... rowsOfSegment) {
        final int[] entry = new int[rowsOfSegment.length];
        final int[] first = new int[rowsOfSegment.length];
        for (int i = 0; i < entry.length; i++) {
            entry[i] = entry.length - 1 - i;
            first[i] = i == 0 ? 0 : first[i - 1] + rowsOfSegment[i - 1];
        }
        return new CudaSegments(
                ints(entry).device(),
                ints(first).device(),
                ints(rowsOfSegment).device(),
                rows(rowsOfSegment.length, most));
    }

    /** Launches one after the other and waits. */
    void run(final CudaLaunch... launches) {
        for (final CudaLaunch launch : launches) {
            launch.launch(stream);
        }
        stream.synchronize();
    }

    /** What the device has of a buffer, on the host. */
    long download(final Buffer buffer) {
        final MemorySegment copy = arena.allocate(Math.max(1, buffer.bytes()), 16);
        stream.copyToHost(copy.address(), buffer.device(), buffer.bytes());
        stream.synchronize();
        return copy.address();
    }

    /** Compares both sides of a buffer, word by word. */
    void assertSame(final String what, final Buffer buffer) {
        assertSame(what, buffer.host(), download(buffer), buffer.bytes() / Integer.BYTES);
    }

    /** Compares words on the host. */
    void assertSame(final String what, final long expected, final long actual, final long words) {
        for (long i = 0; i < words; i++) {
            final int e = OffHeap.getInt(expected + i * Integer.BYTES);
            final int a = OffHeap.getInt(actual + i * Integer.BYTES);
            if (e != a) {
                assertEquals(text(e), text(a), what + ", element " + i + " of " + words + ", seed " + seed);
            }
        }
    }

    private static String text(final int bits) {
        return Float.intBitsToFloat(bits) + " " + Integer.toHexString(bits);
    }

    @Override
    public void close() {
        Collections.reverse(opened);
        try {
            for (final AutoCloseable handle : opened) {
                handle.close();
            }
        } catch (final RuntimeException ex) {
            throw ex;
        } catch (final Exception ex) {
            throw new AssertionError(ex);
        } finally {
            arena.close();
        }
    }
}
