package dev.tactus.engine.tuning;

import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.DType;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.ModelTensors;
import dev.tactus.engine.model.Tensor;
import dev.tactus.engine.model.TensorSpec;
import dev.tactus.engine.model.VoiceTensors;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
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
 * steers the choice of experts, and mel statistics only normalise speech: they have values and no gradients.
 *
 * <p>A frozen model has values alone, 4 bytes each, and none where a checkpoint holds float32 matrices: those are read
 * in place.
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
    private boolean mapped;

    private Parameters(
            final ModelConfig config,
            final boolean hears,
            final boolean sees,
            final long slabFloats,
            final long values,
            final long gradients) {
        this.config = config;
        this.hears = hears;
        this.sees = sees;
        this.slabFloats = slabFloats;
        this.values = values;
        this.gradients = gradients;
    }

    private static Parameters trained(
            final ModelConfig config,
            final boolean hears,
            final boolean sees,
            final boolean speaks,
            final FreezableArena arena) {
        final List<TensorSpec> specs = ModelTensors.expected(config, hears, sees, speaks);
        final long floats =
                specs.stream().mapToLong(spec -> lines(spec.elements())).sum();
        final Parameters parameters =
                new Parameters(config, hears, sees, floats, allocate(arena, floats), allocate(arena, floats));
        long at = 0;
        for (final TensorSpec spec : specs) {
            final long offset = at * Float.BYTES;
            final long gradient = isUntrained(spec.name()) ? 0 : parameters.gradients + offset;
            parameters.add(spec, parameters.values + offset, gradient);
            at += lines(spec.elements());
        }
        return parameters;
    }

    private static boolean isUntrained(final String name) {
        return name.endsWith(UNTRAINED) || name.equals(VoiceTensors.MEL_MEAN) || name.equals(VoiceTensors.MEL_STD);
    }

    private void add(final TensorSpec spec, final long value, final long gradient) {
        byName.put(spec.name(), new Parameter(spec.name(), spec.shape(), value, gradient, spec.elements()));
    }

    private static long allocate(final FreezableArena arena, final long floats) {
        return arena.allocate(MemoryTag.WEIGHTS, floats * Float.BYTES, 64).address();
    }

    private static long lines(final long elements) {
        return (elements + LINE_FLOATS - 1) & -LINE_FLOATS;
    }

    /**
     * Parameters of a new model, all zero: for an initialisation to fill. It speaks if its configuration has an
     * {@code audio_out}.
     *
     * @param hears whether it has an audio encoder
     * @param sees whether it has an image encoder
     * @param arena takes two slabs, under {@link MemoryTag#WEIGHTS}; not yet frozen
     */
    public static Parameters zeros(
            final ModelConfig config, final boolean hears, final boolean sees, final FreezableArena arena) {
        final boolean speaks =
                config.interaction().flatMap(InteractionConfig::audioOut).isPresent();
        return trained(config, hears, sees, speaks, arena);
    }

    /**
     * The weights of a checkpoint, widened exactly to float32.
     *
     * @param arena takes two slabs, under {@link MemoryTag#WEIGHTS}; not yet frozen
     * @throws InvalidModelException naming tensors that are missing or misshapen
     */
    public static Parameters load(final ModelConfig config, final Checkpoint checkpoint, final FreezableArena arena) {
        final ModelTensors tensors = ModelTensors.check(config, checkpoint);
        final Parameters parameters = trained(config, tensors.audio(), tensors.vision(), tensors.voice(), arena);
        for (final Parameter parameter : parameters.byName.values()) {
            widen(checkpoint.tensor(parameter.name()), parameter.value());
        }
        return parameters;
    }

    /**
     * The weights of a checkpoint, which no one trains: {@link #gradients()} is 0. Float32 matrices are read in place,
     * so the checkpoint must stay open for as long as these are used; nothing may be written to them.
     *
     * @param arena takes a slab for the other tensors, under {@link MemoryTag#WEIGHTS}; not yet frozen
     * @throws InvalidModelException naming tensors that are missing or misshapen
     */
    public static Parameters frozen(final ModelConfig config, final Checkpoint checkpoint, final FreezableArena arena) {
        final ModelTensors tensors = ModelTensors.check(config, checkpoint);
        final long floats = tensors.expected().stream()
                .filter(spec -> !isInPlace(spec, checkpoint.tensor(spec.name())))
                .mapToLong(spec -> lines(spec.elements()))
                .sum();
        final long copies = floats == 0 ? 0 : allocate(arena, floats);
        final Parameters parameters = new Parameters(config, tensors.audio(), tensors.vision(), floats, copies, 0);
        long at = 0;
        for (final TensorSpec spec : tensors.expected()) {
            final Tensor tensor = checkpoint.tensor(spec.name());
            if (isInPlace(spec, tensor)) {
                parameters.add(spec, tensor.address(), 0);
                parameters.mapped = true;
            } else {
                final long copy = copies + at * Float.BYTES;
                widen(tensor, copy);
                parameters.add(spec, copy, 0);
                at += lines(spec.elements());
            }
        }
        return parameters;
    }

    /** Small tensors are not worth a mapped file. It may put a tensor anywhere, and the products want whole floats. */
    private static boolean isInPlace(final TensorSpec spec, final Tensor tensor) {
        final boolean matrix = spec.use() == TensorSpec.Use.MATRIX || spec.use() == TensorSpec.Use.STACK;
        return matrix && tensor.dtype() == DType.F32 && tensor.address() % Float.BYTES == 0;
    }

    private static void widen(final Tensor tensor, final long target) {
        for (long i = 0; i < tensor.elements(); i++) {
            OffHeap.putFloat(target + i * Float.BYTES, tensor.floatAt(i));
        }
    }

    /** Whether any tensor is read in place, so that its checkpoint must stay open. */
    boolean isMapped() {
        return mapped;
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

    /** Whether the model has a head that speaks. */
    public boolean speaks() {
        return byName.containsKey(VoiceTensors.MEL_MEAN);
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

    /**
     * Address of the slab of values; the space between two tensors is zero. Of a frozen model, only those tensors lie
     * there that are not read in place; 0 when there are none.
     */
    public long values() {
        return values;
    }

    /** Address of the slab of gradients, laid out like the values; places without one are zero. 0 when frozen. */
    public long gradients() {
        return gradients;
    }

    /** Floats of a slab, the space between tensors included. */
    public long slabFloats() {
        return slabFloats;
    }

    /** Sets all gradients to zero: once per step, before the first backward pass. */
    public void zeroGradients() {
        if (gradients == 0) {
            return;
        }
        OffHeap.ALL.asSlice(gradients, slabFloats * Float.BYTES).fill((byte) 0);
    }
}
