package dev.tactus.kernel.c;

import dev.tactus.bindings.NativeBindingException;
import dev.tactus.kernel.AttentionShape;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.kernel.WeightType;

/**
 * Every op in C, for one instruction set, equal to {@link dev.tactus.kernel.reference.ReferenceKernels} bit for bit.
 *
 * <p>Nothing is allocated, whichever compiler has seen the call. It holds no state; any thread may call.
 */
public final class CKernels implements KernelSet {
    private static final int F32 = 0;
    private static final int BF16 = 1;

    private final String name;
    private final Isa instructions;
    private final int isa;

    /**
     * The kernels of an instruction set.
     *
     * @throws NativeBindingException when there are no C kernels here, with the reasons
     * @throws IllegalArgumentException when this CPU, or this system, lacks the instruction set
     */
    public CKernels(final Isa isa) {
        Isa.require(isa);
        name = "c/" + isa.label();
        instructions = isa;
        this.isa = isa.ordinal();
    }

    /** The instruction set. */
    public Isa isa() {
        return instructions;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long scratchBytes(final int maxK, final int maxHeadDim) {
        try {
            return (long) CSymbols.SCRATCH_BYTES.invokeExact(isa, maxK, maxHeadDim);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_scratch_bytes", ex);
        }
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
        try {
            CSymbols.LINEAR.invokeExact(isa, kind(type), w, n0, n1, k, x, xStride, y, yStride, rows, scratch);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_linear", ex);
        }
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
        try {
            CSymbols.RMS_NORM.invokeExact(isa, x, w, y, d, eps, divisor, r0, r1);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_rms_norm", ex);
        }
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
        try {
            CSymbols.SHORT_CONV.invokeExact(isa, x, w, carry, residual, y, channels, kernel, rows, c0, c1);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_short_conv", ex);
        }
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
        try {
            CSymbols.APPEND_KV.invokeExact(
                    isa,
                    shape.kvHeads(),
                    shape.headDim(),
                    shape.sinkPages(),
                    shape.ringPages(),
                    shape.layerOffset(),
                    k,
                    v,
                    pageTable,
                    position,
                    g0,
                    g1);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_append_kv", ex);
        }
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
        try {
            CSymbols.ATTENTION.invokeExact(
                    isa,
                    shape.heads(),
                    shape.kvHeads(),
                    shape.headDim(),
                    shape.dRel(),
                    shape.extent(),
                    shape.window(),
                    shape.sinks(),
                    shape.sinkPages(),
                    shape.ringPages(),
                    shape.layerOffset(),
                    q,
                    r,
                    proj,
                    pageTable,
                    position,
                    tau,
                    out,
                    h0,
                    h1,
                    scratch);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_attention", ex);
        }
    }

    @Override
    public void widen(final WeightType type, final long source, final long target, final int n) {
        try {
            CSymbols.WIDEN.invokeExact(isa, kind(type), source, target, n);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_widen", ex);
        }
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
        try {
            CSymbols.AUDIO_BAG.invokeExact(isa, kind(type), table, bin, mels, bins, d, y, d0, d1);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_audio_bag", ex);
        }
    }

    @Override
    public void swiglu(
            final long gu, final long h, final int i0, final int i1, final boolean scaled, final float scale) {
        try {
            CSymbols.SWIGLU.invokeExact(isa, gu, h, i0, i1, scaled ? 1 : 0, scale);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_swiglu", ex);
        }
    }

    @Override
    public void gelu(final long x, final int i0, final int i1) {
        try {
            CSymbols.GELU.invokeExact(isa, x, (long) i0, (long) i1);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_gelu", ex);
        }
    }

    @Override
    public void silu(final long x, final int i0, final int i1) {
        try {
            CSymbols.SILU.invokeExact(isa, x, i0, i1);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_silu", ex);
        }
    }

    @Override
    public void scale(final long x, final float factor, final int i0, final int i1) {
        try {
            CSymbols.SCALE.invokeExact(isa, x, factor, i0, i1);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_scale", ex);
        }
    }

    @Override
    public void fmaRow(final float p, final long y, final long out, final int i0, final int i1) {
        try {
            CSymbols.FMA_ROW.invokeExact(isa, p, y, out, i0, i1);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_fma_row", ex);
        }
    }

    @Override
    public void addRow(final long y, final long out, final int i0, final int i1) {
        try {
            CSymbols.ADD_ROW.invokeExact(isa, y, out, i0, i1);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_add_row", ex);
        }
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
        try {
            CSymbols.ROUTE.invokeExact(isa, z, bias, routed, shared, chosen, scale, experts, p);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_route", ex);
        }
    }

    @Override
    public void melFold(final long left, final long right, final long hann, final long even, final long odd) {
        try {
            CSymbols.MEL_FOLD.invokeExact(isa, left, right, hann, even, odd);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_mel_fold", ex);
        }
    }

    @Override
    public void melMagnitude(final long re, final long im, final long mag, final int n) {
        try {
            CSymbols.MEL_MAGNITUDE.invokeExact(isa, re, im, mag, n);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_mel_magnitude", ex);
        }
    }

    @Override
    public void melBin(
            final long mel, final long thresholds, final int thresholdCount, final long bin, final int mels) {
        try {
            CSymbols.MEL_BIN.invokeExact(isa, mel, thresholds, thresholdCount, bin, mels);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_mel_bin", ex);
        }
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
        try {
            CSymbols.PATCH_PIXELS.invokeExact(
                    isa, previous, current, frameWidth, patch, patchRow, patchCol, table, out);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_patch_pixels", ex);
        }
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
        try {
            CSymbols.FOLD.invokeExact(isa, x, t, h, w, c, ft, fh, fw, y);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_fold", ex);
        }
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
        try {
            return (int) CSymbols.SAMPLE.invokeExact(
                    isa,
                    logits,
                    vocabulary,
                    mask,
                    parameters.temperature(),
                    parameters.topK(),
                    parameters.topP(),
                    seed,
                    sessionTick,
                    positionInTick,
                    scratch);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_sample", ex);
        }
    }

    @Override
    public void flow(final long head, final long c, final long x, final int rows, final long scratch) {
        try {
            CSymbols.FLOW.invokeExact(isa, head, c, x, rows, scratch);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_flow", ex);
        }
    }

    /** The number of {@code enum tactus_kind}. */
    private static int kind(final WeightType type) {
        return type == WeightType.BF16 ? BF16 : F32;
    }
}
