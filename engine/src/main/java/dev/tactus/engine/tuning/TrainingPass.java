package dev.tactus.engine.tuning;

import dev.tactus.engine.model.AudioOutConfig;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.LayerConfig;
import dev.tactus.engine.model.TextConfig;
import dev.tactus.engine.model.VisionStages;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.c.NativeKernels;
import dev.tactus.memory.FreezableArena;
import java.util.ArrayList;
import java.util.List;

/**
 * The forward pass of a model over a packed batch, and its gradients.
 *
 * <p><b>Forward</b> computes with the ops of the EXACT class in the order of the engine's step program, on the float32
 * masters: a position's logits are, to the bit, those that the engine gives for the same sequence. Every sequence
 * starts at position 0 with empty carries and sees nothing of the others.
 *
 * <p><b>Backward</b> is reverse mode by hand. Its sums have an order that depends on shapes alone, so gradients are the
 * same to the bit however many workers the crew has. They are added to {@link Parameters#gradients()}. Nothing is
 * computed for what is frozen, and nothing below the lowest layer that is trained.
 *
 * <p><b>Memory.</b> A layer keeps about {@code 4·d + 2·H·D + 4·G·D + H·d_rel + 2·I} floats per position (a mixture of
 * experts {@code 2·I} per chosen expert), the logits twice the vocabulary per output. Probabilities are not kept: the
 * backward pass computes them again, 64 queries of one head at a time.
 *
 * <p>A step: {@code parameters.zeroGradients(); forward(batch);} write {@link #logitGradients()}; {@code backward()}. A
 * step of several batches repeats the last three. One thread calls. All memory is taken from the arena here, and the
 * arena's owner frees it; the crew stays its maker's.
 */
public final class TrainingPass {
    private final Compute compute;
    private final PackedRows rows;
    private final TextEmbedding embedding;
    private final List<MediaEncoder> encoders = new ArrayList<>();
    private final List<BlockLayer> layers = new ArrayList<>();
    private final OutputHead head;
    private final SpeechEncoder speechEncoder;
    private final SpeechHead speechHead;
    private final int d;
    private final int vocabulary;
    private final int lowest;
    private final long media;
    private final long last;
    private final long dx;
    private final float[] speechSlopes;
    private boolean ready;
    private boolean spoken;

    /**
     * A pass with memory for the largest batch.
     *
     * @param kernels of the EXACT class
     * @param crew the threads that compute
     * @param arena takes all buffers; not yet frozen
     */
    public TrainingPass(
            final Parameters parameters,
            final KernelSet kernels,
            final Crew crew,
            final TrainingLimits limits,
            final FreezableArena arena) {
        this(parameters, null, kernels, products(), crew, limits, arena);
    }

    /** A pass that trains factors beside the matrices, where they are not null, and else what the parameters say. */
    TrainingPass(
            final Parameters parameters,
            final Factors factors,
            final KernelSet kernels,
            final Products products,
            final Crew crew,
            final TrainingLimits limits,
            final FreezableArena arena) {
        final TextConfig text = parameters.config().text();
        d = text.hidden();
        vocabulary = text.unpaddedVocab();
        compute = new Compute(kernels, products, crew, factors, longestRow(parameters), longestHead(text), arena);
        rows = new PackedRows(parameters, limits);
        embedding = new TextEmbedding(compute, parameters, limits.positions());
        if (parameters.hears() && limits.audio() > 0) {
            encoders.add(new AudioEncoder(compute, parameters, limits.audio()));
        }
        if (parameters.sees() && limits.patches() > 0) {
            encoders.add(new VisionEncoder(compute, parameters, limits.patches()));
        }
        final boolean speaks = parameters.speaks() && limits.speech() > 0;
        speechEncoder = speaks ? new SpeechEncoder(compute, parameters, limits.speech()) : null;
        if (speaks) {
            encoders.add(speechEncoder);
        }
        final BlockLayer.Shared shared = new BlockLayer.Shared(compute, text, limits);
        for (final LayerConfig layer : text.layers()) {
            layers.add(new BlockLayer(compute, parameters, layer, limits, shared));
        }
        head = new OutputHead(compute, parameters, limits.outputs());
        speechHead = speaks ? new SpeechHead(compute, parameters, limits.speech()) : null;
        speechSlopes = new float[limits.speech()];
        media = compute.buffer(Math.max(limits.speech(), Math.max(limits.audio(), limits.patches())), d);
        last = compute.buffer(limits.positions(), d);
        dx = compute.buffer(limits.positions(), d);
        compute.conclude();
        lowest = lowest();
    }

    /** The number of the lowest layer that anything is trained in or below; as many as there are layers for none. */
    private int lowest() {
        int layer = 0;
        while (!embedding.learns()
                && layer < layers.size()
                && !layers.get(layer).learns()) {
            layer++;
        }
        return layer;
    }

    /** In C where C can run, in Java elsewhere: the bits are the same. */
    static Products products() {
        final NativeKernels library = NativeKernels.load();
        return library.isAvailable() ? new NativeProducts(library.detected()) : new JavaProducts();
    }

    private static int longestRow(final Parameters parameters) {
        final TextConfig text = parameters.config().text();
        int longest = Math.max(text.hidden(), Math.max(text.denseIntermediate(), text.moeIntermediate()));
        for (final LayerConfig layer : text.layers()) {
            longest = Math.max(longest, layer.queryWidth());
        }
        if (parameters.speaks()) {
            final AudioOutConfig voice = parameters
                    .config()
                    .interaction()
                    .flatMap(InteractionConfig::audioOut)
                    .orElseThrow();
            longest = Math.max(longest, SpeechHead.longestRow(voice));
        }
        if (parameters.sees()) {
            for (final VisionStages.Stage stage :
                    parameters.config().visionStages().stages()) {
                longest = Math.max(longest, Math.max(stage.inputs(), stage.outputs()));
            }
        }
        return longest;
    }

    private static int longestHead(final TextConfig text) {
        int longest = text.dRel();
        for (final LayerConfig layer : text.layers()) {
            longest = Math.max(longest, layer.headDim());
        }
        return longest;
    }

    /**
     * Computes the logits of a batch and keeps its activations.
     *
     * @throws dev.tactus.engine.model.InvalidModelException when ids, bins or patches do not fit the model or each
     *     other
     * @throws IllegalArgumentException when the batch exceeds the limits of the pass
     */
    public void forward(final List<Example> batch) {
        ready = false;
        spoken = false;
        rows.pack(batch);
        final long x = layers.get(0).input();
        embedding.forward(rows, x);
        for (final MediaEncoder encoder : encoders) {
            if (count(encoder) > 0) {
                encoder.forward(rows, media);
                copyMedia(encoder.kind(), media, x, false);
            }
        }
        for (int i = 0; i < layers.size(); i++) {
            layers.get(i)
                    .forward(rows, i + 1 < layers.size() ? layers.get(i + 1).input() : last);
        }
        head.forward(rows, last);
        if (rows.speech() > 0) {
            speechHead.condition(rows, last);
        }
        ready = true;
    }

    /**
     * Computes the loss of every block of speech of the batch. After a forward pass, and before its backward pass,
     * which then knows of it.
     *
     * @param weights [blocks] what the blocks count; 0 leaves one out
     * @return the sums over blocks, in their order
     * @throws TrainingException when the loss of a block is NaN or infinite: nothing was added to the gradients
     * @throws IllegalStateException without a forward pass before it
     */
    public SpeechTotals speech(final SpeechLoss loss, final float[] weights) {
        if (!ready || weights.length != rows.speech()) {
            throw new IllegalStateException(
                    "speech " + (ready ? "of " + weights.length + " weights" : "without forward")
                            + ": expected one forward pass before it, and " + rows.speech() + " weights");
        }
        if (rows.speech() == 0) {
            return SpeechTotals.NONE;
        }
        speechHead.forward(rows.speech(), speechEncoder.blocks(), loss);
        double sum = 0;
        double weight = 0;
        long blocks = 0;
        for (int i = 0; i < weights.length; i++) {
            final float found = speechHead.loss(i);
            speechSlopes[i] = weights[i] * loss.factor();
            if (!Float.isFinite(found) || !Float.isFinite(speechSlopes[i])) {
                throw new TrainingException("block " + i + " of speech: loss " + found + ", weight " + weights[i]
                        + ", factor " + loss.factor() + ": expected finite numbers");
            }
            sum += (double) weights[i] * found;
            weight += weights[i];
            blocks += weights[i] == 0f ? 0 : 1;
        }
        spoken = true;
        return new SpeechTotals(sum, weight, blocks);
    }

    /** Blocks of speech of the batch: those of its sequences, in order. */
    public int blocks() {
        return rows.speech();
    }

    /**
     * What the flow head is told about every block of the batch, float32 [blocks, d], until the next forward pass; 0
     * for a model that does not speak.
     */
    public long conditions() {
        return speechHead == null ? 0 : speechHead.conditions();
    }

    private int count(final MediaEncoder encoder) {
        return switch (encoder.kind()) {
            case PackedRows.AUDIO -> rows.audio();
            case PackedRows.PATCH -> rows.patches();
            default -> rows.speech();
        };
    }

    /** Copies between the vectors of an encoder and the rows that they stand in. */
    private void copyMedia(final byte kind, final long vectors, final long x, final boolean gather) {
        compute.forRows(rows.rows(), d, (worker, row) -> {
            if (rows.kind(row) == kind) {
                final long vector = Floats.row(vectors, rows.value(row), d);
                final long place = Floats.row(x, row, d);
                Floats.copy(gather ? place : vector, gather ? vector : place, d);
            }
        });
    }

    /** Outputs of the batch: the wanted positions of its sequences, in order. */
    public int outputs() {
        return rows.outputs();
    }

    /** Logits of a position: the unpadded vocabulary. */
    public int vocabulary() {
        return vocabulary;
    }

    /** Logits of the batch, float32 [outputs, vocabulary], until the next forward pass. */
    public long logits() {
        return head.logits();
    }

    /** Where the loss writes d loss / d logits, float32 [outputs, vocabulary], before {@link #backward()}. */
    public long logitGradients() {
        return head.logitGradients();
    }

    /** The threads of the pass, for a loss to share its rows. */
    public Crew crew() {
        return compute.crew;
    }

    /**
     * Adds the gradients of the batch to those of what is trained. Once per forward pass.
     *
     * @throws IllegalStateException without a forward pass before it
     */
    public void backward() {
        if (!ready) {
            throw new IllegalStateException("backward without forward: expected one forward pass before each");
        }
        ready = false;
        final long stream = lowest < layers.size() ? dx : 0;
        head.backward(rows, stream);
        if (spoken) {
            speechHead.backward(rows, speechSlopes, stream);
        }
        for (int i = layers.size() - 1; i >= lowest; i--) {
            layers.get(i).backward(rows, dx, i > lowest || embedding.learns());
        }
        if (!embedding.learns()) {
            return;
        }
        embedding.backward(rows, dx);
        for (final MediaEncoder encoder : encoders) {
            if (count(encoder) > 0) {
                copyMedia(encoder.kind(), media, dx, true);
                encoder.backward(rows, media);
            }
        }
    }
}
