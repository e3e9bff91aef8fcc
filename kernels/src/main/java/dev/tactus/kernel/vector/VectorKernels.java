package dev.tactus.kernel.vector;

import dev.tactus.kernel.AttentionShape;
import dev.tactus.kernel.CandidateDraw;
import dev.tactus.kernel.FlowSteps;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.kernel.WeightType;
import dev.tactus.kernel.reference.ReferenceKernels;

/**
 * Every op through the Vector API, at the width the machine prefers, equal to
 * {@link dev.tactus.kernel.reference.ReferenceKernels} bit for bit. Choices among a few experts and moves of pixels are
 * left to the reference.
 *
 * <p>Nothing is allocated once C2 has compiled an op; before that the Vector API boxes. It holds no state; any thread
 * may call.
 *
 * <p>How a kernel is written here: at most 8 accumulators, addresses through {@link Lanes#base}, vectors of the
 * preferred width only (a second width makes C2's type profiles ambiguous), and above what C2 inlines (see
 * {@link Ballast}).
 */
public final class VectorKernels implements KernelSet {
    private static final KernelSet PLAIN = new ReferenceKernels();

    /** Creates the set, which holds nothing. */
    public VectorKernels() {}

    @Override
    public String name() {
        return "vector";
    }

    @Override
    public long scratchBytes(final int maxK, final int maxHeadDim) {
        final long attention = AttentionVector.scratchBytes(maxHeadDim);
        return Math.max(Math.max(LinearVector.scratchBytes(maxK), attention), CandidateDraw.SCRATCH_BYTES);
    }

    @Override
    public void linear(
            final WeightType type,
            final long w,
            final int n0,
            final int n1,
            final int k,
            final long x,
            final int xStride,
            final long y,
            final int yStride,
            final int rows,
            final long scratch) {
        LinearVector.linear(type, w, n0, n1, k, x, xStride, y, yStride, rows, scratch);
    }

    @Override
    public void rmsNorm(
            final long x,
            final long w,
            final long y,
            final int d,
            final float eps,
            final float divisor,
            final int r0,
            final int r1) {
        NormVector.rmsNorm(x, w, y, d, eps, divisor, r0, r1);
    }

    @Override
    public void shortConv(
            final long x,
            final long w,
            final long carry,
            final long residual,
            final long y,
            final int channels,
            final int kernel,
            final int rows,
            final int c0,
            final int c1) {
        ConvVector.shortConv(x, w, carry, residual, y, channels, kernel, rows, c0, c1);
    }

    @Override
    public void appendKv(
            final AttentionShape shape,
            final long k,
            final long v,
            final long pageTable,
            final long position,
            final int g0,
            final int g1) {
        AttentionVector.appendKv(shape, k, v, pageTable, position, g0, g1);
    }

    @Override
    public void attention(
            final AttentionShape shape,
            final long q,
            final long r,
            final long proj,
            final long pageTable,
            final long position,
            final float tau,
            final long out,
            final int h0,
            final int h1,
            final long scratch) {
        AttentionVector.attention(shape, q, r, proj, pageTable, position, tau, out, h0, h1, scratch);
    }

    @Override
    public void widen(final WeightType type, final long source, final long target, final int n) {
        WidenVector.widen(type, source, target, n);
    }

    @Override
    public void audioBag(
            final WeightType type,
            final long table,
            final long bin,
            final int mels,
            final int bins,
            final int d,
            final long y,
            final int d0,
            final int d1) {
        WidenVector.audioBag(type, table, bin, mels, bins, d, y, d0, d1);
    }

    @Override
    public void swiglu(
            final long gu, final long h, final int i0, final int i1, final boolean scaled, final float scale) {
        RowVector.swiglu(gu, h, i0, i1, scaled, scale);
    }

    @Override
    public void gelu(final long x, final int i0, final int i1) {
        GeluVector.gelu(x, i0, i1);
    }

    @Override
    public void silu(final long x, final int i0, final int i1) {
        RowVector.silu(x, i0, i1);
    }

    @Override
    public void scale(final long x, final float factor, final int i0, final int i1) {
        RowVector.scale(x, factor, i0, i1);
    }

    @Override
    public void fmaRow(final float p, final long y, final long out, final int i0, final int i1) {
        RowVector.fmaRow(p, y, out, i0, i1);
    }

    @Override
    public void addRow(final long y, final long out, final int i0, final int i1) {
        RowVector.addRow(y, out, i0, i1);
    }

    @Override
    public void route(
            final long z,
            final long bias,
            final int routed,
            final int shared,
            final int chosen,
            final float scale,
            final long experts,
            final long p) {
        PLAIN.route(z, bias, routed, shared, chosen, scale, experts, p);
    }

    @Override
    public void melFold(final long left, final long right, final long hann, final long even, final long odd) {
        PLAIN.melFold(left, right, hann, even, odd);
    }

    @Override
    public void melMagnitude(final long re, final long im, final long mag, final int n) {
        MelVector.melMagnitude(re, im, mag, n);
    }

    @Override
    public void melBin(
            final long mel, final long thresholds, final int thresholdCount, final long bin, final int mels) {
        PLAIN.melBin(mel, thresholds, thresholdCount, bin, mels);
    }

    @Override
    public void patchPixels(
            final long previous,
            final long current,
            final int frameWidth,
            final int patch,
            final int patchRow,
            final int patchCol,
            final long table,
            final long out) {
        PLAIN.patchPixels(previous, current, frameWidth, patch, patchRow, patchCol, table, out);
    }

    @Override
    public void fold(
            final long x,
            final int t,
            final int h,
            final int w,
            final int c,
            final int ft,
            final int fh,
            final int fw,
            final long y) {
        PLAIN.fold(x, t, h, w, c, ft, fh, fw, y);
    }

    @Override
    public int sample(
            final long logits,
            final int vocabulary,
            final long mask,
            final SamplingParameters parameters,
            final long seed,
            final int sessionTick,
            final int positionInTick,
            final long scratch) {
        return SamplingVector.sample(logits, vocabulary, mask, parameters, seed, sessionTick, positionInTick, scratch);
    }

    @Override
    public void flow(final long head, final long c, final long x, final int rows, final long scratch) {
        FlowSteps.run(this, head, c, x, rows, scratch);
    }
}
