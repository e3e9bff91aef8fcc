package dev.tactus.cudnn;

/**
 * The shape of a one-dimensional convolution. Tensors are packed, the step fastest: input {@code [batch, inChannels,
 * inSteps]}, output {@code [batch, outChannels, outSteps]}, both without padding, so that
 *
 * <pre>
 *   forward     y[b, o, t] = Σ_i Σ_j w[o, i, j] · x[b, i, t · stride + j · dilation]
 *   transposed  y[b, o, t] = Σ_i Σ_j Σ_s w[i, o, j] · x[b, i, s]   over s · stride + j · dilation = t
 * </pre>
 *
 * <p>Weights are {@code [outChannels, inChannels / groups, kernel]}, transposed {@code [inChannels, outChannels /
 * groups, kernel]}, as PyTorch lays them out. A causal convolution gets its past as part of the input:
 * {@link #history()} steps that precede the new ones, zeros at the start of a stream.
 *
 * @param batch independent sequences
 * @param inChannels channels of the input, a multiple of {@code groups}
 * @param outChannels channels of the output, a multiple of {@code groups}
 * @param inSteps steps of the input, history included
 * @param kernel taps
 * @param stride input steps per output step, or output steps per input step when transposed
 * @param dilation steps between taps
 * @param groups channel groups that do not see each other
 * @param transposed whether it is the transposed (upsampling) one
 */
public record Conv1d(
        int batch,
        int inChannels,
        int outChannels,
        int inSteps,
        int kernel,
        int stride,
        int dilation,
        int groups,
        boolean transposed) {
    /** The library counts the elements of a tensor in 32 bits. */
    private static final long MAX_ELEMENTS = Integer.MAX_VALUE;

    /** Checks that the shape is one. */
    public Conv1d {
        requirePositive("batch", batch);
        requirePositive("inChannels", inChannels);
        requirePositive("outChannels", outChannels);
        requirePositive("inSteps", inSteps);
        requirePositive("kernel", kernel);
        requirePositive("stride", stride);
        requirePositive("dilation", dilation);
        requirePositive("groups", groups);
        if (inChannels % groups != 0 || outChannels % groups != 0) {
            throw new IllegalArgumentException("channels " + inChannels + " and " + outChannels
                    + " must be multiples of the " + groups + " groups");
        }
        final long extent = dilation * (kernel - 1L) + 1;
        if (!transposed && inSteps < extent) {
            throw new IllegalArgumentException(
                    "an input of " + inSteps + " steps is shorter than the kernel, which spans " + extent);
        }
        final long steps = Math.max(inSteps, transposed ? (inSteps - 1L) * stride + extent : 0);
        requireCountable("tensor", batch, Math.max(inChannels, outChannels), steps);
        requireCountable("filter", outChannels, inChannels / groups, kernel);
    }

    /** A strided convolution of a whole input. */
    public static Conv1d forward(
            final int batch,
            final int inChannels,
            final int outChannels,
            final int inSteps,
            final int kernel,
            final int stride,
            final int dilation,
            final int groups) {
        return new Conv1d(batch, inChannels, outChannels, inSteps, kernel, stride, dilation, groups, false);
    }

    /**
     * A causal convolution of {@code steps} new steps, a multiple of {@code stride}, behind as many steps of
     * {@link #history()} as it needs: {@code steps / stride} steps come out, and the last sees the last.
     */
    public static Conv1d causal(
            final int batch,
            final int inChannels,
            final int outChannels,
            final int steps,
            final int kernel,
            final int stride,
            final int dilation,
            final int groups) {
        requirePositive("stride", stride);
        requirePositive("steps", steps);
        final long history = dilation * (kernel - 1L) + 1 - stride;
        if (steps % stride != 0 || history < 0 || history + steps > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("a causal convolution needs steps in multiples of its stride and a"
                    + " kernel that spans a stride: got " + steps + " steps, stride " + stride + ", kernel " + kernel
                    + ", dilation " + dilation);
        }
        return forward(batch, inChannels, outChannels, (int) (history + steps), kernel, stride, dilation, groups);
    }

    /**
     * A transposed convolution: {@code inSteps} steps make {@code (inSteps - 1) * stride + dilation * (kernel - 1) +
     * 1}. The first {@code inSteps * stride} are complete once the tail of the steps before has been added; what is
     * behind them is this call's tail.
     */
    public static Conv1d transposed(
            final int batch,
            final int inChannels,
            final int outChannels,
            final int inSteps,
            final int kernel,
            final int stride,
            final int dilation,
            final int groups) {
        return new Conv1d(batch, inChannels, outChannels, inSteps, kernel, stride, dilation, groups, true);
    }

    /** How many input steps the kernel spans. */
    public int extent() {
        return dilation * (kernel - 1) + 1;
    }

    /**
     * How many steps before the first new one a causal convolution sees; 0 when the stride is as long as the kernel.
     */
    public int history() {
        return Math.max(0, extent() - stride);
    }

    /** Steps of the output. */
    public int outSteps() {
        return transposed ? (inSteps - 1) * stride + extent() : (inSteps - extent()) / stride + 1;
    }

    /** Numbers in the input. */
    public long inputElements() {
        return (long) batch * inChannels * inSteps;
    }

    /** Numbers in the output. */
    public long outputElements() {
        return (long) batch * outChannels * outSteps();
    }

    /** Numbers in the weights. */
    public long weightElements() {
        return (long) outChannels * inChannels / groups * kernel;
    }

    /** In floating point, which does not overflow and is exact enough for a limit. */
    private static void requireCountable(final String what, final double a, final double b, final double c) {
        if (a * b * c > MAX_ELEMENTS) {
            throw new IllegalArgumentException("a " + what + " of " + (long) a + " x " + (long) b + " x " + (long) c
                    + " numbers is too large: at most " + MAX_ELEMENTS);
        }
    }

    private static void requirePositive(final String name, final int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " is " + value + ": at least 1 is expected");
        }
    }
}
