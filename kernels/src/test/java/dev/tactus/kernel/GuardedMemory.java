package dev.tactus.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tactus.memory.OffHeap;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Native buffers between guard bytes, with random contents. Buffers begin filled with NaN, so that what is read unset
 * shows.
 */
final class GuardedMemory implements AutoCloseable {
    private static final int GUARD_BYTES = 256;
    private static final byte GUARD = 0x5A;

    private final Arena arena = Arena.ofConfined();
    private final SplittableRandom random;
    private final long seed;
    private final List<long[]> buffers = new ArrayList<>();

    GuardedMemory(final long seed) {
        this.seed = seed;
        random = new SplittableRandom(seed);
    }

    long seed() {
        return seed;
    }

    SplittableRandom random() {
        return random;
    }

    /** {@code bytes} bytes, 64-byte aligned, all ones. */
    long bytes(final long bytes) {
        final long start = arena.allocate(bytes + 2 * GUARD_BYTES, 64).address();
        for (long i = 0; i < bytes + 2 * GUARD_BYTES; i++) {
            final boolean guard = i < GUARD_BYTES || i >= GUARD_BYTES + bytes;
            OffHeap.putByte(start + i, guard ? GUARD : (byte) 0xFF);
        }
        buffers.add(new long[] {start + GUARD_BYTES, bytes});
        return start + GUARD_BYTES;
    }

    long floats(final int count) {
        return bytes((long) count * Float.BYTES);
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

    /** A matrix of random weights, at an address that no element type likes. */
    long weights(final WeightType type, final int count) {
        final long address = bytes((long) count * type.bytes() + 1) + 1;
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
                        what + ", element " + i + " of " + count + ", seed " + seed);
            }
        }
    }

    void assertGuards(final String what) {
        for (final long[] buffer : buffers) {
            for (int i = 0; i < GUARD_BYTES; i++) {
                final String where = what + ": a guard byte was overwritten, seed " + seed;
                assertEquals(GUARD, OffHeap.getByte(buffer[0] - 1 - i), where);
                assertEquals(GUARD, OffHeap.getByte(buffer[0] + buffer[1] + i), where);
            }
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
