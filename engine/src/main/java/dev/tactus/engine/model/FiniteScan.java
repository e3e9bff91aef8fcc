package dev.tactus.engine.model;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Finds NaN and infinity among stored weights at the speed of memory.
 *
 * <p>A float is not finite when all bits of its exponent are set. With everything else masked away, adding the lowest
 * exponent bit carries into the sign bit in exactly that case, and never further, so one 64-bit addition tests two or
 * four elements at once.
 */
final class FiniteScan {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Longs between two looks at the result: without a branch per long the loop runs as vectors. */
    private static final int BLOCK = 4096;

    private FiniteScan() {}

    /** The index of the first element of {@code tensor} that is NaN or infinite, or -1; -1 if it is no weight type. */
    static long firstNotFinite(final Tensor tensor) {
        final DType dtype = tensor.dtype();
        if (!dtype.isWeight()) {
            return -1;
        }
        final int bits = dtype.bytes() * Byte.SIZE;
        final long exponent = exponentMask(dtype);
        final long mask = repeated(exponent, bits);
        final long one = repeated(exponent & -exponent, bits);
        final long sign = repeated(1L << (bits - 1), bits);
        final MemorySegment data = tensor.data();
        final long longs = data.byteSize() / Long.BYTES;
        for (long from = 0; from < longs; from += BLOCK) {
            final int count = (int) Math.min(BLOCK, longs - from);
            if ((carries(data, from * Long.BYTES, count, mask, one) & sign) != 0) {
                return firstIn(data, dtype, from * Long.BYTES, exponent);
            }
        }
        return firstIn(data, dtype, longs * Long.BYTES, exponent);
    }

    private static long carries(
            final MemorySegment data, final long offset, final int count, final long mask, final long one) {
        long carries = 0;
        for (int i = 0; i < count; i++) {
            carries |= (data.get(LONG, offset + (long) i * Long.BYTES) & mask) + one;
        }
        return carries;
    }

    /** The first element that is not finite from {@code offset} on, one at a time. */
    private static long firstIn(final MemorySegment data, final DType dtype, final long offset, final long exponent) {
        for (long at = offset; at < data.byteSize(); at += dtype.bytes()) {
            final long bits = dtype.bytes() == Short.BYTES
                    ? data.get(ValueLayout.JAVA_SHORT_UNALIGNED, at)
                    : data.get(ValueLayout.JAVA_INT_UNALIGNED, at);
            if ((bits & exponent) == exponent) {
                return at / dtype.bytes();
            }
        }
        return -1;
    }

    private static long exponentMask(final DType dtype) {
        return switch (dtype) {
            case BF16 -> 0x7F80L;
            case F16 -> 0x7C00L;
            case F32 -> 0x7F80_0000L;
            default -> throw new IllegalArgumentException("no exponent mask for " + dtype);
        };
    }

    private static long repeated(final long element, final int bits) {
        final long twice = bits == 16 ? element | element << 16 : element;
        return twice | twice << 32;
    }
}
