package dev.tactus.kernel.reference;

import dev.tactus.kernel.AttentionShape;
import dev.tactus.kernel.CandidateDraw;
import dev.tactus.kernel.FlowSteps;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.kernel.WeightType;

/**
 * Every op in plain scalar Java: the oracle for other implementations, and the one that allocates nothing even before
 * the optimising compiler has seen it. It holds no state; any thread may call.
 */
public final class ReferenceKernels implements KernelSet {
    /** Creates the set, which holds nothing. */
    public ReferenceKernels() {}

    @Override
    public String name() {
        return "reference";
    }

    @Override
    public long scratchBytes(final int maxK, final int maxHeadDim) {
        return Math.max(AttentionReference.scratchBytes(maxHeadDim), CandidateDraw.SCRATCH_BYTES);
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
        LinearReference.linear(type, w, n0, n1, k, x, xStride, y, yStride, rows);
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
        NormReference.rmsNorm(x, w, y, d, eps, divisor, r0, r1);
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
        ConvReference.shortConv(x, w, carry, residual, y, channels, kernel, rows, c0, c1);
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
        AttentionReference.appendKv(shape, k, v, pageTable, position, g0, g1);
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
        AttentionReference.attention(shape, q, r, proj, pageTable, position, tau, out, h0, h1, scratch);
    }

    @Override
    public void widen(final WeightType type, final long source, final long target, final int n) {
        ElementwiseReference.widen(type, source, target, n);
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
        ElementwiseReference.audioBag(type, table, bin, mels, bins, d, y, d0, d1);
    }

    @Override
    public void swiglu(
            final long gu, final long h, final int i0, final int i1, final boolean scaled, final float scale) {
        ElementwiseReference.swiglu(gu, h, i0, i1, scaled, scale);
    }

    @Override
    public void gelu(final long x, final int i0, final int i1) {
        ElementwiseReference.gelu(x, i0, i1);
    }

    @Override
    public void silu(final long x, final int i0, final int i1) {
        ElementwiseReference.silu(x, i0, i1);
    }

    @Override
    public void scale(final long x, final float factor, final int i0, final int i1) {
        ElementwiseReference.scale(x, factor, i0, i1);
    }

    @Override
    public void fmaRow(final float p, final long y, final long out, final int i0, final int i1) {
        ElementwiseReference.fmaRow(p, y, out, i0, i1);
    }

    @Override
    public void addRow(final long y, final long out, final int i0, final int i1) {
        ElementwiseReference.addRow(y, out, i0, i1);
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
        RouterReference.route(z, bias, routed, shared, chosen, scale, experts, p);
    }

    @Override
    public void melFold(final long left, final long right, final long hann, final long even, final long odd) {
        MelReference.melFold(left, right, hann, even, odd);
    }

    @Override
    public void melMagnitude(final long re, final long im, final long mag, final int n) {
        MelReference.melMagnitude(re, im, mag, n);
    }

    @Override
    public void melBin(
            final long mel, final long thresholds, final int thresholdCount, final long bin, final int mels) {
        MelReference.melBin(mel, thresholds, thresholdCount, bin, mels);
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
        VisionReference.patchPixels(previous, current, frameWidth, patch, patchRow, patchCol, table, out);
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
        VisionReference.fold(x, t, h, w, c, ft, fh, fw, y);
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
        return SamplingReference.sample(
                logits, vocabulary, mask, parameters, seed, sessionTick, positionInTick, scratch);
    }

    @Override
    public void flow(final long head, final long c, final long x, final int rows, final long scratch) {
        FlowSteps.run(this, head, c, x, rows, scratch);
    }
}
