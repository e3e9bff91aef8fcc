package dev.tactus.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.tactus.memory.OffHeap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Native buffers with random contents, each between two pages that nobody may touch. Buffers begin filled with NaN, so
 * that what is read unset shows.
 *
 * <p>A buffer stands at one {@link Edge} of its pages; what it leaves of them is filled with guard bytes, which
 * {@link #assertGuards} looks at. So a kernel that writes beside a buffer is found at both ends, one that only reads
 * there at the end where the buffer stands: run a case at both edges.
 *
 * <p>A touched page ends the JVM. The hs_err file then names the case: its current thread is called {@code guarded,
 * seed …, AT_END} and its stack has the test's method. Elsewhere than on Linux there are guard bytes only.
 */
final class GuardedMemory implements AutoCloseable {
    /** Where a buffer stands within its pages. */
    enum Edge {
        /** Its first byte follows a guard page. */
        AT_START,
        /** Its last byte precedes a guard page, as nearly as its alignment allows. */
        AT_END
    }

    private static final boolean PAGES = GuardPages.isSupported();
    private static final int GUARD_BYTES = 256;
    private static final byte GUARD = 0x5A;
    private static final int LARGEST_ALIGNMENT = 64;

    private final Arena arena = Arena.ofConfined();
    private final SplittableRandom random;
    private final long seed;
    private final Edge edge;
    private final String threadName = Thread.currentThread().getName();
    private final List<Buffer> buffers = new ArrayList<>();

    /** A buffer within the memory that it has for itself. */
    private record Buffer(long address, long bytes, long memory, long memoryBytes) {
        MemorySegment before() {
            return segment(memory, address - memory);
        }

        MemorySegment after() {
            final long end = address + bytes;
            return segment(end, memory + memoryBytes - end);
        }
    }

    /** Buffers at an edge that alternates with the seed. */
    GuardedMemory(final long seed) {
        this(seed, (seed & 1) == 0 ? Edge.AT_START : Edge.AT_END);
    }

    GuardedMemory(final long seed, final Edge edge) {
        this.seed = seed;
        this.edge = edge;
        random = new SplittableRandom(seed);
        Thread.currentThread().setName("guarded, seed " + seed + ", " + edge);
    }

    long seed() {
        return seed;
    }

    SplittableRandom random() {
        return random;
    }

    /** {@code bytes} bytes, 64-byte aligned, all ones. */
    long bytes(final long bytes) {
        return bytes(bytes, LARGEST_ALIGNMENT);
    }

    /** {@code bytes} bytes at an address that is a multiple of {@code alignment}, a power of two up to 64; all ones. */
    private long bytes(final long bytes, final int alignment) {
        final int page = PAGES ? GuardPages.pageBytes() : GUARD_BYTES;
        final long length = Math.max(1, (bytes + page - 1) / page) * page + (PAGES ? 0 : 2 * GUARD_BYTES);
        final long memory = PAGES
                ? GuardPages.map(length)
                : arena.allocate(length, LARGEST_ALIGNMENT).address();
        final long address;
        if (!PAGES) {
            address = memory + GUARD_BYTES;
        } else if (edge == Edge.AT_START) {
            address = memory;
        } else {
            address = memory + length - bytes & -alignment;
        }
        final Buffer buffer = new Buffer(address, bytes, memory, length);
        buffers.add(buffer);
        buffer.before().fill(GUARD);
        buffer.after().fill(GUARD);
        segment(address, bytes).fill((byte) 0xFF);
        return address;
    }

    private static MemorySegment segment(final long address, final long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    /** {@code count} int32. */
    long ints(final int count) {
        return bytes((long) count * Integer.BYTES, Integer.BYTES);
    }

    /** {@code count} int64. */
    long longs(final int count) {
        return bytes((long) count * Long.BYTES, Long.BYTES);
    }

    /** {@code count} float32. */
    long floats(final int count) {
        return bytes((long) count * Float.BYTES, Float.BYTES);
    }

    long gaussians(final int count) {
        return gaussians(count, 1f);
    }

    long gaussians(final int count, final float scale) {
        final long address = floats(count);
        for (int i = 0; i < count; i++) {
            OffHeap.putFloat(address + 4L * i, scale * (float) random.nextGaussian());
        }
        return address;
    }

    /** A matrix of random weights, at an address that no element type likes: a byte from the edge. */
    long weights(final WeightType type, final int count) {
        final long start = bytes((long) count * type.bytes() + 1, 1);
        final long address = (start & 1) == 0 ? start + 1 : start;
        for (int i = 0; i < count; i++) {
            final int bits = Float.floatToRawIntBits((float) random.nextGaussian());
            if (type == WeightType.BF16) {
                OffHeap.putShort(address + 2L * i, (short) (bits >>> 16));
            } else {
                OffHeap.putInt(address + 4L * i, bits);
            }
        }
        return address;
    }

    static float weight(final WeightType type, final long address, final long index) {
        return type == WeightType.BF16
                ? OffHeap.getBfloat16(address + 2 * index)
                : OffHeap.getFloat(address + 4 * index);
    }

    long copyOf(final long source, final long bytes) {
        final long address = bytes(bytes);
        OffHeap.copy(source, address, bytes);
        return address;
    }

    static float get(final long address, final long index) {
        return OffHeap.getFloat(address + 4 * index);
    }

    void assertSameBits(final String what, final long expected, final long actual, final int count) {
        for (int i = 0; i < count; i++) {
            final int e = OffHeap.getInt(expected + 4L * i);
            final int a = OffHeap.getInt(actual + 4L * i);
            if (e != a) {
                assertEquals(
                        Float.intBitsToFloat(e) + " " + Integer.toHexString(e),
                        Float.intBitsToFloat(a) + " " + Integer.toHexString(a),
                        what + ", element " + i + " of " + count + ", seed " + seed + " " + edge);
            }
        }
    }

    void assertGuards(final String what) {
        for (final Buffer buffer : buffers) {
            assertGuards(what, buffer, buffer.before(), -buffer.before().byteSize());
            assertGuards(what, buffer, buffer.after(), buffer.bytes());
        }
    }

    private void assertGuards(final String what, final Buffer buffer, final MemorySegment guards, final long offset) {
        for (long i = 0; i < guards.byteSize(); i++) {
            if (guards.get(ValueLayout.JAVA_BYTE, i) != GUARD) {
                fail(what + ": a guard byte was overwritten, " + (offset + i) + " bytes from the start of a buffer of "
                        + buffer.bytes() + ", seed " + seed + " " + edge);
            }
        }
    }

    @Override
    public void close() {
        Thread.currentThread().setName(threadName);
        arena.close();
        if (PAGES) {
            for (final Buffer buffer : buffers) {
                GuardPages.unmap(buffer.memory(), buffer.memoryBytes());
            }
        }
        buffers.clear();
    }
}
