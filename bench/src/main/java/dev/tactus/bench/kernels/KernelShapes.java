package dev.tactus.bench.kernels;

import dev.tactus.kernel.c.FloatGemm;
import java.util.List;

/**
 * The sizes that ops are measured at.
 *
 * @param streamed row lengths of matrices that are streamed from memory
 * @param packed matrices that stay in a cache, multiplied with {@code rows} rows
 * @param rows rows of these products
 * @param windows positions that attention sees
 * @param queries query heads of a kv head
 * @param layers sizes of linear layers in training
 * @param width elements of a row of a norm and of a gated hidden vector
 * @param vocabulary logits of a draw
 */
public record KernelShapes(
        List<Integer> streamed,
        List<Matrix> packed,
        List<Integer> rows,
        List<Integer> windows,
        List<Integer> queries,
        List<FloatGemm.Shape> layers,
        int width,
        int vocabulary) {
    /** What the project's figures are about. */
    public static final KernelShapes FULL = new KernelShapes(
            List.of(1024, 4096),
            List.of(new Matrix(1152, 384), new Matrix(4096, 1024)),
            List.of(8, 16, 24, 64),
            List.of(512, 4096),
            List.of(1, 6),
            List.of(new FloatGemm.Shape(512, 512, 512), new FloatGemm.Shape(24, 1152, 384)),
            1024,
            32_768);

    /** The same ops, too small for a figure: to see that they run. */
    public static final KernelShapes TINY = new KernelShapes(
            List.of(64),
            List.of(new Matrix(33, 70)),
            List.of(3, 16),
            List.of(40),
            List.of(2),
            List.of(new FloatGemm.Shape(5, 9, 7)),
            24,
            100);

    /**
     * A matrix of weights.
     *
     * @param n outputs
     * @param k inputs
     */
    public record Matrix(int n, int k) {}
}
