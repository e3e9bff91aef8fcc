package dev.tactus.engine.model;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * One tensor of a mapped file, in place: nothing is copied.
 *
 * <p>The data is row-major, little-endian and read-only, and valid until the file is closed. It starts wherever the
 * file puts it, so it need not be aligned to its element size.
 *
 * @param file the file it lies in, for messages
 * @param name its name in the file
 * @param dtype its element type
 * @param shape its dimensions, outermost first; empty for a scalar
 * @param data its bytes
 */
public record Tensor(String file, String name, DType dtype, long[] shape, MemorySegment data) {
    /** Copies the shape, so that the tensor does not change with the caller's array. */
    public Tensor {
        shape = shape.clone();
    }

    /** The dimensions, outermost first; a fresh array. */
    @Override
    public long[] shape() {
        return shape.clone();
    }

    /** The address of the first byte. */
    public long address() {
        return data.address();
    }

    /** The number of elements. */
    public long elements() {
        return data.byteSize() / dtype.bytes();
    }

    /**
     * An element, widened to float32.
     *
     * @param index in row-major order, from 0
     * @throws InvalidModelException in one line when the type is not one of weights: BF16, F16 or F32
     */
    public float floatAt(final long index) {
        return switch (dtype) {
            case BF16 -> Float.intBitsToFloat(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, index * Short.BYTES) << 16);
            case F16 -> Float.float16ToFloat(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, index * Short.BYTES));
            case F32 -> data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, index * Float.BYTES);
            default -> throw new InvalidModelException(file + ": tensor " + this + ": expected BF16, F16 or F32");
        };
    }

    /** Whether the dimensions are exactly {@code dims}. */
    public boolean hasShape(final long... dims) {
        return Arrays.equals(shape, dims);
    }

    /** This tensor, for a caller that can use nothing but {@code allowed}. */
    public Tensor require(final DType allowed) {
        if (dtype != allowed) {
            throw InvalidModelException.of(file, "tensor " + name + ": dtype", dtype, allowed.name());
        }
        return this;
    }

    /** Name, type and shape, as {@code name BF16 [2, 3]}. */
    @Override
    public String toString() {
        return name + " " + dtype + " " + Arrays.toString(shape);
    }
}
