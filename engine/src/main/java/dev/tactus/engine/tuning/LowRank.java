package dev.tactus.engine.tuning;

/**
 * Trained factors beside a matrix: {@code y = y + scale · (b · (a · x))}.
 *
 * @param a [rank, inputs]
 * @param b [outputs, rank]
 * @param scale of their product
 * @param kept {@code a · x} of the rows that the layer keeps, [rows, rank]: written by the forward pass, and multiplied
 *     by the scale in the backward pass
 */
record LowRank(Matrix a, Matrix b, float scale, long kept) {
    int rank() {
        return a.outputs();
    }

    /** Where {@code a · x} of the layer's row {@code row} lies. */
    long kept(final long row) {
        return Floats.row(kept, row, rank());
    }

    /** The factors beside the first rows of the matrix. */
    LowRank first(final int rows) {
        return new LowRank(a, b.first(rows), scale, kept);
    }
}
