package dev.tactus.engine.model;

import dev.tactus.kernel.AttentionShape;
import dev.tactus.kernel.FlowShape;

/**
 * One op of a {@link StepProgram}: what is computed, over which buffers and weights; not how. Buffers are numbers,
 * addresses of weights and tables are native and outlive the program. The arithmetic is that of
 * {@link dev.tactus.kernel.KernelSet}'s method of the same name.
 */
public sealed interface Op {
    /** A name for traces and profiles, unique in its program. */
    String name();

    /** Buffers it reads. */
    int[] reads();

    /** Buffers it writes. */
    int[] writes();

    /** What its rows follow. */
    RowSpace space();

    /** Calls the visitor's method for this op. */
    <T> T accept(OpVisitor<T> visitor);

    /** Windows and folds 50 ms of audio with its left context: samples → even [801], odd [799]. */
    record MelFold(String name, long hann, int even, int odd) implements Op {
        @Override
        public int[] reads() {
            return new int[0];
        }

        @Override
        public int[] writes() {
            return new int[] {even, odd};
        }

        @Override
        public RowSpace space() {
            return RowSpace.AUDIO;
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.melFold(this);
        }
    }

    /** Real and imaginary parts → magnitudes. */
    record MelMagnitude(String name, int re, int im, int magnitude, int columns) implements Op {
        @Override
        public int[] reads() {
            return new int[] {re, im};
        }

        @Override
        public int[] writes() {
            return new int[] {magnitude};
        }

        @Override
        public RowSpace space() {
            return RowSpace.AUDIO;
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.melMagnitude(this);
        }
    }

    /** Mel energies → dMel bins (int32), or the bins that the plan gives. */
    record MelBin(String name, int mel, long thresholds, int thresholdCount, int bins, int mels) implements Op {
        @Override
        public int[] reads() {
            return new int[] {mel};
        }

        @Override
        public int[] writes() {
            return new int[] {bins};
        }

        @Override
        public RowSpace space() {
            return RowSpace.AUDIO;
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.melBin(this);
        }
    }

    /** A patch of two frames → normalised pixels, or the pixels that the plan gives. */
    record PatchPixels(String name, int patch, int frameWidth, long table, int pixels) implements Op {
        @Override
        public int[] reads() {
            return new int[0];
        }

        @Override
        public int[] writes() {
            return new int[] {pixels};
        }

        @Override
        public RowSpace space() {
            return RowSpace.PATCH;
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.patchPixels(this);
        }
    }

    /** Folds (t, h, w) neighbourhoods of a patch into channels. */
    record Fold(String name, int x, int t, int h, int w, int c, int ft, int fh, int fw, int y) implements Op {
        @Override
        public int[] reads() {
            return new int[] {x};
        }

        @Override
        public int[] writes() {
            return new int[] {y};
        }

        @Override
        public RowSpace space() {
            return RowSpace.PATCH;
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.fold(this);
        }
    }

    /**
     * y = W x for each of {@code perRow} vectors of a row.
     *
     * @param exact whether it is computed as in the EXACT class in every class of numerics: routers and tables
     */
    record Linear(String name, RowSpace space, int x, Matrix w, int y, int perRow, boolean exact, Adapted adapted)
            implements Op {
        /** Without adapters. */
        public Linear(
                final String name,
                final RowSpace space,
                final int x,
                final Matrix w,
                final int y,
                final int perRow,
                final boolean exact) {
            this(name, space, x, w, y, perRow, exact, Adapted.NONE);
        }

        @Override
        public int[] reads() {
            return adapted.withInput(x);
        }

        @Override
        public int[] writes() {
            return new int[] {y};
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.linear(this);
        }
    }

    /** Root-mean-square norm of each of {@code perRow} vectors of {@code d} of a row; y may be x. */
    record RmsNorm(String name, RowSpace space, int x, long w, int y, int d, int perRow, float eps) implements Op {
        @Override
        public int[] reads() {
            return new int[] {x};
        }

        @Override
        public int[] writes() {
            return new int[] {y};
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.rmsNorm(this);
        }
    }

    /** Exact GELU in place. */
    record Gelu(String name, RowSpace space, int x, int columns) implements Op {
        @Override
        public int[] reads() {
            return new int[] {x};
        }

        @Override
        public int[] writes() {
            return new int[] {x};
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.gelu(this);
        }
    }

    /** dMel bins → the sum of their table rows. */
    record AudioBag(String name, int bins, Matrix table, int mels, int binsPerMel, int y) implements Op {
        @Override
        public int[] reads() {
            return new int[] {bins};
        }

        @Override
        public int[] writes() {
            return new int[] {y};
        }

        @Override
        public RowSpace space() {
            return RowSpace.AUDIO;
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.audioBag(this);
        }
    }

    /**
     * The input of every position: a normed token embedding, or the vector of an encoder.
     *
     * @param audio buffer of audio vectors, -1 when the model does not hear
     * @param vision buffer of patch vectors, -1 when it does not see
     * @param speech buffer of the vectors of blocks of speech, -1 when it does not speak
     */
    record Embed(String name, Matrix table, long norm, float eps, int audio, int vision, int speech, int y)
            implements Op {
        @Override
        public int[] reads() {
            return new int[] {Math.max(0, audio), Math.max(0, vision), Math.max(0, speech)};
        }

        @Override
        public int[] writes() {
            return new int[] {y};
        }

        @Override
        public RowSpace space() {
            return RowSpace.PASS;
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.embed(this);
        }
    }

    /**
     * Short convolutions of keys and values, the key norm, and the append to the session's ring.
     *
     * @param shape of the layer's attention
     * @param local whether the layer uses the local pages
     * @param kernel taps of the convolution
     * @param keyCarry bytes from the session's state to the key carry
     * @param valueCarry likewise for values
     */
    record KeyValue(
            String name,
            AttentionShape shape,
            boolean local,
            int k,
            int v,
            int kOut,
            int vOut,
            long keyConv,
            long valueConv,
            int kernel,
            long keyCarry,
            long valueCarry,
            long keyNorm,
            float eps)
            implements Op {
        @Override
        public int[] reads() {
            return new int[] {k, v};
        }

        @Override
        public int[] writes() {
            return new int[] {kOut, vOut, StepProgram.SESSION_STATE};
        }

        @Override
        public RowSpace space() {
            return RowSpace.PASS;
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.keyValue(this);
        }
    }

    /** Attention over the session's ring with the relative bias. */
    record Attention(String name, AttentionShape shape, boolean local, int q, int r, long proj, int y) implements Op {
        @Override
        public int[] reads() {
            return new int[] {q, r, StepProgram.SESSION_STATE};
        }

        @Override
        public int[] writes() {
            return new int[] {y};
        }

        @Override
        public RowSpace space() {
            return RowSpace.PASS;
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.attention(this);
        }
    }

    /**
     * h = (W x)·scale, then residual = residual + (h + conv(h)): the end of an attention or MLP block.
     *
     * @param scaled whether {@code scale} is applied
     * @param carry bytes from the session's state to the carry of the convolution
     */
    record LinearConv(
            String name,
            int x,
            Matrix w,
            boolean scaled,
            float scale,
            int h,
            long conv,
            int kernel,
            long carry,
            int residual,
            Adapted adapted)
            implements Op {
        @Override
        public int[] reads() {
            return adapted.withInput(x, residual);
        }

        @Override
        public int[] writes() {
            return new int[] {h, residual};
        }

        @Override
        public RowSpace space() {
            return RowSpace.PASS;
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.linearConv(this);
        }
    }

    /** gu = W x with interleaved gate and up rows, then y = silu(gate)·up. */
    record LinearSwiglu(String name, int x, Matrix w, int gateUp, int y, Adapted adapted) implements Op {
        @Override
        public int[] reads() {
            return adapted.withInput(x);
        }

        @Override
        public int[] writes() {
            return new int[] {gateUp, y};
        }

        @Override
        public RowSpace space() {
            return RowSpace.PASS;
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.linearSwiglu(this);
        }
    }

    /** Chooses the experts of each row. */
    record Route(
            String name, int z, long bias, int routed, int shared, int chosen, float scale, int experts, int weights)
            implements Op {
        @Override
        public int[] reads() {
            return new int[] {z};
        }

        @Override
        public int[] writes() {
            return new int[] {experts, weights};
        }

        @Override
        public RowSpace space() {
            return RowSpace.PASS;
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.route(this);
        }
    }

    /**
     * The gated hidden vectors of the chosen and the shared experts of each row, [K + S, I]. A shared expert's is
     * multiplied by its weight here.
     */
    record ExpertsUp(
            String name,
            int x,
            int experts,
            int weights,
            Experts routed,
            Experts shared,
            int chosen,
            int gateUp,
            int y,
            Adapted adapted)
            implements Op {
        @Override
        public int[] reads() {
            return adapted.withInput(x, experts, weights);
        }

        @Override
        public int[] writes() {
            return new int[] {gateUp, y};
        }

        @Override
        public RowSpace space() {
            return RowSpace.PASS;
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.expertsUp(this);
        }
    }

    /**
     * The experts' down projections, combined: h = fma(p, y, h) over the chosen in rank order from +0, then the shared
     * ones added; then residual = residual + (h + conv(h)).
     */
    record ExpertsDownConv(
            String name,
            int x,
            int experts,
            int weights,
            Experts routed,
            Experts shared,
            int chosen,
            int down,
            int h,
            long conv,
            int kernel,
            long carry,
            int residual,
            Adapted adapted)
            implements Op {
        @Override
        public int[] reads() {
            return adapted.withInput(x, experts, weights, residual);
        }

        @Override
        public int[] writes() {
            return new int[] {down, h, residual};
        }

        @Override
        public RowSpace space() {
            return RowSpace.PASS;
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.expertsDownConv(this);
        }
    }

    /**
     * Gathers the rows whose logits are wanted, normed and divided by the width multiplier; or those that a block of
     * speech is made of, divided by 1.
     *
     * @param gathered {@link RowSpace#OUTPUT} or {@link RowSpace#VOICE}
     */
    record OutputNorm(String name, RowSpace gathered, int x, long w, float eps, float divisor, int y) implements Op {
        @Override
        public int[] reads() {
            return new int[] {x};
        }

        @Override
        public int[] writes() {
            return new int[] {y};
        }

        @Override
        public RowSpace space() {
            return RowSpace.PASS;
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.outputNorm(this);
        }
    }

    /** The blocks of speech that the pass takes in, from where they stand. */
    record SpeechBlocks(String name, int y) implements Op {
        @Override
        public int[] reads() {
            return new int[0];
        }

        @Override
        public int[] writes() {
            return new int[] {y};
        }

        @Override
        public RowSpace space() {
            return RowSpace.SPEECH;
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.speechBlocks(this);
        }
    }

    /**
     * Noise, where the pass says that a block goes, becomes the block; nothing in a teacher-forced pass.
     *
     * <p>A session has places for two blocks, used in turn: what a pass takes in and makes sound of stands in one, what
     * it makes goes into the other. So no barrier is needed for them.
     *
     * @param shape of the head
     * @param head its address
     * @param condition buffer of the normed rows
     * @param blocks buffer to work in
     */
    record Flow(String name, FlowShape shape, long head, int condition, int blocks) implements Op {
        @Override
        public int[] reads() {
            return new int[] {condition};
        }

        @Override
        public int[] writes() {
            return new int[] {blocks};
        }

        @Override
        public RowSpace space() {
            return RowSpace.VOICE;
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.flow(this);
        }
    }

    /**
     * Makes sound of the blocks that the pass before made: the jobs of the pass. It meets no other op, since the
     * vocoder's state is its own.
     *
     * @param tables address of the vocoder's tables
     * @param mean address of float32 [mels]
     * @param deviation address of float32 [mels]; a log mel is {@code block · deviation + mean}
     * @param state bytes from the session's state to the vocoder's
     */
    record Vocode(String name, long tables, long mean, long deviation, long state) implements Op {
        @Override
        public int[] reads() {
            return new int[0];
        }

        @Override
        public int[] writes() {
            return new int[0];
        }

        @Override
        public RowSpace space() {
            return RowSpace.VOICE;
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.vocode(this);
        }
    }

    /** Draws a token for each output row; does nothing in a teacher-forced pass. */
    record Sample(String name, int logits, int vocabulary, int tokens) implements Op {
        @Override
        public int[] reads() {
            return new int[] {logits};
        }

        @Override
        public int[] writes() {
            return new int[] {tokens};
        }

        @Override
        public RowSpace space() {
            return RowSpace.OUTPUT;
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.sample(this);
        }
    }

    /**
     * t = A x for the rows of sessions with an adapter that has the module, and nothing for others: what adapters need
     * of an op before its own product.
     *
     * @param adapted the op's modules, and the buffer of t
     * @param cols inputs of the matrices
     * @param experts which matrices; null for a single one
     */
    record AdapterDown(String name, RowSpace space, int x, Adapted adapted, int cols, Choice experts) implements Op {
        /**
         * The experts of a row.
         *
         * @param numbers buffer of their numbers
         * @param routed how many there are to choose from
         * @param shared how many every row has
         * @param chosen how many routed ones a row has
         * @param perSlot whether x has a vector for each of them, or one for all
         */
        public record Choice(int numbers, int routed, int shared, int chosen, boolean perSlot) {
            /** Experts of a row. */
            public int slots() {
                return chosen + shared;
            }
        }

        @Override
        public int[] reads() {
            return experts == null ? new int[] {x} : new int[] {x, experts.numbers()};
        }

        @Override
        public int[] writes() {
            return new int[] {adapted.t()};
        }

        @Override
        public <T> T accept(final OpVisitor<T> visitor) {
            return visitor.adapterDown(this);
        }
    }
}
