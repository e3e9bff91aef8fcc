package dev.tactus.cudnn;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tactus.bindings.NativeCall;
import dev.tactus.cuda.CudaStream;
import dev.tactus.cuda.DeviceMemory;
import dev.tactus.cudnn.ffi.CudnnApi;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A convolution of one shape, prepared. It runs as a two-dimensional one of height 1, by an algorithm that gives the
 * same bits every time; float32 stays float32 (no TF32). Launching allocates nothing. For the owner's thread; closed
 * before its {@link Cudnn}.
 */
public final class CudnnConv1d implements AutoCloseable {
    private static final int RANK = 4;
    private static final int SPATIAL = 2;
    private static final long ALIGNMENT = 16;

    private final Cudnn cudnn;
    private final Conv1d shape;
    private final CudnnType type;
    private final Arena arena = Arena.ofShared();
    private final Deque<Runnable> undo = new ArrayDeque<>();
    private final MemorySegment one = arena.allocateFrom(JAVA_FLOAT, 1f);
    private final MemorySegment zero = arena.allocateFrom(JAVA_FLOAT, 0f);
    private final MemorySegment out = arena.allocate(JAVA_LONG);
    private long input;
    private long output;
    private long filter;
    private long convolution;
    private int algorithm;
    private long workspaceBytes;
    private DeviceMemory workspace;
    private boolean closed;

    private CudnnConv1d(final Cudnn cudnn, final Conv1d shape, final CudnnType type) {
        this.cudnn = cudnn;
        this.shape = shape;
        this.type = type;
        cudnn.count(1);
        undo.push(() -> cudnn.count(-1));
        undo.push(arena::close);
    }

    static CudnnConv1d open(final Cudnn cudnn, final Conv1d shape, final CudnnType type) {
        final CudnnConv1d conv = new CudnnConv1d(cudnn, shape, type);
        try {
            conv.describe();
            conv.choose();
            if (conv.workspaceBytes > 0) {
                conv.workspace = cudnn.context().allocateDevice("cuDNN " + shape, conv.workspaceBytes);
                conv.undo.push(conv.workspace::close);
            }
            return conv;
        } catch (final RuntimeException | Error ex) {
            conv.closeAfter(ex);
            throw ex;
        }
    }

    /** The shape. */
    public Conv1d shape() {
        return shape;
    }

    /** Working memory it holds on the GPU, in bytes. */
    public long workspaceBytes() {
        return workspaceBytes;
    }

    /**
     * Puts the convolution into a stream.
     *
     * @param stream where
     * @param y device address of the output, overwritten: {@code [batch, outChannels, outSteps]}
     * @param x device address of the input: {@code [batch, inChannels, inSteps]}
     * @param w device address of the weights, see {@link Conv1d}; all three are multiples of 16 and do not overlap
     */
    public void run(final CudaStream stream, final long y, final long x, final long w) {
        if (closed) {
            throw new IllegalStateException("the convolution " + shape + " is closed");
        }
        requireApart(y, x, w);
        final long handle = cudnn.use(stream);
        final long scratch = workspace == null ? 0 : workspace.address();
        final int status;
        try {
            status = shape.transposed()
                    ? (int) CudnnCalls.TRANSPOSED.invokeExact(
                            handle,
                            one.address(),
                            filter,
                            w,
                            input,
                            x,
                            convolution,
                            algorithm,
                            scratch,
                            workspaceBytes,
                            zero.address(),
                            output,
                            y)
                    : (int) CudnnCalls.FORWARD.invokeExact(
                            handle,
                            one.address(),
                            input,
                            x,
                            filter,
                            w,
                            convolution,
                            algorithm,
                            scratch,
                            workspaceBytes,
                            zero.address(),
                            output,
                            y);
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature("cudnnConvolution", ex);
        }
        if (status != 0) {
            throw Cudnn.failure(
                    status,
                    (shape.transposed() ? "cudnnConvolutionBackwardData" : "cudnnConvolutionForward") + " of " + shape
                            + " on stream " + stream.name());
        }
    }

    private void requireApart(final long y, final long x, final long w) {
        final long yEnd = requireRange("y", y, shape.outputElements());
        final long xEnd = requireRange("x", x, shape.inputElements());
        final long wEnd = requireRange("w", w, shape.weightElements());
        if (y < xEnd && x < yEnd || y < wEnd && w < yEnd) {
            throw new IllegalArgumentException("the output of a convolution overlaps its input or its weights");
        }
    }

    private long requireRange(final String name, final long address, final long elements) {
        if (address <= 0 || address % ALIGNMENT != 0) {
            throw new IllegalArgumentException(name + " is at " + address + ": a device address that is a multiple of "
                    + ALIGNMENT + " is expected");
        }
        return address + elements * type.bytes();
    }

    private void describe() {
        final int data = type == CudnnType.FLOAT32 ? CudnnApi.CUDNN_DATA_FLOAT() : CudnnApi.CUDNN_DATA_BFLOAT16();
        input = tensor(data, shape.inChannels(), shape.inSteps());
        output = tensor(data, shape.outChannels(), shape.outSteps());
        filter = create("cudnnCreateFilterDescriptor", () -> (int) CudnnCalls.CREATE_FILTER.invokeExact(out.address()));
        final long filterHandle = filter;
        undo("cudnnDestroyFilterDescriptor", () -> (int) CudnnCalls.DESTROY_FILTER.invokeExact(filterHandle));
        final int first = shape.transposed() ? shape.inChannels() : shape.outChannels();
        final int second = (shape.transposed() ? shape.outChannels() : shape.inChannels()) / shape.groups();
        final int layout = CudnnApi.CUDNN_TENSOR_NCHW();
        try (Arena scope = Arena.ofConfined()) {
            final MemorySegment dimensions = scope.allocateFrom(JAVA_INT, first, second, 1, shape.kernel());
            check("cudnnSetFilterNdDescriptor", () ->
                    (int) CudnnCalls.SET_FILTER.invokeExact(filterHandle, data, layout, RANK, dimensions.address()));
        }
        convolution = create("cudnnCreateConvolutionDescriptor", () ->
                (int) CudnnCalls.CREATE_CONVOLUTION.invokeExact(out.address()));
        final long handle = convolution;
        undo("cudnnDestroyConvolutionDescriptor", () -> (int) CudnnCalls.DESTROY_CONVOLUTION.invokeExact(handle));
        setConvolution(handle);
    }

    private void setConvolution(final long handle) {
        final int mode = CudnnApi.CUDNN_CROSS_CORRELATION();
        final int sums = CudnnApi.CUDNN_DATA_FLOAT();
        final int math = type == CudnnType.FLOAT32 ? CudnnApi.CUDNN_FMA_MATH() : CudnnApi.CUDNN_TENSOR_OP_MATH();
        try (Arena scope = Arena.ofConfined()) {
            final MemorySegment padding = scope.allocateFrom(JAVA_INT, 0, 0);
            final MemorySegment strides = scope.allocateFrom(JAVA_INT, 1, shape.stride());
            final MemorySegment dilations = scope.allocateFrom(JAVA_INT, 1, shape.dilation());
            check("cudnnSetConvolutionNdDescriptor", () -> (int) CudnnCalls.SET_CONVOLUTION.invokeExact(
                    handle, SPATIAL, padding.address(), strides.address(), dilations.address(), mode, sums));
        }
        check("cudnnSetConvolutionMathType", () -> (int) CudnnCalls.SET_MATH.invokeExact(handle, math));
        final int groups = shape.groups();
        check("cudnnSetConvolutionGroupCount", () -> (int) CudnnCalls.SET_GROUPS.invokeExact(handle, groups));
    }

    private long tensor(final int data, final int channels, final int steps) {
        final long handle =
                create("cudnnCreateTensorDescriptor", () -> (int) CudnnCalls.CREATE_TENSOR.invokeExact(out.address()));
        undo("cudnnDestroyTensorDescriptor", () -> (int) CudnnCalls.DESTROY_TENSOR.invokeExact(handle));
        try (Arena scope = Arena.ofConfined()) {
            final MemorySegment dimensions = scope.allocateFrom(JAVA_INT, shape.batch(), channels, 1, steps);
            final MemorySegment strides = scope.allocateFrom(JAVA_INT, channels * steps, steps, steps, 1);
            check("cudnnSetTensorNdDescriptor", () -> (int)
                    CudnnCalls.SET_TENSOR.invokeExact(handle, data, RANK, dimensions.address(), strides.address()));
        }
        return handle;
    }

    /** Takes the first algorithm, of those without atomic additions, that serves the shape. */
    private void choose() {
        final int[] candidates = shape.transposed()
                ? new int[] {CudnnApi.CUDNN_CONVOLUTION_BWD_DATA_ALGO_1()}
                : new int[] {
                    CudnnApi.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM(),
                    CudnnApi.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM()
                };
        int status = 0;
        for (final int candidate : candidates) {
            status = workspace(candidate);
            if (status == 0) {
                algorithm = candidate;
                workspaceBytes = out.get(JAVA_LONG, 0);
                return;
            }
        }
        throw Cudnn.failure(status, "choosing an algorithm for " + shape);
    }

    private int workspace(final int candidate) {
        final long handle = cudnn.use();
        return shape.transposed()
                ? NativeCall.run(
                        "cudnnGetConvolutionBackwardDataWorkspaceSize",
                        () -> (int) CudnnCalls.TRANSPOSED_WORKSPACE.invokeExact(
                                handle, filter, input, convolution, output, candidate, out.address()))
                : NativeCall.run(
                        "cudnnGetConvolutionForwardWorkspaceSize", () -> (int) CudnnCalls.FORWARD_WORKSPACE.invokeExact(
                                handle, input, filter, convolution, output, candidate, out.address()));
    }

    private long create(final String call, final NativeCall.Body body) {
        check(call, body);
        return out.get(JAVA_LONG, 0);
    }

    private void check(final String call, final NativeCall.Body body) {
        Cudnn.check(NativeCall.run(call, body), call + " of " + shape);
    }

    private void undo(final String call, final NativeCall.Body body) {
        undo.push(() -> {
            final int status = NativeCall.run(call, body);
            if (!cudnn.context().isLost()) {
                Cudnn.check(status, call);
            }
        });
    }

    /** Gives everything back, the last first, and does not stop at a failure. Calling it again does nothing. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (!cudnn.context().isLost()) {
            cudnn.use();
        }
        closed = true;
        RuntimeException first = null;
        while (!undo.isEmpty()) {
            try {
                undo.pop().run();
            } catch (final RuntimeException ex) {
                if (first == null) {
                    first = ex;
                } else {
                    first.addSuppressed(ex);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }

    private void closeAfter(final Throwable reason) {
        try {
            close();
        } catch (final RuntimeException ex) {
            reason.addSuppressed(ex);
        }
    }
}
