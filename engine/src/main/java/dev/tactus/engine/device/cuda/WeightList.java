package dev.tactus.engine.device.cuda;

import dev.tactus.engine.model.Experts;
import dev.tactus.engine.model.Matrix;
import dev.tactus.engine.model.Op;
import dev.tactus.engine.model.OpVisitor;
import dev.tactus.engine.model.StepProgram;
import dev.tactus.kernel.AttentionShape;
import dev.tactus.kernel.FlowHead;
import dev.tactus.kernel.FlowShape;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.WeightType;
import dev.tactus.kernel.cuda.FlowWeights;
import dev.tactus.kernel.vocoder.Vocoder;
import dev.tactus.kernel.vocoder.VocoderTables;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the ops of a program read and never write, by address on the host: weights and tables, each once. In FAST_BF16
 * the matrices of its products are listed apart where the model stores them as float32, since they are rounded.
 */
final class WeightList implements OpVisitor<Void> {
    private static final int WINDOW_SAMPLES = 1600;
    private static final int PIXEL_TABLE = 3 * 256;

    private final StepProgram program;
    private final boolean fast;
    private final Map<Long, Long> bytesByAddress = new LinkedHashMap<>();
    private final Map<Long, Long> roundedByAddress = new LinkedHashMap<>();

    /** Lists those of a program in a class. */
    WeightList(final StepProgram program, final NumericClass numerics) {
        this.program = program;
        this.fast = numerics == NumericClass.FAST_BF16;
        program.ops().forEach(op -> op.accept(this));
    }

    /** Bytes by address, in the order of ops. */
    Map<Long, Long> bytesByAddress() {
        return bytesByAddress;
    }

    /** Elements by address of the float32 matrices that are rounded to bfloat16. */
    Map<Long, Long> roundedByAddress() {
        return roundedByAddress;
    }

    /** Bytes of all of them in device memory, each aligned. */
    long bytes() {
        return bytesByAddress.values().stream().mapToLong(WeightList::aligned).sum()
                + roundedByAddress.values().stream()
                        .mapToLong(elements -> aligned(elements * Short.BYTES))
                        .sum();
    }

    /** Bytes that so many take in device memory. */
    static long aligned(final long bytes) {
        return (bytes + SlabArena.ALIGNMENT - 1) & -SlabArena.ALIGNMENT;
    }

    private Void put(final long address, final long bytes) {
        bytesByAddress.merge(address, bytes, Math::max);
        return null;
    }

    private Void floats(final long address, final long count) {
        return put(address, count * Float.BYTES);
    }

    private Void matrix(final Matrix matrix) {
        return put(matrix.address(), matrix.bytes());
    }

    /** A matrix of a product that the FAST class computes in its own way. */
    private Void product(final WeightType type, final long address, final long elements) {
        if (fast && type == WeightType.F32) {
            roundedByAddress.merge(address, elements, Math::max);
            return null;
        }
        return put(address, elements * type.bytes());
    }

    private Void product(final Matrix matrix) {
        return product(matrix.type(), matrix.address(), (long) matrix.rows() * matrix.cols());
    }

    private int columns(final int buffer) {
        return program.buffers().get(buffer).columns();
    }

    @Override
    public Void melFold(final Op.MelFold op) {
        return floats(op.hann(), WINDOW_SAMPLES);
    }

    @Override
    public Void melMagnitude(final Op.MelMagnitude op) {
        return null;
    }

    @Override
    public Void melBin(final Op.MelBin op) {
        return floats(op.thresholds(), op.thresholdCount());
    }

    @Override
    public Void patchPixels(final Op.PatchPixels op) {
        return floats(op.table(), PIXEL_TABLE);
    }

    @Override
    public Void fold(final Op.Fold op) {
        return null;
    }

    @Override
    public Void linear(final Op.Linear op) {
        return op.exact() ? matrix(op.w()) : product(op.w());
    }

    @Override
    public Void rmsNorm(final Op.RmsNorm op) {
        return floats(op.w(), op.d());
    }

    @Override
    public Void gelu(final Op.Gelu op) {
        return null;
    }

    @Override
    public Void audioBag(final Op.AudioBag op) {
        return matrix(op.table());
    }

    @Override
    public Void embed(final Op.Embed op) {
        floats(op.norm(), op.table().cols());
        return matrix(op.table());
    }

    @Override
    public Void keyValue(final Op.KeyValue op) {
        final long taps = (long) op.kernel() * columns(op.k());
        floats(op.keyConv(), taps);
        floats(op.valueConv(), taps);
        return floats(op.keyNorm(), op.shape().headDim());
    }

    @Override
    public Void attention(final Op.Attention op) {
        final AttentionShape shape = op.shape();
        return floats(op.proj(), (long) shape.dRel() * shape.extent());
    }

    @Override
    public Void linearConv(final Op.LinearConv op) {
        floats(op.conv(), (long) op.kernel() * columns(op.h()));
        return product(op.w());
    }

    @Override
    public Void linearSwiglu(final Op.LinearSwiglu op) {
        return product(op.w());
    }

    @Override
    public Void route(final Op.Route op) {
        return floats(op.bias(), op.routed());
    }

    @Override
    public Void expertsUp(final Op.ExpertsUp op) {
        up(op.routed());
        return up(op.shared());
    }

    private Void up(final Experts group) {
        return product(group.upType(), group.up(), 2L * group.count() * group.hidden() * group.width());
    }

    @Override
    public Void expertsDownConv(final Op.ExpertsDownConv op) {
        floats(op.conv(), (long) op.kernel() * columns(op.h()));
        down(op.routed());
        return down(op.shared());
    }

    private Void down(final Experts group) {
        return product(group.downType(), group.down(), (long) group.count() * group.hidden() * group.width());
    }

    @Override
    public Void outputNorm(final Op.OutputNorm op) {
        return floats(op.w(), columns(op.x()));
    }

    @Override
    public Void sample(final Op.Sample op) {
        return null;
    }

    @Override
    public Void speechBlocks(final Op.SpeechBlocks op) {
        return null;
    }

    @Override
    public Void flow(final Op.Flow op) {
        final FlowShape shape = op.shape();
        final int width = shape.width();
        final FlowWeights head = FlowWeights.of(op.head(), shape, address -> address);
        weight(head.x(), width, shape.block());
        weight(head.c(), width, shape.hidden());
        weight(head.out(), shape.block(), width);
        floats(head.norm(), width);
        for (final FlowHead.Layer layer : head.layers()) {
            floats(layer.norm(), width);
            weight(layer.a(), width, width);
            weight(layer.b(), width, width);
        }
        return floats(head.time(), (long) shape.steps() * width);
    }

    private void weight(final FlowHead.Weight weight, final int rows, final int cols) {
        put(weight.address(), (long) rows * cols * weight.type().bytes());
    }

    @Override
    public Void vocode(final Op.Vocode op) {
        floats(op.mean(), Vocoder.MELS);
        floats(op.deviation(), Vocoder.MELS);
        return put(op.tables(), VocoderTables.BYTES);
    }

    @Override
    public Void adapterDown(final Op.AdapterDown op) {
        // factors belong to adapters: DeviceAdapters
        return null;
    }
}
