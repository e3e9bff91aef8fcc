package dev.tactus.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The arguments of one kernel, laid out once: an array of pointers, as {@code cuLaunchKernel} wants it, and the values
 * behind it. Setting a value writes into native memory and allocates nothing.
 *
 * <p>One thread at a time. The memory is freed when the object is garbage; a launch has copied the values before it
 * returns.
 *
 * <pre>
 *   [ pointer 0 | pointer 1 | … ]  then, each at a multiple of 16:  [ value 0 ] [ value 1 ] …
 * </pre>
 */
public final class KernelArguments {
    private static final long VALUE_ALIGNMENT = 16;

    private final String kernel;
    private final int[] bytes;
    private final long[] offsets;
    private final MemorySegment block;
    private final boolean[] set;
    private int missing;

    KernelArguments(final String kernel, final int[] bytes) {
        this.kernel = kernel;
        this.bytes = bytes;
        this.offsets = new long[bytes.length];
        this.set = new boolean[bytes.length];
        this.missing = bytes.length;
        long end = align((long) bytes.length * Long.BYTES);
        for (int i = 0; i < bytes.length; i++) {
            offsets[i] = end;
            end = align(end + bytes[i]);
        }
        this.block = Arena.ofAuto().allocate(Math.max(end, VALUE_ALIGNMENT), VALUE_ALIGNMENT);
        for (int i = 0; i < bytes.length; i++) {
            block.setAtIndex(JAVA_LONG, i, block.address() + offsets[i]);
        }
    }

    /** How many there are. */
    public int count() {
        return bytes.length;
    }

    /**
     * Sets a 64-bit argument: a device address, a {@code long} or a {@code size_t}.
     *
     * @param index from 0
     * @throws IllegalArgumentException when the kernel's parameter has another size
     * @throws IndexOutOfBoundsException when the kernel has no such parameter
     */
    public KernelArguments setLong(final int index, final long value) {
        block.set(JAVA_LONG, offset(index, Long.BYTES), value);
        return this;
    }

    /** Sets a 32-bit argument: an {@code int} or {@code unsigned}. */
    public KernelArguments setInt(final int index, final int value) {
        block.set(JAVA_INT, offset(index, Integer.BYTES), value);
        return this;
    }

    /** Sets a {@code float}. */
    public KernelArguments setFloat(final int index, final float value) {
        block.set(JAVA_FLOAT, offset(index, Float.BYTES), value);
        return this;
    }

    /** Sets a struct that is passed by value, from as many bytes as it has. */
    public KernelArguments setBytes(final int index, final MemorySegment value) {
        MemorySegment.copy(value, 0, block, offset(index, value.byteSize()), value.byteSize());
        return this;
    }

    private long offset(final int index, final long size) {
        if (size != bytes[index]) {
            throw new IllegalArgumentException("argument " + index + " of " + kernel + " has " + bytes[index]
                    + " bytes in the compiled kernel, not " + size);
        }
        if (!set[index]) {
            set[index] = true;
            missing--;
        }
        return offsets[index];
    }

    /** Throws unless every argument of this kernel, and of no other, was set. */
    void requireFor(final String launched, final int[] layout) {
        if (layout != bytes) {
            throw new IllegalArgumentException("arguments of " + kernel + " cannot launch " + launched
                    + ": make them with the function that is launched");
        }
        if (missing != 0) {
            throw new IllegalStateException(
                    missing + " of " + bytes.length + " arguments of " + kernel + " were never set");
        }
    }

    /** The address of the array of pointers. */
    long pointers() {
        return block.address();
    }

    private static long align(final long offset) {
        return (offset + VALUE_ALIGNMENT - 1) / VALUE_ALIGNMENT * VALUE_ALIGNMENT;
    }
}
