package dev.tactus.bench.gpu;

import java.util.List;

/**
 * Sizes of the operands.
 *
 * @param copied bytes of one copy on the device, by which everything else is judged
 * @param matrices that are multiplied
 * @param hidden width of the model
 * @param heads query heads
 * @param kvHeads key and value heads
 * @param headDim elements of a head
 * @param window positions that attention sees
 * @param sessions sessions of the ops that are not products
 * @param chunk rows of a session in a prefill
 * @param vocabulary logits of a draw
 * @param flowWidth width of the flow head
 * @param flowLayers its layers
 * @param flowSteps its steps
 */
public record GpuSizes(
        long copied,
        List<Matrix> matrices,
        int hidden,
        int heads,
        int kvHeads,
        int headDim,
        int window,
        List<Integer> sessions,
        int chunk,
        int vocabulary,
        int flowWidth,
        int flowLayers,
        int flowSteps) {
    /** The sizes of the random model of a billion parameters, and one matrix so large that launches do not count. */
    public static final GpuSizes FULL = new GpuSizes(
            256L << 20,
            List.of(
                    new Matrix("attention out", 2048, 2048),
                    new Matrix("q, k, v, r", 3328, 2048),
                    new Matrix("down", 2048, 4672),
                    new Matrix("unembed", 8192, 2048),
                    new Matrix("gate and up", 9344, 2048),
                    new Matrix("large", 32_768, 2048)),
            2048,
            16,
            4,
            128,
            4096,
            List.of(1, 8, 64),
            24,
            8192,
            512,
            3,
            6);

    /** The same ops, too small for a figure. */
    public static final GpuSizes TINY =
            new GpuSizes(1024, List.of(new Matrix("odd", 33, 70)), 32, 2, 1, 16, 40, List.of(2), 3, 100, 16, 1, 2);

    /**
     * A matrix of bfloat16 weights.
     *
     * @param name where the model has one of this size
     * @param n outputs
     * @param k inputs
     */
    public record Matrix(String name, int n, int k) {
        long bytes() {
            return 2L * n * k;
        }
    }
}
