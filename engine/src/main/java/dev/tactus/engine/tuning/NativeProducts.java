package dev.tactus.engine.tuning;

import dev.tactus.kernel.c.FloatGemm;
import dev.tactus.kernel.c.Isa;
import dev.tactus.kernel.c.Region;

/** Products in C. */
final class NativeProducts implements Products {
    private final FloatGemm gemm;

    NativeProducts(final Isa isa) {
        gemm = new FloatGemm(isa);
    }

    @Override
    public long scratchBytes() {
        return gemm.scratchBytes();
    }

    @Override
    public void forward(final Shape shape, final long x, final long w, final long y, final Share share) {
        gemm.forward(sizes(shape), input(shape, x), weight(shape, w), output(shape, y), worker(share));
    }

    @Override
    public void inputGradient(final Shape shape, final long dy, final long w, final long dx, final Share share) {
        gemm.inputGradient(sizes(shape), output(shape, dy), weight(shape, w), input(shape, dx), worker(share));
    }

    @Override
    public void weightGradient(final Shape shape, final long dy, final long x, final long dw, final Share share) {
        gemm.weightGradient(sizes(shape), output(shape, dy), input(shape, x), weight(shape, dw), worker(share));
    }

    private static FloatGemm.Shape sizes(final Shape shape) {
        return new FloatGemm.Shape(shape.rows(), shape.outputs(), shape.inputs());
    }

    private static Region input(final Shape shape, final long address) {
        return new Region(address, (long) shape.rows() * shape.inputs() * Float.BYTES);
    }

    private static Region weight(final Shape shape, final long address) {
        return new Region(address, (long) shape.outputs() * shape.inputs() * Float.BYTES);
    }

    private static Region output(final Shape shape, final long address) {
        return new Region(address, (long) shape.rows() * shape.outputs() * Float.BYTES);
    }

    private FloatGemm.Worker worker(final Share share) {
        return new FloatGemm.Worker(share.worker(), share.workers(), new Region(share.scratch(), gemm.scratchBytes()));
    }
}
