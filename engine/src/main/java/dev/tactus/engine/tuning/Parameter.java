package dev.tactus.engine.tuning;

/**
 * One tensor that is trained, or kept beside the trained ones.
 *
 * @param name its name in a checkpoint
 * @param shape its dimensions there, outermost first
 * @param value address of its float32 elements, row-major
 * @param gradient address of as many gradients; 0 for a tensor that has none
 * @param elements how many
 */
public record Parameter(String name, long[] shape, long value, long gradient, long elements) {
    /** Copies the shape, so that the parameter does not change with the caller's array. */
    public Parameter {
        shape = shape.clone();
    }

    /** The dimensions, outermost first; a fresh array. */
    @Override
    public long[] shape() {
        return shape.clone();
    }

    /** Whether the optimiser may move it. */
    public boolean isTrained() {
        return gradient != 0;
    }

    /** A matrix, by the usual rule of which tensors decay: two dimensions or more that are larger than 1. */
    public boolean isMatrix() {
        int dimensions = 0;
        for (final long n : shape) {
            dimensions += n > 1 ? 1 : 0;
        }
        return dimensions > 1;
    }
}
