package dev.tactus.kernel;

/**
 * Every op of the model over raw addresses: the seam between the step program and an implementation.
 *
 * <p><b>Arithmetic.</b> All implementations are of the EXACT class: the order and kind of every operation below is part
 * of the contract, so results are equal to the bit whichever implementation, row count, range or thread computes them.
 * {@code dot} and {@code sum} are those of {@link ExactMath}: 32 accumulators from +0, element k to lane k mod 32 in
 * rising k, then a fixed tree. Operations are float32 and rounded once each; {@code fma} only where written.
 *
 * <p><b>Addresses.</b> Activations are float32, row-major, 4-byte aligned. Matrices are read in place from a mapped
 * file and may have any alignment. Small vectors (norms, convolutions, biases) are float32. Nothing here checks an
 * address or a shape: launchers do, once, when they bind an op to its buffers.
 *
 * <p><b>Threads.</b> Implementations hold no state. Any number of threads may call, each with a scratch area of its own
 * of {@link #scratchBytes} bytes, 64-byte aligned, over disjoint output ranges. No call allocates once it is compiled.
 */
public interface KernelSet {
    /** A short name for reports: {@code reference}, {@code vector}. */
    String name();

    /**
     * Bytes of scratch a thread hands to the calls that take it.
     *
     * @param maxK longest inner dimension of any linear op
     * @param maxHeadDim largest head dimension, and not below the largest {@link AttentionShape#dRel}
     */
    long scratchBytes(int maxK, int maxHeadDim);

    /**
     * {@code y[r·yStride + n] = dot(x[r, :k], w[n, :k])} for n in [n0, n1), r in [0, rows).
     *
     * @param w matrix, at least [n1, k], row-major without padding
     * @param x input rows, {@code xStride} elements apart
     * @param y output rows, {@code yStride} elements apart
     */
    void linear(
            WeightType type,
            long w,
            int n0,
            int n1,
            int k,
            long x,
            int xStride,
            long y,
            int yStride,
            int rows,
            long scratch);

    /**
     * Root-mean-square norm of rows [r0, r1): {@code r = 1 / sqrt(dot(x, x) / d + eps); y = ((x · r) · w) / divisor}.
     * Rows of x and y are d apart; y may be x. {@code divisor} 1 divides by nothing.
     */
    void rmsNorm(long x, long w, long y, int d, float eps, float divisor, int r0, int r1);

    /**
     * Causal depthwise convolution over consecutive rows of one session, channels [c0, c1): {@code a = +0; for j rising
     * a = fma(w[j, c], x[t-K+1+j, c], a); y[t, c] = residual[t, c] + (x[t, c] + a)}, without the residual when its
     * address is 0. Inputs before the first row come from {@code carry} [K-1, channels], oldest first, which is then
     * replaced by the last K-1 inputs. {@code y} may be {@code residual}, never {@code x}.
     *
     * @param w [K, channels] (transposed once at load)
     * @param channels row length of x, y, residual, carry and w
     */
    void shortConv(
            long x, long w, long carry, long residual, long y, int channels, int kernel, int rows, int c0, int c1);

    /**
     * Stores the key and value of one row, kv heads [g0, g1), at {@code position}.
     *
     * @param k [kvHeads, headDim], normalised
     * @param v [kvHeads, headDim]
     * @param pageTable int64 page addresses of the session: sinks, then ring
     */
    void appendKv(AttentionShape shape, long k, long v, long pageTable, long position, int g0, int g1);

    /**
     * Attention of one row for query heads [h0, h1). Visible keys j: {@code j ≤ i} and ({@code i - j < window} or
     * {@code j < sinks}).
     *
     * <p>score = (dot(q, k_j) / D + bias)·τ, where bias = dot(r_h, proj[:, i-j]) for i-j &lt; extent, else +0. Per
     * split ⌊j / 256⌋, visible keys only: m = max (a &gt; b ? a : b, keys rising); p = exp(s - m); l = sum of p with
     * lane = j mod 32; o[d] = fma(p, v[d], o[d]) from +0, keys rising. The first split is taken as it is; then for each
     * further split, rising: M = max(m, m_s), a = exp(m - M), b = exp(m_s - M), l = fma(l, a, l_s·b), o = fma(o, a,
     * o_s·b), m = M. Result o / l.
     *
     * @param q [heads, headDim], normalised
     * @param r [heads, dRel]
     * @param proj [dRel, extent] float32
     * @param tau τ of this row; 1 multiplies by nothing
     * @param out [heads, headDim]
     */
    void attention(
            AttentionShape shape,
            long q,
            long r,
            long proj,
            long pageTable,
            long position,
            float tau,
            long out,
            int h0,
            int h1,
            long scratch);

    /** Widens {@code n} elements of a matrix row into float32. */
    void widen(WeightType type, long source, long target, int n);

    /**
     * The dMel position vector before its norm, columns [d0, d1): {@code y[c] = Σ_m table[(m·bins + bin[m]), c]}, plain
     * adds from +0, m rising.
     *
     * @param table [mels·bins, d]
     * @param bin int32 [mels], each below {@code bins}
     */
    void audioBag(WeightType type, long table, long bin, int mels, int bins, int d, long y, int d0, int d1);

    /**
     * {@code h[i] = (silu(gu[2i]) · gu[2i+1])}, then {@code · scale} when {@code scaled}; silu(g) = g / (1 + exp(-g)).
     *
     * @param gu 2·(i1) interleaved values
     * @param h output, indexes [i0, i1)
     */
    void swiglu(long gu, long h, int i0, int i1, boolean scaled, float scale);

    /** Exact GELU in place: {@code x = (0.5·x)·(1 + erf(x·0.70710678f))} for elements [i0, i1). */
    void gelu(long x, int i0, int i1);

    /** {@code x = x / (1 + exp(-x))} in place for elements [i0, i1). */
    void silu(long x, int i0, int i1);

    /** {@code x = x · factor} for elements [i0, i1). */
    void scale(long x, float factor, int i0, int i1);

    /** {@code out = fma(p, y, out)} for elements [i0, i1). */
    void fmaRow(float p, long y, long out, int i0, int i1);

    /** {@code out = out + y} for elements [i0, i1). */
    void addRow(long y, long out, int i0, int i1);

    /**
     * Chooses the experts of one row. Rank routed experts by σ(z) + bias falling, ties to the lower index, keep K. Over
     * the K chosen (in that order) then the S shared logits: lp = z ≥ 0 ? -log(1 + exp(-z)) : z - log(1 + exp(z)); m =
     * max; e = exp(lp - m); total = sum(e); p = (e / total) · scale. σ(z) = 1 / (1 + exp(-z)).
     *
     * @param z [E + S] logits
     * @param bias [E]
     * @param scale route_scale · global_scale, one float32 product
     * @param experts out: int32 [K + S]; entries from K on are E + index of the shared expert
     * @param p out: float32 [K + S]
     */
    void route(long z, long bias, int routed, int shared, int chosen, float scale, long experts, long p);

    /**
     * Windows 1600 samples and folds them by the symmetry of the DFT: xw = x·hann; e[0] = xw[0], e[n] = xw[n] +
     * xw[1600-n] for n = 1..799, e[800] = xw[800]; o[n-1] = xw[n] - xw[1600-n] for n = 1..799.
     *
     * @param left 800 samples before the slot; 0 stands for silence
     * @param right the slot's 800 samples
     * @param hann [1600]
     * @param even out [801]
     * @param odd out [799]
     */
    void melFold(long left, long right, long hann, long even, long odd);

    /** {@code mag[i] = sqrt(max(fma(re, re, im·im), 1e-10f))} for n elements, max(a, b) being a &gt; b ? a : b. */
    void melMagnitude(long re, long im, long mag, int n);

    /** {@code bin[m]} (int32) = how many of the rising {@code thresholds} are strictly below {@code mel[m]}. */
    void melBin(long mel, long thresholds, int thresholdCount, long bin, int mels);

    /**
     * One patch as the vision tower's input [T=2, patch, patch, 3] float32: {@code table[c, byte]} of the previous and
     * the current RGB8 frame.
     *
     * @param previous frame of the first temporal slot, [rows·patch, cols·patch, 3] bytes
     * @param current frame of the second
     * @param frameWidth pixels per frame row
     * @param patchRow row of the patch
     * @param patchCol column of the patch
     * @param table [3, 256]: (byte/255 - mean) / std
     */
    void patchPixels(
            long previous, long current, int frameWidth, int patch, int patchRow, int patchCol, long table, long out);

    /**
     * Folds (t, h, w) neighbourhoods of one patch into channels, in order (t, h, w, c): from [T, H, W, C] to [T/ft,
     * H/fh, W/fw, ft·fh·fw·C].
     */
    void fold(long x, int t, int h, int w, int c, int ft, int fh, int fw, long y);

    /**
     * Draws a token from one row of logits. Candidates are the ids whose mask bit is set, by (logit falling, id
     * rising), at most {@code topK}. Greedy (temperature 0) takes the first. Otherwise w = exp((logit - max) /
     * temperature); weights are cumulated in candidate order by plain adds; top-p cuts after the first cumulated sum ≥
     * topP · total (total over all candidates); the draw takes the first candidate whose cumulated weight exceeds u ·
     * (the sum kept), the last kept one if none does. u = ((x &gt;&gt;&gt; 8) + 0.5)·2⁻²⁴ of word 0 of {@link Philox}
     * with counter (tick, position, 0, SAMPLE).
     *
     * @param logits [vocabulary]
     * @param mask bit set of allowed ids, 64 per int64, ⌈vocabulary/64⌉ words
     * @param sessionTick session tick, low 32 bits
     * @param positionInTick output position in the tick
     * @return the id; {@link #NOT_FINITE} when any logit (masked or not) is NaN or infinite; {@link #NOTHING_ALLOWED}
     *     when the mask is empty
     */
    int sample(
            long logits,
            int vocabulary,
            long mask,
            SamplingParameters parameters,
            long seed,
            int sessionTick,
            int positionInTick,
            long scratch);

    /**
     * Makes blocks of speech: N Euler steps of the flow head (MODEL.md 2.4), every block by itself.
     *
     * <p>Once per block u = W_c c. Then for n = 0 … N-1: {@code h = (W_x x + W_t e(n / N)) + u}; per layer {@code h = h
     * + W_b silu(W_a rms(h))}; {@code x = fma(1 / N, W_o rms(h), x)}, 1 / N rounded to float32. Products are
     * {@link #linear}, norms {@link #rmsNorm} with {@link FlowShape#EPS}; W_t e(n / N), e of {@link FlowTime}, stands
     * in the head.
     *
     * @param head written by {@link FlowHead#write}
     * @param c conditions [rows, hidden], normed, before the width divisor
     * @param x in: noise [rows, block]; out: the blocks
     * @param scratch {@link #flowScratchBytes} bytes, 64-byte aligned
     */
    void flow(long head, long c, long x, int rows, long scratch);

    /** Bytes of scratch that a thread hands to {@link #flow}, for any number of rows. */
    default long flowScratchBytes(final FlowShape shape) {
        return shape.rowBytes() + scratchBytes(shape.maxK(), 1);
    }

    /** {@link #sample} found a NaN or an infinity. */
    int NOT_FINITE = -1;

    /** {@link #sample} was given an empty mask. */
    int NOTHING_ALLOWED = -2;
}
