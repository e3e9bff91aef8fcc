package dev.tactus.engine.tuning;

/**
 * A trained weight matrix [outputs, inputs].
 *
 * @param value address of the master
 * @param gradient address of its gradient
 * @param outputs rows
 * @param inputs columns
 */
record Matrix(long value, long gradient, int outputs, int inputs) {
    /** A two-dimensional parameter. */
    static Matrix of(final Parameter parameter) {
        final long[] shape = parameter.shape();
        return new Matrix(parameter.value(), parameter.gradient(), (int) shape[0], (int) shape[1]);
    }

    /** Matrix {@code index} of a parameter [count, outputs, inputs]. */
    static Matrix of(final Parameter stack, final int index) {
        final long[] shape = stack.shape();
        final long offset = index * shape[1] * shape[2] * Float.BYTES;
        return new Matrix(stack.value() + offset, stack.gradient() + offset, (int) shape[1], (int) shape[2]);
    }

    /** The first rows alone. */
    Matrix first(final int rows) {
        return new Matrix(value, gradient, rows, inputs);
    }
}
