package dev.tactus.engine.adapter;

import dev.tactus.engine.model.TensorSpec;
import java.util.Arrays;

/**
 * The two factors beside one tensor of the base, float32 in native memory.
 *
 * <pre>
 *   a   [experts, rank, cols]        b   [experts, rows, rank]        row-major, one expert after the other
 * </pre>
 *
 * @param tensor the base's tensor: [rows, cols], or [experts, rows, cols]
 * @param group what it belongs to
 * @param experts matrices in the tensor; 1 unless it is a stack
 * @param rows outputs of the base's matrix
 * @param cols inputs of the base's matrix
 * @param rank rows of A and columns of B
 * @param a address of A
 * @param b address of B
 */
public record LoraModule(
        TensorSpec tensor, LoraGroup group, int experts, int rows, int cols, int rank, long a, long b) {
    private static final String SUFFIX = ".weight";

    /** Elements of A. */
    public long floatsOfA() {
        return (long) experts * rank * cols;
    }

    /** Elements of B. */
    public long floatsOfB() {
        return (long) experts * rows * rank;
    }

    /** Address of one expert's A. */
    public long a(final int expert) {
        return a + (long) expert * rank * cols * Float.BYTES;
    }

    /** Address of one expert's B. */
    public long b(final int expert) {
        return b + (long) expert * rows * rank * Float.BYTES;
    }

    /** The module's name: the tensor's without {@code .weight}, as PEFT counts modules. */
    public String name() {
        return moduleOf(tensor);
    }

    /** The same factors at other addresses. */
    LoraModule at(final long addressOfA, final long addressOfB) {
        return new LoraModule(tensor, group, experts, rows, cols, rank, addressOfA, addressOfB);
    }

    /** Whether these factors can stand beside a tensor of a base. */
    boolean fits(final TensorSpec other) {
        return other.name().equals(tensor.name())
                && other.use() == tensor.use()
                && Arrays.equals(other.shape(), tensor.shape());
    }

    /** Shape of A in a file: [rank, cols], or [experts, rank, cols] beside a stack; a fresh array. */
    public long[] shapeOfA() {
        return shape(rank, cols);
    }

    /** Shape of B in a file: [rows, rank], or [experts, rows, rank] beside a stack; a fresh array. */
    public long[] shapeOfB() {
        return shape(rows, rank);
    }

    static LoraModule of(final TensorSpec tensor, final LoraGroup group, final int rank) {
        final long[] shape = tensor.shape();
        final boolean stack = tensor.use() == TensorSpec.Use.STACK;
        final int experts = stack ? Math.toIntExact(shape[0]) : 1;
        final int rows = Math.toIntExact(shape[shape.length - 2]);
        final int cols = Math.toIntExact(shape[shape.length - 1]);
        return new LoraModule(tensor, group, experts, rows, cols, rank, 0, 0);
    }

    static String moduleOf(final TensorSpec tensor) {
        final String name = tensor.name();
        return name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : name;
    }

    private long[] shape(final long height, final long width) {
        return tensor.use() == TensorSpec.Use.STACK ? new long[] {experts, height, width} : new long[] {height, width};
    }
}
