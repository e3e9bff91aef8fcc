package dev.tactus.kernel.cuda;

import dev.tactus.kernel.FlowHead;
import dev.tactus.kernel.FlowShape;
import dev.tactus.kernel.WeightType;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The flow head of a pass ({@code flow.cuh}): noise, its steps, and the blocks to their places. {@code KernelSet.flow}
 * sets the contract. The thread that owns the context calls.
 *
 * <pre>
 *   scratch   float32   W_c c [rows, width] | h [rows, width] | inside of a layer [rows, width]
 * </pre>
 */
public final class FlowLaunches {
    private static final int NOISE_THREADS = 64;
    private static final int DRAW = 4;
    private static final int THREADS = 256;
    private static final int OUTPUTS = 8;
    private static final int END_THREADS = 128;
    private static final int PRODUCT_BYTES = 72;

    // enum flow_step
    private static final int CONDITION = 0;
    private static final int IN = 1;
    private static final int INSIDE = 2;
    private static final int ADD = 3;
    private static final int OUT = 4;

    private final GenerateLaunches generate;
    private final FlowShape shape;
    private final List<CudaLaunch> launches = new ArrayList<>();

    private FlowLaunches(final GenerateLaunches generate, final FlowShape shape) {
        this.generate = generate;
        this.shape = shape;
    }

    /**
     * Buffers of a pass.
     *
     * @param condition device address of float32 [rows, hidden]: normed rows, before the width divisor
     * @param blocks device address of float32 [rows, block], to work in
     * @param scratch device address of {@link FlowLaunches#scratchBytes} bytes
     */
    public record Buffers(long condition, long blocks, long scratch) {}

    /** Bytes of scratch for {@code rows} voice rows. */
    public static long scratchBytes(final FlowShape shape, final int rows) {
        return 3L * rows * shape.width() * Float.BYTES;
    }

    /**
     * The launches that make the blocks of a pass, in order.
     *
     * @param rows most voice rows of the pass
     * @throws IllegalArgumentException when an address is missing, or the head and the generation differ in shape
     */
    public static List<CudaLaunch> of(
            final GenerateLaunches generate,
            final FlowShape shape,
            final FlowWeights weights,
            final Buffers buffers,
            final int rows) {
        LaunchBuilder.requirePositive("the flow head", rows);
        final long block = generate.field(GenerateField.BLOCK);
        if (block != shape.block() || weights.layers().size() != shape.layers()) {
            throw new IllegalArgumentException(
                    "a flow head of " + weights.layers().size() + " layers and blocks of " + block
                            + " elements: expected those of " + shape);
        }
        final FlowLaunches flow = new FlowLaunches(generate, shape);
        flow.build(weights, buffers, rows);
        return List.copyOf(flow.launches);
    }

    private void build(final FlowWeights weights, final Buffers buffers, final int rows) {
        final int width = shape.width();
        final long wide = (long) rows * width * Float.BYTES;
        final long x = GenerateLaunches.require("blocks", buffers.blocks(), Float.BYTES);
        final long condition = GenerateLaunches.require("scratch of the flow head", buffers.scratch(), Float.BYTES);
        final long h = condition + wide;
        final long inside = h + wide;
        final long draws = LaunchBuilder.blocks(shape.block(), DRAW);
        launches.add(generate.build(
                "tactus_flow_noise", LaunchBuilder.blocks(draws, NOISE_THREADS), rows, NOISE_THREADS, 0, x));
        product(CONDITION, weights.c(), width, shape.hidden(), buffers.condition(), 0, condition, 0, 0);
        for (int step = 0; step < shape.steps(); step++) {
            final long time = weights.time() + (long) step * width * Float.BYTES;
            product(IN, weights.x(), width, shape.block(), x, 0, h, time, condition);
            for (final FlowHead.Layer layer : weights.layers()) {
                product(INSIDE, layer.a(), width, width, h, layer.norm(), inside, 0, 0);
                product(ADD, layer.b(), width, width, inside, 0, h, 0, 0);
            }
            product(OUT, weights.out(), shape.block(), width, h, weights.norm(), x, 0, 0);
        }
        launches.add(generate.build("tactus_flow_end", rows, 1, END_THREADS, 0, x));
    }

    /** Writes {@code struct FlowProduct}. */
    private void product(
            final int step,
            final FlowHead.Weight w,
            final int n,
            final int k,
            final long x,
            final long norm,
            final long y,
            final long time,
            final long condition) {
        GenerateLaunches.require(
                "a matrix of the flow head", w.address(), w.type().bytes());
        GenerateLaunches.require("rows of the flow head", x, Float.BYTES);
        final ByteBuffer bytes = ByteBuffer.allocate(PRODUCT_BYTES).order(ByteOrder.nativeOrder());
        bytes.putLong(w.address())
                .putLong(x)
                .putLong(norm)
                .putLong(y)
                .putLong(time)
                .putLong(condition);
        bytes.putInt(w.type() == WeightType.BF16 ? 1 : 0).putInt(n).putInt(k).putInt(step);
        bytes.putFloat(1f / shape.steps()).putInt(0);
        launches.add(generate.build(
                "tactus_flow_product",
                LaunchBuilder.blocks(n, OUTPUTS),
                1,
                THREADS,
                0,
                MemorySegment.ofArray(bytes.array())));
    }
}
