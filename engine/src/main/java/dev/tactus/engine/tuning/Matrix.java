package dev.tactus.engine.tuning;

/**
 * A weight matrix [outputs, inputs], trained or frozen, and what is trained beside it.
 *
 * @param value address of the master
 * @param gradient address of its gradient; 0 when it is frozen
 * @param outputs rows
 * @param inputs columns
 * @param side factors beside it; null without any
 */
record Matrix(long value, long gradient, int outputs, int inputs, LowRank side) {
    /** A two-dimensional parameter. */
    static Matrix of(final Parameter parameter) {
        final long[] shape = parameter.shape();
        return new Matrix(parameter.value(), parameter.gradient(), (int) shape[0], (int) shape[1], null);
    }

    /** Matrix {@code index} of a parameter [count, outputs, inputs]. */
    static Matrix of(final Parameter stack, final int index) {
        final long[] shape = stack.shape();
        final long offset = index * shape[1] * shape[2] * Float.BYTES;
        final long gradient = stack.isTrained() ? stack.gradient() + offset : 0;
        return new Matrix(stack.value() + offset, gradient, (int) shape[1], (int) shape[2], null);
    }

    /** The same with factors beside it, or without for null. */
    Matrix beside(final LowRank factors) {
        return new Matrix(value, gradient, outputs, inputs, factors);
    }

    /** The first rows alone. */
    Matrix first(final int rows) {
        return new Matrix(value, gradient, rows, inputs, side == null ? null : side.first(rows));
    }

    /** Whether the matrix itself is trained. */
    boolean isTrained() {
        return gradient != 0;
    }

    /** Whether a gradient of anything here is wanted. */
    boolean learns() {
        return isTrained() || side != null;
    }
}
