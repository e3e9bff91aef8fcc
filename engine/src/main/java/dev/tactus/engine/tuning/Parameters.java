package dev.tactus.engine.tuning;

import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.ModelTensors;
import dev.tactus.engine.model.Tensor;
import dev.tactus.engine.model.TensorSpec;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The float32 masters of a model and their gradients: every tensor under its name and with its shape in a checkpoint.
 *
 * <pre>
 *   values      embed | embed_norm | layers.0 … | unembed     each tensor on a cache line of its own
 *   gradients   the same layout
 * </pre>
 *
 * <p>8 bytes per parameter; the two moments of AdamW, which the optimiser owns, make it 16. {@code mlp.gate.bias} only
 * steers the choice of experts: it has a value and no gradient.
 *
 * <p>The arena owns the memory. One thread at a time changes values; a {@link TrainingPass} reads them and adds to the
 * gradients.
 */
public final class Parameters {
    private static final int LINE_FLOATS = 16;
    private static final String UNTRAINED = ".mlp.gate.bias";

    private final ModelConfig config;
    private final boolean hears;
    private final boolean sees;
    private final Map<String, Parameter> byName = new LinkedHashMap<>();
    private final long slabFloats;
    private final long values;
    private final long gradients;

    private Parameters(final ModelConfig config, final boolean hears, final boolean sees, final FreezableArena arena) {
        this.config = config;
        this.hears = hears;
        this.sees = sees;
        final List<TensorSpec> specs = ModelTensors.expected(config, hears, sees);
        this.slabFloats =
                specs.stream().mapToLong(spec -> lines(spec.elements())).sum();
        this.values = allocate(arena);
        this.gradients = allocate(arena);
        long at = 0;
        for (final TensorSpec spec : specs) {
            final long gradient = spec.name().endsWith(UNTRAINED) ? 0 : gradients + at * Float.BYTES;
            byName.put(
                    spec.name(),
                    new Parameter(spec.name(), spec.shape(), values + at * Float.BYTES, gradient, spec.elements()));
            at += lines(spec.elements());
        }
    }

    private long allocate(final FreezableArena arena) {
        return arena.allocate(MemoryTag.WEIGHTS, slabFloats * Float.BYTES, 64).address();
    }

    private static long lines(final long elements) {
        return (elements + LINE_FLOATS - 1) & -LINE_FLOATS;
    }

    /**
     * Parameters of a new model, all zero: for an initialisation to fill.
     *
     * @param hears whether it has an audio encoder
     * @param sees whether it has an image encoder
     * @param arena takes two slabs, under {@link MemoryTag#WEIGHTS}; not yet frozen
     */
    public static Parameters zeros(
            final ModelConfig config, final boolean hears, final boolean sees, final FreezableArena arena) {
        return new Parameters(config, hears, sees, arena);
    }

    /**
     * The weights of a checkpoint, widened exactly to float32.
     *
     * @param arena takes two slabs, under {@link MemoryTag#WEIGHTS}; not yet frozen
     * @throws InvalidModelException naming tensors that are missing or misshapen
     */
    public static Parameters load(final ModelConfig config, final Checkpoint checkpoint, final FreezableArena arena) {
        final ModelTensors tensors = ModelTensors.check(config, checkpoint);
        final Parameters parameters = new Parameters(config, tensors.audio(), tensors.vision(), arena);
        for (final Parameter parameter : parameters.byName.values()) {
            widen(checkpoint.tensor(parameter.name()), parameter.value());
        }
        return parameters;
    }

    private static void widen(final Tensor tensor, final long target) {
        final MemorySegment data = tensor.data();
        for (long i = 0; i < tensor.elements(); i++) {
            OffHeap.putFloat(target + i * Float.BYTES, element(tensor, data, i));
        }
    }

    private static float element(final Tensor tensor, final MemorySegment data, final long index) {
        return switch (tensor.dtype()) {
            case BF16 -> Float.intBitsToFloat(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, index * Short.BYTES) << 16);
            case F16 -> Float.float16ToFloat(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, index * Short.BYTES));
            case F32 -> data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, index * Float.BYTES);
            default -> throw new InvalidModelException("tensor " + tensor + ": expected BF16, F16 or F32");
        };
    }

    /** The configuration of the model. */
    public ModelConfig config() {
        return config;
    }

    /** Whether the model has an audio encoder. */
    public boolean hears() {
        return hears;
    }

    /** Whether the model has an image encoder. */
    public boolean sees() {
        return sees;
    }

    /** All tensors, in the order of {@link ModelTensors#expected}. */
    public List<Parameter> all() {
        return new ArrayList<>(byName.values());
    }

    /**
     * The tensor of a name.
     *
     * @throws InvalidModelException when the model has none
     */
    public Parameter get(final String name) {
        final Parameter parameter = byName.get(name);
        if (parameter == null) {
            throw new InvalidModelException("tensor " + name + ": no parameter of this model");
        }
        return parameter;
    }

    /** The number of parameters, those without a gradient included. */
    public long count() {
        return byName.values().stream().mapToLong(Parameter::elements).sum();
    }

    /** Address of the slab of values; the space between two tensors is zero. */
    public long values() {
        return values;
    }

    /** Address of the slab of gradients, laid out like the values; places without a gradient are zero. */
    public long gradients() {
        return gradients;
    }

    /** Floats of a slab, the space between tensors included. */
    public long slabFloats() {
        return slabFloats;
    }

    /** Sets all gradients to zero: once per step, before the first backward pass. */
    public void zeroGradients() {
        OffHeap.ALL.asSlice(gradients, slabFloats * Float.BYTES).fill((byte) 0);
    }
}
