package dev.tactus.engine.tuning;

/**
 * The float32 products of a linear layer {@code y = x · wᵀ} and of its gradients, over raw addresses of row-major
 * matrices without gaps: x and dx [rows, inputs], w and dw [outputs, inputs], y and dy [rows, outputs], all sizes at
 * least 1.
 *
 * <p>The bits of a result depend neither on the number of workers nor on other rows and columns. They serve the
 * backward pass only; what the model says is computed by {@link dev.tactus.kernel.KernelSet#linear}.
 *
 * <p>A product is complete when each of its workers has called once with its own {@link Share}.
 */
interface Products {
    /** The sizes of a layer. */
    record Shape(int rows, int outputs, int inputs) {}

    /**
     * Whose part of a product.
     *
     * @param worker 0 to {@code workers - 1}
     * @param workers how many compute it together
     * @param scratch {@link #scratchBytes()} bytes, 64-byte aligned, of this worker alone
     */
    record Share(int worker, int workers, long scratch) {}

    /** Bytes of scratch of one worker. */
    long scratchBytes();

    /** {@code y = x · wᵀ}. */
    void forward(Shape shape, long x, long w, long y, Share share);

    /** {@code dx = dy · w}. */
    void inputGradient(Shape shape, long dy, long w, long dx, Share share);

    /** {@code dw += dyᵀ · x}. */
    void weightGradient(Shape shape, long dy, long x, long dw, Share share);
}
