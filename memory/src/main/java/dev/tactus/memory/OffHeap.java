package dev.tactus.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Access to native memory by raw address.
 *
 * <p>Kernels know raw addresses and sizes; whoever launches them has checked both. One constant segment over the whole
 * address space gives the compiler a constant base, a scope that never closes and nothing to allocate. An address that
 * was not checked crashes the JVM, so nothing but launchers, plans and rings may call this.
 */
public final class OffHeap {
    /** The native address space, from address 0. */
    public static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    private OffHeap() {}

    /** The float32 at {@code address}, which need not be aligned. */
    public static float getFloat(final long address) {
        return ALL.get(FLOAT, address);
    }

    /** Stores a float32. */
    public static void putFloat(final long address, final float value) {
        ALL.set(FLOAT, address, value);
    }

    /** The int32 at {@code address}. */
    public static int getInt(final long address) {
        return ALL.get(INT, address);
    }

    /** Stores an int32. */
    public static void putInt(final long address, final int value) {
        ALL.set(INT, address, value);
    }

    /** The int64 at {@code address}. */
    public static long getLong(final long address) {
        return ALL.get(LONG, address);
    }

    /** Stores an int64. */
    public static void putLong(final long address, final long value) {
        ALL.set(LONG, address, value);
    }

    /** The int16 at {@code address}. */
    public static short getShort(final long address) {
        return ALL.get(SHORT, address);
    }

    /** Stores an int16. */
    public static void putShort(final long address, final short value) {
        ALL.set(SHORT, address, value);
    }

    /** The byte at {@code address}. */
    public static byte getByte(final long address) {
        return ALL.get(ValueLayout.JAVA_BYTE, address);
    }

    /** Stores a byte. */
    public static void putByte(final long address, final byte value) {
        ALL.set(ValueLayout.JAVA_BYTE, address, value);
    }

    /** The bfloat16 at {@code address}, widened exactly. */
    public static float getBfloat16(final long address) {
        return Float.intBitsToFloat(getShort(address) << 16);
    }

    /** Copies {@code bytes} bytes; the ranges may overlap. */
    public static void copy(final long source, final long target, final long bytes) {
        if (target > source && target < source + bytes) {
            for (long i = bytes - 1; i >= 0; i--) {
                putByte(target + i, getByte(source + i));
            }
            return;
        }
        // MemorySegment.copy makes objects wherever the optimising compiler has not been yet
        long at = 0;
        for (; at <= bytes - Long.BYTES; at += Long.BYTES) {
            putLong(target + at, getLong(source + at));
        }
        for (; at < bytes; at++) {
            putByte(target + at, getByte(source + at));
        }
    }

    /** Sets {@code bytes} bytes to zero. */
    public static void zero(final long address, final long bytes) {
        // a slice to fill would be an object wherever the optimising compiler has not been yet
        long at = 0;
        for (; at <= bytes - Long.BYTES; at += Long.BYTES) {
            putLong(address + at, 0);
        }
        for (; at < bytes; at++) {
            putByte(address + at, (byte) 0);
        }
    }
}
