package dev.tactus.engine.model;

import dev.tactus.kernel.AdapterFactors;
import java.util.ArrayList;
import java.util.List;

/**
 * A model's pass as a flat list of ops over numbered buffers, compiled once from its configuration and weights.
 *
 * <p>The CPU backend interprets it, another backend may launch and capture it; traces and profiles speak its op names.
 * The same program serves prefill and decode: an op whose rows are absent does nothing.
 *
 * <p>Ops run in order. Where op i neither reads nor writes what was written, nor writes what was read, since the last
 * barrier, no barrier stands before it: {@link #barrierBefore}. A program for adapters has ops more,
 * {@link Op.AdapterDown}, that do nothing in a pass whose sessions have none; the barriers around them fall away with
 * them.
 */
public final class StepProgram {
    /** The pseudo-buffer of what sessions keep: KV rings and carries. */
    public static final int SESSION_STATE = 0;

    private final List<BufferSpec> buffers;
    private final List<Op> ops;
    private final int preprocessOps;
    private final int logits;
    private final int sampled;
    private final int conditions;
    private final boolean[] barrierInBase;
    private final boolean[] barrierInAdapted;
    private final List<AdapterFactors.Module> modules;
    private final int adapterRank;

    private StepProgram(final Builder builder) {
        this.buffers = List.copyOf(builder.buffers);
        this.ops = List.copyOf(builder.ops);
        this.preprocessOps = builder.preprocessOps;
        this.logits = builder.logits;
        this.sampled = builder.sampled;
        this.conditions = builder.conditions;
        this.barrierInBase = barriers(ops, buffers.size(), false);
        this.barrierInAdapted = barriers(ops, buffers.size(), true);
        this.modules = List.copyOf(builder.modules);
        this.adapterRank = builder.adapterRank;
    }

    private static boolean[] barriers(final List<Op> ops, final int buffers, final boolean adapted) {
        final boolean[] result = new boolean[ops.size()];
        boolean[] read = new boolean[buffers];
        boolean[] written = new boolean[buffers];
        for (int i = 0; i < result.length; i++) {
            if (!adapted && ops.get(i) instanceof Op.AdapterDown) {
                continue;
            }
            boolean hazard = false;
            for (final int b : ops.get(i).reads()) {
                hazard |= written[b];
            }
            for (final int b : ops.get(i).writes()) {
                hazard |= written[b] | read[b];
            }
            result[i] = hazard;
            if (hazard) {
                read = new boolean[buffers];
                written = new boolean[buffers];
            }
            for (final int b : ops.get(i).reads()) {
                read[b] = true;
            }
            for (final int b : ops.get(i).writes()) {
                written[b] = true;
            }
        }
        return result;
    }

    /** The buffers, by number; number 0 stands for {@link #SESSION_STATE} and has no memory. */
    public List<BufferSpec> buffers() {
        return buffers;
    }

    /** The ops, in order. */
    public List<Op> ops() {
        return ops;
    }

    /**
     * How many of the first ops belong to the stage {@code preprocess}; the others belong to {@code fuse} or
     * {@code generate}.
     */
    public int preprocessOps() {
        return preprocessOps;
    }

    /** The buffer of logits. */
    public int logits() {
        return logits;
    }

    /** The buffer of drawn token ids, int32 per output row. */
    public int sampled() {
        return sampled;
    }

    /** The buffer of what the flow head is told; -1 where the model does not speak. */
    public int conditions() {
        return conditions;
    }

    /**
     * Whether all workers must have finished everything before op {@code i} may start.
     *
     * @param adapted whether a session of the pass has an adapter
     */
    public boolean barrierBefore(final int i, final boolean adapted) {
        return adapted ? barrierInAdapted[i] : barrierInBase[i];
    }

    /** The matrices that adapters may stand beside, by the number that ops know them by. */
    public List<AdapterFactors.Module> modules() {
        return modules;
    }

    /** The largest rank of an adapter; 0 where there are none. */
    public int adapterRank() {
        return adapterRank;
    }

    /** Collects buffers and ops, checking shapes as they come. */
    public static final class Builder {
        private final List<BufferSpec> buffers = new ArrayList<>();
        private final List<Op> ops = new ArrayList<>();
        private final List<AdapterFactors.Module> modules = new ArrayList<>();
        private final int adapterRank;
        private int preprocessOps;
        private int logits = -1;
        private int sampled = -1;
        private int conditions = -1;

        /** An empty program without adapters. */
        public Builder() {
            this(0);
        }

        /** An empty program for adapters of at most this rank. */
        public Builder(final int adapterRank) {
            this.adapterRank = adapterRank;
            buffers.add(new BufferSpec("session state", RowSpace.PASS, 0));
        }

        /** Adds a buffer and returns its number. */
        public int buffer(final String name, final RowSpace space, final int columns) {
            if (columns < 1) {
                throw new IllegalArgumentException(
                        "buffer " + name + " has " + columns + " columns: expected at least 1");
            }
            buffers.add(new BufferSpec(name, space, columns));
            return buffers.size() - 1;
        }

        /** The buffer of that name, added at its first use: buffers that layers share. */
        public int sharedBuffer(final String name, final RowSpace space, final int columns) {
            for (int i = 0; i < buffers.size(); i++) {
                if (buffers.get(i).name().equals(name)) {
                    return i;
                }
            }
            return buffer(name, space, columns);
        }

        /**
         * Adds an op.
         *
         * @throws IllegalArgumentException when it does not fit its buffers
         */
        public Builder add(final Op op) {
            op.accept(new ShapeCheck(buffers, modules, adapterRank));
            ops.add(op);
            return this;
        }

        /** Numbers a matrix, or a stack of them, that adapters may stand beside. */
        public int module(final String tensor, final int experts, final int rows, final int cols) {
            modules.add(new AdapterFactors.Module(tensor, experts, rows, cols));
            return modules.size() - 1;
        }

        /** Ends the stage {@code preprocess}. */
        public Builder endPreprocess() {
            preprocessOps = ops.size();
            return this;
        }

        /** Names the buffer of what the flow head is told. */
        public Builder conditions(final int buffer) {
            conditions = buffer;
            return this;
        }

        /** Names the buffers of logits and drawn tokens, and builds. */
        public StepProgram build(final int logitsBuffer, final int sampledBuffer) {
            logits = logitsBuffer;
            sampled = sampledBuffer;
            return new StepProgram(this);
        }
    }
}
