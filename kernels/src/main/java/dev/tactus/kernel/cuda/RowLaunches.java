package dev.tactus.kernel.cuda;

import static dev.tactus.kernel.cuda.LaunchBuilder.blocks;
import static dev.tactus.kernel.cuda.LaunchBuilder.require;
import static dev.tactus.kernel.cuda.LaunchBuilder.requireBuffers;
import static dev.tactus.kernel.cuda.LaunchBuilder.requirePositive;

import dev.tactus.kernel.AttentionShape;

/**
 * Launches of what happens to rows between products: embedding, norms, keys and values, the ends of blocks, and the
 * first half of adapters. All addresses are device addresses, and those in columns too.
 */
public final class RowLaunches {
    /** Largest head that {@link #keyValue} takes: a warp has one in registers. */
    public static final int MAX_HEAD_DIM = 256;

    private static final int BLOCK = 256;
    private static final int WARP = 32;
    private static final int WARPS = BLOCK / WARP;
    private static final int SMALL_VECTOR = 256;
    private static final int MIDDLE_VECTOR = 1024;

    private final CudaKernels kernels;

    /** Launches of these kernels. */
    public RowLaunches(final CudaKernels kernels) {
        this.kernels = kernels;
    }

    /**
     * The vectors that encoders made.
     *
     * @param audio [audio sources, d], 0 for a model that does not hear
     * @param vision [patch sources, d], or 0
     * @param speech [speech sources, d], or 0
     */
    public record Encoded(long audio, long vision, long speech) {}

    /**
     * What stands at every row.
     *
     * @param table [vocabulary, d]
     * @param norm [d]
     * @param kind int32 per row: {@code RowKind}
     * @param value int32 per row: token id, or the number of a source
     * @param y out [rows, d]
     */
    public CudaLaunch embed(
            final CudaMatrix table,
            final long norm,
            final float eps,
            final Encoded encoded,
            final long kind,
            final long value,
            final long y,
            final CudaRows rows) {
        requireBuffers("embed", norm, kind, value, y);
        return new LaunchBuilder(kernels, "tactus_embed" + table.suffix())
                .address(table.address())
                .address(norm)
                .real(eps)
                .address(encoded.audio())
                .address(encoded.vision())
                .address(encoded.speech())
                .address(kind)
                .address(value)
                .address(y)
                .integer(table.cols())
                .address(rows.count())
                .build(rows.most(), BLOCK, table.cols() * Float.BYTES);
    }

    /**
     * Root-mean-square norm of vectors.
     *
     * @param x [rows · perRow, d]
     * @param w [d]
     * @param y out, as x; may be x
     * @param gelu whether each element then becomes its gelu
     */
    public CudaLaunch rmsNorm(
            final long x,
            final long w,
            final long y,
            final int d,
            final int perRow,
            final float eps,
            final boolean gelu,
            final CudaRows rows) {
        return norm(x, w, y, d, perRow, eps, 1f, gelu, 0, rows);
    }

    /**
     * Norm of the rows that something is made of, gathered.
     *
     * @param x [rows, d]
     * @param w [d]
     * @param divisor what the normed row is divided by
     * @param place int32 per row: where its vector goes, negative for nowhere
     * @param y out [places, d]; not x
     */
    public CudaLaunch gatheredNorm(
            final long x,
            final long w,
            final long y,
            final int d,
            final float eps,
            final float divisor,
            final long place,
            final CudaRows rows) {
        requireBuffers("gathered norm", place);
        require(x != y, () -> "gathered norm: rows change places, so y cannot be x");
        return norm(x, w, y, d, 1, eps, divisor, false, place, rows);
    }

    private CudaLaunch norm(
            final long x,
            final long w,
            final long y,
            final int d,
            final int perRow,
            final float eps,
            final float divisor,
            final boolean gelu,
            final long place,
            final CudaRows rows) {
        requireBuffers("rms norm", x, w, y);
        requirePositive("rms norm", d, perRow);
        final int block = d <= SMALL_VECTOR ? WARP : d <= MIDDLE_VECTOR ? BLOCK / 2 : BLOCK;
        return new LaunchBuilder(kernels, "tactus_rms_norm")
                .address(x)
                .address(w)
                .address(y)
                .integer(d)
                .integer(perRow)
                .real(eps)
                .real(divisor)
                .integer(gelu ? 1 : 0)
                .address(place)
                .address(rows.count())
                .build((long) rows.most() * perRow, block, d * Float.BYTES);
    }

    /**
     * A layer's weights for keys, values and queries.
     *
     * @param keyConv [taps, kvHeads · headDim]
     * @param valueConv the same
     * @param keyNorm [headDim]
     * @param queryNorm [headDim]
     * @param taps of the convolutions
     * @param keyCarry bytes from a session's state to the carry of its keys [taps - 1, kvHeads · headDim]
     * @param valueCarry the same for values
     * @param eps of the norms
     */
    public record KeyValueWeights(
            long keyConv,
            long valueConv,
            long keyNorm,
            long queryNorm,
            int taps,
            long keyCarry,
            long valueCarry,
            float eps) {
        /** Refuses missing weights. */
        public KeyValueWeights {
            requireBuffers("key value", keyConv, valueConv, keyNorm, queryNorm);
            requirePositive("key value", taps);
        }
    }

    /**
     * Convolves, norms and stores keys and values, and norms queries in place.
     *
     * @param shape of the layer's attention
     * @param k [rows, kvHeads · headDim]
     * @param v the same
     * @param q [rows, heads · headDim]
     * @param state int64 per entry: address of the session's state
     * @param pages int64 per entry: address of the session's page table of this kind, int64 page addresses
     * @param position int64 per row
     * @throws IllegalArgumentException when a head is larger than {@link #MAX_HEAD_DIM}
     */
    public CudaLaunch keyValue(
            final AttentionShape shape,
            final KeyValueWeights weights,
            final long k,
            final long v,
            final long q,
            final long state,
            final long pages,
            final long position,
            final CudaSegments segments,
            final int mostRowsOfSegment) {
        requireBuffers("key value", k, v, q, state, pages, position);
        requirePositive("key value", mostRowsOfSegment);
        require(
                shape.headDim() <= MAX_HEAD_DIM,
                () -> "key value: heads of " + shape.headDim() + ": expected at most " + MAX_HEAD_DIM);
        final int warps = Math.min(WARPS, mostRowsOfSegment);
        return new LaunchBuilder(kernels, "tactus_key_value")
                .address(k)
                .address(v)
                .address(q)
                .struct(shapeOf(shape, weights))
                .struct(new LaunchBuilder.Struct()
                        .address(weights.keyConv())
                        .address(weights.valueConv())
                        .address(weights.keyNorm())
                        .address(weights.queryNorm())
                        .address(weights.keyCarry())
                        .address(weights.valueCarry()))
                .struct(new LaunchBuilder.Struct()
                        .address(state)
                        .address(pages)
                        .address(segments.entry())
                        .address(segments.firstRow())
                        .address(segments.rowsOfSegment())
                        .address(position)
                        .address(segments.count().count()))
                .build((long) shape.kvHeads() + shape.heads(), segments.count().most(), warps * WARP, 0);
    }

    private static LaunchBuilder.Struct shapeOf(final AttentionShape shape, final KeyValueWeights weights) {
        return new LaunchBuilder.Struct()
                .address(shape.layerOffset())
                .integer(shape.heads())
                .integer(shape.kvHeads())
                .integer(shape.headDim())
                .integer(shape.sinkPages())
                .integer(shape.ringPages())
                .integer(weights.taps())
                .real(weights.eps())
                .integer(0);
    }

    /**
     * Ends a block: h convolved with the carries, added to the residual stream, carries replaced.
     *
     * @param h [rows, d]
     * @param residual not fused
     */
    public CudaLaunch residualConv(
            final long h, final CudaResidual residual, final int d, final CudaSegments segments) {
        requireBuffers("residual conv", h);
        requirePositive("residual conv", d);
        return new LaunchBuilder(kernels, "tactus_residual_conv")
                .address(h)
                .struct(residual.struct())
                .integer(d)
                .address(segments.firstRow())
                .address(segments.rowsOfSegment())
                .address(segments.count().count())
                .build(blocks(d, WARP), segments.count().most(), BLOCK, 0);
    }

    /**
     * The adapter of every row of the pass, and of every output row, from those of entries: once per pass, before
     * anything that has adapters.
     *
     * @param adapter int32 per entry
     * @param outputEntry int32 per output row
     * @param ofRow out, int32 per row
     * @param ofOutputRow out, int32 per output row
     */
    public CudaLaunch adaptersOfRows(
            final long adapter,
            final long outputEntry,
            final long ofRow,
            final long ofOutputRow,
            final CudaSegments segments,
            final CudaRows outputs) {
        requireBuffers("adapters of rows", adapter, outputEntry, ofRow, ofOutputRow);
        return new LaunchBuilder(kernels, "tactus_adapters_of_rows")
                .address(adapter)
                .address(segments.entry())
                .address(segments.firstRow())
                .address(segments.rowsOfSegment())
                .address(outputEntry)
                .address(ofRow)
                .address(ofOutputRow)
                .address(segments.count().count())
                .address(outputs.count())
                .build(segments.count().most(), WARP, 0);
    }

    /**
     * The experts of rows, for {@link #adapterDown}.
     *
     * @param numbers int32 [rows, slots], shared experts from {@code routedCount} on; 0 for a matrix without experts
     * @param routedCount experts that are chosen from
     * @param slots of a row; 1 without experts
     * @param perSlot whether x has a vector per slot
     * @param sharedModule the module of shared experts, -1 for none
     */
    public record Choice(long numbers, int routedCount, int slots, boolean perSlot, int sharedModule) {
        /** A matrix without experts. */
        public static final Choice NONE = new Choice(0, 0, 1, false, -1);
    }

    /**
     * {@code t = dot(A, x)} of the rows whose adapter has the module.
     *
     * @param x [rows, cols], or [rows, slots, cols]
     * @param cols inputs of the module
     * @param module of a matrix, or of routed experts; -1 for none
     * @param t out [rows · slots, rank]
     */
    public CudaLaunch adapterDown(
            final long x,
            final int cols,
            final int module,
            final Choice choice,
            final long t,
            final CudaAdapters adapters,
            final CudaRows rows) {
        requireBuffers("adapter down", x, t);
        requirePositive("adapter down", cols, choice.slots(), adapters.rank());
        adapters.require("adapter down", Math.max(module, choice.sharedModule()));
        final int warps = Math.min(WARPS, adapters.rank());
        return new LaunchBuilder(kernels, "tactus_adapter_down")
                .address(x)
                .integer(cols)
                .address(t)
                .address(choice.numbers())
                .integer(choice.routedCount())
                .integer(choice.slots())
                .integer(choice.perSlot() ? 1 : 0)
                .integer(module)
                .integer(choice.sharedModule())
                .struct(adapters.struct())
                .address(rows.count())
                .build((long) rows.most() * choice.slots(), blocks(adapters.rank(), warps), warps * WARP, 0);
    }
}
