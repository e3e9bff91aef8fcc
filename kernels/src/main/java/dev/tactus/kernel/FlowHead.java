package dev.tactus.kernel;

import dev.tactus.memory.OffHeap;
import java.util.List;

/**
 * A flow head in native memory, as kernels read it: {@code struct tactus_flow}, its layers, and what its time
 * embeddings become at every step.
 *
 * <pre>
 *   int64 [14]            hidden, block, width, layers, steps | time | x, c, out: address, type | norm
 *                         | where the first layer's int64s stand
 *   int64 [layers, 5]     norm | a, b: address, type
 *   float32 [steps, width] W_t e(n / N)                           64-byte aligned
 * </pre>
 *
 * <p>Types are 0 for float32, 1 for bfloat16. It refers to weights that their owner keeps; whoever gave the memory owns
 * it. Immutable once written, for any thread.
 */
public final class FlowHead {
    static final int LAYER_WORDS = 5;

    private static final int WORDS = 14;
    private static final int LINE = 64;
    private static final int HIDDEN = 0;
    private static final int BLOCK = 1;
    private static final int WIDTH = 2;
    private static final int LAYERS = 3;
    private static final int STEPS = 4;
    static final int TIME = 5;
    static final int X = 6;
    static final int C = 8;
    static final int OUT = 10;
    static final int NORM = 12;
    private static final int FIRST_LAYER = 13;
    static final int LAYER_NORM = 0;
    static final int LAYER_A = 1;
    static final int LAYER_B = 3;

    /** A matrix in place, [outputs, inputs], at any alignment. */
    public record Weight(WeightType type, long address) {}

    /**
     * A residual layer.
     *
     * @param norm address of float32 [width]
     * @param a [width, width]
     * @param b [width, width]
     */
    public record Layer(long norm, Weight a, Weight b) {}

    /**
     * All weights of a head.
     *
     * @param x W_x [width, block]
     * @param t W_t [width, timeEmbedding]
     * @param c W_c [width, hidden]
     * @param layers the residual layers
     * @param norm address of float32 [width]
     * @param out W_o [block, width]
     * @param timeEmbedding elements of e(t), even
     */
    public record Weights(Weight x, Weight t, Weight c, List<Layer> layers, long norm, Weight out, int timeEmbedding) {
        /** Makes the list unmodifiable. */
        public Weights {
            layers = List.copyOf(layers);
        }
    }

    private FlowHead() {}

    /** Bytes that {@link #write} fills. */
    public static long bytes(final FlowShape shape) {
        return timeOffset(shape) + (long) shape.steps() * shape.width() * Float.BYTES;
    }

    private static long timeOffset(final FlowShape shape) {
        return (Long.BYTES * (WORDS + (long) LAYER_WORDS * shape.layers()) + LINE - 1) & -LINE;
    }

    /**
     * Writes a head.
     *
     * @param embedding address of float32 [timeEmbedding], overwritten
     * @param target {@link #bytes} bytes, 64-byte aligned
     * @throws IllegalArgumentException when the layers are not as many as the shape says
     */
    public static void write(final FlowShape shape, final Weights weights, final long embedding, final long target) {
        if (weights.layers().size() != shape.layers()) {
            throw new IllegalArgumentException(
                    "flow head: " + weights.layers().size() + " layers: expected " + shape.layers());
        }
        final long time = target + timeOffset(shape);
        put(target, HIDDEN, shape.hidden());
        put(target, BLOCK, shape.block());
        put(target, WIDTH, shape.width());
        put(target, LAYERS, shape.layers());
        put(target, STEPS, shape.steps());
        put(target, TIME, time);
        put(target, X, weights.x());
        put(target, C, weights.c());
        put(target, OUT, weights.out());
        put(target, NORM, weights.norm());
        put(target, FIRST_LAYER, target + (long) WORDS * Long.BYTES);
        for (int i = 0; i < shape.layers(); i++) {
            final long at = layer(target, i);
            put(at, LAYER_NORM, weights.layers().get(i).norm());
            put(at, LAYER_A, weights.layers().get(i).a());
            put(at, LAYER_B, weights.layers().get(i).b());
        }
        for (int n = 0; n < shape.steps(); n++) {
            FlowTime.embed((double) n / shape.steps(), embedding, weights.timeEmbedding());
            final long row = time + (long) n * shape.width() * Float.BYTES;
            project(weights.t(), embedding, weights.timeEmbedding(), row, shape.width());
        }
    }

    private static void project(final Weight t, final long embedding, final int k, final long target, final int width) {
        for (int i = 0; i < width; i++) {
            final long row = t.address() + (long) i * k * t.type().bytes();
            final float dot = t.type() == WeightType.BF16
                    ? ExactMath.dotBfloat16(embedding, row, k)
                    : ExactMath.dot(embedding, row, k);
            OffHeap.putFloat(target + (long) i * Float.BYTES, dot);
        }
    }

    private static void put(final long address, final int word, final long value) {
        OffHeap.putLong(address + (long) word * Long.BYTES, value);
    }

    private static void put(final long address, final int word, final Weight weight) {
        put(address, word, weight.address());
        put(address, word + 1, weight.type() == WeightType.BF16 ? 1 : 0);
    }

    /** A word of the head, or of a layer of it. */
    static long word(final long address, final int word) {
        return OffHeap.getLong(address + (long) word * Long.BYTES);
    }

    /** Where the words of a layer stand. */
    static long layer(final long head, final int layer) {
        return head + (WORDS + (long) layer * LAYER_WORDS) * Long.BYTES;
    }

    /** The type of the matrix whose address stands at {@code word}. */
    static WeightType type(final long address, final int word) {
        return word(address, word + 1) == 0 ? WeightType.F32 : WeightType.BF16;
    }

    /** Whether the head at an address was written for a shape. */
    public static boolean isOf(final long head, final FlowShape shape) {
        return hidden(head) == shape.hidden()
                && block(head) == shape.block()
                && width(head) == shape.width()
                && layers(head) == shape.layers()
                && steps(head) == shape.steps();
    }

    /** The size a head was written with. */
    static int hidden(final long head) {
        return (int) word(head, HIDDEN);
    }

    static int block(final long head) {
        return (int) word(head, BLOCK);
    }

    static int width(final long head) {
        return (int) word(head, WIDTH);
    }

    static int layers(final long head) {
        return (int) word(head, LAYERS);
    }

    static int steps(final long head) {
        return (int) word(head, STEPS);
    }
}
