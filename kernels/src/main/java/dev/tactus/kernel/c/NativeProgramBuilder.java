package dev.tactus.kernel.c;

import dev.tactus.kernel.AdapterFactors;
import dev.tactus.kernel.AttentionShape;
import dev.tactus.kernel.FlowHead;
import dev.tactus.kernel.FlowShape;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.WeightType;
import dev.tactus.kernel.vocoder.Vocoder;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes the ops of a step program into native memory, in order, and refuses those whose shapes do not fit: the only
 * way of an op to the C interpreter. The arithmetic is that of {@link KernelSet}'s methods of the same names; a FAST
 * class changes the products of {@link WeightMatrix matrices} prepared for it.
 *
 * <p>Not thread-safe. Buffers, tables and matrices must outlive the program.
 */
public final class NativeProgramBuilder {
    private static final int MEL_EVEN = 801;
    private static final int MEL_ODD = 799;
    private static final int WINDOW = 1600;
    private static final int MOST_WORKERS = 4096;
    private static final int BASE_BARRIER = 1;
    private static final int ADAPTED_BARRIER = 2;
    private static final int LINE = 64;

    /** Log mels, and what the vocoder wants behind them. */
    private static final long VOCODER_SCRATCH =
            (Vocoder.BLOCK_MELS * (long) Float.BYTES + LINE - 1 & -LINE) + Vocoder.SCRATCH_FLOATS * (long) Float.BYTES;

    private final FreezableArena arena;
    private final Isa isa;
    private final NumericClass numerics;
    private final RowSpaces limits;
    private final List<long[]> ops = new ArrayList<>();
    private AdapterFactors factors;
    private int barrier;
    private int preprocessOps;
    private int maxK = 1;
    private int maxFastK = 1;
    private int maxHeadDim = 1;
    private long speechScratch;
    private final IndexBuffers indexes = new IndexBuffers();
    private final PassBounds bounds = new PassBounds();
    private int lastBaseBarrier = -1;
    private int lastAdaptedBarrier = -1;

    /**
     * An empty program.
     *
     * @param arena owns what is allocated
     * @param isa which kernels; the machine must have them
     * @param numerics the class of its matrices
     * @param limits most rows of a pass
     * @throws IllegalArgumentException when this machine lacks {@code isa}, or a limit is negative
     */
    public NativeProgramBuilder(
            final FreezableArena arena, final Isa isa, final NumericClass numerics, final RowSpaces limits) {
        Isa.require(isa);
        for (int space = RowSpaces.PASS; space <= RowSpaces.VOICE; space++) {
            Shapes.notNegative("a program", "the most rows of space " + space, limits.of(space));
        }
        Shapes.notNegative("a program", "the most segments", limits.segments());
        this.arena = arena;
        this.isa = isa;
        this.numerics = numerics;
        this.limits = limits;
    }

    /** Says whether all workers must have finished what stands before the next op. */
    public NativeProgramBuilder barrier(final boolean before) {
        return barrier(before, before);
    }

    /** The same, apart for passes of the base alone and for those in which a session has an adapter. */
    public NativeProgramBuilder barrier(final boolean inBase, final boolean inAdapted) {
        barrier = (inBase ? BASE_BARRIER : 0) | (inAdapted ? ADAPTED_BARRIER : 0);
        return this;
    }

    /** Names the adapters that sessions may choose from; before the first op that has any. */
    public NativeProgramBuilder adapters(final AdapterFactors table) {
        factors = table;
        maxK = Math.max(maxK, table.rank());
        return this;
    }

    /** Ends the stage of preprocessing. */
    public void endPreprocess() {
        preprocessOps = ops.size();
    }

    /** Writes the program. */
    public NativeProgram build(final int workers) {
        if (workers < 1 || workers > MOST_WORKERS) {
            throw new IllegalArgumentException("a program for " + workers + " workers: expected 1 to " + MOST_WORKERS);
        }
        return new NativeProgram(arena, this, ops, workers);
    }

    Isa isa() {
        return isa;
    }

    RowSpaces limits() {
        return limits;
    }

    int preprocessOps() {
        return preprocessOps;
    }

    PassBounds bounds() {
        return bounds;
    }

    /** What adapters have; null without any. */
    AdapterFactors factors() {
        return factors;
    }

    long packBytes() {
        return packBytes(isa, numerics, maxFastK);
    }

    private static long packBytes(final Isa isa, final NumericClass numerics, final int maxK) {
        return numerics == NumericClass.EXACT ? 0 : FastLinear.packedBytes(isa, numerics, maxK);
    }

    long scratchBytes() {
        return scratchBytes(isa, numerics, maxK, maxFastK, maxHeadDim, speechScratch);
    }

    /**
     * Bytes of scratch per worker.
     *
     * @param maxK longest row of a matrix, and not below the largest rank of an adapter
     * @param maxFastK longest row of one prepared for a FAST class
     * @param maxHeadDim largest head dimension
     * @param speech what the flow head and the vocoder want, {@link #speechScratchBytes}; 0 without
     */
    public static long scratchBytes(
            final Isa isa,
            final NumericClass numerics,
            final int maxK,
            final int maxFastK,
            final int maxHeadDim,
            final long speech) {
        final long kernels = new CKernels(isa).scratchBytes(maxK, maxHeadDim);
        return NativeProgram.scratchBytes(packBytes(isa, numerics, maxFastK), Math.max(kernels, speech));
    }

    /** Bytes of scratch that a worker needs to speak. */
    public static long speechScratchBytes(final Isa isa, final FlowShape shape) {
        return Math.max(new CKernels(isa).flowScratchBytes(shape), VOCODER_SCRATCH);
    }

    private void add(final OpCode code, final long... arguments) {
        final long[] words = new long[arguments.length + 2];
        words[0] = code.number();
        words[1] = barrier;
        System.arraycopy(arguments, 0, words, 2, arguments.length);
        if (words.length > NativeProgram.OP_WORDS) {
            throw new IllegalStateException(
                    code + " has " + words.length + " words: an op has room for " + NativeProgram.OP_WORDS);
        }
        lastBaseBarrier = baseBarrierOp();
        lastAdaptedBarrier = adaptedBarrierOp();
        ops.add(words);
        barrier = 0;
    }

    /** The last op that a barrier stands before in every pass, once the op at hand is added. */
    private int barrierOp() {
        return Math.min(baseBarrierOp(), adaptedBarrierOp());
    }

    private int baseBarrierOp() {
        return (barrier & BASE_BARRIER) != 0 ? ops.size() : lastBaseBarrier;
    }

    private int adaptedBarrierOp() {
        return (barrier & ADAPTED_BARRIER) != 0 ? ops.size() : lastAdaptedBarrier;
    }

    private static long bits(final float value) {
        return Float.floatToRawIntBits(value) & 0xFFFFFFFFL;
    }

    private static int kind(final WeightType type) {
        return type == WeightType.BF16 ? 1 : 0;
    }

    private long rows(final int space) {
        return limits.of(space);
    }

    /** A buffer that the op writes, whose sizes multiply to how many elements it touches. */
    private void output(final String op, final String what, final Region region, final long... sizes) {
        Shapes.buffer(op, what, region, sizes);
        indexes.overwrite(region);
    }

    /** Writes a matrix's descriptor and returns its address. */
    private long matrix(final String op, final WeightMatrix w, final int rows, final int cols) {
        Shapes.matrix(op, numerics, w, rows, cols);
        maxK = Math.max(maxK, cols);
        maxFastK = w.isFast() ? Math.max(maxFastK, cols) : maxFastK;
        return write(new long[] {w.kind(), w.data(), w.stride(), w.scale(), w.sum(), w.rows(), w.cols()});
    }

    private long write(final long[] fields) {
        final long address = arena.allocate(MemoryTag.PLAN, (long) fields.length * Long.BYTES, 64)
                .address();
        for (int i = 0; i < fields.length; i++) {
            OffHeap.putLong(address + i * (long) Long.BYTES, fields[i]);
        }
        return address;
    }

    private long shape(final String op, final boolean local, final AttentionShape s) {
        Shapes.attention(op, s);
        bounds.attention(op, local, s);
        return write(new long[] {
            s.heads(),
            s.kvHeads(),
            s.headDim(),
            s.dRel(),
            s.extent(),
            s.window(),
            s.sinks(),
            s.sinkPages(),
            s.ringPages(),
            s.layerOffset()
        });
    }

    /**
     * The adapters of an op's matrix.
     *
     * @param module number of the matrix, or of the routed experts; -1 for none
     * @param shared number of the shared experts; -1 for none
     * @param t float32 [rows, slots, largest rank]: A x, from an {@link #adapterDown}
     */
    public record Adapted(int module, int shared, Region t) {
        /** Nothing to add. */
        public static final Adapted NONE = new Adapted(-1, -1, Region.NONE);

        private boolean isNone() {
            return module == -1 && shared == -1;
        }
    }

    private AdapterFactors.Module module(final String op, final int number, final int experts) {
        if (factors == null) {
            throw new IllegalArgumentException(op + ": adapter module " + number + ", and the program has no adapters");
        }
        if (number < 0 || number >= factors.modules().size()) {
            throw new IllegalArgumentException(op + ": adapter module " + number + ": expected 0 to "
                    + (factors.modules().size() - 1));
        }
        final AdapterFactors.Module module = factors.modules().get(number);
        if (module.experts() != experts) {
            throw new IllegalArgumentException(op + ": adapter module " + module.name() + " has " + module.experts()
                    + " matrices, and the op " + experts);
        }
        return module;
    }

    private void product(final String op, final int number, final int experts, final int outputs) {
        final AdapterFactors.Module module = module(op, number, experts);
        // the factors of experts lie one after the other, so there the number must be the very same
        if (experts > 1 ? module.rows() != outputs : module.rows() < outputs) {
            throw new IllegalArgumentException(op + ": adapter module " + module.name() + " has " + module.rows()
                    + " outputs, and the op " + outputs);
        }
    }

    /** The words of what adapters add to an op without experts. */
    private long[] adapted(final String op, final Adapted a, final int space, final int outputs) {
        if (a.isNone()) {
            return new long[] {-1, -1, 0};
        }
        if (a.shared() != -1) {
            throw new IllegalArgumentException(op + ": shared experts' adapters, and the op has no experts");
        }
        product(op, a.module(), 1, outputs);
        Shapes.buffer(op, "input of adapters", a.t(), rows(space), factors.rank());
        return new long[] {a.module(), -1, a.t().address()};
    }

    /** The words of what adapters add to {@code outputs} of each expert. */
    private long[] adapted(final String op, final Adapted a, final ExpertGroup group, final int outputs) {
        if (a.isNone()) {
            return new long[] {-1, -1, 0};
        }
        if (a.module() != -1) {
            product(op, a.module(), group.routedCount(), outputs);
        }
        if (a.shared() != -1) {
            product(op, a.shared(), group.sharedCount(), outputs);
        }
        Shapes.buffer(op, "input of adapters", a.t(), rows(RowSpaces.PASS), group.slots(), factors.rank());
        return new long[] {a.module(), a.shared(), a.t().address()};
    }

    private static long[] join(final long[] before, final long... after) {
        final long[] words = Arrays.copyOf(before, before.length + after.length);
        System.arraycopy(after, 0, words, before.length, after.length);
        return words;
    }

    private void requireInputs(final String op, final int number, final int experts, final int cols) {
        final AdapterFactors.Module module = module(op, number, experts);
        if (module.cols() != cols) {
            throw new IllegalArgumentException(
                    op + ": adapter module " + module.name() + " has " + module.cols() + " inputs, and the op " + cols);
        }
        maxK = Math.max(maxK, cols);
    }

    /** t [space, rank] = A x [space, cols], for the rows of sessions whose adapter has the module. */
    public void adapterDown(final int space, final Region x, final int cols, final Adapted adapted) {
        final String op = "adapter down";
        if (space != RowSpaces.PASS && space != RowSpaces.OUTPUT) {
            throw new IllegalArgumentException(op + ": rows of space " + space + " belong to no session");
        }
        Shapes.positive(op, "the length of a vector", cols);
        requireInputs(op, adapted.module(), 1, cols);
        Shapes.buffer(op, "input", x, rows(space), cols);
        output(op, "output", adapted.t(), rows(space), factors.rank());
        Shapes.apart(op, x, adapted.t());
        add(
                OpCode.ADAPTER_DOWN,
                space,
                x.address(),
                cols,
                0,
                0,
                1,
                0,
                adapted.module(),
                -1,
                adapted.t().address());
    }

    /**
     * t [pass, slots, rank] = A x for the experts of each row.
     *
     * @param x [pass, cols], or [pass, slots, cols] with {@code perSlot}
     */
    public void adapterDown(
            final Region x, final int cols, final ExpertNumbers group, final boolean perSlot, final Adapted adapted) {
        final String op = "adapter down of experts";
        Shapes.positive(op, "the length of a vector", cols);
        requireNumbers(op, group, adaptedBarrierOp());
        if (adapted.module() != -1 || adapted.isNone()) {
            requireInputs(op, adapted.module(), group.routedCount(), cols);
        }
        if (adapted.shared() != -1) {
            requireInputs(op, adapted.shared(), group.sharedCount(), cols);
        }
        Shapes.buffer(op, "input", x, rows(RowSpaces.PASS), perSlot ? group.slots() : 1, cols);
        output(op, "output", adapted.t(), rows(RowSpaces.PASS), group.slots(), factors.rank());
        Shapes.apart(op, x, adapted.t());
        Shapes.apart(op, group.experts(), adapted.t());
        add(
                OpCode.ADAPTER_DOWN,
                RowSpaces.PASS,
                x.address(),
                cols,
                group.experts().address(),
                group.routedCount(),
                group.slots(),
                perSlot ? 1 : 0,
                adapted.module(),
                adapted.shared(),
                adapted.t().address());
    }

    /** Samples → even [audio, 801] and odd [audio, 799]; {@code hann} float32 [1600]. */
    public void melFold(final Region hann, final Region even, final Region odd) {
        final String op = "mel fold";
        Shapes.buffer(op, "window", hann, WINDOW);
        output(op, "even part", even, rows(RowSpaces.AUDIO), MEL_EVEN);
        output(op, "odd part", odd, rows(RowSpaces.AUDIO), MEL_ODD);
        add(OpCode.MEL_FOLD, hann.address(), even.address(), odd.address());
    }

    /** Real and imaginary parts [audio, columns] → magnitudes. */
    public void melMagnitude(final Region re, final Region im, final Region magnitude, final int columns) {
        final String op = "mel magnitude";
        Shapes.positive(op, "the number of columns", columns);
        Shapes.int32(op, "the number of magnitudes", rows(RowSpaces.AUDIO), columns);
        Shapes.buffer(op, "real part", re, rows(RowSpaces.AUDIO), columns);
        Shapes.buffer(op, "imaginary part", im, rows(RowSpaces.AUDIO), columns);
        output(op, "output", magnitude, rows(RowSpaces.AUDIO), columns);
        add(OpCode.MEL_MAGNITUDE, re.address(), im.address(), magnitude.address(), columns);
    }

    /** Mel energies [audio, mels] → bins, int32, each at most {@code count}. */
    public void melBin(final Region mel, final Region thresholds, final int count, final Region bins, final int mels) {
        final String op = "mel bin";
        Shapes.positive(op, "the number of mels", mels);
        Shapes.positive(op, "the number of thresholds", count);
        Shapes.buffer(op, "input", mel, rows(RowSpaces.AUDIO), mels);
        Shapes.buffer(op, "thresholds", thresholds, count);
        Shapes.buffer(op, "output", bins, rows(RowSpaces.AUDIO), mels);
        indexes.fill(bins, mels, count + 1L, ops.size());
        add(OpCode.MEL_BIN, mel.address(), thresholds.address(), count, bins.address(), mels);
    }

    /** Bins [audio, mels], of a {@link #melBin} → sums of rows of {@code table} [mels · binsPerMel, d]. */
    public void audioBag(
            final Region bins,
            final WeightType type,
            final Region table,
            final int mels,
            final int binsPerMel,
            final Region y,
            final int d) {
        final String op = "audio bag";
        Shapes.positive(op, "the number of mels", mels);
        Shapes.positive(op, "the number of bins per mel", binsPerMel);
        Shapes.positive(op, "the length of a vector", d);
        Shapes.buffer(op, "bins", bins, rows(RowSpaces.AUDIO), mels);
        indexes.require(op, "bins", bins, mels, binsPerMel, barrierOp());
        Shapes.bytes(op, "table", table, type.bytes(), mels, binsPerMel, d);
        output(op, "output", y, rows(RowSpaces.AUDIO), d);
        Shapes.apart(op, bins, y);
        bounds.bags(op, mels, binsPerMel);
        add(OpCode.AUDIO_BAG, bins.address(), kind(type), table.address(), mels, binsPerMel, y.address(), d);
    }

    /** Frames → pixels [patch, columns] with {@code table} float32 [3, 256]. */
    public void patchPixels(
            final int patch, final int frameWidth, final Region table, final Region pixels, final int columns) {
        final String op = "patch pixels";
        Shapes.positive(op, "the size of a patch", patch);
        if (frameWidth < patch) {
            throw new IllegalArgumentException(
                    op + ": a frame of " + frameWidth + " pixels is narrower than a patch of " + patch);
        }
        Shapes.buffer(op, "table", table, 3, 256);
        if (columns != 6L * patch * patch) {
            throw new IllegalArgumentException(
                    op + ": a row of " + columns + " elements is not a patch of " + patch + " pixels");
        }
        output(op, "output", pixels, rows(RowSpaces.PATCH), columns);
        bounds.patches(frameWidth / patch);
        add(OpCode.PATCH_PIXELS, patch, frameWidth, table.address(), pixels.address(), columns);
    }

    /** Neighbourhoods of [patch, t, h, w, c] into channels; y is not x. */
    public void fold(
            final Region x,
            final int t,
            final int h,
            final int w,
            final int c,
            final int ft,
            final int fh,
            final int fw,
            final Region y) {
        final String op = "fold";
        Shapes.positive(op, "a size", Math.min(Math.min(t, h), Math.min(w, c)));
        Shapes.positive(op, "a fold", Math.min(ft, Math.min(fh, fw)));
        if (t % ft != 0 || h % fh != 0 || w % fw != 0) {
            throw new IllegalArgumentException(
                    op + ": [" + t + ", " + h + ", " + w + "] does not divide by [" + ft + ", " + fh + ", " + fw + "]");
        }
        final int columns = Shapes.int32(op, "the length of a row", t, h, w, c);
        Shapes.buffer(op, "input", x, rows(RowSpaces.PATCH), columns);
        output(op, "output", y, rows(RowSpaces.PATCH), columns);
        Shapes.apart(op, x, y);
        add(OpCode.FOLD, x.address(), t, h, w, c, ft, fh, fw, y.address(), columns);
    }

    /** GELU in place of [space, columns]. */
    public void gelu(final int space, final Region x, final int columns) {
        Shapes.positive("gelu", "the number of columns", columns);
        output("gelu", "buffer", x, rows(space), columns);
        add(OpCode.GELU, space, x.address(), columns);
    }

    /** y [space · perRow, outputs] = x [space · perRow, w.cols] · wᵀ. */
    public void linear(
            final int space,
            final Region x,
            final WeightMatrix w,
            final Region y,
            final int outputs,
            final int perRow) {
        linear(space, x, w, y, outputs, perRow, Adapted.NONE);
    }

    /** The same, and what adapters add; they want one vector per row. */
    public void linear(
            final int space,
            final Region x,
            final WeightMatrix w,
            final Region y,
            final int outputs,
            final int perRow,
            final Adapted adapted) {
        final String op = "linear";
        if (!adapted.isNone() && (perRow != 1 || space != RowSpaces.PASS && space != RowSpaces.OUTPUT)) {
            throw new IllegalArgumentException(
                    op + ": adapters of " + perRow + " vectors a row of space " + space + ": expected 1, of a session");
        }
        Shapes.positive(op, "the number of vectors of a row", perRow);
        Shapes.positive(op, "the number of outputs", outputs);
        final long matrix = matrix(op, w, outputs, w.cols());
        final int vectors = Shapes.int32(op, "the number of vectors", rows(space), perRow);
        Shapes.buffer(op, "input", x, vectors, w.cols());
        output(op, "output", y, vectors, outputs);
        final long[] words = {space, x.address(), matrix, y.address(), outputs, perRow};
        add(OpCode.LINEAR, join(words, adapted(op, adapted, space, outputs)));
    }

    /** Norm of [space · perRow, d] vectors; y may be x. */
    public void rmsNorm(
            final int space,
            final Region x,
            final long w,
            final Region y,
            final int d,
            final int perRow,
            final float eps) {
        final String op = "rms norm";
        Shapes.positive(op, "the length of a vector", d);
        Shapes.positive(op, "the number of vectors of a row", perRow);
        final int vectors = Shapes.int32(op, "the number of vectors", rows(space), perRow);
        Shapes.buffer(op, "input", x, vectors, d);
        output(op, "output", y, vectors, d);
        Shapes.table(op, "weight", w);
        add(OpCode.RMS_NORM, space, x.address(), w, y.address(), d, perRow, bits(eps));
    }

    /** The input of every position: rows of {@code table} [tableRows, d], normed, or vectors of an encoder. */
    public void embed(
            final WeightType type,
            final Region table,
            final int rowsOfTable,
            final long norm,
            final float eps,
            final Region audio,
            final Region vision,
            final Region speech,
            final Region y,
            final int d) {
        final String op = "embed";
        Shapes.positive(op, "the number of rows of the table", rowsOfTable);
        Shapes.positive(op, "the length of a vector", d);
        Shapes.bytes(op, "table", table, type.bytes(), rowsOfTable, d);
        Shapes.table(op, "norm", norm);
        output(op, "output", y, rows(RowSpaces.PASS), d);
        if (!audio.equals(Region.NONE)) {
            Shapes.buffer(op, "audio", audio, rows(RowSpaces.AUDIO), d);
        } else if (limits.audio() > 0) {
            throw new IllegalArgumentException(op + ": there are audio sources and no vectors of them");
        }
        if (!vision.equals(Region.NONE)) {
            Shapes.buffer(op, "vision", vision, rows(RowSpaces.PATCH), d);
        } else if (limits.patch() > 0) {
            throw new IllegalArgumentException(op + ": there are patch sources and no vectors of them");
        }
        if (!speech.equals(Region.NONE)) {
            Shapes.buffer(op, "speech", speech, rows(RowSpaces.SPEECH), d);
        } else if (limits.speech() > 0) {
            throw new IllegalArgumentException(op + ": there are blocks of speech and no vectors of them");
        }
        bounds.embed(rowsOfTable);
        add(
                OpCode.EMBED,
                kind(type),
                table.address(),
                norm,
                bits(eps),
                audio.address(),
                vision.address(),
                speech.address(),
                y.address(),
                d);
    }

    /** Convolutions of k and v [pass, kvHeads · headDim], key norm, append to the session's pages. */
    public void keyValue(
            final AttentionShape shape,
            final boolean local,
            final Region k,
            final Region v,
            final Region kOut,
            final Region vOut,
            final long keyConv,
            final long valueConv,
            final int kernel,
            final long keyCarry,
            final long valueCarry,
            final long keyNorm,
            final float eps) {
        final String op = "key value";
        final long address = shape(op, local, shape);
        Shapes.int32(op, "the number of keys", rows(RowSpaces.PASS), shape.kvHeads());
        final int channels = Shapes.int32(op, "the number of channels", shape.kvHeads(), shape.headDim());
        Shapes.buffer(op, "keys", k, rows(RowSpaces.PASS), channels);
        Shapes.buffer(op, "values", v, rows(RowSpaces.PASS), channels);
        output(op, "output of keys", kOut, rows(RowSpaces.PASS), channels);
        output(op, "output of values", vOut, rows(RowSpaces.PASS), channels);
        Shapes.positive(op, "the number of taps", kernel);
        Shapes.table(op, "key convolution", keyConv);
        Shapes.table(op, "value convolution", valueConv);
        Shapes.table(op, "key norm", keyNorm);
        Shapes.carry(op, "the place of the key carry", keyCarry);
        Shapes.carry(op, "the place of the value carry", valueCarry);
        bounds.carries();
        add(
                OpCode.KEY_VALUE,
                address,
                local ? 1 : 0,
                k.address(),
                v.address(),
                kOut.address(),
                vOut.address(),
                keyConv,
                valueConv,
                kernel,
                keyCarry,
                valueCarry,
                keyNorm,
                bits(eps));
    }

    /** Attention of q [pass, heads · headDim] with r [pass, heads · dRel] over the session's pages. */
    public void attention(
            final AttentionShape shape,
            final boolean local,
            final Region q,
            final Region r,
            final long proj,
            final Region y) {
        final String op = "attention";
        final long address = shape(op, local, shape);
        Shapes.int32(op, "the number of channels", shape.kvHeads(), shape.headDim());
        final int vectors = Shapes.int32(op, "the number of queries", rows(RowSpaces.PASS), shape.heads());
        Shapes.buffer(op, "query", q, vectors, shape.headDim());
        Shapes.buffer(op, "relative features", r, vectors, shape.dRel());
        output(op, "output", y, vectors, shape.headDim());
        Shapes.table(op, "bias bank", proj);
        maxHeadDim = Math.max(maxHeadDim, Math.max(shape.headDim(), shape.dRel()));
        add(OpCode.ATTENTION, address, local ? 1 : 0, q.address(), r.address(), proj, y.address());
    }

    /**
     * The end of a block: h [pass, d] convolved with the session's carry, added to the stream {@code x}.
     *
     * @param conv float32 [kernel, d]
     * @param carry bytes from the session's state to the carry
     */
    public record Residual(Region h, Region x, int d, long conv, int kernel, long carry) {}

    /** The words of an op that ends in a residual, which it checks. */
    private long[] residual(final String op, final Residual r, final long... before) {
        Shapes.positive(op, "the length of a vector", r.d());
        output(op, "output", r.h(), rows(RowSpaces.PASS), r.d());
        output(op, "stream", r.x(), rows(RowSpaces.PASS), r.d());
        Shapes.positive(op, "the number of taps", r.kernel());
        Shapes.table(op, "convolution", r.conv());
        Shapes.carry(op, "the place of the carry", r.carry());
        bounds.carries();
        return join(before, r.h().address(), r.x().address(), r.d(), r.conv(), r.kernel(), r.carry());
    }

    /** h = (x · wᵀ)·scale, then {@code residual}. */
    public void linearConv(
            final Region x, final WeightMatrix w, final boolean scaled, final float scale, final Residual residual) {
        linearConv(x, w, scaled, scale, residual, Adapted.NONE);
    }

    /** The same with what adapters add to x · wᵀ. */
    public void linearConv(
            final Region x,
            final WeightMatrix w,
            final boolean scaled,
            final float scale,
            final Residual residual,
            final Adapted adapted) {
        final String op = "linear conv";
        final long matrix = matrix(op, w, residual.d(), w.cols());
        Shapes.buffer(op, "input", x, rows(RowSpaces.PASS), w.cols());
        final long[] words = residual(op, residual, x.address(), matrix, scaled ? 1 : 0, bits(scale));
        add(OpCode.LINEAR_CONV, join(words, adapted(op, adapted, RowSpaces.PASS, residual.d())));
    }

    /** Gate and up interleaved [pass, 2 · hidden], then y [pass, hidden] = silu(gate) · up. */
    public void linearSwiglu(
            final Region x, final WeightMatrix w, final Region gateUp, final Region y, final int hidden) {
        linearSwiglu(x, w, gateUp, y, hidden, Adapted.NONE);
    }

    /** The same with what adapters add to gate and up. */
    public void linearSwiglu(
            final Region x,
            final WeightMatrix w,
            final Region gateUp,
            final Region y,
            final int hidden,
            final Adapted adapted) {
        final String op = "linear swiglu";
        Shapes.positive(op, "the number of hidden elements", hidden);
        final int outputs = Shapes.int32(op, "the number of gate and up elements", 2, hidden);
        final long matrix = matrix(op, w, outputs, w.cols());
        Shapes.buffer(op, "input", x, rows(RowSpaces.PASS), w.cols());
        output(op, "gate and up", gateUp, rows(RowSpaces.PASS), outputs);
        output(op, "output", y, rows(RowSpaces.PASS), hidden);
        final long[] words = {x.address(), matrix, gateUp.address(), y.address(), hidden};
        add(OpCode.LINEAR_SWIGLU, join(words, adapted(op, adapted, RowSpaces.PASS, outputs)));
    }

    /** Chooses experts from z [pass, routed + shared]: int32 {@code experts} and {@code weights} [pass, slots]. */
    public void route(
            final Region z,
            final long bias,
            final int routed,
            final int shared,
            final int chosen,
            final float scale,
            final Region experts,
            final Region weights) {
        final String op = "route";
        if (chosen < 1 || chosen > routed) {
            throw new IllegalArgumentException(op + ": " + chosen + " of " + routed + " experts are chosen");
        }
        Shapes.notNegative(op, "the number of shared experts", shared);
        final int slots = Shapes.int32(op, "the number of experts of a row", (long) chosen + shared);
        final int all = Shapes.int32(op, "the number of experts", (long) routed + shared);
        Shapes.buffer(op, "logits", z, rows(RowSpaces.PASS), all);
        Shapes.buffer(op, "experts", experts, rows(RowSpaces.PASS), slots);
        output(op, "weights", weights, rows(RowSpaces.PASS), slots);
        Shapes.table(op, "bias", bias);
        Shapes.apart(op, experts, weights);
        indexes.fill(experts, slots, all, ops.size());
        add(OpCode.ROUTE, z.address(), bias, routed, shared, chosen, bits(scale), experts.address(), weights.address());
    }

    /**
     * The experts of a mixture: one matrix for all routed and one for all shared ones.
     *
     * @param experts int32 [pass, slots] numbers of a {@link #route}, those from {@code routedCount} on being shared
     * @param weights float32 [pass, slots]
     * @param routed [routedCount · rows of one, cols]
     * @param shared likewise, or {@code routed} where there are none
     * @param slots experts of a row
     */
    public record ExpertGroup(
            Region experts,
            Region weights,
            WeightMatrix routed,
            WeightMatrix shared,
            int routedCount,
            int sharedCount,
            int slots) {
        private ExpertNumbers numbers() {
            return new ExpertNumbers(experts, routedCount, sharedCount, slots);
        }
    }

    /**
     * Which experts a row has.
     *
     * @param experts int32 [pass, slots] numbers of a {@link #route}, those from {@code routedCount} on being shared
     * @param slots experts of a row
     */
    public record ExpertNumbers(Region experts, int routedCount, int sharedCount, int slots) {}

    private void requireGroup(final String op, final ExpertGroup group) {
        requireNumbers(op, group.numbers(), barrierOp());
        Shapes.buffer(op, "expert weights", group.weights(), rows(RowSpaces.PASS), group.slots());
        if (group.sharedCount() > 0 && group.routed().isFast() != group.shared().isFast()) {
            throw new IllegalArgumentException(op + ": routed and shared experts are of two classes");
        }
    }

    /** The numbers of a row's experts are there, and small enough. */
    private void requireNumbers(final String op, final ExpertNumbers group, final int lastBarrier) {
        Shapes.positive(op, "the number of routed experts", group.routedCount());
        Shapes.notNegative(op, "the number of shared experts", group.sharedCount());
        Shapes.positive(op, "the number of experts of a row", group.slots());
        Shapes.buffer(op, "expert numbers", group.experts(), rows(RowSpaces.PASS), group.slots());
        final long experts = (long) group.routedCount() + group.sharedCount();
        indexes.require(op, "expert numbers", group.experts(), group.slots(), experts, lastBarrier);
    }

    /** The matrix of {@code experts} experts, {@code rows} rows each. */
    private long experts(final String op, final WeightMatrix w, final int experts, final int rows, final int cols) {
        return matrix(op, w, Shapes.int32(op, "the number of rows of all experts", experts, rows), cols);
    }

    /** Gated hidden vectors of the chosen experts: x [pass, d] → y [pass, slots, hidden]. */
    public void expertsUp(
            final Region x, final ExpertGroup group, final int hidden, final Region gateUp, final Region y) {
        expertsUp(x, group, hidden, gateUp, y, Adapted.NONE);
    }

    /** The same with what adapters add to gate and up. */
    public void expertsUp(
            final Region x,
            final ExpertGroup group,
            final int hidden,
            final Region gateUp,
            final Region y,
            final Adapted adapted) {
        final String op = "experts up";
        final int d = group.routed().cols();
        requireGroup(op, group);
        Shapes.positive(op, "the number of hidden elements", hidden);
        final int rows = Shapes.int32(op, "the number of gate and up elements", 2, hidden);
        final long routed = experts(op, group.routed(), group.routedCount(), rows, d);
        final long shared = experts(op, group.shared(), group.sharedCount(), rows, d);
        Shapes.buffer(op, "input", x, rows(RowSpaces.PASS), d);
        output(op, "gate and up", gateUp, rows(RowSpaces.PASS), group.slots(), rows);
        output(op, "output", y, rows(RowSpaces.PASS), group.slots(), hidden);
        Shapes.apart(op, group.experts(), gateUp);
        Shapes.apart(op, group.experts(), y);
        final long[] words = {
            x.address(),
            group.experts().address(),
            group.weights().address(),
            routed,
            shared,
            group.routedCount(),
            group.slots(),
            hidden,
            gateUp.address(),
            y.address()
        };
        add(OpCode.EXPERTS_UP, join(words, adapted(op, adapted, group, rows)));
    }

    /** Combined down projections: x [pass, slots, hidden] → h, then {@code residual}. */
    public void expertsDownConv(
            final Region x, final ExpertGroup group, final int hidden, final Region down, final Residual residual) {
        expertsDownConv(x, group, hidden, down, residual, Adapted.NONE);
    }

    /** The same with what adapters add to each expert's product. */
    public void expertsDownConv(
            final Region x,
            final ExpertGroup group,
            final int hidden,
            final Region down,
            final Residual residual,
            final Adapted adapted) {
        final String op = "experts down";
        final int d = residual.d();
        requireGroup(op, group);
        Shapes.positive(op, "the number of hidden elements", hidden);
        final long routed = experts(op, group.routed(), group.routedCount(), d, hidden);
        final long shared = experts(op, group.shared(), group.sharedCount(), d, hidden);
        Shapes.buffer(op, "input", x, rows(RowSpaces.PASS), group.slots(), hidden);
        output(op, "product", down, rows(RowSpaces.PASS), d);
        for (final Region written : new Region[] {down, residual.h(), residual.x()}) {
            Shapes.apart(op, group.experts(), written);
        }
        final long[] words = residual(
                op,
                residual,
                x.address(),
                group.experts().address(),
                group.weights().address(),
                routed,
                shared,
                group.routedCount(),
                group.slots(),
                hidden,
                down.address());
        add(OpCode.EXPERTS_DOWN_CONV, join(words, adapted(op, adapted, group, d)));
    }

    /** Rows whose logits are wanted, or that a block is made of, normed: x [pass, d] → y [output or voice, d]. */
    public void outputNorm(
            final int space,
            final Region x,
            final long w,
            final float eps,
            final float divisor,
            final Region y,
            final int d) {
        final String op = "output norm";
        if (space != RowSpaces.OUTPUT && space != RowSpaces.VOICE) {
            throw new IllegalArgumentException(op + ": rows of space " + space + " are not gathered");
        }
        Shapes.positive(op, "the length of a vector", d);
        Shapes.buffer(op, "input", x, rows(RowSpaces.PASS), d);
        output(op, "output", y, rows(space), d);
        Shapes.table(op, "weight", w);
        add(OpCode.OUTPUT_NORM, space, x.address(), w, bits(eps), bits(divisor), y.address(), d);
    }

    /** The blocks of speech that a pass takes in, one after the other: y [speech, block]. */
    public void speechBlocks(final Region y, final int block) {
        final String op = "speech blocks";
        Shapes.positive(op, "the length of a block", block);
        output(op, "output", y, rows(RowSpaces.SPEECH), block);
        add(OpCode.SPEECH_BLOCKS, y.address(), block);
    }

    /**
     * Noise becomes the blocks of the voice rows, in the EXACT class whatever that of the program.
     *
     * @param head as {@link dev.tactus.kernel.FlowHead#write} writes it for {@code shape}
     * @param condition [voice, hidden]
     * @param blocks [voice, block], for work
     */
    public void flow(final FlowShape shape, final long head, final Region condition, final Region blocks) {
        final String op = "flow";
        Shapes.table(op, "head", head);
        if (!FlowHead.isOf(head, shape)) {
            throw new IllegalArgumentException(op + ": the head was written for another shape than " + shape);
        }
        Shapes.int32(op, "the number of elements of all rows", FlowShape.ROWS, shape.maxK());
        Shapes.buffer(op, "condition", condition, rows(RowSpaces.VOICE), shape.hidden());
        output(op, "blocks", blocks, rows(RowSpaces.VOICE), shape.block());
        Shapes.apart(op, condition, blocks);
        speechScratch = Math.max(speechScratch, speechScratchBytes(isa, shape));
        add(OpCode.FLOW, head, condition.address(), blocks.address());
    }

    /**
     * The jobs of the vocoder.
     *
     * @param tables {@link dev.tactus.kernel.vocoder.VocoderTables#address()}
     * @param mean float32 [80]
     * @param deviation float32 [80]: a log mel is {@code block · deviation + mean}
     * @param state bytes from the session's state to the vocoder's
     */
    public void vocode(final long tables, final Region mean, final Region deviation, final long state) {
        final String op = "vocode";
        Shapes.table(op, "table", tables);
        Shapes.buffer(op, "mean", mean, Vocoder.MELS);
        Shapes.buffer(op, "deviation", deviation, Vocoder.MELS);
        Shapes.carry(op, "the place of the vocoder's state", state);
        bounds.carries();
        speechScratch = Math.max(speechScratch, VOCODER_SCRATCH);
        add(OpCode.VOCODE, tables, mean.address(), deviation.address(), state);
    }

    /** Draws a token for every output row; masks have ⌈vocabularySize / 64⌉ words. */
    public void sample(final Region logits, final int vocabularySize, final Region tokens) {
        final String op = "sample";
        Shapes.positive(op, "the size of the vocabulary", vocabularySize);
        Shapes.buffer(op, "logits", logits, rows(RowSpaces.OUTPUT), vocabularySize);
        output(op, "tokens", tokens, rows(RowSpaces.OUTPUT));
        add(OpCode.SAMPLE, logits.address(), vocabularySize, tokens.address());
    }
}
