package dev.tactus.kernel.cuda;

import dev.tactus.kernel.FlowHead;
import dev.tactus.kernel.FlowShape;
import dev.tactus.kernel.WeightType;
import dev.tactus.memory.OffHeap;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;

/**
 * The weights of a flow head in device memory.
 *
 * @param time float32 [steps, width]: what the time embeddings become
 * @param x [width, block]
 * @param c [width, hidden]
 * @param out [block, width]
 * @param norm float32 [width]
 * @param layers the residual layers
 */
public record FlowWeights(
        long time, FlowHead.Weight x, FlowHead.Weight c, FlowHead.Weight out, long norm, List<FlowHead.Layer> layers) {
    // the int64s of a head, as FlowHead draws them
    private static final int LAYERS = 3;
    private static final int TIME = 5;
    private static final int X = 6;
    private static final int C = 8;
    private static final int OUT = 10;
    private static final int NORM = 12;
    private static final int FIRST_LAYER = 13;
    private static final int LAYER_WORDS = 5;

    /** Makes the list unmodifiable. */
    public FlowWeights {
        layers = List.copyOf(layers);
    }

    /** Where the host has the time table of a head that {@link FlowHead#write} wrote, float32 [steps, width]. */
    public static long timeOf(final long head) {
        return word(head, TIME);
    }

    /**
     * The weights of a head that {@link FlowHead#write} wrote on the host.
     *
     * @param head host address
     * @param shape what it was written for
     * @param onDevice where the device has what the host has at an address
     * @throws IllegalArgumentException when the head is of another shape
     */
    public static FlowWeights of(final long head, final FlowShape shape, final LongUnaryOperator onDevice) {
        if (!FlowHead.isOf(head, shape)) {
            throw new IllegalArgumentException("a flow head was written for another shape than " + shape);
        }
        final List<FlowHead.Layer> layers = new ArrayList<>();
        for (int i = 0; i < word(head, LAYERS); i++) {
            final long layer = word(head, FIRST_LAYER) + (long) i * LAYER_WORDS * Long.BYTES;
            layers.add(new FlowHead.Layer(
                    onDevice.applyAsLong(word(layer, 0)), weight(layer, 1, onDevice), weight(layer, 3, onDevice)));
        }
        return new FlowWeights(
                onDevice.applyAsLong(word(head, TIME)),
                weight(head, X, onDevice),
                weight(head, C, onDevice),
                weight(head, OUT, onDevice),
                onDevice.applyAsLong(word(head, NORM)),
                layers);
    }

    private static long word(final long address, final int word) {
        return OffHeap.getLong(address + (long) word * Long.BYTES);
    }

    private static FlowHead.Weight weight(final long address, final int word, final LongUnaryOperator onDevice) {
        final WeightType type = word(address, word + 1) == 0 ? WeightType.F32 : WeightType.BF16;
        return new FlowHead.Weight(type, onDevice.applyAsLong(word(address, word)));
    }
}
