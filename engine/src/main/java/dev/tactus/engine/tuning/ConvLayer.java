package dev.tactus.engine.tuning;

import jdk.incubator.vector.FloatVector;

/**
 * The causal depthwise convolution {@code y[t] = x[t] + Σ_j w[:, j] · x[t − (K−1) + j]} of every sequence from its
 * first position, and its gradients: {@code dx[t] = dy[t] + Σ_j w[:, j] · dy[t + (K−1) − j]}, {@code dw[:, j] = Σ_t
 * dy[t] · x[t − (K−1) + j]}.
 */
final class ConvLayer {
    private static final int FORWARD_CHANNELS = 64;

    /** Channels of a unit of the backward pass: a cache line. */
    private static final int CHANNELS = 16;

    private final Compute compute;
    private final Parameter w;
    private final int channels;
    private final int taps;
    private final long transposed;
    private final long transposedGradient;
    private final long carry;

    ConvLayer(final Compute compute, final Parameter w, final int maxSequences) {
        this.compute = compute;
        this.w = w;
        final long[] shape = w.shape();
        this.channels = (int) shape[0];
        this.taps = (int) shape[shape.length - 1];
        this.transposed = compute.scratch((long) taps * channels);
        this.transposedGradient = w.isTrained() ? compute.scratch((long) taps * channels) : 0;
        this.carry = compute.scratch((long) maxSequences * taps * channels);
    }

    /** Takes the masters as kernels read them, [taps, channels]. Before each forward pass. */
    void refresh() {
        for (int c = 0; c < channels; c++) {
            for (int j = 0; j < taps; j++) {
                Floats.put(transposed, (long) j * channels + c, Floats.get(w.value(), (long) c * taps + j));
            }
        }
    }

    /**
     * {@code y = residual + (x + conv(x))}, without the residual when its address is 0. y may be the residual, never x.
     */
    void forward(final PackedRows rows, final long x, final long residual, final long y) {
        final int blocks = Compute.units(channels, FORWARD_CHANNELS);
        compute.crew.forEach(rows.sequences() * blocks, (worker, unit) -> {
            final int s = unit / blocks;
            final int c0 = unit % blocks * FORWARD_CHANNELS;
            final int c1 = Math.min(channels, c0 + FORWARD_CHANNELS);
            final long state = Floats.row(carry, (long) s * taps, channels);
            for (int j = 0; j < taps - 1; j++) {
                Floats.zero(Floats.row(state, j, channels) + (long) c0 * Float.BYTES, c1 - c0);
            }
            final long offset = Floats.row(0, rows.start(s), channels);
            compute.kernels.shortConv(
                    x + offset,
                    transposed,
                    state,
                    residual == 0 ? 0 : residual + offset,
                    y + offset,
                    channels,
                    taps,
                    rows.length(s),
                    c0,
                    c1);
        });
    }

    /** {@code dx = …; dw += …} where w is trained. dx is neither dy nor x. */
    void backward(final PackedRows rows, final long x, final long dy, final long dx) {
        if (!w.isTrained()) {
            inputGradients(rows, dy, dx);
            return;
        }
        compute.crew.forEach(Compute.units(channels, CHANNELS), (worker, unit) -> {
            final int c0 = unit * CHANNELS;
            final int c1 = Math.min(channels, c0 + CHANNELS);
            for (int j = 0; j < taps; j++) {
                Floats.zero(tap(transposedGradient, j, c0), c1 - c0);
            }
            for (int s = 0; s < rows.sequences(); s++) {
                final long offset = Floats.row(0, rows.start(s), channels);
                final int length = rows.length(s);
                final int whole = c0 + Floats.bound(c1 - c0);
                for (int c = c0; c < whole; c += Floats.lanes()) {
                    inputGradient(dy + offset, dx + offset, length, c);
                    weightGradient(x + offset, dy + offset, length, c);
                }
                for (int c = whole; c < c1; c++) {
                    gradient(x + offset, dy + offset, dx + offset, length, c);
                }
            }
            for (int c = c0; c < c1; c++) {
                for (int j = 0; j < taps; j++) {
                    final long to = (long) c * taps + j;
                    final float sum = Floats.get(tap(transposedGradient, j, c), 0);
                    Floats.put(w.gradient(), to, Floats.get(w.gradient(), to) + sum);
                }
            }
        });
    }

    /** {@code dx = …}. */
    private void inputGradients(final PackedRows rows, final long dy, final long dx) {
        compute.crew.forEach(Compute.units(channels, CHANNELS), (worker, unit) -> {
            final int c0 = unit * CHANNELS;
            final int c1 = Math.min(channels, c0 + CHANNELS);
            final int whole = c0 + Floats.bound(c1 - c0);
            for (int s = 0; s < rows.sequences(); s++) {
                final long offset = Floats.row(0, rows.start(s), channels);
                for (int c = c0; c < whole; c += Floats.lanes()) {
                    inputGradient(dy + offset, dx + offset, rows.length(s), c);
                }
                for (int c = whole; c < c1; c++) {
                    oneInputGradient(dy + offset, dx + offset, rows.length(s), c);
                }
            }
        });
    }

    private long tap(final long table, final int j, final int c) {
        return Floats.row(table, j, channels) + (long) c * Float.BYTES;
    }

    /** A vector of channels of dx. */
    private void inputGradient(final long dy, final long dx, final int length, final int c) {
        for (int t = 0; t < length; t++) {
            FloatVector sum = Floats.load(Floats.row(dy, t, channels), c);
            for (int j = Math.max(0, t + taps - length); j < taps; j++) {
                final FloatVector later = Floats.load(Floats.row(dy, t + taps - 1 - j, channels), c);
                sum = Floats.load(Floats.row(transposed, j, channels), c).fma(later, sum);
            }
            Floats.store(sum, Floats.row(dx, t, channels), c);
        }
    }

    /** A vector of channels of dw. */
    private void weightGradient(final long x, final long dy, final int length, final int c) {
        for (int j = 0; j < taps; j++) {
            final int back = taps - 1 - j;
            FloatVector sum = Floats.load(Floats.row(transposedGradient, j, channels), c);
            for (int t = back; t < length; t++) {
                final FloatVector earlier = Floats.load(Floats.row(x, t - back, channels), c);
                sum = Floats.load(Floats.row(dy, t, channels), c).fma(earlier, sum);
            }
            Floats.store(sum, Floats.row(transposedGradient, j, channels), c);
        }
    }

    /** One channel of dx, by the same operations. */
    private void oneInputGradient(final long dy, final long dx, final int length, final int c) {
        for (int t = 0; t < length; t++) {
            float sum = Floats.get(Floats.row(dy, t, channels), c);
            for (int j = Math.max(0, t + taps - length); j < taps; j++) {
                final float later = Floats.get(Floats.row(dy, t + taps - 1 - j, channels), c);
                sum = Math.fma(Floats.get(tap(transposed, j, c), 0), later, sum);
            }
            Floats.put(Floats.row(dx, t, channels), c, sum);
        }
    }

    /** One channel of both. */
    private void gradient(final long x, final long dy, final long dx, final int length, final int c) {
        oneInputGradient(dy, dx, length, c);
        for (int j = 0; j < taps; j++) {
            final int back = taps - 1 - j;
            float sum = Floats.get(tap(transposedGradient, j, c), 0);
            for (int t = back; t < length; t++) {
                final float earlier = Floats.get(Floats.row(x, t - back, channels), c);
                sum = Math.fma(Floats.get(Floats.row(dy, t, channels), c), earlier, sum);
            }
            Floats.put(tap(transposedGradient, j, c), 0, sum);
        }
    }
}
