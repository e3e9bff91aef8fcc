package dev.tactus.engine.model;

import dev.tactus.kernel.AttentionShape;

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
    record Linear(String name, RowSpace space, int x, Matrix w, int y, int perRow, boolean exact) implements Op {
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
     * The input of every position: a normed token embedding, an audio vector or a patch vector.
     *
     * @param audio buffer of audio vectors, -1 when the model does not hear
     * @param vision buffer of patch vectors, -1 when it does not see
     */
    record Embed(String name, Matrix table, long norm, float eps, int audio, int vision, int y) implements Op {
        @Override
        public int[] reads() {
            return new int[] {Math.max(0, audio), Math.max(0, vision)};
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
            int residual)
            implements Op {
        @Override
        public int[] reads() {
            return new int[] {x, residual};
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
    record LinearSwiglu(String name, int x, Matrix w, int gateUp, int y) implements Op {
        @Override
        public int[] reads() {
            return new int[] {x};
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
            String name, int x, int experts, int weights, Experts routed, Experts shared, int chosen, int gateUp, int y)
            implements Op {
        @Override
        public int[] reads() {
            return new int[] {x, experts, weights};
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
            int residual)
            implements Op {
        @Override
        public int[] reads() {
            return new int[] {x, experts, weights, residual};
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

    /** Gathers the rows whose logits are wanted, normed and divided by the width multiplier. */
    record OutputNorm(String name, int x, long w, float eps, float divisor, int y) implements Op {
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
}
