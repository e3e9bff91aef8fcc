package dev.tactus.engine.model;

import java.util.Arrays;

/**
 * A tensor a model of a certain config has: its name in the checkpoint, its shape, and how the engine uses it.
 *
 * @param name full name, with the prefix {@code model.}
 * @param use how it is used
 * @param shape dimensions, outermost first
 */
public record TensorSpec(String name, Use use, long[] shape) {
    /** How the engine uses a tensor. */
    public enum Use {
        /** [rows, cols], multiplied in place in the mapping. */
        MATRIX,
        /** [count, rows, cols], as many matrices, in place in the mapping. */
        STACK,
        /** Any shape; small, copied as float32. */
        TABLE,
        /** [channels, 1, taps] or [channels, taps]; small, copied as float32 [taps, channels]. */
        CONV,
        /** [1], read once. */
        SCALAR
    }

    /** Copies the shape, so that the spec does not change with the caller's array. */
    public TensorSpec {
        shape = shape.clone();
    }

    /** A spec from dimensions that are integers. */
    static TensorSpec of(final String name, final Use use, final int... shape) {
        return new TensorSpec(name, use, Arrays.stream(shape).asLongStream().toArray());
    }

    /** The dimensions, outermost first; a fresh array. */
    @Override
    public long[] shape() {
        return shape.clone();
    }

    /** The number of elements. */
    public long elements() {
        long elements = 1;
        for (final long dimension : shape) {
            elements *= dimension;
        }
        return elements;
    }

    /** Whether {@code tensor} has this shape; a convolution may lack the middle dimension. */
    boolean fits(final Tensor tensor) {
        return tensor.hasShape(shape) || use == Use.CONV && tensor.hasShape(shape[0], shape[2]);
    }

    /** The shapes that fit, for a message. */
    String allowed() {
        final String first = Arrays.toString(shape);
        return use == Use.CONV ? first + " or [" + shape[0] + ", " + shape[2] + "]" : first;
    }
}
